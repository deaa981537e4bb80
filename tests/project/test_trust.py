"""A project's folder that came from elsewhere does not say which files of this user are read."""

import json
import os
import shutil
import stat
from dataclasses import replace

import numpy as np
import pytest
from platformdirs import user_data_path

from sparing.cli.app import run
from sparing.errors import SourceError
from sparing.project import Project
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import restore
from sparing.project.folder import ProjectFolder
from sparing.project.settings import SETTINGS, keep_settings, read_settings
from sparing.project.source.contents import made_before, read_contents, write_contents
from sparing.store import open_store
from sparing.store.engine import sqlite_url


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return user_data_path("sparing") / "sources"


def change(folder, **settings):
    """Write what a foreign hand, or an older version, has written into the settings."""
    store = open_store(sqlite_url(folder / "project.db"))
    keep_settings(store, replace(read_settings(store), **settings))
    store.close()


def settings_of(folder):
    store = open_store(sqlite_url(folder / "project.db"), writable=False)
    try:
        return read_settings(store)
    finally:
        store.close()


def without_key(folder):
    """Write the settings as a version did that knew no keys."""
    store = open_store(sqlite_url(folder / "project.db"))
    told = json.loads(store.settings()[SETTINGS])
    del told["key"]
    store.put_settings({SETTINGS: json.dumps(told)})
    store.close()


@pytest.fixture
def private(tmp_path):
    """What a foreign project would like to read: a user's folder that is no source of theirs."""
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True)
    for i in range(4):
        (folder / f"key {i}.txt").write_text(f"private {i}")
    return folder


@pytest.fixture
def foreign(tmp_path, private, monkeypatch):
    """A project that somebody else has made, unpacked beside what it asks for."""
    theirs = tmp_path / "theirs" / "notes"
    theirs.mkdir(parents=True)
    for i in range(4):
        (theirs / f"key {i}.txt").write_text(f"private {i}")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_DATA_HOME", str(tmp_path / "theirs"))
        Project.create(theirs).close()
    here = tmp_path / "home" / "notes.sparing"
    shutil.copytree(theirs.with_name("notes.sparing"), here)
    change(here, source=str(private))
    return here


def refused(folder, source):
    for writable in (True, False):
        with pytest.raises(SourceError, match="nobody has named it on this machine") as error:
            Project.open(folder, writable=writable)
        assert "\n" not in str(error.value)
        assert f"--source {source}" in str(error.value)


def test_a_foreign_folder_is_refused_in_one_line(foreign, private, capsys):
    refused(foreign, private)
    assert run(["status", str(foreign)]) == 1
    line = capsys.readouterr().err.strip()
    assert line.count("\n") == 0
    assert str(private) in line


def test_nor_does_a_key_or_a_secret_that_came_with_it_help(foreign, private, data):
    without_key(foreign)  # as an older version would have written it
    refused(foreign, private)
    (foreign / "secret").write_text("a" * 43)
    refused(foreign, private)
    path = ascii(str(foreign.resolve()))  # which somebody might guess; the number they cannot
    (foreign / "secret").write_text("\n".join(["a" * 43, "12", path]))
    refused(foreign, private)
    (data / "x").mkdir(parents=True)
    (data.parent / "evil.json").write_text(json.dumps([str(private)]))
    change(foreign, key="../evil")
    refused(foreign, private)


def test_what_is_opened_beside_a_lure_is_not_trusted_the_next_time(foreign, private, tmp_path):
    """Its secret is bound to the folder by then, and must not speak for it."""
    lure = private.parent.parent / "elsewhere"
    lure.mkdir()
    shutil.copytree(private, lure / "ssh")
    shutil.move(foreign, lure / "notes.sparing")
    asked = tmp_path / "asked" / "ssh"
    change(lure / "notes.sparing", source=str(asked))
    without_key(lure / "notes.sparing")
    with Project.open(lure / "notes.sparing") as project:
        assert project.where.root == lure / "ssh"
        assert project.where.secret
    shutil.copytree(private, asked)
    with Project.open(lure / "notes.sparing") as project:
        assert project.where.root == lure / "ssh"


def test_a_link_that_lies_beside_it_leads_nowhere(foreign, private):
    (foreign.parent / "open").symlink_to(private)
    change(foreign, source=str(foreign.parent / "open"))
    refused(foreign, foreign.parent / "open")


def test_a_foreign_folder_does_not_say_that_links_are_followed(foreign, private):
    notes = foreign.parent / "notes"
    notes.mkdir()
    (notes / "key 0.txt").write_text("private 0")
    (notes / "key 1.txt").symlink_to(private / "key 1.txt")
    for source in (None, notes):
        change(foreign, source=str(notes), follow_links=True)
        with Project.open(foreign, source=source) as project:
            assert project.status().n_items == 1
    change(foreign, key="", follow_links=True)
    with Project.at(notes) as project:
        assert project.status().n_items == 1
    with Project.open(foreign, follow_links=True) as project:
        assert project.status().n_items == 2
    with Project.open(foreign) as project:
        assert project.status().n_items == 2


def test_by_its_name_it_is_read_from_then_on(foreign, private, data):
    Project.open(foreign, source=private).close()
    with Project.open(foreign) as project:
        assert project.where.root == private
    (record,) = data.iterdir()
    assert json.loads(record.read_text("utf-8"))["sources"] == [str(private)]
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


@pytest.fixture
def apart(pets, tmp_path):
    """A project of one's own that does not lie beside its source."""
    folder = tmp_path / "work" / "mine"
    pets.create(folder=folder).close()
    return folder


def test_own_folders_open_wherever_they_are_moved_copied_or_restored(pets, apart, tmp_path):
    backup(apart, tmp_path / "a.backup")
    restore(tmp_path / "a.backup", tmp_path / "r" / "restored")
    shutil.copytree(apart, tmp_path / "c" / "copy")
    (tmp_path / "m").mkdir()
    apart.rename(tmp_path / "m" / "moved")
    for name in ("r/restored", "c/copy", "m/moved"):
        with Project.open(tmp_path / name) as project:
            assert len(project.items) == 60


def test_a_project_of_before_is_known_by_its_secret(pets, apart, data, tmp_path):
    shutil.rmtree(data)
    without_key(apart)
    shutil.copytree(apart, tmp_path / "c" / "copy")
    refused(tmp_path / "c" / "copy", pets.source)
    Project.open(apart).close()
    shutil.rmtree(apart / "maps", ignore_errors=True)
    (apart / "secret").unlink()
    with Project.open(apart) as project:  # it has been noted
        assert len(project.items) == 60


def test_the_source_that_a_command_names_is_named(pets, apart, data):
    shutil.rmtree(data)
    refused(apart, pets.source)
    with Project.at(pets.source, folder=apart) as project:
        assert len(project.items) == 60
    Project.open(apart).close()


def test_a_copy_opens_beside_the_copy_of_its_source(pets, tmp_path, monkeypatch):
    pets.create().close()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copytree(pets.folder, other / pets.folder.name)
    shutil.copy(pets.source, other)
    monkeypatch.setenv("XDG_DATA_HOME", str(other / "data"))  # as on another machine
    pets.source.rename(tmp_path / "gone.csv")
    with Project.open(other / pets.folder.name) as project:
        assert len(project.items) == 60


def test_where_nothing_can_be_noted_the_secret_speaks(pets, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    folder = tmp_path / "work" / "mine"
    pets.create(folder=folder).close()
    with Project.open(folder) as project:
        assert len(project.items) == 60
    assert settings_of(folder).key == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows knows owners otherwise")
def test_a_secret_of_another_user_speaks_for_nobody(tmp_path, monkeypatch):
    place = ProjectFolder(tmp_path)
    place.secret()
    assert place.has_own_secret()
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert not place.has_own_secret()


@pytest.fixture
def hidden(tmp_path):
    """Vectors that a foreign project would like to read."""
    path = tmp_path / "home" / ".cache" / "vectors.npy"
    path.parent.mkdir(parents=True)
    np.save(path, np.eye(4, dtype=np.float32))
    return path


@pytest.fixture
def theirs(foreign):
    """The foreign project beside its source, so that this is read."""
    shutil.copytree(foreign.parents[1] / "theirs" / "notes", foreign.parent / "notes")
    change(foreign, source=str(foreign.parent / "notes"))
    return foreign


def not_learned(folder, encoder):
    with Project.open(folder) as project:
        with pytest.raises(SourceError, match="nobody has named it on this machine") as error:
            project.retrain()
        assert "\n" not in str(error.value)
        assert f"'sparing label {folder} --encoder {encoder}'" in str(error.value)
        assert not project.learning.seen_by


def test_a_foreign_folder_does_not_say_which_vectors_or_models_are_read(theirs, hidden):
    for encoder in (f"vectors:{hidden}", f"onnx:{hidden.parent}", f"text+onnx:{hidden.parent}"):
        change(theirs, encoder=encoder)
        not_learned(theirs, encoder)


def test_nor_do_the_vectors_that_came_with_it(theirs, hidden):
    """What is known of them names an encoder too: no word of it is taken."""
    with Project.open(theirs) as project:
        project.retrain()
        before = made_before(project._folder)
    for asked, encoder in (("auto", f"vectors:{hidden}"), (f"vectors:{hidden}",) * 2):
        with Project.open(theirs) as project:
            rows = project._guarded._state.rows
            made = replace(before, asked=asked, encoder=encoder)
            write_contents(project._folder, made)
            assert read_contents(project._folder, rows, "auto") is None
            project.retrain()
            assert made_before(project._folder).encoder == before.encoder


def test_a_link_in_it_leads_to_no_vectors(theirs, hidden):
    (theirs / "v.npy").symlink_to(hidden)
    change(theirs, encoder=f"vectors:{theirs / 'v.npy'}")
    not_learned(theirs, f"vectors:{theirs / 'v.npy'}")
    (theirs / "v.npy").unlink()
    shutil.copy(hidden, theirs / "v.npy")  # this is its own
    with Project.open(theirs) as project:
        assert project.retrain() == 1


def test_who_names_the_vectors_has_them_read_from_then_on(theirs, hidden, data):
    encoder = f"vectors:{hidden}"
    change(theirs, encoder=encoder)
    with Project.at(theirs, encoder=encoder) as project:
        assert project.retrain() == 1
    (record,) = data.iterdir()
    assert json.loads(record.read_text("utf-8"))["encoders"] == [encoder]
    (theirs / "contents.npz").unlink()
    with Project.open(theirs) as project:
        assert project.learning.is_behind()
        project.retrain()
    other = hidden.with_name("other.npy")
    shutil.copy(hidden, other)
    change(theirs, encoder=f"vectors:{other}")
    not_learned(theirs, f"vectors:{other}")


def test_own_vectors_are_read_in_copies_and_backups_and_as_before(pets, tmp_path, data):
    vectors = tmp_path / "elsewhere.npy"
    np.save(vectors, np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32))
    pets.create(encoder=f"vectors:{vectors}").close()
    backup(pets.folder, tmp_path / "a.backup")
    restore(tmp_path / "a.backup", tmp_path / "r" / "restored")
    shutil.copytree(pets.folder, tmp_path / "c" / "copy")
    (record,) = data.iterdir()
    for place in (tmp_path / "r" / "restored", tmp_path / "c" / "copy"):
        with Project.open(place) as project:
            assert project.retrain() == 1
    told = json.loads(record.read_text("utf-8"))
    record.write_text(json.dumps(told["sources"]))  # by a version that noted no encoders
    with Project.open(pets.folder) as project:
        assert project.retrain() == 1
    assert json.loads(record.read_text("utf-8")) == told
    shutil.rmtree(data)
    without_key(tmp_path / "c" / "copy")
    without_key(pets.folder)
    (pets.folder / "contents.npz").unlink()
    with Project.open(pets.folder) as project:  # its secret speaks for it
        project.retrain()


def test_the_folder_of_a_model_is_the_same_from_wherever_it_is_called(pets, tmp_path, monkeypatch):
    np.save(tmp_path / "v.npy", np.ones((60, 2), np.float32))
    monkeypatch.chdir(tmp_path)
    pets.create(encoder="vectors:v.npy").close()
    monkeypatch.chdir("/")
    with Project.open(pets.folder) as project:
        project.retrain()
    assert settings_of(pets.folder).encoder == f"vectors:{tmp_path / 'v.npy'}"
