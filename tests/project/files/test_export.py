import csv
import errno
import json
import shutil
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sparing.datasets.formulas import FORMULA_STARTS, armed, disarmed
from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.project import NewEvent, Project
from sparing.project.files.class_folders import safe_name
from sparing.project.files.export_columns import COLUMNS
from sparing.store import Kind


def say(project, kind, item, **more):
    return project.record([NewEvent(key=uuid4().hex, kind=Kind(kind), item_id=item, **more)])[0]


def read_csv(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


@pytest.fixture
def answered(pets, project):
    """Two people's answers, a confirmed guess, a skip, a flag, a comment."""
    items = [a.item.item_id for a in project.query(5)]
    say(project, "label", items[0], class_name="fur", annotator="Ada", model_version=0)
    say(project, "label", items[1], class_name="feathers", confirmed=True)
    say(project, "skip", items[2])
    say(project, "flag", items[3])
    say(project, "comment", items[0], text="=cmd|' /C calc'!A0")
    return items


def test_every_row_says_whose_label_it_is(project, answered, tmp_path):
    assert project.files.export(tmp_path / "out.csv") == 2
    rows = {row["item_id"]: row for row in read_csv(tmp_path / "out.csv")}
    assert len(rows) == 60
    ada, confirmed, skipped, flagged, _ = (rows[item] for item in answered)
    assert (ada["label"], ada["provenance"], ada["annotator"]) == ("fur", "person", "Ada")
    assert (ada["source"], ada["purpose"], ada["state"]) == ("uniform", "train", "labeled")
    assert (confirmed["label"], confirmed["provenance"]) == ("feathers", "confirmed")
    assert (skipped["label"], skipped["provenance"], skipped["state"]) == ("", "", "skipped")
    assert (flagged["state"], flagged["flagged"]) == ("unlabeled", "True")
    assert ada["comment"] == "'=cmd|' /C calc'!A0"  # a spreadsheet shows it, and runs nothing


def test_a_guess_is_no_label(pets, project, tmp_path):
    pets.answer(project, project.query(8))
    project.retrain()
    project.files.export(tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    unlabeled = [row for row in rows if row["state"] == "unlabeled"]
    assert len(unlabeled) == 52
    assert all(row["guess"] and not row["label"] for row in unlabeled)
    assert all(not row["guess"] for row in rows if row["label"])


def test_the_forms_say_the_same(project, answered, tmp_path):
    from pyarrow import parquet

    for form in ("csv", "jsonl", "parquet"):
        project.files.export(tmp_path / f"out.{form}", form)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert lines == table
    cells = [{k: armed(v) for k, v in row.items()} for row in read_csv(tmp_path / "out.csv")]
    assert cells == [{k: "" if v is None else str(v) for k, v in row.items()} for row in lines]
    assert list(lines[0]) == [*COLUMNS, "legs", "wings", "number"]


def test_what_the_source_says_of_an_item_stands_beside_its_label(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text(
        "id,text,label,=when,stars\n7,a text of words,,2024,3\n3,more words are here,pos,,\n"
    )
    with Project.create(source, classes=["pos"]) as project:
        project.teach({next(iter(project.items)): "pos"})
        for form in ("csv", "jsonl", "parquet"):
            project.files.export(tmp_path / f"out.{form}", form)
        source.write_text("id,text,label,stars\n3,more words are here,pos,\n")
    first, second = read_csv(tmp_path / "out.csv")
    beside = ["id", "text", "source_label", "'=when", "stars"]
    assert list(first) == [*COLUMNS, *beside]
    assert [first[name] for name in ("label", *beside)] == [
        "pos", "7", "a text of words", "", "2024", "3",
    ]  # fmt: skip
    assert (second["label"], second["source_label"], second["'=when"]) == ("", "pos", "")
    line = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])
    assert (line["source_label"], line["=when"], line["stars"]) == ("pos", None, None)
    with Project.open(tmp_path / "t.csv.sparing") as project:  # the first row is gone
        project.files.export(tmp_path / "gone.csv")
    first, second = read_csv(tmp_path / "gone.csv")
    assert (first["present"], first["label"], first["text"]) == ("False", "pos", "")
    assert second["text"] == "more words are here"


def test_unknown_forms_and_paths_are_refused(project, tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'csv'"):
        project.files.export(tmp_path / "x", "cvs")
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written"):
        project.files.export(tmp_path / "file" / "out.csv")
    with pytest.raises(InvalidInputError, match="not of table rows"):
        project.files.export(tmp_path / "folders", "folders")


def test_the_source_is_not_written_over(tmp_path):
    source, other = tmp_path / "notes.csv", tmp_path / "link.csv"
    source.write_text("text\nwarm\ncold\n")
    other.hardlink_to(source)
    with Project.create(source, classes=["a"]) as project:
        for path in (source, other):
            with pytest.raises(InvalidInputError, match="is the source of the project"):
                project.files.export(path)
        assert project.files.export(tmp_path / "labels.csv") == 0
    assert source.read_text() == "text\nwarm\ncold\n"


def test_a_folder_per_class_keeps_people_and_guesses_apart(tmp_path):
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    for i in range(4):
        Image.new("L", (8, 8), i).save(photos / "deep" / f"{i}.png")
    with Project.create(photos, classes=["../../evil", "a", "A"]) as project:
        ids = list(project.items)
        for item, name in zip(ids, ("../../evil", "a", "A"), strict=False):
            say(project, "label", item, class_name=name, confirmed=name == "a")
        out = tmp_path / "out"
        assert project.files.export(out, "folders") == 3
        found = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
        assert found == sorted(
            [
                f"confirmed/a-2/{ids[1]}-1.png",
                "labels.csv",
                f"person/A/{ids[2]}-2.png",
                f"person/_.._evil/{ids[0]}-0.png",
            ]
        )
        kept = (photos / "deep" / "0.png").read_bytes()
        assert (out / "person" / "_.._evil" / f"{ids[0]}-0.png").read_bytes() == kept
        with pytest.raises(SourceError, match="there already"):
            project.files.export(out, "folders")


def test_labels_whose_files_are_gone_are_told_of_in_folders(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for i in range(4):
        Image.new("L", (8, 8), i).save(photos / f"{i}.png")
    with Project.create(photos, classes=["a"]) as project:
        project.teach(dict.fromkeys(list(project.items)[:3], "a"))
        assert project.files.export(tmp_path / "whole", "folders") == 3
        assert project.files.left_out == ()
    for i in (0, 2, 3):  # the last one has no label, and is missed by nobody
        (photos / f"{i}.png").unlink()
    with Project.open(tmp_path / "photos.sparing") as project:
        assert project.files.export(out, "folders") == 3
        assert project.files.left_out == (
            "Without a file, as they are not in the source: 2. labels.csv has their labels.",
        )
    assert [p.name.partition("-")[2] for p in out.rglob("*.png")] == ["1.png"]
    assert len((out / "labels.csv").read_text("utf-8").splitlines()) == 4


def test_folders_are_there_whole_or_not_at_all(tmp_path, monkeypatch):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for i in range(3):
        Image.new("L", (8, 8), i).save(photos / f"{i}.png")
    with Project.create(photos, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
        copies = iter([shutil.copyfile])

        def full(source, target):
            copy = next(copies, None)
            if copy is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            copy(source, target)

        with monkeypatch.context() as disk:
            disk.setattr(shutil, "copyfile", full)
            with pytest.raises(SourceError, match="No space left"):
                project.files.export(out, "folders")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["photos", "photos.sparing"]
        assert project.files.export(out, "folders") == 3
        assert len(list(out.rglob("*.png"))) == 3


@given(st.text(max_size=20))
def test_disarmed_text_begins_no_formula_and_comes_back(text):
    assert not disarmed(text).startswith(FORMULA_STARTS)
    assert armed(disarmed(text)) == text


@given(st.text(max_size=20))
def test_a_safe_name_is_one_name(name):
    safe = safe_name(name)
    assert safe
    assert not set(safe) & set('/\\:\0<>"|?*')
    assert safe.strip(". ") == safe


def test_labels_go_round_through_every_form(pets, project, answered, tmp_path):
    nasty = ["NA", "=1+1", "'tis", " two  words", "-5", 'ünï,"quoted"']
    for name in nasty:
        say(project, "add_class", None, class_name=name)
    rest = [a.item.item_id for a in project.query(6)]
    for item, name in zip(rest, nasty, strict=True):
        say(project, "label", item, class_name=name)
    wanted = {row.item.item_id: row.answer.class_name for row in project.history(limit=99)[1]}
    for form in ("csv", "jsonl", "parquet"):
        project.files.export(tmp_path / f"out.{form}", form)
        with Project.create(pets.source, tmp_path / f"{form}.sparing") as other:
            told = other.files.import_labels(tmp_path / f"out.{form}")
            got = {row.item.item_id: row.answer.class_name for row in other.history(limit=99)[1]}
            assert got == wanted
            assert told.n_stored == len(wanted)
            assert {p.reason for p in told.problems} == {"no label"}
            event = next(e for e in other.store.events() if e.item_id == answered[1])
            assert event.confirmed
            again = other.files.import_labels(tmp_path / f"out.{form}")
            assert (again.n_stored, again.n_known) == (0, len(wanted))


def test_texts_go_out_with_what_they_say(tmp_path):
    """Who trains on the export of a folder of texts, or of a file of lines, needs the texts."""
    folder, lines = tmp_path / "texts", tmp_path / "lines.txt"
    folder.mkdir()
    said = ["a cat sat here", "stocks fell, \ud800 again"]
    for name, text in zip(("one.txt", "two.txt"), said, strict=True):
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    lines.write_text("a cat sat here\nthe dog ran off\n", encoding="utf-8")
    for source in (folder, lines):
        with Project.create(source, classes=["pets"]) as project:
            texts = [project.items.get(i).text for i in project.items]
            project.teach({next(iter(project.items)): "pets"})
            for form in ("csv", "jsonl", "parquet", "hf"):
                project.files.export(tmp_path / f"{source.stem}.{form}", form)
        rows = read_csv(tmp_path / f"{source.stem}.csv")
        assert [row["text"] for row in rows] == texts
        assert [*rows[0]][len(COLUMNS) :] == ["text"]
        lines_ = (tmp_path / f"{source.stem}.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line)["text"] for line in lines_] == texts


def test_an_export_of_lines_finds_them_in_another_project_also_one_of_before(tmp_path):
    source, other = tmp_path / "lines.txt", tmp_path / "other.txt"
    source.write_text("a cat sat here\nthe dog ran off\n", encoding="utf-8")
    other.write_text("first of all\nthe dog ran off\n", encoding="utf-8")
    with Project.create(source, classes=["pets"]) as project:
        project.teach({[*project.items][1]: "pets"})
        project.files.export(tmp_path / "new.csv")
    told = (tmp_path / "new.csv").read_text("utf-8").replace(",present,text", ",present,1")
    (tmp_path / "old.csv").write_text(told, encoding="utf-8")
    for name in ("new.csv", "old.csv"):
        with Project.create(other, tmp_path / f"of {name}") as project:
            assert project.files.import_labels(tmp_path / name).n_stored == 1
