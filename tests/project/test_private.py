"""A project is its user's alone: its folder, its files, its secret."""

import os
import shutil
import stat
import threading

import pytest

from sparing.files import write_atomically
from sparing.project import Project
from sparing.project.folder import ProjectFolder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def pets(tmp_path):
    table = tmp_path / "pets.csv"
    table.write_text("animal,legs\n" + "\n".join(f"cat {i},4" for i in range(12)), "utf-8")
    return table


def test_a_new_project_can_be_read_by_its_user_alone(pets):
    with Project.create(pets, classes=["a", "b"]) as project:
        ids = list(project.items)
        project.teach(dict.fromkeys(ids[:3], "a") | dict.fromkeys(ids[3:6], "b"))
        project.retrain()
        parts = [project.folder, *project.folder.rglob("*")]
        open_ones = [part.name for part in parts if mode(part) & 0o077]
    assert len(parts) > 6
    assert open_ones == []


@pytest.mark.parametrize("damage", [b"", b"half of a sec", b"\xff" * 43, b"a" * 42 + b"\n"])
def test_a_damaged_secret_is_made_anew(tmp_path, damage):
    """An empty one would let in whoever can compute with nothing."""
    place = ProjectFolder(tmp_path)
    (tmp_path / "secret").write_bytes(damage)
    made = place.secret()
    assert len(made) == 43
    assert made.encode() != damage
    assert place.secret() == made
    assert mode(tmp_path / "secret") == 0o600


def test_a_copy_has_a_secret_of_its_own_and_what_is_moved_keeps_it(tmp_path):
    first, copy, moved = (tmp_path / name for name in ("first", "copy", "moved"))
    first.mkdir()
    made = ProjectFolder(first).secret()
    shutil.copytree(first, copy)
    another = ProjectFolder(copy).secret()
    assert another != made
    assert ProjectFolder(copy).secret() == another
    assert ProjectFolder(first).secret() == made
    first.rename(moved)
    assert ProjectFolder(moved).secret() == made
    (moved / "secret").write_text(made)  # of a version that wrote nothing else
    assert ProjectFolder(moved).secret() == made
    shutil.copytree(moved, first)
    assert ProjectFolder(first).secret() != made


def test_whoever_asks_at_once_gets_the_same_secret(tmp_path):
    found, place = [], ProjectFolder(tmp_path)
    threads = [threading.Thread(target=lambda: found.append(place.secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_is_no_more_open_than_its_folder_and_the_umask_stays(tmp_path, monkeypatch):
    """The umask is the whole process's: to set it for a moment opens what others write then."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was touched"))
    closed, opened = tmp_path / "closed", tmp_path / "open"
    closed.mkdir(0o700)
    opened.mkdir()
    opened.chmod(0o755)
    write_atomically(closed / "part" / "a", b"")
    write_atomically(opened / "a", b"")
    write_atomically(opened / "b", b"", private=True)
    assert mode(closed / "part") == 0o700
    assert mode(closed / "part" / "a") == 0o600
    assert mode(opened / "a") & 0o400
    assert not mode(opened / "a") & 0o022
    assert mode(opened / "b") == 0o600
