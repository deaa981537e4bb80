"""A folder is somebody's: what is not the project's own is neither removed nor written through."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from sparing.cli import app
from sparing.errors import ConflictError, NotFoundError, SourceError, StoreError
from sparing.project import Project
from sparing.project.belongings import FILES, PARTS, check_free, remove_others, sweep
from sparing.project.folder import ProjectFolder
from sparing.project.learning.process import Trainer
from sparing.store import Version, VersionFacts

LEFTOVERS = (".project.db.a1b2c3d4", "snapshots/.3.npz.x1y2z3_4", "audits/.1.json.abcdefgh")
TREASURES = (".bashrc", ".env", ".project.db.bak", "snapshots/.keep", "maps/.directory", "sub/.env")


def put(folder, names, content="mine"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def all_there(folder, names):
    return all((folder / name).read_text() == "mine" for name in names)


def test_opening_removes_what_was_half_written_and_nothing_else(pets, tmp_path):
    pets.create().close()
    put(pets.folder, (*LEFTOVERS, *TREASURES))
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere, (".3.npz.x1y2z3_4", ".env"))
    (pets.folder / "linked").symlink_to(elsewhere)
    (pets.folder / ".lock.a1b2c3d4").symlink_to(elsewhere / ".env")
    Project.open(pets.folder, writable=False).close()
    assert all_there(pets.folder, LEFTOVERS)
    Project.open(pets.folder).close()
    assert not any((pets.folder / name).exists() for name in LEFTOVERS)
    assert all_there(pets.folder, TREASURES)
    assert all_there(elsewhere, (".3.npz.x1y2z3_4", ".env"))


def test_the_sweep_goes_through_no_link(tmp_path):
    put(tmp_path / "home", (".3.npz.x1y2z3_4",))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "snapshots").symlink_to(tmp_path / "home")
    sweep(tmp_path / "project")
    assert all_there(tmp_path / "home", (".3.npz.x1y2z3_4",))


def test_what_a_write_leaves_when_it_is_killed_is_swept(pets):
    """The names of the two sides agree: of who writes files, and of who sweeps them."""
    pets.create().close()
    code = (
        "import os, sys; from pathlib import Path; from sparing.files import atomic_stream\n"
        "half = [atomic_stream(Path(name)) for name in sys.argv[1:]]\n"
        "for one in half: one.__enter__()\n"
        "os._exit(9)"
    )
    folder = ProjectFolder(pets.folder)
    names = [folder.vectors, folder.contents, folder.clusters, folder.new_scores(3, "-0a1b2c3d"),
             folder.map("neighbors", "ab12"), folder.map_work("ab12"), folder.audit(1),
             folder.frozen(1), folder.certificate(1), folder.labels(1)]  # fmt: skip
    subprocess.run([sys.executable, "-c", code, *map(str, names)], check=False)
    assert len(list(pets.folder.rglob(".*"))) == len(names)
    Project.open(pets.folder).close()
    assert not list(pets.folder.rglob(".*"))


def test_all_that_a_project_makes_is_its_own(pets):
    with pets.create() as project:
        pets.answer(project, project.query(10))
        project.retrain()
        project.learning.trainee(lambda *_: None).map(60)
        trainer = Trainer(project.learning, project.map)
        trainer.start()
        trainer.stop()
        project.audits.draw(epsilon=0.2)
        pets.answer(project, project.audits.query(60))
        project.audits.certify()
        made = {p.relative_to(pets.folder).as_posix() for p in pets.folder.rglob("*")}
        assert {"lock", "secret", "project.db", "snapshots/1.npz", "trainer.log"} <= made
        assert {"audits/1.json", "audits/1.npz", "certificates/1.json"} <= made
        assert {name.split("-")[0] for name in made} >= {"maps/principal", "maps/neighbors"}
    check_free(pets.folder)


@pytest.mark.parametrize("name", ["notes.txt", ".bashrc", "maps/world.png", "certificates/tls.pem"])
def test_a_folder_with_anything_else_in_it_is_refused(pets, tmp_path, name):
    home = tmp_path / "home"
    put(home, (name,))
    with pytest.raises(ConflictError, match=rf"no project, and not empty: it holds {name}\."):
        Project.create(pets.source, home)
    assert [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()] == [name]


def test_the_command_line_refuses_it_too(pets, tmp_path, monkeypatch, capsys):
    put(tmp_path, (".bashrc",))
    monkeypatch.chdir(tmp_path)
    arguments = ["label", str(pets.source), "--project", ".", "--no-browser"]
    assert app.run(arguments) == 1
    assert app.run(["status", "."]) == 1
    assert "not empty: it holds .bashrc, pets.csv." in capsys.readouterr().err
    assert names_in(tmp_path) == [".bashrc", "pets.csv"]


def test_a_start_that_was_killed_early_goes_on(pets, tmp_path):
    pets.create().close()
    for path in sorted(pets.folder.iterdir()):
        if path.name not in ("lock", "secret"):
            path.unlink()
    put(pets.folder, (".project.db.a1b2c3d4",))
    with pets.create() as project:
        assert project.status().n_items == 60


def test_one_that_was_killed_before_its_settings_goes_on(pets, monkeypatch):
    from sparing.project import opening

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("sparing.store.sql.SqlStore.put_settings", killed)
        with pytest.raises(KeyboardInterrupt):
            pets.create()
    assert (pets.folder / "project.db").exists()
    assert not opening.exists(ProjectFolder(pets.folder))
    with pytest.raises(NotFoundError, match="is no project"):
        Project.open(pets.folder)
    with Project.at(pets.source, classes=["fur", "feathers"]) as project:
        pets.answer(project, project.query(3))
    with Project.open(pets.folder) as project:
        assert project.status().n_labeled == 3


OWN = ("lock", "secret", "trainer.log", "vectors.npy", "contents.npz", "clusters.npz",
       "project.db", "project.db-wal", "project.db-shm")  # fmt: skip


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("name", [*OWN, *PARTS])
def test_a_project_with_a_link_in_place_of_its_own_is_refused(pets, tmp_path, name, writable):
    """An archive from elsewhere, unpacked here, must not lead what is written to other files."""
    pets.create().close()
    target = tmp_path / "treasure"
    if name in PARTS:
        put(target, ("1.npz", "work-ab.npz"))
    elif name == "project.db":
        (pets.folder / name).rename(target)
    else:
        target.write_text("mine")
    before = target.read_bytes() if target.is_file() else names_in(target)
    (pets.folder / name).unlink(missing_ok=True)
    (pets.folder / name).symlink_to(target)
    with pytest.raises(StoreError, match=rf"{name} is a link: nothing is read or written through"):
        Project.open(pets.folder, writable=writable)
    assert before == (target.read_bytes() if target.is_file() else names_in(target))


def test_a_pipe_in_place_of_the_secret_stops_nobody(pets):
    pets.create().close()
    (pets.folder / "secret").unlink()
    os.mkfifo(pets.folder / "secret")
    with pytest.raises(StoreError, match="secret is no file"):
        Project.open(pets.folder)


def test_a_link_that_comes_later_is_not_followed(pets, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    with pets.create() as project:
        (pets.folder / "trainer.log").symlink_to(treasure)
        trainer = Trainer(
            project.learning, project.map, [sys.executable, "-c", "print('hello')"], pause=0.01
        )
        trainer.start()
        trainer.stop()
        assert not (pets.folder / "trainer.log").is_symlink()
    assert treasure.read_text() == "mine"


def test_a_mark_that_leads_out_of_the_folder_is_none(pets):
    folder = ProjectFolder(pets.folder)
    with pytest.raises(StoreError, match=r"Model version 1 of .* has a mark that is none"):
        folder.scores(Version(1, 5, VersionFacts(mark="/../../../treasure")))


def test_of_the_maps_only_maps_are_removed(tmp_path):
    maps = tmp_path / "maps"
    put(maps, ("principal-ab.npy", "neighbors-cd.npy", "work-ab.npz", "world.npz", "notes-cd.txt"))
    remove_others(maps, r".*-ab\.npy")
    assert names_in(maps) == ["notes-cd.txt", "principal-ab.npy", "world.npz"]


def test_the_folder_of_a_project_on_postgresql_bears_a_marker(pets, postgresql):
    url = postgresql.new_url()
    with pets.create(folder=url) as project:
        folder = project.folder
    (folder / "postgresql").unlink()  # as projects of older versions had none
    Project.open(url).close()
    assert "@" in (folder / "postgresql").read_text()
    for call in (lambda: Project.create(pets.source, folder), lambda: Project.open(folder)):
        with pytest.raises(StoreError, match="holds the files of the project on postgresql://"):
            call()
    with Project.open(url) as project:
        assert project.status().n_items == 60


def test_a_folder_that_is_a_file_is_named(pets, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SourceError, match="file cannot be made"):
        Project.create(pets.source, tmp_path / "file")


def test_no_name_of_a_project_is_hidden():
    assert not any(pattern.startswith(r"\.") for pattern in (FILES, *PARTS.values()))


CHANGE = "UPDATE settings SET value = json_set(value,"
DAMAGES = {
    "UPDATE settings SET value = '[1]'": "The settings of the project are damaged",
    "UPDATE settings SET value = '{'": "The settings of the project are damaged",
    f"{CHANGE} '$.columns', 3) WHERE name = 'settings'": "The settings of the project are damaged",
    f"{CHANGE} '$.layout', '[1]') WHERE name = 'settings'": "The settings of the project are damag",
    "INSERT INTO settings VALUES ('overlap', 'many')": "The settings of the project are damaged",
    "UPDATE events SET kind = 'evil'": r"damaged: 'evil' is not a valid Kind",
    "INSERT INTO versions VALUES (7, 3, 'now', '[')": "The database of the project is damaged",
    "INSERT INTO versions VALUES (7, 3, 'now', '[]')": "damaged: a model version has no facts",
    "INSERT INTO versions VALUES (7, 3, 'now', '{\"mark\": 5}')": "has a mark that is none",
    "DELETE FROM items WHERE row = 7": "The database of the project is damaged: items are missing",
}


@pytest.mark.parametrize("statement", DAMAGES)
def test_a_database_that_nobody_here_has_written_is_said_to_be_damaged_in_one_line(
    pets, statement, capsys
):
    pets.create().close()
    with closing(sqlite3.connect(pets.folder / "project.db")) as connection, connection:
        connection.execute(statement)
    with pytest.raises(StoreError, match=DAMAGES[statement]):
        Project.open(pets.folder)
    assert app.run(["status", str(pets.folder)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
