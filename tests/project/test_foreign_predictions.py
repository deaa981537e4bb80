"""Predictions of others are shown as guesses, and nobody's word; how good they are is told."""

import json

import pytest

from sparing.cli.app import run
from sparing.errors import InvalidInputError
from sparing.project import Project

N = 60


def truth(text):
    return "warm" if "sun" in text else "cold"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "days.csv"
    words = ["sun", "rain"]
    path.write_text("text\n" + "\n".join(f"{words[i % 2]} on day {i}" for i in range(N)) + "\n")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=["warm"], encoder="text") as project:
        yield project


def predictions(path, project, wrong=0):
    """Write what ``sparing predict`` writes, with some of it wrong."""
    rows = ["item,label,confidence"]
    for i, item_id in enumerate(project.items):
        item = project.items[item_id]
        label = truth(item.fields["text"] if item.fields else item.text)
        other = {"warm": "cold", "cold": "warm"}[label]
        rows.append(f"{item.name},{other if i < wrong else label},0.9")
    path.write_text("\n".join(rows) + "\n")
    return path


def text_of(item):
    return item.text or " ".join(item.fields.values())


def test_they_are_guesses_and_nobodys_word(project, tmp_path, source):
    path = predictions(tmp_path / "llm.csv", project)
    with pytest.raises(InvalidInputError, match="no person's word"):
        project.files.import_labels(path)
    told = project.files.import_predictions(path)
    assert told.said()[0] == f"{N} predictions imported."
    assert [name for name, _ in project.classes] == ["warm", "cold"]
    (asked,) = project.query(1)
    assert (asked.guess.name, asked.guess.by) == (truth(text_of(asked.item)), "llm.csv")
    status = project.status()
    assert (status.n_labeled, status.class_counts) == (0, {"warm": 0, "cold": 0})
    assert "how good they are is not known yet" in " ".join(status.weighed)
    project.files.export(tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert all(row["label"] is None and row["guess"] is None for row in rows)
    folder = project.folder
    project.close()
    with Project.open(folder) as again:
        assert again.query(1)[0].guess.by == "llm.csv"


def test_a_file_of_which_nothing_can_be_taken_takes_nothing_away(project, tmp_path, capsys):
    project.files.import_predictions(predictions(tmp_path / "llm.csv", project))
    bad = tmp_path / "bad.csv"
    bad.write_text("item,label,confidence\nnobody.png,warm,0.9\n")
    told = project.files.import_predictions(bad)
    assert (told.n_stored, len(told.problems)) == (0, 1)
    assert project.query(1)[0].guess.by == "llm.csv"
    folder = str(project.folder)
    project.close()
    assert run(["import", folder, str(bad), "--predictions"]) == 1
    assert capsys.readouterr().out == "0 predictions imported.\n"


def test_how_often_they_are_right_is_told_and_a_better_model_takes_their_place(project, tmp_path):
    project.files.import_predictions(predictions(tmp_path / "bad.csv", project, wrong=N))
    for _ in range(2):
        asked = project.query(20)
        project.teach({a.item.item_id: truth(text_of(a.item)) for a in asked})
        project.retrain()
    assert "are right in all of 0 of 2" in " ".join(project.status().weighed)
    (asked,) = project.query(1)
    assert (asked.guess.by, asked.guess.name) == ("", truth(text_of(asked.item)))
    project.audits.draw(0.3)
    assert all(a.guess is None for a in project.audits.query(5))


def said_in(i):
    return f"a{i}b was the number that came up today"


def labeled(tmp_path, kind, truth_of):
    """Return a project whose texts tell nothing, 20 of them answered at random, and its model."""
    path = tmp_path / "codes.txt"
    path.write_text("\n".join(said_in(i) for i in range(N)) + "\n")
    project = Project.create(path, encoder="text", kind=kind)
    items = list(project.items)
    project.teach({item_id: truth_of(i) for i, item_id in enumerate(items) if i < 24})
    return project, project.retrain()


def written(path, says):
    rows = ["item,label", *(f"{said_in(i)},{says(i)}" for i in range(N))]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("kind", ["class", "labels"])
def test_the_model_hears_them_as_far_as_answers_bear_them_out(tmp_path, kind):
    names = ["even", "odd"]
    one = (lambda i: names[i % 2]) if kind == "class" else (lambda i: [names[i % 2]])
    project, before = labeled(tmp_path, kind, one)
    with project:
        project.files.import_predictions(written(tmp_path / "good.csv", lambda i: names[i % 2]))
        assert project.learning.is_behind()
        assert project.retrain() == before + 1
        status = project.status()
        assert "The model hears them with a weight of" in " ".join(status.weighed)
        assert status.n_labeled == 24
        assert not project.learning.is_behind()
        wrong = written(tmp_path / "bad.csv", lambda i: names[i % 5 % 2])
        project.files.import_predictions(wrong)
        project.retrain()
        assert "The model does not hear them" in " ".join(project.status().weighed)


def test_the_model_hears_spans(tmp_path):
    def spans(i):
        return [(0, len(f"a{i}b"), "code")] if i % 3 == 0 else []

    project, _ = labeled(tmp_path, "spans", spans)
    told = [{"text": said_in(i), "spans": [list(s) for s in spans(i)]} for i in range(N)]
    (tmp_path / "llm.jsonl").write_text("\n".join(map(json.dumps, told)))
    with project:
        project.files.import_predictions(tmp_path / "llm.jsonl")
        project.retrain()
        assert "The model hears them token by token" in " ".join(project.status().weighed)
        assert project.status().n_labeled == 24
        project.files.import_predictions(written_none(tmp_path))
        project.retrain()
        guesses = [a.guess for a in project.query(20) if a.guess is not None]
        assert all(guess.by == "" or not guess.spans for guess in guesses)


def written_none(tmp_path):
    path = tmp_path / "none.jsonl"
    path.write_text("\n".join(json.dumps({"text": said_in(i), "spans": []}) for i in range(N)))
    return path


def test_predictions_of_spans(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(f"Ada met Bob {i}" for i in range(30)) + "\n")
    said = [{"text": f"Ada met Bob {i}", "spans": [[0, 3, "person"]]} for i in range(29)]
    said.append({"text": "Ada met Bob 29", "spans": [[0, 99, "person"]]})
    (tmp_path / "llm.jsonl").write_text("\n".join(map(json.dumps, said)))
    with Project.create(path, kind="spans") as project:
        told = project.files.import_predictions(tmp_path / "llm.jsonl")
        assert (told.n_stored, len(told.problems)) == (29, 1)
        assert "within its text" in told.problems[0].reason
        asked = next(a for a in project.query(5) if a.guess)
        assert [(s.start, s.end, s.label, s.by) for s in asked.guess.spans] == [
            (0, 3, "person", "accepted")
        ]
        assert project.status().n_labeled == 0
        whole = [(0, 3, "person"), (8, 11, "person")]
        project.teach({a.item.item_id: whole for a in project.query(12)})
        project.retrain()
        project.teach({a.item.item_id: whole for a in project.query(5)})
        assert "F1 of their spans 0.67" in " ".join(project.status().weighed)
