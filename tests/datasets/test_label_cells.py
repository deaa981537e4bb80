import json

import numpy as np
import pytest

from sparing.datasets.label_cells import one_label, read_cells, seconds_of
from sparing.datasets.read import read_labeled
from sparing.errors import InvalidInputError, SourceError

TEXTS = [f"review number {i} has words" for i in range(8)]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_list_of_one_is_that_label_and_others_are_named(tmp_path):
    cells = [["neg"], ["pos"], [], ["pos", "neg"], {"a": 1}, "pos", [["0", "3", "PER"]], None]
    rows = [{"text": t, "label": c} for t, c in zip(TEXTS, cells, strict=True)]
    found = read_labeled(write_rows(tmp_path / "t.jsonl", rows), "label")
    assert found.labels == ["neg", "pos", "pos"]
    assert [(s.name, s.reason) for s in found.items.skipped] == [
        ("line 3", "no label"),
        ("line 4", "2 labels, where an item has one"),
        ("line 5", "an object, where a label is one word"),
        ("line 7", "3 labels, where an item has one"),
        ("line 8", "no label"),
    ]
    rows = [{"text": t, "label": ["a", "b"]} for t in TEXTS]
    with pytest.raises(SourceError, match="2 labels, where an item has one"):
        read_labeled(write_rows(tmp_path / "t.jsonl", rows), "label")


def test_bytes_are_text(tmp_path):
    np.save(tmp_path / "X.npy", np.eye(4))
    np.save(tmp_path / "y.npy", np.array([b"cat", b"dog"] * 2))
    found = read_labeled(tmp_path / "X.npy", labels=tmp_path / "y.npy")
    assert found.labels == ["cat", "dog", "cat", "dog"]


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ("['neg']", "neg"), ('["neg"]', "neg"), ("('neg',)", "neg"), ("b'neg'", "neg"),
        ("[1.0]", "1"), ("[]", None), ("[unknown]", "[unknown]"), ("(a) cat", "(a) cat"),
        ("{x", "{x"), ("b'", "b'"), (" neg\u200b ", "neg"), ("cafe\u0301", "caf\u00e9"),
        (np.float64(2.0), "2"), ("[" * 500, "[" * 500),
    ],
)  # fmt: skip
def test_what_other_tools_print_into_a_cell_is_the_label_in_it(cell, label):
    assert one_label(cell) == label


@pytest.mark.parametrize("cell", ["['a', 'b']", "{'label': 'a'}", {"a": 1}, ["a", "b"], "{1, 2}"])
def test_what_has_parts_is_no_label(cell):
    with pytest.raises(InvalidInputError, match=r"2 labels|an object"):
        one_label(cell)


def test_a_column_has_one_name_for_a_class(tmp_path):
    read = read_cells(["Pos", "pos", "pos", "neg", "['neg']", ["a", "b"], None])
    assert read.labels == ["pos", "pos", "pos", "neg", "neg", None, None]
    assert read.refused == {5: "2 labels, where an item has one"}
    (note,) = read.notes
    assert note.endswith("'Pos' is taken for 'pos', '['neg']' for 'neg'.")
    labels = ["Pos", "pos", "pos", "neg", "neg", "neg", "neg", "neg"]
    rows = [{"text": t, "label": c} for t, c in zip(TEXTS, labels, strict=True)]
    read = read_labeled(write_rows(tmp_path / "t.jsonl", rows), "label")
    assert sorted(set(read.labels)) == ["neg", "pos"]
    assert "Classes written in another way: 'Pos' is taken for 'pos'." in read.items.said()


def test_folders_of_one_class_and_arrays_of_labels_have_one_name_too(tmp_path):
    for i, name in enumerate(("Cat", "cat", "cat", "na")):
        (tmp_path / "pics" / f"{name}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "pics" / name / f"{i}.txt").write_text("some words")
    read = read_labeled(tmp_path / "pics")
    assert sorted(read.labels) == ["cat", "cat", "cat", "na"]
    assert read.items.notes == ("Classes written in another way: 'Cat' is taken for 'cat'.",)
    np.save(tmp_path / "X.npy", np.eye(4))
    np.save(tmp_path / "y.npy", np.array(["Cat", "cat", "cat", "dog"]))
    assert read_labeled(tmp_path / "X.npy").labels == ["cat", "cat", "cat", "dog"]


@pytest.mark.parametrize("raw", [10**400, "1e400", -1, 86401, [], "soon"])
def test_what_cannot_be_seconds_is_none(raw):
    assert seconds_of(raw) is None
