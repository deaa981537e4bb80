"""What columns are taken for, as people write them; what counts the rows; what is told of it."""

import datetime
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.cli.app import app
from sparing.datasets.columns import Told, column_of, told
from sparing.datasets.identifiers import counts_rows
from sparing.datasets.quantities import date_of, date_order, decimal_mark, number_of
from sparing.datasets.read import read_items, read_labeled
from sparing.errors import UnknownNameError
from sparing.project import Project

NUMBERS = [0.5, 1234.25, -17.0, 1234567.75, 88.0]


def german(number):
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


WAYS = {
    "plain": "{:.2f}".format,
    "thousands": "{:,.2f}".format,
    "german": german,
    "swiss": lambda n: f"{n:,.2f}".replace(",", "’"),
    "french": lambda n: f"{n:,.2f}".replace(",", "\u202f").replace(".", ","),
    "dollars": "${:,.2f}".format,
    "euros": lambda n: german(n) + " €",
    "percent": "{:.2f}%".format,
    "kilograms": "{:.2f} kg".format,
    "minus sign": lambda n: f"{n:.2f}".replace("-", "−"),
    "accounting": lambda n: f"({-n:.2f})" if n < 0 else f"{n:.2f}",
}


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_read_as_they_are_written(way):
    cells = list(map(WAYS[way], NUMBERS))
    found = column_of([*cells, "-", "#N/A", "None", "", None, "."])
    assert found.kind == "numbers"
    assert [number_of(cell, found.how) for cell in cells] == NUMBERS


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=3, max_size=30))
def test_any_numbers_written_in_german_are_read_back(numbers):
    cells = list(map(german, numbers))
    assert [number_of(cell, decimal_mark(cells)) for cell in cells] == numbers


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_plain_numbers_are_read_as_python_reads_them(numbers):
    cells = list(map(repr, numbers))
    assert decimal_mark(cells) == "."
    assert [number_of(cell) for cell in cells] == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["3 cats", "4 dogs"],
        ["$3", "3 €"],
        ["1_000", "2_000"],
        ["01067", "99423", "10115"],
        ["1.2.3", "1.2.4"],
        ["192.168.0.1", "10.0.0.1"],
        ["1-2", "3-4"],
        ["12:30", "13:45"],
        ["A4", "B5"],
    ],
)
def test_what_only_looks_like_numbers_is_no_number(cells):
    assert column_of(cells).kind == "categories"


DAYS = [datetime.date(2020, 1, 2) + datetime.timedelta(17 * i) for i in range(60)]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%y", "%Y/%m/%d", "%d %b %Y",
     "%B %d, %Y", "%Y年%m月%d日", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%a, %d %b %Y"],
)  # fmt: skip
def test_days_are_read_as_they_are_written(form):
    cells = [day.strftime(form) for day in DAYS]
    found = column_of(cells)
    assert found.kind == "dates"
    years = np.array([date_of(cell, found.how or "day first") for cell in cells])
    expected = [date_of(day.isoformat()) for day in DAYS]
    np.testing.assert_allclose(years, expected, atol=1e-9)


def test_how_days_are_read_is_found_from_all_of_them_or_told():
    assert date_order(["03/04/2020"] * 9) == "month first"
    assert date_order(["03/04/2020"] * 9 + ["25/04/2020"]) == "day first"
    assert column_of(["03/04/2020", "04/04/2020"]).said() == "dates, month first"


def test_broken_days_are_gaps():
    for text in ("31.02.2020", "2020-13-01", "1.1.1", "yesterday", "12.12.2020 25:00", ""):
        assert np.isnan(date_of(text))


@pytest.mark.parametrize(
    ("name", "cells", "counts"),
    [
        ("Unnamed: 0.1", range(20), True),
        ("level_0", range(3), True),
        ("__index_level_0__", [0, 1, 5, 9], True),
        ("rownames", [str(i) for i in range(1, 9)], True),
        ("anything", [float(i) for i in range(7, 30)], True),
        ("anything", range(5), False),
        ("anything", [*range(20), 3], False),
        ("anything", [i / 2 for i in range(20)], False),
        ("No", [3, 1, 2], False),
        ("#", ["a", "b", "c"], False),
    ],
)
def test_what_counts_the_rows_is_found_by_its_cells_or_its_name(name, cells, counts):
    assert counts_rows(name, list(cells)) is counts


def test_a_counter_is_left_out_and_pointed_out(tmp_path):
    lines = [f"{i},{i * 7 % 5}.5,{i * 3 % 4}.25" for i in range(1, 21)]
    (tmp_path / "t.csv").write_text("\n".join(["X,p,q", *lines]))
    items = read_items(tmp_path / "t.csv")
    assert items.columns == ("p", "q")
    said = "Column 'X' only counts the rows, no part of the items: --columns makes it one."
    assert items.notes == (said,)
    assert read_items(tmp_path / "t.csv", columns=["X", "p"]).columns == ("X", "p")


def test_pictures_beside_other_columns_are_the_items(tmp_path):
    from PIL import Image

    for i in range(3):
        Image.effect_noise((20, 20), 30 + i).save(tmp_path / f"{i}.png")
    rows = [f"{i}.png,{i}.5,a b c d e {i}" for i in range(3)]
    (tmp_path / "t.csv").write_text("\n".join(["file,size,caption", *rows]))
    items = read_items(tmp_path / "t.csv")
    assert (items.kind, items.columns, len(items)) == ("images", ("file",), 3)
    assert items.notes == ("Column 'file' names the images; no part of them: size, caption.",)


def write(tmp_path):
    lines = [f"{10115 + 7 * i},{i},word{i},some words of {i}" for i in range(12, 0, -1)]
    (tmp_path / "t.csv").write_text("\n".join(["zip,many,name,body", *lines]))
    return tmp_path / "t.csv"


def test_what_each_column_was_taken_for_is_said_and_overruled(tmp_path):
    path = write(tmp_path)
    assert read_items(path).said()[-1] == (
        "Columns: zip, many (numbers); name (categories); body (text)."
        " '--columns NAME:KIND,...' overrules."
    )
    items = read_items(path, columns=["zip:categories", "many", "name:text", "body"])
    assert items.columns == ("zip", "many", "name", "body")
    assert items.said()[-1].startswith("Columns: zip (categories); many (numbers); name, body (tex")
    assert items.values[0].tolist() == ["10199", "12", "word12", "some words of 12"]
    with pytest.raises(UnknownNameError, match="Did you mean 'categories'"):
        read_items(path, columns=["zip:categorie"])


def test_what_was_told_stays_told_in_a_project(tmp_path):
    path = write(tmp_path)
    with Project.create(path, columns=["zip:categories", "many"]) as project:
        keys = list(project.items)
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert list(project.items) == keys
        assert "zip (categories); many (numbers)" in project.status().notes[-1]
        assert project.items[keys[0]].fields == {"zip": "10199", "many": "12"}


def test_a_told_cell_is_a_text_like_any_other():
    (cell,) = told(["01067"], "categories")
    assert (cell, repr(cell), hash(cell)) == ("01067", "'01067'", hash("01067"))
    again = pickle.loads(pickle.dumps(cell))  # noqa: S301  # our own
    assert isinstance(again, Told)
    assert again.kind == "categories"


def test_the_terminal_says_what_columns_were_taken_for(tmp_path, capsys):
    path = tmp_path / "t.csv"
    rows = [f"{i % 9},{i % 5},{'ab'[i % 2]}" for i in range(40)]
    path.write_text("\n".join(["p,q,label", *rows]))
    command = ["compare", str(path), "--label-column", "label", "--budget", "4", "--seeds", "1",
               "--strategies", "margin", "--jobs", "1", "--out", str(tmp_path / "o")]  # fmt: skip
    app(command, standalone_mode=False)
    assert "Columns: p, q (numbers)." in capsys.readouterr().err
    assert "p, q (numbers)" in (tmp_path / "o" / "comparison.html").read_text()


def test_lists_are_cells_too_and_objects_are_columns(tmp_path):
    lines = ['{"a": {"b": 1}, "c": [1, "x"], "d": 2}', '{"a": {"b": 2}, "c": [], "d": 3}']
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    items = read_items(tmp_path / "t.jsonl", columns=["a.b", "c", "d"])
    assert items.values[0].tolist() == [1, '[1, "x"]', 2]


def test_labels_beside_columns_that_were_told(tmp_path):
    path = write(tmp_path)
    data = read_labeled(path, "name", columns=["zip:categories"])
    assert data.items.said()[-1].startswith("Columns: zip (categories).")
