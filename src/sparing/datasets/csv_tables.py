"""CSV, TSV and texts a line: delimiter, header and encoding are found out, broken lines named."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sparing.datasets.columns import NUMBERS, column_of
from sparing.datasets.decoding import beginning, read_text
from sparing.datasets.images import is_image_name
from sparing.datasets.items import Skipped, shown_names
from sparing.datasets.lines import TextRow, rows_in
from sparing.datasets.quantities import number_of
from sparing.datasets.rows import RawTable, Reading, is_missing
from sparing.datasets.scripts import n_words
from sparing.errors import SourceError

DELIMITERS = ",;\t|"
NONE = "\x1f"  # of a file of a single column: no text has it
SAMPLE = 1 << 16  # characters by which the delimiter is found
HEADER_WORDS = 3  # a name of a single column of texts with more words is one of the texts
LOOKED_AT = 50  # rows
OFTEN = 20  # a word in each so many rows is one of few
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")
_SEP = re.compile(r'\ufeff?"?sep=(.)"?[ ,;\t|]*\r?\n', re.I)


def read_delimited(path: Path, reading: Reading) -> RawTable:
    """Read a CSV or TSV file, or a file of texts, one a line.

    Where columns are separated by semicolons, a comma inside a number is its decimal point.

    Parameters
    ----------
    path : the file
    reading : whether the first line names the columns; if not, they are called 1, 2, 3, ...; None:
        found out, and said where it names none; and the encoding

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no rows
    """
    text, notes, encoding = read_text(path, reading.encoding, as_before=reading.as_before)
    text, delimiter, n_before = _delimited(text, path, reading)
    rows = rows_in(text, delimiter)
    if n_before:
        rows = [replace(row, line=row.line + n_before) for row in rows]
    header = has_header(rows, path) if reading.header is None else reading.header
    columns, body = _columns(rows, path, header=header)
    whole = [row for row in body if len(row.cells) == len(columns)]
    if not whole:
        raise SourceError(f"{path} has no rows{' below its first line' if header else ''}.")
    reason = f"not {len(columns)} cells as in the first line"
    odd = [Skipped(f"line {row.line}", reason) for row in body if len(row.cells) != len(columns)]
    values = zip(*(row.cells for row in whole), strict=True)
    guessed = not header and reading.header is None
    return RawTable(
        {name: _cells(column, delimiter) for name, column in zip(columns, values, strict=True)},
        [f"line {row.line}" for row in whole],
        path.name,
        tuple(odd),
        (
            *notes,
            *_on_header(path, guessed=guessed and not _is_lines(delimiter, path)),
            *_on_quotes(body),
        ),
        reading=replace(reading, header=header, encoding=encoding),
    )


def first_row_of_data(path: Path, reading: Reading) -> list[str] | None:
    """Return the cells of the first row where it is found to be data, not names; else None.

    Only the beginning of the file is read. A file of texts, one a line, has no names anyway.

    Raises
    ------
    SourceError : the file is missing, unreadable or no text
    """
    text, delimiter, _ = _delimited(beginning(path, reading.encoding), path, reading)
    rows = rows_in(text, delimiter)
    if not rows or _is_lines(delimiter, path):
        return None
    return None if has_header(rows, path) else rows[0].cells


def _delimited(text: str, path: Path, reading: Reading) -> tuple[str, str, int]:
    """Return a text without a line that names its delimiter, the delimiter, and such lines."""
    if match := _SEP.match(text):
        return text[match.end() :], match[1], 1
    suffix = path.suffix.lower()
    if suffix in (".tsv", ".tab"):
        return text, "\t", 0
    if suffix == ".txt" and not reading.as_before and not _is_table(text):
        return text, NONE, 0
    return text, find_delimiter(text), 0


def _is_lines(delimiter: str, path: Path) -> bool:
    """Tell whether a file is texts, one a line: there no line names anything."""
    return delimiter == NONE and path.suffix.lower() == ".txt"


def _is_table(text: str) -> bool:
    """Tell whether a .txt file is a table: tabs, or quoted names, as R writes them."""
    lines = _sample(text)
    tabs = {line.count("\t") for line in lines}
    quoted = all(line.startswith('"') for line in lines)
    has_tabs = bool(tabs) and 0 not in tabs and len(tabs) <= 2
    return has_tabs or (quoted and find_delimiter(text) != NONE)


def has_header(rows: Sequence[TextRow], path: Path) -> bool:
    """Tell whether the first row names the columns: it is not like the rows below it.

    It is none if it has a number where numbers stand below, a word that is there again and again
    below, or the name of a picture; or if the only column is of texts and it is one too. A .txt
    file of texts has none.
    """
    if len(rows) < 2:
        return True
    first, below = rows[0].cells, [row.cells for row in rows[1 : 1 + LOOKED_AT]]
    if len(first) == 1:
        texts = [row[0] for row in below if row]
        if path.suffix.lower() == ".txt":
            return False
        is_text = n_words(first[0]) > HEADER_WORDS and not first[0].rstrip().endswith("?")
        if is_text and 2 * sum(n_words(text) >= HEADER_WORDS for text in texts) > len(texts):
            return False
    same = [row for row in below if len(row) == len(first)]
    columns = list(zip(*same, strict=True))
    return not same or not (_is_like(first, columns) or _is_among(first, columns))


def _is_among(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row has a word that its column has too, as one of few, or names a picture.

    Examples
    --------
    >>> below = [("nice", "so so", "bad"), ("pos", "neg", "pos")]
    >>> [_is_among(row, below) for row in (["good", "pos"], ["text", "label"], ["1.png", "x"])]
    [True, False, True]
    """
    pairs = zip((cell.strip() for cell in first), columns, strict=True)
    return any(is_image_name(cell) or _is_one_of_few(cell, cells) for cell, cells in pairs)


def _is_one_of_few(cell: str, cells: Sequence[str]) -> bool:
    is_word = not is_missing(cell) and number_of(cell) != number_of(cell)
    return is_word and OFTEN * cells.count(cell) >= len(cells)


def _is_like(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row has numbers where all others have; years in a row are names all the same.

    Examples
    --------
    >>> below = [("1", "2"), ("5", "6"), ("a", "b")]
    >>> [_is_like(row, below) for row in (["3", "9", "c"], ["x", "9", "c"], ["2019", "2020", "c"])]
    [True, False, False]
    """
    of_numbers = [i for i, cells in enumerate(columns) if column_of(cells).kind == NUMBERS]
    there = [number_of(first[i]) for i in of_numbers if not is_missing(first[i])]
    if not there or any(number != number for number in there):
        return False
    steps = {after - before for before, after in pairwise(there)}
    return not (len(there) > 1 and steps == {1.0} and there[0].is_integer())


def _columns(rows: list[TextRow], path: Path, *, header: bool) -> tuple[list[str], list[TextRow]]:
    """Return the names of the columns and the rows below them."""
    if not rows:
        return [], []
    if not header:
        return [str(i + 1) for i in range(len(rows[0].cells))], rows
    names, body = rows[0].cells, rows[1:]
    if body and all(len(row.cells) == len(names) + 1 for row in body):
        names = ["", *names]  # names of rows in front, as R writes them, have no name
    return column_names(names, path), body


def _on_header(path: Path, *, guessed: bool) -> list[str]:
    if not guessed:
        return []
    return [f"Line 1 of {path.name} was taken for data, not for names: --header says otherwise."]


def _on_quotes(rows: Sequence[TextRow]) -> list[str]:
    """Return what the person should know of quotes that are not closed, and of huge cells."""
    odd = [f"line {row.line}" for row in rows if row.is_open]
    if not odd:
        return []
    which = "has a quote that is" if len(odd) == 1 else "have a quote that is"
    return [f"{len(odd):,} {which} never closed, read as it stands: {shown_names(odd)}."]


def find_delimiter(text: str) -> str:
    r"""Return the delimiter that splits the first lines into equally many cells, most of them.

    Where none splits the first line there is a single column, whatever else the lines hold.

    Examples
    --------
    >>> find_delimiter("name;price\nsalt, fine;1,20\nflour;2,10\n")
    ';'
    >>> find_delimiter("text\nwell, fine\nno\n") == NONE
    True
    """
    lines = _sample(text)
    best = max(DELIMITERS, key=lambda delimiter: _regularity(lines, delimiter))
    if _regularity(lines, best)[0]:
        return best
    rest = lines[1:]
    is_r = len(rest) > 0 and all(line.startswith('"') for line in rest)
    widths = {len(cells) for cells in csv.reader(rest, delimiter=" ")} if is_r else set()
    return " " if len(widths) == 1 and max(widths) > 1 else NONE


def _sample(text: str) -> list[str]:
    sample = text[:SAMPLE].splitlines()[:LOOKED_AT]
    if len(text) > SAMPLE and len(sample) < LOOKED_AT:
        sample = sample[:-1] or sample  # the last one may be cut
    return [line for line in sample if line.strip()]


def _regularity(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Return how regularly a delimiter splits: share of like neighbors, cells; one cell is none."""
    widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    if not widths or widths[0] < 2:
        return 0.0, 0
    alike = sum(a == b for a, b in pairwise(widths))
    return (alike + 1) / len(widths), widths[0]


def column_names(cells: Sequence[str], path: Path) -> list[str]:
    """Return the names of the columns, by number where there is none; each has to be there once."""
    names = [cell.strip() or str(i + 1) for i, cell in enumerate(cells)]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice and all(_is_number(cell) for cell in cells):
        raise SourceError(f"{path} has numbers in its first line, no names: say --no-header.")
    if twice:
        raise SourceError(f"{path} has two columns called '{twice[0]}': rename one.")
    return names


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return is_missing(cell)
    return True


def _cells(column: Sequence[str], delimiter: str) -> list[str | None]:
    if delimiter == ";":
        column = [c.replace(",", ".") if _DECIMAL_COMMA.fullmatch(c) else c for c in column]
    return [None if is_missing(cell) else cell.strip() for cell in column]
