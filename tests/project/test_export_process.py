"""An export by a process of its own: the same, and nobody waits for it."""

import threading

import pytest

from sparing.errors import SourceError, SparingError
from sparing.project import Project, export_process


@pytest.fixture
def pets(tmp_path):
    table = tmp_path / "pets.csv"
    table.write_text("animal,legs\n" + "\n".join(f"cat {i},4" for i in range(12)), "utf-8")
    with Project.create(table, classes=["a", "b"]) as project:
        project.teach(dict.fromkeys(list(project.items)[:3], "a"), "Ada")
        yield project


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_it_is_the_same_as_by_the_project_itself(pets, tmp_path, monkeypatch, form):
    # What runpy warns of, a module that is loaded twice, would end the process.
    monkeypatch.setenv("PYTHONWARNINGS", "error::RuntimeWarning")
    pets.files.export(tmp_path / "here", form, "Ada")
    pets.files.export_apart(tmp_path / "apart", form, "Ada")
    assert (tmp_path / "apart").read_bytes() == (tmp_path / "here").read_bytes()


def test_answers_do_not_wait_for_it(pets, tmp_path):
    """Whoever exports holds no lock: this test holds it, and so waits for ever where one does."""
    done = threading.Thread(target=pets.files.export_apart, args=(tmp_path / "labels.csv",))
    with pets._guarded.held():
        done.start()
        done.join(60)
        assert not done.is_alive()
    assert (tmp_path / "labels.csv").exists()


def test_what_goes_wrong_is_told_as_it_is_by_the_project_itself(pets, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written"):
        pets.files.export_apart(tmp_path / "file" / "labels.csv")
    monkeypatch.setattr(export_process, "MODULE", ("-c", "raise SystemExit('no memory')"))
    with pytest.raises(SparingError, match=r"The export died \(no memory\)"):
        pets.files.export_apart(tmp_path / "labels.csv")
