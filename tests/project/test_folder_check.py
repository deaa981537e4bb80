"""A folder that is moved or deleted under a running project: it says so, and accepts nothing."""

import shutil

import pytest
from tests.waiting import until

from sparing.errors import StoreError
from sparing.project import Project
from sparing.project.learning.process import FAILED, Trainer


def said_of(path):
    return f"{path} was moved, replaced or deleted while the project is open"


def test_a_moved_folder_accepts_nothing_until_it_is_back(pets, project):
    pets.answer(project, project.query(3))
    asked = project.query(1)
    away = pets.folder.with_name("away")
    pets.folder.rename(away)
    for call in (
        lambda: pets.answer(project, asked),
        project.undo,
        lambda: project.add_classes(["scales"]),
        lambda: project.team.set_guidelines("Look twice."),
        lambda: project.audits.draw(0.1),
    ):
        with pytest.raises(StoreError, match=said_of(pets.folder)):
            call()
    assert not pets.folder.exists()
    assert project.status().n_labeled == 3
    away.rename(pets.folder)
    pets.answer(project, asked)
    project.close()
    with Project.open(pets.folder) as again:
        assert again.status().n_labeled == 4
        assert [name for name, _ in again.classes] == ["fur", "feathers"]


@pytest.mark.parametrize("name", ["project.db", "lock"])
def test_a_file_that_was_replaced_is_noticed(pets, project, name):
    """Another program would hold the new lock; the old database has no name any more."""
    copy = pets.folder / "copy"
    shutil.copy(pets.folder / name, copy)
    copy.rename(pets.folder / name)
    with pytest.raises(StoreError, match=said_of(pets.folder / name)):
        pets.answer(project, project.query(1))


def test_what_was_stored_while_the_folder_went_is_not_confirmed(pets, project, monkeypatch):
    append = project.store.append

    def late(*said):
        outcomes = append(*said)
        shutil.rmtree(pets.folder)
        return outcomes

    monkeypatch.setattr(project.store, "append", late)
    with pytest.raises(StoreError, match=said_of(pets.folder)):
        pets.answer(project, project.query(1))


def test_the_page_and_the_trainer_say_so_and_nothing_is_made_in_its_place(pets, project):
    pets.answer(project, project.query(4))
    trainer = Trainer(project.learning, project.map, pause=0.01)
    trainer.start()
    try:
        until(lambda: project.learning.version == 1 and not project.map.is_due(), patience=60)
        away = pets.folder.with_name("away")
        pets.folder.rename(away)
        trainer.wake()
        until(lambda: trainer.status().state == FAILED, patience=60)
        assert trainer.status().message.startswith(said_of(pets.folder))
        assert not pets.folder.exists()
        away.rename(pets.folder)
        pets.answer(project, project.query(1))
        trainer.wake()
        until(lambda: project.learning.version == 2, patience=60)
    finally:
        trainer.stop()
