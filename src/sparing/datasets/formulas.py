"""Cells that a spreadsheet would run as formulas: disarmed in what we write, armed when read."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TextIO

from sparing.datasets.decoding import whole_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a table as CSV that no spreadsheet takes for formulas; None is an empty cell.

    Halves of characters, which no file can hold, become �.

    Examples
    --------
    >>> csv_text(["item", "label"], [["=1+1", None], ["b", -0.5]])
    "item,label\n'=1+1,\nb,-0.5\n"
    """
    out = io.StringIO(newline="")
    write_csv(out, columns, rows)
    return out.getvalue()


def write_csv(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write what :func:`csv_text` returns, a row at a time."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return disarmed(whole_text(value)) if isinstance(value, str) else str(value)


def disarmed(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run; before others with one too.

    Examples
    --------
    >>> disarmed("=HYPERLINK(1)"), disarmed("cat"), disarmed("'tis")
    ("'=HYPERLINK(1)", 'cat', "''tis")
    """
    return f"'{text}" if text.startswith((*FORMULA_STARTS, "'")) else text


def armed(cell: str) -> str:
    """Return the text that :func:`disarmed` was given.

    Examples
    --------
    >>> [armed(disarmed(text)) for text in ("=1", "'tis", "'=1", "cat")]
    ['=1', "'tis", "'=1", 'cat']
    >>> armed("'tis")  # of another program
    "'tis"
    """
    inner = cell[1:]
    return inner if cell.startswith("'") and inner.startswith((*FORMULA_STARTS, "'")) else cell
