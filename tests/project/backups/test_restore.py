"""Restoring goes into an empty folder alone, whole or not at all, and trusts no archive."""

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from hashlib import sha256
from zipfile import ZIP_BZIP2, ZipFile, ZipInfo

import pytest

from sparing.cli import app
from sparing.errors import ConflictError, SchemaVersionError, SourceError, SparingError, StoreError
from sparing.project import Project
from sparing.project.backups import archive as archives
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import restore


@pytest.fixture
def one(pets, tmp_path):
    """A backup of a project with three answers."""
    with pets.create() as project:
        pets.answer(project, project.query(3))
        backup(pets.folder, tmp_path / "one")
    return tmp_path / "one"


def rebuilt(path, change):
    """Write a backup anew; ``change`` gets its files, name -> content, and a manifest to alter."""
    with ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(files, manifest)
    evil = path.with_name("evil")
    with ZipFile(evil, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
        archive.writestr("manifest.json", json.dumps(manifest))
    return evil


def added(name):
    """Add a file under a name, and name it in the manifest as it should be."""

    def change(files, manifest):
        files[name] = b"evil"
        manifest["files"][name] = [4, sha256(b"evil").hexdigest()]

    return change


def is_clean(tmp_path):
    return not [p for p in tmp_path.iterdir() if p.name.startswith(".") or p.name == "again"]


@pytest.mark.parametrize(
    "name",
    ["../evil.npy", "/etc/evil.npy", "snapshots/../../evil.npz", "secret", "lock", "notes.txt",
     "trainer.log", "project.db-wal", "snapshots/x.npz", "snapshots/1.npz\n", ".bashrc", "maps/"],
)  # fmt: skip
def test_a_name_that_no_backup_has_is_refused(one, tmp_path, name):
    evil = rebuilt(one, added(name))
    with pytest.raises(SourceError, match=r"evil is no backup of a project: .* is "):
        restore(evil, tmp_path / "again")
    assert is_clean(tmp_path)


def linked(files, _):
    entry = ZipInfo("clusters.npz")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    files[entry] = b"/etc/passwd"


def bzipped(files, manifest):
    entry = ZipInfo("clusters.npz")
    entry.compress_type = ZIP_BZIP2
    files[entry] = b"evil"


def grown(files, manifest):
    files["project.db"] += bytes(1 << 21)


def altered(files, manifest):
    files["project.db"] = files["project.db"][:-1] + b"\x01"


def without_database(files, manifest):
    del files["project.db"], manifest["files"]["project.db"]


def unnamed(files, manifest):
    files["clusters.npz"] = b"evil"


def missing(files, manifest):
    manifest["files"]["clusters.npz"] = [4, "0" * 64]


def newer(files, manifest):
    manifest["format"] = "sparing backup 2"


def unreadable(files, manifest):
    manifest["files"] = ["project.db"]


def below_zero(files, manifest):
    manifest["files"]["clusters.npz"] = [-(10**15), "0" * 64]  # as if that made room on the disk
    files["clusters.npz"] = b""


def uncounted(files, manifest):
    manifest["n_events"] = "many"


def nested(files, manifest):
    manifest["made"] = []
    for _ in range(900):
        manifest["made"] = [manifest["made"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (below_zero, "its manifest is damaged"),
        (nested, "its manifest is damaged"),
        (uncounted, "its manifest is damaged"),
        (linked, "'clusters.npz' is a link or no file"),
        (bzipped, "'clusters.npz' is packed oddly"),
        (grown, "evil is damaged: project.db is not what was backed up"),
        (altered, "evil is damaged: project.db is not what was backed up"),
        (without_database, "does not hold what its manifest names"),
        (unnamed, "does not hold what its manifest names"),
        (missing, "does not hold what its manifest names"),
        (newer, "was made by another version of sparing"),
        (unreadable, "its manifest is damaged"),
    ],
)
def test_what_is_not_as_the_manifest_says_is_refused(one, tmp_path, change, said):
    with pytest.raises(SourceError, match=said):
        restore(rebuilt(one, change), tmp_path / "again")
    assert is_clean(tmp_path)


def database(files, manifest, content):
    files["project.db"] = content
    manifest["files"]["project.db"] = [len(content), sha256(content).hexdigest()]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM events; END", "project's"),
        ("CREATE VIEW evil AS SELECT * FROM events", "not a project's"),
        ("CREATE TABLE evil (x)", "not a project's: evil"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version of sparing"),
        ("DELETE FROM settings", "settings of the project are damaged"),
        ("UPDATE settings SET value = '[1]'", "settings of the project are damaged"),
    ],
)
def test_a_database_that_no_project_has_is_refused(one, tmp_path, statement, said):
    changed = tmp_path / "changed.db"
    with ZipFile(one) as archive:
        changed.write_bytes(archive.read("project.db"))
    connection = sqlite3.connect(changed)
    connection.execute(statement)
    connection.commit()
    connection.close()
    evil = rebuilt(one, lambda files, told: database(files, told, changed.read_bytes()))
    with pytest.raises((StoreError, SourceError, SchemaVersionError), match=said):
        restore(evil, tmp_path / "again")
    assert is_clean(tmp_path)


def test_what_is_no_database_is_refused(one, tmp_path):
    evil = rebuilt(one, lambda files, told: database(files, told, b"evil" * 1000))
    with pytest.raises(StoreError, match=r"project.db is no database, or damaged"):
        restore(evil, tmp_path / "again")
    assert is_clean(tmp_path)


def test_a_backup_with_any_byte_damaged_is_refused_or_whole(one, pets, tmp_path):
    """Whatever is broken, one line says so, and nothing stays."""
    sound, rng = one.read_bytes(), random.Random(0)  # noqa: S311
    with Project.open(pets.folder) as project:
        events = project.store.events()
    n_refused = 0
    for i in range(150):
        damaged = bytearray(sound)
        if i % 3:
            damaged[rng.randrange(len(sound))] ^= 1 << rng.randrange(8)
        else:
            del damaged[rng.randrange(len(sound)) :]
        (tmp_path / "broken").write_bytes(damaged)
        try:
            restore(tmp_path / "broken", tmp_path / "again")
        except SparingError as error:
            n_refused += 1
            assert "\n" not in str(error)  # noqa: PT017
            assert is_clean(tmp_path)
        else:  # a bit that nothing depends on, such as a date
            with Project.open(tmp_path / "again") as project:
                assert project.store.events() == events
            shutil.rmtree(tmp_path / "again")
    assert n_refused > 100


def test_only_an_empty_folder_is_restored_into(one, pets, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".bashrc").write_text("mine")
    for there in (tmp_path / "full", pets.folder, pets.source):
        with pytest.raises(ConflictError, match="is not an empty folder"):
            restore(one, there)
    assert (tmp_path / "full" / ".bashrc").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    restore(one, tmp_path / "link")
    assert (tmp_path / "empty" / "project.db").is_file()
    with pytest.raises(SourceError, match=r"nothing is no backup that can be read: .*No such file"):
        restore(tmp_path / "nothing", tmp_path / "again")
    with pytest.raises(SourceError, match=r"pets.csv is no backup that can be read"):
        restore(pets.source, tmp_path / "again")


def test_a_disk_that_is_too_small_is_named_before_anything_is_written(one, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SourceError, match=r"one needs \d\d.* bytes, and 10 are free"):
        restore(one, tmp_path / "again")
    assert is_clean(tmp_path)


def test_on_another_machine_the_source_is_where_it_is_said_to_be(one, pets, tmp_path, capsys):
    there = tmp_path / "there"
    there.mkdir()
    moved = pets.source.rename(there / "animals.csv")
    assert app.run(["restore", str(one), str(there / "pets.sparing")]) == 0
    assert "Its source is not there, or not named here yet" in capsys.readouterr().err
    assert app.run(["status", str(there / "pets.sparing")]) == 1
    said = capsys.readouterr().err
    assert (
        f"is not there: {pets.source}. 'sparing label {there}/pets.sparing --source PLACE'" in said
    )
    with Project.open(there / "pets.sparing", source=moved) as project:
        assert project.status().n_labeled == 3
        assert not any("since the last run" in note for note in project.status().notes)
    with Project.open(there / "pets.sparing") as project:
        assert project.name == "animals.csv"
    made = restore(one, there / "again", moved)
    assert made.source == str(moved)
    assert restore(one, there / "animals.csv.sparing").source is None
    moved.rename(there / "pets.csv")
    assert restore(one, there / "beside").source == str(there / "pets.csv")


def test_another_source_is_not_taken_for_it(one, pets, tmp_path):
    (tmp_path / "other.csv").write_text("legs,wings,number\n" + "9,9,9\n" * 60)
    for source, said in (("other.csv", "0 of its 60 items are there"), ("no.csv", "is not there")):
        with pytest.raises(SourceError, match=said):
            restore(one, tmp_path / "again", tmp_path / source)
        with pytest.raises(SourceError, match=said):
            Project.open(pets.folder, source=tmp_path / source)
    assert is_clean(tmp_path)
    with Project.open(pets.folder) as project:
        assert not any("since the last run" in note for note in project.status().notes)


def test_a_killed_restore_leaves_no_project(one, tmp_path):
    """kill -9 at random moments: afterwards there is a whole project, or none at all."""
    code = (
        "import sys; from sparing.project.backups.restore import restore\n"
        "print('ready', flush=True); restore(sys.argv[1], sys.argv[2])"
    )
    rng, seen = random.Random(1), set()  # noqa: S311
    for i in range(6):
        place = tmp_path / f"again-{i}"
        command = [sys.executable, "-c", code, str(one), str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0, 0.1))
            os.kill(child.pid, signal.SIGKILL)
        seen.add(place.exists())
        if place.exists():
            with Project.open(place) as project:
                assert project.status().n_labeled == 3
        else:
            restore(one, place)
    assert seen
