"""Labels that a source has already, and options for a project that is there."""

from dataclasses import replace

import pytest
from PIL import Image

from sparing.datasets.rows import Reading
from sparing.errors import ConflictError, InvalidInputError, UnknownNameError
from sparing.project import Project

TEXT = "text,stars,label\n" + "".join(
    f"review number {i} with words,{i % 3},{'pos' if i in (1, 4) else 'neg' if i == 2 else ''}\n"
    for i in range(10)
)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    return path


def offers(project):
    return [note for note in project.status().notes if "labels that are there already" in note]


def test_labels_that_are_there_are_offered_and_no_part_of_an_item(source):
    with Project.create(source) as project:
        assert {*next(iter(project.items.values())).fields} == {"text", "stars"}
        (offer,) = offers(project)
        assert "3 of 10" in offer
        assert "--label-column label imports them" in offer
        assert project.files.offered_labels == "label"
        assert project.status().n_labeled == 0
    with Project.open(source.parent / "t.csv.sparing") as project:
        assert len(offers(project)) == 1
        project.files.leave_labels("label")
        assert offers(project) == []
    with Project.open(source.parent / "t.csv.sparing") as project:
        assert (offers(project), project.files.offered_labels) == ([], None)


def test_labels_are_imported_once_whatever_becomes_of_their_column(source):
    with Project.create(source, label_column="label") as project:
        assert project.status().class_counts == {"pos": 2, "neg": 1}
        assert offers(project) == []
    source.write_text(TEXT.replace(",pos", ",").replace(",neg", ",pos"))
    with Project.open(source.parent / "t.csv.sparing") as project:
        assert project.status().class_counts == {"pos": 2, "neg": 1}
        assert all(note.startswith("Columns: ") for note in project.status().notes)


def test_any_column_can_be_named_as_the_labels(source):
    with Project.create(source, label_column="stars") as project:
        assert next(iter(project.items.values())).fields is None  # others' labels are no feature
        assert "Column 'label' may be labels too" in project.status().notes[0]
        assert project.status().n_labeled == 10


def test_labels_that_cannot_be_are_refused_before_there_is_a_project(source):
    with pytest.raises(UnknownNameError, match="Did you mean 'label'"):
        Project.create(source, label_column="labe")
    with pytest.raises(InvalidInputError, match="it cannot be the item too"):
        Project.create(source, label_column="label", columns=["text", "label"])
    assert not (source.parent / "t.csv.sparing" / "project.db").exists()


def test_a_project_that_is_there_imports_labels_and_keeps_its_columns(source):
    Project.create(source).close()
    with Project.at(source, label_column="label", classes=["new"]) as project:
        assert project.status().class_counts == {"new": 0, "pos": 2, "neg": 1}
    Project.at(source, columns=["text", "stars"]).close()
    with pytest.raises(InvalidInputError, match=r"made of text,stars.*label with --columns text "):
        Project.at(source, columns=["text"])
    with Project.at(source) as project:  # what was refused holds no lock
        assert project.status().n_labeled == 3


def test_labels_of_a_column_that_a_model_learns_from_are_refused(source):
    Project.create(source, columns=["text", "label"]).close()
    with pytest.raises(InvalidInputError, match="a part of the items of this project"):
        Project.at(source, label_column="label")


def test_columns_are_refused_where_there_are_none(tmp_path):
    (tmp_path / "texts").mkdir()
    for i in range(3):
        (tmp_path / "texts" / f"{i}.txt").write_text(f"some words {i}")
    Project.create(tmp_path / "texts").close()
    with pytest.raises(InvalidInputError, match="is none"):
        Project.at(tmp_path / "texts", columns=["a"])
    with pytest.raises(InvalidInputError, match="Only a table has a column of labels"):
        Project.at(tmp_path / "texts", label_column="a")


def test_another_encoder_is_learned_with_at_once(source):
    with Project.create(source, label_column="label", encoder="table") as project:
        assert project.retrain() == 1
        assert not project.learning.is_behind()
    with pytest.raises(UnknownNameError, match="encoder"):
        Project.at(source, encoder="tabel")
    with Project.at(source, encoder="table") as project:
        assert not project.learning.is_behind()
    with Project.at(source, encoder="auto") as project:
        assert project.learning.is_behind()
        assert project.retrain() == 2
        assert not project.learning.is_behind()
        assert project.learning.is_encoded
        project._guarded._state.stage = replace(
            project._guarded._state.stage, drawn_rows=frozenset({1})
        )
        with pytest.raises(ConflictError, match="An audit checks the model as it is"):
            project._obey({"encoder": "table"})
    with Project.open(source.parent / "t.csv.sparing") as project:
        assert project._guarded._state.settings.encoder == "auto"
        assert not project.learning.is_behind()


def test_links_out_of_the_source_are_followed_from_when_that_is_said(tmp_path):
    cache, pics = tmp_path / "cache", tmp_path / "pics"
    for folder in (cache, pics):
        folder.mkdir()
    for i in range(4):
        Image.new("RGB", (8, 8), (60 * i, 0, 0)).save(cache / f"{i}.png")
        (pics / f"{i}.png").symlink_to(cache / f"{i}.png")
    Image.new("RGB", (8, 8), (0, 9, 0)).save(pics / "own.png")
    with Project.create(pics) as project:
        assert [item.name for item in project.items.values()] == ["own.png"]
        note, unknown = project.status().notes
        assert note.startswith("4 skipped, a symbolic link out of the folder, which --follow-links")
        assert unknown.startswith("Whether all pictures can be read is not known yet")
    with Project.at(pics, reading=Reading(follow_links=True)) as project:
        assert len(project.items) == 5
    with Project.open(tmp_path / "pics.sparing") as project:  # for good
        assert project.status().n_items == 5
        assert project.where.follows_links
        assert project.retrain() == 1
        assert project.learning.is_encoded
    with pytest.raises(InvalidInputError, match="read with another encoding"):
        Project.at(pics, reading=Reading(encoding="gbk"))
    table = tmp_path / "t.csv"
    table.write_text("image\npics/0.png\npics/own.png\n")
    with Project.create(table, reading=Reading(follow_links=True)) as project:
        assert len(project.items) == 2


def test_the_encoding_of_a_folder_of_texts_is_obeyed_and_kept(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    said = "это текст на русском языке, а не на другом"
    for i in range(3):
        (texts / f"{i}.txt").write_bytes(f"{said} {i}".encode("koi8_r"))
    reading = Reading(encoding="koi8_r")
    with Project.create(texts, reading=reading) as project:
        ids = list(project.items)
        assert project.items[ids[0]].text == f"{said} 0"
        assert project.status().notes == ()
    for again in (reading, Reading()):  # the same command goes on where it stopped
        with Project.at(texts, reading=again) as project:
            assert list(project.items) == ids
            assert project.items[ids[0]].text == f"{said} 0"
    with pytest.raises(InvalidInputError, match="read with another encoding"):
        Project.at(texts, reading=Reading(encoding="cp1251"))
    with pytest.raises(InvalidInputError, match="--header is for tables"):
        Project.create(texts, tmp_path / "other", reading=Reading(header=False))
    with Project.create(texts, tmp_path / "guessed") as project:
        (note,) = project.status().notes
        assert note.startswith("3 files are not UTF-8 and were read as ")
        assert note.endswith("0.txt, 1.txt, 2.txt. --encoding says otherwise.")


def test_what_became_of_the_labels_of_a_source_is_told(source):
    with Project.create(source) as project:
        assert project.files.last is None
    with Project.at(source, label_column="label") as project:
        assert project.files.last.said() == ["3 labels imported."]
