"""Files as people bring them: what is odd in them is found out, or said, and nothing is lost."""

import json
import time
import unicodedata
import zipfile

import pytest
from PIL import Image

from sparing.datasets import decoding, sheets
from sparing.datasets.csv_tables import NONE, find_delimiter
from sparing.datasets.lines import rows_in
from sparing.datasets.read import data_in_first_row, read_items, read_labeled, read_table
from sparing.datasets.rows import Reading
from sparing.errors import InvalidInputError, MissingExtraError, SourceError, UnknownNameError
from sparing.project import Project
from sparing.project.source.layout import Layout


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_a_line_that_names_the_delimiter_is_no_row(tmp_path):
    text = "sep=;\r\ntext;label\r\nthe room, was clean;pos\r\nthe food was cold;neg\r\n"
    data = read_labeled(written(tmp_path / "t.csv", text), "label")
    assert data.labels == ["pos", "neg"]
    assert (data.items.names, data.items.columns) == (["line 3", "line 4"], ("text",))


def quoted(n, opened):
    rows = [f"row {i} has some words,{'pos' if i % 2 else 'neg'}" for i in range(n)]
    return "\n".join(["text,label", *(f'"{r}' if i in opened else r for i, r in enumerate(rows))])


@pytest.mark.parametrize("opened", [{4}, {4, 5}, {0, 7}, {11}, set(range(0, 12, 2))])
def test_a_quote_that_is_not_closed_swallows_no_other_row(tmp_path, opened):
    data = read_labeled(written(tmp_path / "t.csv", quoted(12, opened) + "\n"), "label")
    assert len(data) == 12
    assert data.labels == ["neg", "pos"] * 6
    (said,) = data.items.notes
    assert f"{len(opened)} ha" in said
    assert "never closed, read as it stands: line " in said


def test_quotes_in_order_stay_as_python_reads_them():
    text = 'a,b\n"two\nlines, ""so""",1\n\n"",2\n'
    assert [row.cells for row in rows_in(text, ",")] == [
        ["a", "b"], ['two\nlines, "so"', "1"], ["", "2"],
    ]  # fmt: skip


def test_ten_thousand_open_quotes_take_no_time_that_grows_with_their_square():
    def seconds(n):
        text = "a,b\n" + '"open,1\n' * n
        began = time.process_time()
        assert len(rows_in(text, ",")) == n + 1
        return time.process_time() - began

    seconds(100)
    assert seconds(8000) < 40 * seconds(1000) + 1  # a square would be 64, and more


def test_texts_a_line_are_as_many_items_commas_and_all(tmp_path):
    lines = ["the room was clean", "well, food was cold", "staff were kind, and quick, to all"]
    items = read_items(written(tmp_path / "t.txt", "\n".join(lines) + "\n"))
    assert (items.kind, items.values) == ("texts", lines)
    assert items.said() == []  # a file of texts has no names: nothing is to be told


def test_a_single_column_of_texts_with_commas(tmp_path):
    lines = ["well, food was cold and bad", "staff were kind, and quick, to all", "nothing more"]
    items = read_items(written(tmp_path / "t.csv", "\n".join(["review", *lines])))
    assert (items.columns, items.values) == (("review",), lines)


@pytest.mark.parametrize(
    ("text", "n_items"),
    [
        ("the room was clean and nice\nfood was cold and bad\nstaff were kind to all\n", 3),
        ("What did you think of our new hotel?\nit was good and quiet\nit was bad and loud\n", 2),
        ("text\nthe room was clean\nfood was cold\n", 2),
        ("1.5,2.5\n3.5,1\n7.25,2\n", 3),
        ("2019,2020\n3.5,1\n7.25,2\n", 2),
        ("country,2019,2020\na,3.5,1\nb,7.25,2\n", 2),
        ("x,7\n3.5,1\n7.25,2\n", 2),
        ("1,red\n2,blue\n4,red\n", 3),
    ],
)
def test_whether_the_first_line_names_columns_is_found_out(tmp_path, text, n_items):
    items = read_items(written(tmp_path / "t.csv", text))
    assert len(items) == n_items
    has_none = n_items == text.count("\n")
    assert has_none == any("was taken for data" in note for note in items.notes)
    assert len(read_items(tmp_path / "t.csv", reading=Reading(header=True))) == text.count("\n") - 1


TEXTS = {
    "cp1251": "текст,метка\nв комнате было очень чисто,хорошо\nеда была совсем холодной,плохо\n",
    "gbk": "文本,标签\n房间里面非常干净整洁,好\n酒店早餐特别难吃而且很冷,差\n前台服务热情,好\n",
    "shift_jis": "本文,札\n部屋はとてもきれいでした,良い\n朝ごはんはとても冷たかったです,悪い\n",
    "cp1252": "text,label\nit’s a “good” café,pos\nit’s a bad naïve one,neg\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_encodings_are_guessed_or_told(tmp_path, encoding):
    path = written(tmp_path / "t.csv", TEXTS[encoding], encoding)
    header = TEXTS[encoding].partition("\n")[0].split(",")
    told = read_items(path, reading=Reading(encoding=encoding))
    assert list(told.table.columns) == header
    assert not any("was read as" in note for note in told.notes)
    guessed = read_items(path)
    assert [*guessed.table.columns.values()] == [*told.table.columns.values()]
    assert any("t.csv was read as" in note and "--encoding" in note for note in guessed.notes)


def test_a_wrong_encoding_is_one_line(tmp_path):
    path = written(tmp_path / "t.csv", "a\nschön\n")
    with pytest.raises(SourceError, match="not ascii: byte 6 is none of it"):
        read_items(path, reading=Reading(encoding="ascii"))
    with pytest.raises(SourceError, match="an encoding that Python lacks"):
        read_items(path, reading=Reading(encoding="nonsense"))


def test_older_projects_read_their_files_as_before():
    assert decoding.decode(TEXTS["cp1251"].encode("cp1251"), as_before=True)[1] == "Latin-1"


def test_objects_inside_objects_are_columns(tmp_path):
    rows = [{"id": i, "meta": {"title": f"words of title {i}", "by": {"n": i % 3}}} for i in "abcd"
            for i in [ord(i)]]  # fmt: skip
    path = written(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    assert read_items(path, columns=["meta.title"]).values[0] == "words of title 97"
    assert "meta.by.n" in read_items(path).table.columns


@pytest.mark.parametrize(
    "whole", [[{"text": "a b c"}, {"text": "d e f"}], ["a b c", "d e f"],
              {"version": 1, "data": [{"text": "a b c"}, {"text": "d e f"}]}],
)  # fmt: skip
def test_arrays_in_json(tmp_path, whole):
    items = read_items(written(tmp_path / "t.json", json.dumps(whole)))
    assert (items.values, items.names) == (["a b c", "d e f"], ["item 1", "item 2"])


def test_json_without_an_array_is_one_line(tmp_path):
    with pytest.raises(SourceError, match="no array of JSON objects"):
        read_items(written(tmp_path / "t.json", '{"a": 1}'))


def test_tables_of_r(tmp_path):
    text = '"x" "y"\n"1" 5.5 "a b"\n"2" 4.25 "c d"\n'
    assert find_delimiter(text) == " "
    items = read_items(written(tmp_path / "t.txt", text))
    assert list(items.table.columns) == ["1", "x", "y"]
    assert (items.columns, items.names) == (("x", "y"), ["1", "2"])
    assert find_delimiter("one text\nand another\n") == NONE


def cell(value):
    if isinstance(value, str):
        return f't="inlineStr"><is><t>{value}</t></is>'
    return f"><v>{value}</v>"


def workbook(path, **tables):
    """Write a workbook by hand: the parts that a reader looks at."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheets_, relations = "", ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for i, (name, rows) in enumerate(tables.items(), 1):
            sheets_ += f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>'
            relations += (
                f'<Relationship Id="rId{i}" Target="worksheets/sheet{i}.xml"'
                f' Type="{office}/relationships/worksheet"/>'
            )
            body = "".join(
                f'<row r="{r}">'
                + "".join(
                    f'<c r="{"ABCDEF"[c]}{r}" {v if str(v).startswith(">") else cell(v)}</c>'
                    for c, v in enumerate(row)
                )
                + "</row>"
                for r, row in enumerate(rows, 1)
            )
            packed.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
            )
        root = (
            f'<Relationship Id="rId1" Target="xl/workbook.xml"'
            f' Type="{office}/relationships/officeDocument"/>'
        )
        packed.writestr(
            "_rels/.rels", f'<Relationships xmlns="{package}/relationships">{root}</Relationships>'
        )
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}/relationships">'
            f"<sheets>{sheets_}</sheets></workbook>",
        )
        relationships = f'<Relationships xmlns="{package}/relationships">'
        packed.writestr("xl/_rels/workbook.xml.rels", f"{relationships}{relations}</Relationships>")
    return path


ROWS = [["text", "many", "code"], ["the room was clean", 3, "007"], ["the food was cold", 2.5, "1"]]


def test_workbooks_are_tables(tmp_path):
    pytest.importorskip("python_calamine")
    items = read_items(workbook(tmp_path / "t.xlsx", One=ROWS))
    assert items.values.tolist() == [
        ["the room was clean", 3, "007"], ["the food was cold", 2.5, "1"],
    ]  # fmt: skip
    assert items.names == ["row 2", "row 3"]


def ods(path, *sheets):
    """Write a workbook as LibreOffice does: repeated and empty cells are counted, not written."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    names = f'xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0"'
    names += f' xmlns:text="{office}:text:1.0"'
    tables = "".join(f'<table:table table:name="{n}">{rows}</table:table>' for n, rows in sheets)
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = '<m:file-entry m:full-path="/" m:media-type="{0}"/>'
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", kind)
        manifest = f'<m:manifest xmlns:m="{office}:manifest:1.0">{entry.format(kind)}</m:manifest>'
        packed.writestr("META-INF/manifest.xml", manifest)
        packed.writestr(
            "content.xml", f"<office:document-content {names}>{body}</office:document-content>"
        )
    return path


def word(text, more=""):
    cell = f'<table:table-cell office:value-type="string"{more}>'
    return f"{cell}<text:p>{text}</text:p></table:table-cell>"


def test_workbooks_of_libreoffice_are_tables_too(tmp_path):
    pytest.importorskip("python_calamine")
    number = '<table:table-cell office:value-type="float" office:value="{}"{}/>'
    formula = ' table:formula="of:=1+2"'
    rows = [
        word("text") + word("many") + word("code"),
        word("the room was clean") + number.format(3, formula) + word("007"),
        '<table:table-cell table:number-columns-repeated="3"/>',
        word("the food was cold") + number.format("2.5", "") + word("1"),
    ]
    text = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    path = ods(tmp_path / "t.ods", ("One", text), ("Two", ""))
    items = read_items(path)
    assert items.values.tolist() == [
        ["the room was clean", 3, "007"], ["the food was cold", 2.5, "1"],
    ]  # fmt: skip
    assert items.names == ["row 2", "row 4"]
    assert "1 formulas were read by the values that were stored with them." in items.notes


def test_of_several_sheets_one_has_to_be_named(tmp_path):
    pytest.importorskip("python_calamine")
    path = workbook(tmp_path / "t.xlsx", One=ROWS, Two=ROWS[:2], Empty=[])
    with pytest.raises(InvalidInputError, match="--sheet which"):
        read_items(path)
    assert len(read_items(path, reading=Reading(sheet="Two"))) == 1
    with pytest.raises(UnknownNameError, match="Did you mean 'Two'"):
        read_items(path, reading=Reading(sheet="Twoo"))


def test_formulas_and_long_numbers_are_said(tmp_path):
    pytest.importorskip("python_calamine")
    rows = [
        ["text", "n"],
        ["some words here", "><f>1+1</f><v>2</v>"],
        ["and here", 12345678901234567],
    ]
    items = read_items(workbook(tmp_path / "t.xlsx", One=rows))
    assert items.values[0, 1] == 2
    assert "1 formulas were read by the values that were stored with them." in items.notes
    assert any("more than 15 digits in n" in note for note in items.notes)


def test_workbooks_that_are_none_or_too_big_are_one_line(tmp_path, monkeypatch):
    pytest.importorskip("python_calamine")
    with pytest.raises(SourceError, match="no workbook that can be read"):
        read_items(written(tmp_path / "t.xlsx", "a,b\n1,2\n"))
    path = workbook(tmp_path / "big.xlsx", One=ROWS)
    monkeypatch.setattr(sheets, "UNPACKED_MOST", 100)
    with pytest.raises(SourceError, match="unpacks to"):
        read_items(path)


def test_without_its_reader_a_workbook_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match="sheets"):
        read_items(workbook(tmp_path / "t.xlsx", One=ROWS))


def test_twenty_thousand_columns_are_read_in_linear_time(tmp_path):
    def seconds(d):
        head = ",".join(f"GENE{i}" for i in range(d))
        rows = [",".join(["1.5", "2.5"][(i + j) % 2] for j in range(d)) for i in range(4)]
        labels = ["label", "a", "b", "a", "b"]
        lines = [f"{row},{label}" for row, label in zip([head, *rows], labels, strict=True)]
        path = written(tmp_path / "t.csv", "\n".join(lines))
        began = time.process_time()
        assert read_labeled(path, "label").items.values.shape == (4, d)
        return time.process_time() - began

    seconds(500)
    assert seconds(20_000) < 20 * seconds(2000) + 1  # a square would be 100


def test_how_a_file_was_read_stays_so_in_its_project(tmp_path):
    path = written(tmp_path / "t.csv", "the room was clean and nice\nfood was cold and bad\n")
    with Project.create(path) as project:
        keys = list(project.items)
        assert len(keys) == 2
    written(path, "the room was clean and nice\nfood was cold and bad\nstaff\n")
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert list(project.items)[:2] == keys
        with pytest.raises(InvalidInputError, match="another header"):
            project._obey({"reading": Reading(header=True)})


def test_a_layout_of_before_reads_as_before():
    older = {"kind": "texts", "columns": ["a"], "left_out": [], "beside": [], "named_by": None,
             "told_by": []}  # fmt: skip
    assert Layout.from_json(older).reading == Reading(header=True, as_before=True)


def test_a_folder_of_links_says_where_they_lead_and_what_to_do(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "data").mkdir()
    for i in range(3):
        (tmp_path / "cache" / f"{i}.txt").write_text(f"some words {i}")
        (tmp_path / "data" / f"{i}.txt").symlink_to(f"../cache/{i}.txt")
    with pytest.raises(SourceError, match="3 links to files outside it: --follow-links reads them"):
        read_items(tmp_path / "data")
    assert len(read_items(tmp_path)) == 6


def test_what_is_not_read_is_counted_by_its_ending(tmp_path):
    for name in ("a.pdf", "b.PDF", "c.mp3", "d"):
        (tmp_path / name).write_text("x")
    with pytest.raises(SourceError, match=r"Not read: 2 \.pdf, 1 \.mp3, 1 without an ending\."):
        read_items(tmp_path)


def test_markdown_is_text_where_there_is_no_other(tmp_path):
    for i in range(2):
        (tmp_path / f"{i}.md").write_text(f"# Words {i}")
    assert read_items(tmp_path).values == ["# Words 0", "# Words 1"]
    (tmp_path / "c.txt").write_text("some words")
    items = read_items(tmp_path)
    assert items.names == ["c.txt"]
    assert items.said() == ["2 skipped, .md is not a .txt file: 0.md, 1.md."]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_files_are_found_however_their_names_are_written(tmp_path, form):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    (tmp_path / "pics").mkdir()
    for name in ("café", "Übung"):
        picture = tmp_path / "pics" / f"{unicodedata.normalize(form, name)}.png"
        Image.effect_noise((9, 9), 40).save(picture)
    names = [unicodedata.normalize(other, f"pics\\{name}.png") for name in ("café", "Übung")]
    items = read_items(written(tmp_path / "t.csv", "\n".join(["image", *names])))
    assert (items.kind, len(items)) == ("images", 2)


def test_a_label_is_one_however_its_accent_is_put_together(tmp_path):
    labels = [unicodedata.normalize(form, "süß") for form in ("NFC", "NFD")]
    lines = [f"some words of {i},{label}" for i, label in enumerate(labels)]
    data = read_labeled(written(tmp_path / "t.csv", "\n".join(["text,label", *lines])), "label")
    assert data.labels == ["süß", "süß"]


@pytest.mark.parametrize(
    ("text", "is_data"),
    [
        ("good,pos\nnice,pos\nbad,neg\n", True),  # a word that is there again below
        ("text,label\nnice,pos\nbad,neg\nso so,neg\n", False),
        ("1.png,cat\n2.png,dog\n", True),
        ("3,a b\n4,c d\n5,e f\n", True),
        ("0,1\n0,1\n1,0\n", False),  # numbers of columns, as pandas writes them
        ("x,y\n1,2\n3,4\n", False),
        ("question,answer\nquestion one,yes\nquestion two,no\n", False),
    ],
)
def test_a_first_row_that_is_data_is_told_from_names(tmp_path, text, is_data):
    path = written(tmp_path / "t.csv", text)
    first = text.splitlines()[0].split(",")
    assert data_in_first_row(path) == (first if is_data else None)
    raw = read_table(path)
    assert (raw.reading.header, len(raw)) == (not is_data, text.count("\n") - (not is_data))
    assert any("--header says otherwise" in note for note in raw.notes) == is_data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_of_a_long_file_only_the_beginning_is_looked_at(tmp_path, encoding):
    rows = "".join(f"{i},这是第{i}行的内容\n" for i in range(20_000))
    path = tmp_path / "t.csv"
    path.write_bytes(rows.encode(encoding))
    assert data_in_first_row(path) == ["0", "这是第0行的内容"]
    assert data_in_first_row(path, Reading(encoding=encoding)) == ["0", "这是第0行的内容"]
    assert data_in_first_row(written(tmp_path / "t.txt", "1\n2\n3\n")) is None
