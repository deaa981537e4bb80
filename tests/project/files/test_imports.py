import pytest

from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.project import Project
from sparing.store import Kind


@pytest.fixture
def texts(tmp_path):
    source = tmp_path / "texts.jsonl"
    source.write_text(
        '{"t": "the cat sat on it"}\n{"t": "a dog ran off now"}\n{"t": "a dog ran off now"}\n'
    )
    with Project.create(source, classes=["cat"]) as project:
        yield project


def test_each_row_that_was_not_taken_is_named(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(
        "text,label\n"
        "the cat sat on it,cat\n"
        "nobody said this,cat\n"
        "the cat sat on it,dog\n"
        "a dog ran off now,\n"
        "line 2,dog\n"
    )
    told = texts.import_labels(table)
    assert (told.n_stored, told.n_known) == (2, 0)
    assert [(p.name, p.reason) for p in told.problems] == [
        ("line 3", "no such item"),
        ("line 5", "no label"),
        ("line 4", "the item has another label"),
    ]
    assert told.said()[0] == "2 labels imported."
    assert [name for name, _ in texts.classes] == ["cat", "dog"]
    last = texts.store.events()[-1]
    assert (last.kind, last.text) == (Kind.IMPORTED, "labels.csv: 2 labels imported.")


def test_labels_that_are_there_are_not_overwritten(texts, tmp_path):
    item = texts.query(1)[0].item
    texts.teach({item.item_id: "cat"})
    table = tmp_path / "labels.csv"
    table.write_text(f"item_id,label\n{item.item_id},dog\n")
    assert texts.import_labels(table).problems[0].reason == "the item has another label"
    assert texts.asked(item.item_id).answer.class_name == "cat"


def test_labels_by_a_model_never_become_a_persons(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("item,label,provenance\nline 1,cat,automatic\nline 2,cat,person\n")
    told = texts.import_labels(table)
    assert [(p.name, p.reason) for p in told.problems] == [("line 2", "a label by a model")]
    assert texts.status().n_labeled == 1


def test_columns_can_be_named_and_are_asked_for(texts, tmp_path):
    table = tmp_path / "labels.tsv"
    table.write_text("what\tkind\nline 1\tcat\nline 2\tdog\n")
    with pytest.raises(InvalidInputError, match="no column that names the items"):
        texts.import_labels(table)
    with pytest.raises(UnknownNameError, match="Did you mean 'what'"):
        texts.import_labels(table, "waht", "kind")
    assert texts.import_labels(table, "what", "kind").n_stored == 2
    with pytest.raises(SourceError, match="no file"):
        texts.import_labels(tmp_path / "nothing.csv")


def test_a_class_name_that_cannot_be_is_the_rows_problem(texts, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(f"item,label\nline 1,{'x' * 300}\nline 2,cat\n")
    told = texts.import_labels(table)
    assert told.n_stored == 1
    assert "There is no class" in told.problems[0].reason


def test_images_are_found_by_their_whole_path_too(tmp_path):
    from PIL import Image

    photos = tmp_path / "photos"
    (photos / "a").mkdir(parents=True)
    Image.new("L", (8, 8)).save(photos / "a" / "1.png")
    Image.new("L", (8, 8)).save(photos / "2.png")
    table = tmp_path / "labels.csv"
    table.write_text(f"path,label\n{photos / 'a' / '1.png'},cat\n2.png,dog\n{tmp_path},dog\n")
    with Project.create(photos) as project:
        told = project.import_labels(table)
        assert told.n_stored == 2
        assert [p.reason for p in told.problems] == ["no such item"]
