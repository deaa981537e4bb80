import json

import pytest

from sparing.datasets.label_columns import begun_columns, is_label_column, offered
from sparing.datasets.read import read_items, read_labeled
from sparing.datasets.rows import RawTable

TEXTS = [f"review number {i} has words" for i in range(8)]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("label", ["pos", "neg"] * 4),
        ("Label", ["pos", None, None, None, None, None, None, None]),
        ("trueLabel", [1, 0] * 4),
        ("label_text", ["good"] * 8),
        ("target", [1.0, 0.0] * 4),
        ("labels", [["pos"], ["neg"]] * 4),
        ("label", [None] * 8),
        ("category", ["a", "b", "", "", "", "", "", ""]),
    ],
)
def test_labels_that_are_there_are_no_part_of_an_item(tmp_path, name, cells):
    rows = [{"text": t, name: c} for t, c in zip(TEXTS, cells, strict=True)]
    items = read_items(write_rows(tmp_path / "t.jsonl", rows))
    assert (items.kind, items.columns, items.label_column) == ("texts", ("text",), name)
    n = sum(cell not in (None, "") for cell in cells)
    assert f"labels that are there already, {n} of 8" in offered(items.table, name, items.columns)
    assert items.table.columns[name] == cells


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("target", [0.5 + i for i in range(8)]),  # a measurement
        ("label", TEXTS),  # nothing repeats
        ("class_size", [3, 4] * 4),
        ("category_of_age", [3, 4] * 4),
        ("y", list(range(8))),
    ],
)
def test_nothing_else_is_taken_for_labels(name, cells):
    assert not is_label_column(name, cells)


def partly(values, n=500):
    """Return cells of which the first few are filled in."""
    return [*values, *[None] * (n - len(values))]


SPARSE = {
    "sentiment_gold": partly(["pos", "neg"] * 20),
    "x": partly([1, 2, 3, 4] * 10),
    "mark": partly(["yes"] * 40),
    "done": partly(["pos", "neg"] * 200),
}
MANY = [f"review number {i} has words" for i in range(500)]


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize(
    "beside", [{}, {"remark": partly([f"see page {i} again" for i in range(9)])}]
)
def test_a_column_that_somebody_has_begun_to_fill_in_is_no_feature(tmp_path, name, beside):
    columns = {"text": MANY, "price": [i * i for i in range(500)], name: SPARSE[name], **beside}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    path = write_rows(tmp_path / "t.jsonl", rows)
    items = read_items(path)
    assert items.label_column == name
    assert items.columns == ("text", "price", *beside)
    told = offered(items.table, name, items.columns)
    assert f"--label-column {name} imports" in told
    assert name == "sentiment_gold" or f"no labels: --columns {','.join(items.columns)}" in told
    assert name in read_items(path, columns=["text", name]).columns


@pytest.mark.parametrize(
    "gaps",
    [
        {"color": partly(["red", "blue"] * 20), "size": partly(["S", "M", "L"] * 30)},
        {"color": partly(["red", "blue"] * 20), "weight": partly([1.5 + i for i in range(99)])},
        {"color": partly(["red", "blue"] * 20), "sold": partly(["2021-01-02", "2020-03-01"] * 9)},
        {"color": partly(["red", "blue"] * 245)},  # hardly a gap
        {"cabin": partly([f"C{i // 2}" for i in range(80)])},  # too many to be classes
        {"weight": partly([1.5, 2.5] * 40)},
        {"sold": partly(["2021-01-02", "2020-03-01"] * 20)},
        {"made": ["here", "there"] * 250},
        {"pool": partly(["yes"] * 40), "garage": partly(["yes"] * 60)},
        {"q1": partly([1, 2, 3] * 100), "q2": partly([1, 2, 3] * 90)},  # answers that some left out
    ],
)
def test_sparse_columns_of_a_table_stay_features(gaps):
    raw = RawTable({"text": MANY, **gaps}, MANY, "t.csv")
    assert begun_columns(raw) == ()
    assert begun_columns(raw.take(range(5))) == ()


PEOPLE = {"ann": partly(["pos", "neg"] * 20), "bob": partly(["neg", "pos", "odd"] * 10)}


def test_labels_that_several_people_have_begun_are_no_features(tmp_path):
    columns = {"text": MANY, "price": [i * i for i in range(500)], **PEOPLE}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    path = write_rows(tmp_path / "t.jsonl", rows)
    items = read_items(path)
    assert (items.columns, items.label_column) == (("text", "price"), None)
    assert items.said()[0] == (
        "Columns 'ann' and 'bob' may be labels by 2 people: no part of the items."
        " --label-column ann imports those of one; no labels: --columns text,price,ann,bob."
    )
    like = (
        "Column 'bob' may be labels too, like 'ann': no part of the items."
        " No labels: --columns text,price,bob."
    )
    for items in (read_items(path, label_column="ann"), read_labeled(path, "ann").items):
        assert items.columns == ("text", "price")
        assert like in items.said()
    assert read_items(path, columns=["text", "bob"]).columns == ("text", "bob")
    assert read_labeled(path, "ann", columns=["text", "bob"]).items.columns == ("text", "bob")


def test_the_same_labels_in_words_are_no_feature(tmp_path):
    rows = [{"text": t, "label": i % 2, "label_text": "np"[i % 2]} for i, t in enumerate(TEXTS)]
    path = write_rows(tmp_path / "t.jsonl", rows)
    for items in (read_items(path), read_labeled(path, "label").items):
        assert items.columns == ("text",)
        assert "Column 'label_text' may be labels too, like 'label'" in " ".join(items.said())
    other = write_rows(tmp_path / "o.jsonl", [{**row, "category": row["label"]} for row in rows])
    assert read_labeled(other, "label").items.columns == ("text", "category")


def test_a_label_column_that_is_asked_for_is_a_part_of_the_items(tmp_path):
    rows = [{"text": t, "label": "pos"} for t in TEXTS]
    path = write_rows(tmp_path / "t.jsonl", rows)
    both = read_items(path, columns=["text", "label"])
    assert (both.columns, both.label_column, both.notes) == (("text", "label"), None, ())


def test_the_labels_alone_are_items(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,label\n4,a\n2,a\n9,b\n7,b\n")
    assert read_items(path).columns == ("label",)
