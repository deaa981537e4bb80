"""A backup is one moment of a project, whole, and says nothing that lets anybody in."""

import os
import stat
import threading
import time
from zipfile import ZipFile

import pytest

from sparing.cli import app
from sparing.errors import ConflictError, NotFoundError, SourceError
from sparing.project import Project
from sparing.project.backups import backup as backups
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import restore
from sparing.store import Kind


def certified(pets):
    """Make a project with all kinds of files."""
    with pets.create() as project:
        pets.answer(project, project.query(10))
        project.retrain()
        project.learning.trainee(lambda *_: None).map(60)
        project.audits.draw(0.2)
        pets.answer(project, project.audits.query(60))
        project.audits.certify()
        return project.store.events(), project.store.items(), project.status()


def names(path):
    with ZipFile(path) as archive:
        return {name.split("-")[0] for name in archive.namelist()}


def test_all_is_in_one_file_and_comes_back(pets, tmp_path):
    events, items, stands = certified(pets)
    told = backup(pets.folder, tmp_path / "a" / "one.backup")
    assert stat.S_IMODE((tmp_path / "a" / "one.backup").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["one.backup"]
    assert names(tmp_path / "a" / "one.backup") == {
        "manifest.json", "project.db", "vectors.npy", "contents.npz", "clusters.npz",
        "snapshots/1.npz", "audits/1.json", "audits/1.npz", "certificates/1.json",
        "certificates/1.npz", "maps/principal", "maps/neighbors",
    }  # fmt: skip
    assert (told.n_events, told.n_items) == (len(events), 60)
    restore(tmp_path / "a" / "one.backup", tmp_path / "again")
    with Project.open(tmp_path / "again") as project:
        assert project.store.events() == events
        assert project.store.items() == items
        assert project.status() == stands
        assert project.learning.is_encoded
        assert project.learning.version == 1
        assert not project.map.is_due()
        assert len(project.where.secret) >= 32
    assert stat.S_IMODE((tmp_path / "again").stat().st_mode) == 0o700
    files = [p for p in (tmp_path / "again").rglob("*") if p.is_file() and p.name != "lock"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}


def test_what_was_restored_can_be_backed_up_whole_again(pets, tmp_path):
    certified(pets)
    backup(pets.folder, tmp_path / "one")
    restore(tmp_path / "one", tmp_path / "again")
    backup(tmp_path / "again", tmp_path / "two")
    assert names(tmp_path / "one") == names(tmp_path / "two")


def test_neither_the_secret_nor_a_lease_nor_what_was_deleted_is_in_it(pets, tmp_path):
    with pets.create() as project:
        project.lending.lend("a-tab-of-mine", 3, (), project.query)
        assert project.store.leases()
        backup(pets.folder, tmp_path / "one")
        secret = project.where.secret.encode()
    with ZipFile(tmp_path / "one") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"4,0,1" not in content  # the source itself
    assert secret not in content
    assert b"a-tab-of-mine" not in content


def test_a_project_in_use_is_backed_up_at_one_moment(pets, tmp_path):
    """Answers stream in and versions come and go: each backup holds a beginning of the events."""
    with pets.create() as project:
        stop = threading.Event()
        n_said = 0

        def answer():
            nonlocal n_said
            while not stop.is_set():
                n_said += 1
                project.team.set_guidelines(f"Version {n_said}.", seen=newest())
                if n_said % 20 == 0:
                    pets.answer(project, project.query(1))
                    project.retrain()

        def newest():
            versions = [e for e in project.store.events() if e.kind is Kind.GUIDELINES]
            return versions[-1].key if versions else None

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            for i in range(4):
                before = n_said
                while n_said < before + 15:
                    time.sleep(0.005)
                backup(pets.folder, tmp_path / f"{i}.backup")
        finally:
            stop.set()
            thread.join()
        events = project.store.events()
    sizes = []
    for i in range(4):
        restore(tmp_path / f"{i}.backup", tmp_path / f"{i}")
        with Project.open(tmp_path / f"{i}") as copy:
            there = copy.store.events()
            assert there == events[: len(there)]
            sizes.append(len(there))
    assert sizes == sorted(set(sizes))


def test_vectors_that_are_being_made_are_left_out(pets, tmp_path):
    """New vectors beside what is known of the old ones would be taken for theirs."""
    certified(pets)
    os.utime(pets.folder / "vectors.npy")
    backup(pets.folder, tmp_path / "one")
    assert not names(tmp_path / "one") & {"vectors.npy", "contents.npz", "maps/neighbors"}
    restore(tmp_path / "one", tmp_path / "again")
    with Project.open(tmp_path / "again") as project:
        assert not project.learning.is_encoded
        project.retrain()
        assert project.learning.is_encoded


def test_a_killed_backup_leaves_no_backup(pets, tmp_path, monkeypatch):
    pets.create().close()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(backups, "write_archive", full)
        with pytest.raises(SourceError, match="one cannot be written: No space left on device"):
            backup(pets.folder, tmp_path / "one")
    assert {p.name for p in tmp_path.iterdir()} == {"pets.csv", "pets.csv.sparing"}


def test_nothing_is_overwritten(pets, tmp_path):
    pets.create().close()
    before = pets.source.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for there in (pets.source, pets.folder, tmp_path / "link"):
        with pytest.raises(ConflictError, match="is there already"):
            backup(pets.folder, there)
    assert pets.source.read_bytes() == before
    with pytest.raises(NotFoundError, match="is no project"):
        backup(tmp_path / "nothing", tmp_path / "one")


def test_a_link_in_place_of_a_file_is_not_read(pets, tmp_path):
    with pets.create() as project:
        project.retrain()
    (tmp_path / "treasure").write_text("mine")
    (pets.folder / "clusters.npz").unlink(missing_ok=True)
    (pets.folder / "clusters.npz").symlink_to(tmp_path / "treasure")
    with pytest.raises(Exception, match=r"clusters.npz is a link"):
        backup(pets.folder, tmp_path / "one")


def test_the_command_says_what_it_wrote(pets, tmp_path, capsys):
    pets.create().close()
    assert app.run(["backup", str(pets.source), str(tmp_path / "one")]) == 0
    told = capsys.readouterr().err
    assert told.startswith("2 events on 60 items, 0.")
    assert f"The source is not in it: {pets.source}." in told
    assert app.run(["restore", str(tmp_path / "one"), str(tmp_path / "again")]) == 0
    assert app.run(["backup", str(pets.source), str(tmp_path / "one")]) == 1


def test_projects_on_postgresql_are_backed_up_and_move_to_a_folder_and_back(
    pets, tmp_path, postgresql
):
    urls = postgresql.new_url(), postgresql.new_url()
    with pets.create(folder=urls[0]) as project:
        pets.answer(project, project.query(10))
        project.undo(2)
        project.retrain()
        events, items = project.store.events(), project.store.items()
        backup(urls[0], tmp_path / "one")
    restore(tmp_path / "one", tmp_path / "again")
    with Project.open(tmp_path / "again") as project:
        assert project.store.events() == events
        assert project.learning.is_encoded
        pets.answer(project, project.query(1))
        events = project.store.events()
        backup(tmp_path / "again", tmp_path / "two")
    restore(tmp_path / "two", urls[1])
    with Project.open(urls[1]) as project:
        assert project.store.events() == events
        assert project.store.items() == items
        assert project.folder.parent == pets.source.parent
        assert not (project.folder / "project.db").exists()
        pets.answer(project, project.query(2))  # the numbers go on
        assert project.status().n_labeled == 11
        folder = project.folder
    with pytest.raises(ConflictError, match="is a project already"):
        restore(tmp_path / "two", urls[1])
    assert folder.is_dir()
