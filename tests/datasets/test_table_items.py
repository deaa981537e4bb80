import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sparing.datasets.csv_tables import find_delimiter, read_delimited
from sparing.datasets.read import read_items, read_labeled
from sparing.datasets.rows import MISSING, Reading
from sparing.errors import InvalidInputError, SourceError, UnknownNameError

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1).filter(
    lambda text: text.strip() == text and text.lower() not in MISSING
)


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("latin-1", ("t.csv was read as Latin-1.",)),
        ("utf-16", ("t.csv was read as UTF-16.",)),
    ],
)
def test_encodings(tmp_path, encoding, note):
    path = written(tmp_path / "t.csv", "größe,klasse\n1,süß\n2,herb\n", encoding)
    labeled = read_labeled(path, "klasse")
    assert labeled.labels == ["süß", "herb"]
    assert labeled.items.columns == ("größe",)
    assert labeled.items.notes == note


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path, delimiter):
    lines = (("a", "b", "label"), ("1", '"x, y; z"', "p"), ("2", "w", "q"))
    text = "\n".join(delimiter.join(cells) for cells in lines)
    assert find_delimiter(text) == delimiter
    labeled = read_labeled(written(tmp_path / "t.csv", text), "label")
    assert labeled.items.values.tolist() == [["1", "x, y; z"], ["2", "w"]]


def test_decimal_commas_between_semicolons(tmp_path):
    path = written(tmp_path / "t.csv", "a;label\n1,5;p\n-2,25;q\n")
    assert read_labeled(path, "label").items.values.tolist() == [["1.5"], ["-2.25"]]


def test_missing_cells_odd_rows_and_rows_without_label(tmp_path):
    text = "a,b,label\n1,?,p\n2,3\n,NA,q\n4,5,\n\n6,7,p\n"
    labeled = read_labeled(written(tmp_path / "t.csv", text), "label")
    assert labeled.items.values.tolist() == [["1", None], [None, None], ["6", "7"]]
    assert labeled.items.names == ["line 2", "line 4", "line 7"]
    assert labeled.labels == ["p", "q", "p"]
    assert labeled.items.said() == [
        "1 skipped, not 3 cells as in the first line: line 3.",
        "1 skipped, no label: line 5.",
        "Columns: a, b (numbers). '--columns NAME:KIND,...' overrules.",
    ]


def test_quoted_line_breaks_keep_line_numbers(tmp_path):
    text = 'text,label\n"two\nlines in it",p\nlast one here,q\n'
    labeled = read_labeled(written(tmp_path / "t.csv", text), "label")
    assert labeled.items.kind == "texts"
    assert labeled.items.values == ["two\nlines in it", "last one here"]
    assert labeled.items.names == ["line 2", "line 4"]


def test_a_missing_column_is_answered_with_the_closest(tmp_path):
    path = written(tmp_path / "t.csv", "text,label\na b c,p\n")
    with pytest.raises(UnknownNameError, match=r"'lable'. Did you mean 'label'"):
        read_labeled(path, "lable")
    with pytest.raises(UnknownNameError, match=r"'texts'. Did you mean 'text'"):
        read_labeled(path, "label", columns=["texts"])
    with pytest.raises(InvalidInputError, match=r"say with --label-column .* It has: text, label"):
        read_labeled(path)
    with pytest.raises(InvalidInputError, match=r"'label' is the label"):
        read_labeled(path, "label", columns=["label"])


def test_a_table_without_header(tmp_path):
    path = written(tmp_path / "t.csv", "0.5,0.25,R\n0.75,0.125,M\n")
    with pytest.raises(InvalidInputError, match="--no-header"):
        read_labeled(path, "label")
    labeled = read_labeled(path, "3", reading=Reading(header=False))
    assert labeled.labels == ["R", "M"]
    assert labeled.items.columns == ("1", "2")
    twice = written(tmp_path / "twice.csv", "1,1\n2,3\n")
    with pytest.raises(SourceError, match="--no-header"):
        read_items(twice, reading=Reading(header=True))
    assert len(read_items(twice)) == 2
    with pytest.raises(SourceError, match="two columns called 'a'"):
        read_items(written(tmp_path / "names.csv", "a,a\n2,3\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"a\0b", r"not text but binary\.$"),
        (bytes(100), r"not text but binary\.$"),
        (
            "a,b\nöl,2\n".encode("utf-16-le"),
            r"binary, or UTF-16 without .* --encoding utf-16-le reads",
        ),
        (
            "a,b\nöl,2\n".encode("utf-16-be"),
            r"binary, or UTF-16 without .* --encoding utf-16-be reads",
        ),
        (b"a,b\n", "no rows below its first line"),
        (b",\n,,\n", "no rows"),
    ],
)
def test_unusable_files(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_items(path)


def test_unknown_kinds_of_file(tmp_path):
    with pytest.raises(SourceError, match=r"is not a folder, or a file that ends in .csv"):
        read_items(written(tmp_path / "t.docx", "a"))


def test_which_columns_make_texts(tmp_path):
    rows = ("title,body,stars,label", "A fine day,It was so good,5,p", "The end near,Not a bit,1,q")
    path = written(tmp_path / "t.csv", "\n".join(rows))
    assert read_labeled(path, "label").items.kind == "table"
    both = read_labeled(path, "label", columns=["title", "body"]).items
    assert both.kind == "texts"
    assert both.values[0] == "A fine day\nIt was so good"
    short = written(tmp_path / "s.csv", "word,label\nyes,p\nno,q\nno,q\nno,q\n")
    assert read_labeled(short, "label").items.kind == "table"
    assert read_labeled(short, "label", columns=["word"]).items.kind == "texts"


def test_a_column_of_image_files(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "b.png").touch()
    path = written(tmp_path / "t.csv", "file,label\na.png,p\nb.png,p\nc.png,q\n,q\n")
    items = read_labeled(path, "label").items
    assert (items.kind, items.values) == ("images", [tmp_path / "a.png"])
    assert [(s.name, s.reason) for s in items.skipped] == [
        ("line 3", "empty"),
        ("line 4", "not there"),
        ("line 5", "no file name"),
    ]


def test_json_lines(tmp_path):
    lines = [{"v": [1, 2], "y": 3}, {"v": [3, 4.5], "y": True}, {"v": [5], "y": "c"}, {"y": "d"}]
    text = "\n".join([*map(json.dumps, lines), "{broken", "[1]", "", "[" * 10_000])
    labeled = read_labeled(written(tmp_path / "t.jsonl", text), "y")
    assert labeled.items.kind == "vectors"
    np.testing.assert_array_equal(labeled.items.values, [[1, 2], [3, 4.5]])
    assert labeled.labels == ["3", "True"]
    assert labeled.items.said() == [
        "3 skipped, not a JSON object: line 5, line 6, line 8.",
        "2 skipped, not 2 finite numbers: line 3, line 4.",
    ]
    with pytest.raises(SourceError, match=r"no line that is a JSON object"):
        read_items(written(tmp_path / "bad.jsonl", "1\n2\n"))


def test_parquet_gives_what_csv_gives(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"a": [1.5, None], "b": ["x", "y"], "label": [1, 2]})
    parquet.write_table(table, tmp_path / "t.parquet")
    labeled = read_labeled(tmp_path / "t.parquet", "label")
    assert labeled.items.values.tolist() == [[1.5, "x"], [None, "y"]]
    assert labeled.labels == ["1", "2"]
    vectors = pa.table({"v": [[1.0, 2.0], [3.0, 4.0]], "label": ["p", "q"]})
    parquet.write_table(vectors, tmp_path / "v.parquet")
    assert read_labeled(tmp_path / "v.parquet", "label").items.kind == "vectors"
    with pytest.raises(SourceError, match="not a Parquet file"):
        read_items(written(tmp_path / "bad.parquet", "PAR1"))
    with pytest.raises(SourceError, match="There is no file"):
        read_items(tmp_path / "none.parquet")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sparing.datasets.read import read_items\n"
        "try: read_items(sys.argv[1])\n"
        "except Exception as error: print(error)"
    )
    path = written(tmp_path / "t.parquet", "x")
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Parquet files need pyarrow: pip install 'sparing[tables]'\n"


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([("first", "second"), *rows])
    raw = read_delimited(path, Reading(header=True))
    assert list(zip(*raw.columns.values(), strict=True)) == rows


def test_real_tables(sparing_data):
    sonar = read_labeled(
        sparing_data / "tabular" / "sonar.csv", "61", reading=Reading(header=False)
    )
    assert (len(sonar), sonar.items.values.shape, set(sonar.labels)) == (208, (208, 60), {"R", "M"})
    news = read_labeled(sparing_data / "ag_news" / "test.csv", "1", reading=Reading(header=False))
    assert (len(news), news.items.kind, len(set(news.labels))) == (7600, "texts", 4)


def test_a_known_kind_is_not_guessed(tmp_path):
    path = written(tmp_path / "t.csv", "title,body\na good long title,it is a good one\n")
    assert read_items(path).kind == "texts"
    assert read_items(path, kind="table").values.tolist() == [
        ["a good long title", "it is a good one"]
    ]
    numbers = written(tmp_path / "n.csv", "a,b\n1,2\n")
    assert read_items(numbers, kind="texts").values == ["1\n2"]
    with pytest.raises(SourceError, match="name the one column with the images by --columns"):
        read_items(path, kind="images")


def test_pictures_on_the_web_are_not_fetched_and_said_to_be_there(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("image,y\nhttps://example.org/1.jpg,a\nhttps://example.org/2.jpg,b\n,b\n")
    with pytest.raises(SourceError) as error:
        read_items(path)
    assert "2 skipped, an address, and nothing is fetched: copy the pictures" in str(error.value)
    assert "1 skipped, no file name: line 4." in str(error.value)
