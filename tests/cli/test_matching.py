import csv
import io

from sparing.cli.app import run
from sparing.project import Project

ROWS = [f"the review number {i} is here" for i in range(5)]


def write(path, rows):
    path.write_text("text\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_a_lost_answer_is_listed_and_brought_back(tmp_path, capsys):
    source = write(tmp_path / "t.csv", ROWS)
    with Project.create(source, classes=["=a"]) as project:
        project.teach(dict.fromkeys(project.items, "=a"))
    write(source, [*ROWS[:2], "the review number 2 was here", *ROWS[3:]])
    assert run(["match", str(source)]) == 0
    said = capsys.readouterr()
    (row,) = csv.DictReader(io.StringIO(said.out))
    assert (row["item"], row["label"], row["is_now"]) == ("line 4", "'=a", "line 4")
    assert row["text"] == "the review number 2 was here"
    assert said.err == "Not in the source: 1. Suggestions: 1.\n"
    lost = tmp_path / "lost.csv"
    assert run(["match", str(source), "--out", str(lost)]) == 0
    assert run(["match", str(source), str(lost), "--by", "id"]) == 2
    assert run(["match", str(source), str(source)]) == 1
    assert "has no rows with the columns 'item_id' and 'is_now'" in capsys.readouterr().err
    assert run(["match", str(source), str(lost)]) == 0
    assert capsys.readouterr().out == "Back with their answers: 1. Not in the source: 0.\n"
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.status().n_labeled == 5


def test_one_word_decides_for_all(tmp_path, capsys):
    source = write(tmp_path / "t.csv", ROWS)
    with Project.create(source, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
    write(source, [ROWS[0], *(row.replace("is", "was") for row in ROWS[1:])])
    assert run(["match", str(source), "--by", "place"]) == 0
    assert capsys.readouterr().out == "Back with their answers: 4. Not in the source: 0.\n"


def test_import_says_of_each_row_what_became_of_it(tmp_path, capsys):
    source = write(tmp_path / "t.csv", ROWS)
    Project.create(source, classes=["a"]).close()
    table = tmp_path / "l.csv"
    table.write_text(f"text,label\n{ROWS[0]},a\n=nobody,a\n{ROWS[1]},\n")
    assert run(["import", str(source), str(table), "--report", str(tmp_path / "r.csv")]) == 0
    assert capsys.readouterr().out == "1 labels imported.\n"
    rows = [
        (row["item"], row["became"])
        for row in csv.DictReader((tmp_path / "r.csv").read_text().splitlines())
    ]
    assert sorted(rows) == [
        ("'=nobody", "no such item"),
        (ROWS[0], "imported"),
        (ROWS[1], "no label"),
    ]
