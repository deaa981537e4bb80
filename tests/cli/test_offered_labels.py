import io
import sys

import pytest

from sparing.cli.label import _offer_labels
from sparing.cli.reading import asked_labels, asked_reading
from sparing.datasets.read import read_items
from sparing.datasets.rows import Reading
from sparing.project import Project


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def project(tmp_path):
    source = tmp_path / "t.csv"
    rows = [f"review number {i} has words,{'pos' if i % 2 else 'neg'}" for i in range(6)]
    source.write_text("text,label\n" + "\n".join(rows) + "\n")
    with Project.create(source) as project:
        yield project


@pytest.mark.parametrize(("answer", "n"), [("y", 6), ("n", 0)])
def test_whoever_sits_at_a_terminal_is_asked_once(project, monkeypatch, capsys, answer, n):
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    _offer_labels(project)
    assert "Column 'label' looks like labels" in capsys.readouterr().out
    assert project.status().n_labeled == n
    _offer_labels(project)  # would find the end of the terminal's input
    assert capsys.readouterr().out == ""


def test_nobody_is_asked_where_nobody_can_answer(project, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    _offer_labels(project)
    assert project.status().n_labeled == 0
    assert project.files.offered_labels == "label"


@pytest.mark.parametrize(("answer", "n"), [("y", 2), ("n", 3)])
def test_a_first_row_that_looks_like_data_is_asked_about(tmp_path, monkeypatch, capsys, answer, n):
    path = tmp_path / "t.csv"
    path.write_text("good,pos\nnice,pos\nbad,neg\n")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    read_as = asked_reading(path, Reading())
    assert "Line 1 of t.csv looks like data: good, pos." in capsys.readouterr().out
    assert len(read_items(path, reading=read_as)) == n
    for told in (Reading(header=True), Reading(header=False)):  # it was said: nobody is asked
        assert asked_reading(path, told) == told
    path.write_text("text,label\nnice,pos\nbad,neg\n")  # nothing to ask about
    assert asked_reading(path, Reading()) == Reading()
    assert asked_reading(tmp_path / "none.csv", Reading()) == Reading()
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    path.write_text("good,pos\nnice,pos\nbad,neg\n")
    assert asked_reading(path, Reading()) == Reading()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("answer", "told"), [("y", ("x", ())), ("n", (None, ("text", "x"))), (None, (None, ()))]
)
def test_a_column_that_is_begun_is_asked_about(tmp_path, monkeypatch, capsys, answer, told):
    path = tmp_path / "t.csv"
    rows = [f"review number {i} has words,{'ab'[i % 2] if i < 6 else ''}" for i in range(40)]
    path.write_text("text,x\n" + "\n".join(rows) + "\n")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n") if answer else io.StringIO("y\n"))
    assert asked_labels(path, Reading()) == told
    asked = "Column 'x', filled in 6 of 40 rows, may be labels that are there already (a, b)."
    assert (asked in capsys.readouterr().out) == bool(answer)
    path.write_text(path.read_text().replace("text,x", "text,label"))  # asked about elsewhere
    assert asked_labels(path, Reading()) == (None, ())
    assert asked_labels(tmp_path, Reading()) == (None, ())


@pytest.mark.parametrize(
    ("answer", "told"),
    [("2", ("ben", ())), ("7\n1", ("ann", ())), ("0", (None, ("text", "ann", "ben")))],
)
def test_of_several_columns_it_is_asked_which(tmp_path, monkeypatch, capsys, answer, told):
    path = tmp_path / "t.csv"
    ann = ["ab"[i % 2] if i < 6 else "" for i in range(40)]
    ben = ["ab"[i % 3 % 2] if i > 30 else "" for i in range(40)]
    rows = [f"review number {i} has words,{ann[i]},{ben[i]}" for i in range(40)]
    path.write_text("text,ann,ben\n" + "\n".join(rows) + "\n")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    assert asked_labels(path, Reading()) == told
    said = capsys.readouterr().out
    assert "1: Column 'ann', filled in 6 of 40 rows, may be labels" in said
    assert "2: Column 'ben', filled in 9 of 40 rows, may be labels" in said
    assert "Which one is imported" in said
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))  # nobody can answer
    assert asked_labels(path, Reading()) == (None, ())
    with Project.create(path, label_column=told[0], columns=told[1]) as project:
        assert project.status().n_labeled == {"ann": 6, "ben": 9, None: 0}[told[0]]
        parts = project._guarded._state.listing.columns
        assert parts == (("text",) if told[0] else ("text", "ann", "ben"))
