import json

import pytest

from sparing.datasets.read import read_items, read_labeled
from sparing.datasets.rows import Reading

TEXTS = ["the cat sat down", "a dog ran away", "no bird was there"]
IDS = ["a7", "b2", "007"]
SAID = "Column 'id' names the items and is no part of them: --columns id,... makes it one."


def write_csv(path, columns):
    rows = [columns, *zip(*columns.values(), strict=True)]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))


def write_tsv(path, columns):
    rows = [columns, *zip(*columns.values(), strict=True)]
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


def write_jsonl(path, columns):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(path, columns):
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pa.table(columns), path)


WRITE = {"csv": write_csv, "tsv": write_tsv, "jsonl": write_jsonl, "parquet": write_parquet}


@pytest.fixture(params=WRITE)
def write(request, tmp_path):
    def written(**columns):
        path = tmp_path / f"t.{request.param}"
        WRITE[request.param](path, columns)
        return path

    return written


def test_an_id_names_the_items_and_what_is_left_are_texts(write):
    items = read_items(write(id=IDS, text=TEXTS))
    assert (items.kind, items.values, items.columns) == ("texts", TEXTS, ("text",))
    assert items.names == IDS
    assert (items.named_by, items.left_out) == ("id", ("id",))
    assert items.said() == [SAID]


def test_labels_stay_with_their_items(write):
    labeled = read_labeled(write(label=["p", "q", "p"], text=TEXTS, key=[10, 0, 7]), "label")
    assert (labeled.items.kind, labeled.items.values) == ("texts", TEXTS)
    assert labeled.items.names == ["10", "0", "7"]
    assert labeled.labels == ["p", "q", "p"]


def test_several_identifiers_are_all_left_out(write):
    items = read_items(write(doc_id=IDS, customerId=[3, 1, 2], uuid=list("xyz"), text=TEXTS))
    assert (items.columns, items.names) == (("text",), IDS)
    assert items.said() == [
        SAID.replace("id,", "doc_id,")
        .replace("'id'", "'doc_id'")
        .replace("is no", "is, like 'customerId' and 'uuid', no")
    ]


def test_columns_that_are_asked_for_are_taken_whatever_they_are_called(write):
    path = write(id=IDS, text=TEXTS)
    both = read_items(path, columns=["id", "text"])
    assert (both.kind, both.columns, both.names) == ("table", ("id", "text"), IDS)
    assert both.notes == ("Column 'id' names the items.",)
    assert read_items(path, columns=["text"]).said() == [SAID]


@pytest.mark.parametrize(
    "column",
    [
        {"weight": [1.5, 2.25, 3.125]},  # distinct, and a measurement
        {"refractive_index": [1.31, 1.33, 1.52]},
        {"index": [1.31, 1.33, 1.52]},
        {"number": [1, 2, 3]},
        {"id": ["a", "b", "a"]},
        {"id": ["a", "", "c"]},
        {"valid": ["a", "b", "c"]},
    ],
)
def test_nothing_else_is_taken_for_an_identifier(write, column):
    items = read_items(write(**column, text=TEXTS))
    assert (items.kind, items.columns) == ("table", (*column, "text"))
    assert (items.named_by, items.left_out, items.notes) == (None, (), ())


def test_a_table_of_identifiers_alone_is_what_it_is(write):
    items = read_items(write(id=IDS, key=[1, 2, 3]))
    assert (items.columns, items.named_by) == (("id", "key"), None)


def test_row_numbers_without_a_name_are_no_feature(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",text\n5,the cat sat down\n0,a dog ran away\n")
    items = read_items(path)
    assert (items.kind, items.names, items.named_by) == ("texts", ["5", "0"], "1")
    assert items.said()[0].startswith("The first column, which has no name, names the items and is")
    path.write_text("5,the cat sat down\n0,a dog ran away\n")
    assert read_items(path, reading=Reading(header=False)).columns == ("1", "2")
    path.write_text(",text\nx,the cat sat down\ny,a dog ran away\n")
    assert read_items(path).kind == "table"


def test_broken_characters_of_json_make_a_name(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": "\\ud800", "text": "the cat sat down"}\n')
    assert read_items(path).names == ["?"]


def test_a_second_row_of_the_same_id_changes_no_item(tmp_path):
    path = tmp_path / "t.csv"
    write_csv(path, {"id": IDS, "text": TEXTS})
    found = read_items(path).left_out
    write_csv(path, {"id": [*IDS, "a7"], "text": [*TEXTS, "a fox came too"]})
    items = read_items(path, left_out=found)
    assert (items.kind, items.names[0]) == ("texts", "line 2")
    assert items.said() == ["'id' cannot name the items: a cell is empty or there twice."]
