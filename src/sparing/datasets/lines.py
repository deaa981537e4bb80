"""Lines of a delimited file to rows of cells; a quote that is not closed swallows no other row."""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LINES = 200  # that a quoted cell may have in a file whose quotes are not in order
FIRST_QUOTES = 20  # that are looked for to the end of the file


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row: the line where it begins, its cells, and whether a quote in it was left open."""

    line: int
    cells: list[str]
    is_open: bool = False


def rows_in(text: str, delimiter: str) -> list[TextRow]:
    r"""Return the rows of a text; lines without anything in them are passed over.

    Where all quotes are in order that is what Python's reader gives. Else each row is read by
    itself, and one whose quote is never closed is taken as it stands.

    Examples
    --------
    >>> [row.cells for row in rows_in('a,b\n"x\ny",1\n"open,2\nz,3\n', ",")]
    [['a', 'b'], ['x\ny', '1'], ['"open', '2'], ['z', '3']]
    """
    _allow_long_cells()
    try:
        rows = list(_in_order(text, delimiter))
    except csv.Error:
        rows = list(_one_by_one(text, delimiter))
    return [row for row in rows if any(cell.strip() for cell in row.cells)]


def plain_rows(text: str) -> list[list[str]]:
    r"""Return the cells of each row as Python's reader gives them; of a text that we have written.

    Examples
    --------
    >>> plain_rows('a,b\n"x\ny",1\n')
    [['a', 'b'], ['x\ny', '1']]
    """
    _allow_long_cells()
    return list(csv.reader(io.StringIO(text, newline="")))


def _allow_long_cells() -> None:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a long text is no error


def _in_order(text: str, delimiter: str) -> Iterator[TextRow]:
    # Not splitlines: it also breaks at separators that are part of a text.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    for cells in reader:
        yield TextRow(before + 1, cells)
        before = reader.line_num


def _one_by_one(text: str, delimiter: str) -> Iterator[TextRow]:
    lines = list(io.StringIO(text, newline=None))
    n_open, i = 0, 0
    while i < len(lines):
        most = len(lines) if n_open < FIRST_QUOTES else MOST_LINES
        cells, n = _quoted(lines[i : i + most], delimiter)
        is_open = cells is None
        if cells is None:
            plain = csv.reader([lines[i]], delimiter=delimiter, quoting=csv.QUOTE_NONE)
            cells = next(plain, [])
            n_open += 1
        yield TextRow(i + 1, cells, is_open)
        i += n


def _quoted(lines: Sequence[str], delimiter: str) -> tuple[list[str] | None, int]:
    """Return the cells of the first row, and how many lines it takes; None if a quote is open."""
    if '"' not in lines[0]:
        return next(csv.reader(lines[:1], delimiter=delimiter), []), 1
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        return next(reader, []), reader.line_num
    except csv.Error:
        pass
    loose = csv.reader(lines[:1], delimiter=delimiter)  # "so" he said: Python leaves that as it is
    cells = next(loose, [])
    closed = not any(cell.endswith("\n") for cell in cells)
    return (cells if closed else None), 1
