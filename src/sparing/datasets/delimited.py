"""CSV and TSV: the delimiter and the encoding are found out, broken lines named and skipped."""

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from sparing.datasets.decoding import read_text
from sparing.datasets.items import Skipped
from sparing.datasets.rows import RawTable, is_missing
from sparing.errors import SourceError

DELIMITERS = ",;\t|"
SAMPLE = 1 << 16  # characters by which the delimiter is found
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")


def read_delimited(path: Path, *, header: bool = True) -> RawTable:
    """Read a CSV or TSV file.

    Where columns are separated by semicolons, a comma inside a number is its decimal point.

    Parameters
    ----------
    path : the file
    header : whether the first line names the columns; if not, they are called 1, 2, 3, ...

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no rows
    """
    text, notes = read_text(path)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else find_delimiter(text)
    lines = list(numbered_rows(text, delimiter, path))
    if header and lines:
        columns = column_names(lines.pop(0)[1], path)
    else:
        columns = [str(i + 1) for i in range(len(lines[0][1]))] if lines else []
    whole = [(number, cells) for number, cells in lines if len(cells) == len(columns)]
    if not whole:
        raise SourceError(f"{path} has no rows{' below its first line' if header else ''}.")
    reason = f"not {len(columns)} cells as in the first line"
    odd = [number for number, cells in lines if len(cells) != len(columns)]
    values = zip(*(cells for _, cells in whole), strict=True)
    return RawTable(
        {name: _cells(column, delimiter) for name, column in zip(columns, values, strict=True)},
        [f"line {number}" for number, _ in whole],
        path.name,
        tuple(Skipped(f"line {number}", reason) for number in odd),
        notes,
    )


def find_delimiter(text: str) -> str:
    r"""Return the delimiter that splits the first lines into equally many cells, most of them.

    Examples
    --------
    >>> find_delimiter("name;price\nsalt, fine;1,20\nflour;2,10\n")
    ';'
    """
    sample = text[:SAMPLE].splitlines()[:50]
    if len(text) > SAMPLE and len(sample) < 50:
        sample = sample[:-1] or sample  # the last one may be cut
    return max(DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))


def _regularity(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Return how regularly a delimiter splits: share of like neighbors, cells; one cell is none."""
    widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    if not widths or widths[0] < 2:
        return 0.0, 0
    alike = sum(a == b for a, b in pairwise(widths))
    return (alike + 1) / len(widths), widths[0]


def numbered_rows(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line where a row begins, its cells); empty lines are passed over."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a long text is no error
    # Not splitlines: it also breaks at separators that are part of a text.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise SourceError(f"{path} line {reader.line_num} is broken: {error}.") from error


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
