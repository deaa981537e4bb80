import errno
import os
import stat
import subprocess
import sys

import pytest
from PIL import Image

from sparing.errors import (
    ConflictError,
    NotFoundError,
    SourceError,
    SparingError,
    StoreError,
    UnknownNameError,
)
from sparing.project import Project, opening
from sparing.project.folder import Lock, ProjectFolder, default_folder


def test_before_anything_is_read_items_are_drawn_at_random_and_say_so(project):
    asked = project.query(3)
    assert {a.source for a in asked} == {"uniform"}
    assert {a.why for a in asked} == {"drawn at random: the items are still being read"}
    assert [round(1 / a.propensity) for a in asked] == [60, 59, 58]
    assert asked[0].model_version == 0
    assert asked[0].guess is None


def test_what_is_excluded_is_not_asked(project):
    ids = {a.item.item_id for a in project.query(30)}
    more = {a.item.item_id for a in project.query(60, exclude=ids)}
    assert len(ids) == len(more) == 30
    assert not ids & more


def test_the_first_order_is_by_coverage_and_comes_before_any_label(project):
    assert project.retrain() == 1
    asked = project.query(4)
    assert {a.source for a in asked} == {"strategy"}
    assert "random" not in asked[0].why
    assert asked[0].guess is None


def test_the_model_learns_and_guesses(pets, project):
    for _ in range(3):
        pets.answer(project, project.query(4))
        project.retrain()
    asked = project.query(10)
    assert all(a.guess[0] == pets.truth(a.item) for a in asked)
    assert project.retrain() == project.status().model_version  # nothing new to learn
    status = project.status()
    assert (status.n_labeled, status.n_left, status.n_behind) == (12, 48, 0)
    assert status.encoded == (60, 60)


def test_when_the_order_is_used_up_the_rest_is_random_and_says_so(pets, project, monkeypatch):
    monkeypatch.setattr("sparing.project.learning.batch.N_SPARE", 5)
    project.retrain()
    asked = project.query(18)
    assert [a.source for a in asked] == ["strategy"] * 15 + ["uniform"] * 3
    assert "not caught up" in asked[-1].why


def test_forgotten_answers_are_unlearned(pets, project):
    pets.answer(project, project.query(4))
    project.retrain()
    project.undo(4)
    project.retrain()
    assert project.query(1)[0].guess is None


def test_skipped_items_are_neither_asked_nor_learned(project):
    from sparing.project import NewEvent
    from sparing.store import Kind

    item = project.query(1)[0].item.item_id
    project.record([NewEvent(key="s", kind=Kind.SKIP, item_id=item)])
    project.retrain()
    assert item not in {a.item.item_id for a in project.query(60)}
    assert project.status().n_skipped == 1


def test_the_rough_accuracy_rests_on_random_draws_alone(pets, project):
    pets.answer(project, project.query(12))  # no model yet: all are random
    project.retrain()
    rough = project.status().accuracy
    assert rough.rough
    assert rough.n == 12
    pets.answer(project, project.query(6))  # by the strategy
    project.retrain()
    assert project.status().accuracy.n == 12
    assert [p.n_labels for p in project.status().curve] == [12, 18]


def test_an_order_of_the_items_alone_is_no_model_and_its_reasons_stay_true(pets, project):
    project.retrain()
    stands = project.status()
    assert (stands.model_version, stands.n_learned) == (1, 0)
    assert stands.advice == (False, "Go on: there is no model yet.")
    asked = project.query(3)
    assert all("before the first label" in one.why for one in asked)
    pets.answer(project, asked)  # of the same order, beside answers
    assert "no label" not in project.query(1)[0].why
    project.retrain()
    assert project.status().n_learned == 3


def test_when_every_item_has_an_answer_the_advice_is_to_stop(pets, project):
    assert project.status().advice == (False, "Go on: there is no model yet.")
    pets.answer(project, project.query(60))
    assert project.status().advice == (True, "Stop: every item has an answer.")


def test_likely_mistakes_are_to_be_looked_at_again(pets, project):
    asked = project.query(30)
    pets.answer(project, asked)
    wrong = asked[7].item
    project.teach({wrong.item_id: "fur" if pets.truth(wrong) == "feathers" else "feathers"})
    project.retrain()
    found = project.look_again(5)
    assert found[0][0].item.item_id == wrong.item_id
    pets.answer(project, [found[0][0]])
    assert project.look_again(5) == []


def test_history_is_newest_first_and_can_be_searched(project):
    items = [a.item.item_id for a in project.query(5)]
    for item in items:
        project.teach({item: "fur"})
    project.teach({items[0]: "feathers"})
    n, rows = project.history(limit=2)
    assert n == 5
    assert [row.item.item_id for row in rows] == [items[0], items[4]]
    assert project.history("feath")[0] == 1
    assert project.history(project.items.get(items[2]).name)[0] >= 1
    assert project.history("no such thing") == (0, [])


def test_all_is_there_again_after_opening(pets):
    with pets.create(seed=3) as project:
        pets.answer(project, project.query(8))
        project.retrain()
        events, order = project.store.events(), [a.item.item_id for a in project.query(5)]
    with Project.open(pets.folder) as project:
        assert project.store.events() == events
        assert [a.item.item_id for a in project.query(5)] == order
        assert project.learning.is_encoded
        assert not project.learning.is_behind()


def test_asking_and_answering_load_no_library_that_learns(pets):
    """Scikit-learn takes seconds to load: the first item must not wait for it."""
    code = (
        "import sys; from sparing.project import Project\n"
        "with Project.create(sys.argv[1], classes=['fur']) as project:\n"
        "    project.teach({project.query(1)[0].item.item_id: 'fur'})\n"
        "print([m for m in ('sklearn', 'pandas', 'alembic', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(pets.source)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_at_opens_or_makes(pets):
    with Project.at(pets.source, classes=["fur"]) as project:
        item = project.query(1)[0].item.item_id
        project.teach({item: "fur"})
    with Project.at(pets.source, classes=["fur", "scales"]) as project:
        assert [name for name, _ in project.classes] == ["fur", "scales"]
        assert project.status().n_labeled == 1
    with Project.at(pets.folder) as project:
        assert project.name == "pets.csv"
    with pytest.raises(ConflictError, match="is a project already"):
        Project.create(pets.source)


def test_a_second_opener_is_refused_and_told_who_was_first(pets, project):
    project.where.announce("http://127.0.0.1:8123")
    with pytest.raises(ConflictError) as error:
        Project.open(pets.folder)  # the system keeps one process out as it does another
    assert str(error.value) == (
        f"pets.csv.sparing is in use by process {os.getpid()} at http://127.0.0.1:8123."
        " One process at a time writes to it: stop that one first, which loses no answer."
    )
    project.close()
    Project.open(pets.folder).close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_disk_that_cannot_lock_is_said_to_be_one(pets, monkeypatch, number, is_there):
    if is_there:
        pets.create().close()

    def refuse(*told):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("portalocker.portalocker.LOCKER", refuse)
    with pytest.raises(StoreError, match=r"cannot lock files .* by --project\.$"):
        Project.at(pets.source)
    monkeypatch.undo()
    with Project.at(pets.source) as project:  # nothing of it is held, or in the way
        assert len(project.items) == 60


def test_beside_it_others_may_look(pets, project):
    pets.answer(project, project.query(3))
    with Project.open(pets.folder, writable=False) as other:
        assert other.status().n_labeled == 3
        assert not other.is_writable
        for _ in range(4):  # more versions than are kept
            pets.answer(project, project.query(2))
            project.retrain()
        other.log.refresh()
        assert other.status().n_labeled == 11
        assert other.learning.version == 4
        assert other.query(1)[0].item.item_id == project.query(1)[0].item.item_id
        with pytest.raises(StoreError, match="reading only"):
            pets.answer(other, other.query(1))


def test_the_secret_is_for_this_user_alone_and_stays(pets, project):
    mode = stat.S_IMODE((pets.folder / "secret").stat().st_mode)
    assert mode == 0o600
    assert project.where.secret == project.where.secret
    assert len(project.where.secret) >= 32


def test_what_is_no_project_says_so(tmp_path, pets):
    with pytest.raises(NotFoundError, match="is no project"):
        Project.open(tmp_path)
    with pytest.raises(UnknownNameError, match="no encoder 'glif'"):
        Project.create(pets.source, encoder="glif")
    with pytest.raises(SourceError, match="no file or folder"):
        Project.create(tmp_path / "nothing.csv")
    assert not pets.folder.exists()


def test_a_project_moves_with_its_source(pets, tmp_path):
    with pets.create() as project:
        pets.answer(project, project.query(2))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (pets.source, pets.folder):
        path.rename(elsewhere / path.name)
    with Project.open(elsewhere / pets.folder.name) as project:
        assert project.status().n_labeled == 2
        assert not any("since the last run" in note for note in project.status().notes)


def test_files_that_cannot_be_decoded_are_named_and_never_asked(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(12):
        Image.new("L", (28, 28), 20 * i).save(photos / f"{i}.png")
    (photos / "bad.png").write_bytes(b"not an image")
    with Project.create(photos, classes=["x"]) as project:
        assert project.status().n_items == 13  # nobody has opened them yet
        assert "is not known yet" in project.status().notes[0]
        project.retrain()
        status = project.status()
        assert status.n_items == 12
        assert status.notes == ("1 cannot be read, not an image that can be read: bad.png.",)
        names = {a.item.name for a in project.query(13)}
        assert len(names) == 12
    (photos / "new.png").write_bytes((photos / "0.png").read_bytes())
    (photos / "3.png").unlink()
    with Project.open(tmp_path / "photos.sparing") as project:
        assert project.status().notes[:2] == (
            "1 new since the last run: new.png.",
            "1 gone since the last run: 3.png. Labels are kept.",
        )
        assert "new to the model" in project.query(13)[-1].why
        project.retrain()
        assert {a.why for a in project.query(12)} == {project.query(1)[0].why}


def test_a_source_none_of_which_can_be_read_says_so(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "bad.png").write_bytes(b"not an image")
    with (
        Project.create(photos) as project,
        pytest.raises(SourceError, match="None of the items can be read"),
    ):
        project.retrain()


@pytest.mark.parametrize("source", ["photos", "photos/", "a/photos.csv", "mnist"])
def test_the_project_lies_beside_its_source(source):
    wanted = source.rstrip("/") + ".sparing"
    assert default_folder(source).as_posix() == wanted


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(
    "full", [(Lock, "announce"), (ProjectFolder, "secret"), (opening, "note_encoder")]
)
def test_a_disk_that_is_full_is_named_and_keeps_no_folder_that_was_made_for_it(
    tmp_path, monkeypatch, full, is_there
):
    (tmp_path / "x.txt").write_text("one\ntwo\n")
    folder = tmp_path / "tiny" / "new"
    if is_there:
        folder.mkdir(parents=True)

    def fails(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(*full, fails)
        with pytest.raises(SparingError, match=r"new cannot be written: No space left on device\."):
            Project.create(tmp_path / "x.txt", folder)
    assert folder.exists() == is_there
    with Project.create(tmp_path / "x.txt", folder) as project:
        assert len(project.items) == 2
