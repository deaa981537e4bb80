"""Columns that name or count the rows of a table: a model must not learn from them."""

import numbers
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from sparing.datasets.items import shown_names
from sparing.datasets.rows import RawTable, is_missing, plain_text

SURE = frozenset({"id", "uuid", "guid", "identifier"})
"""Words that say so at the end of any name: id, review_id, customerId."""
ALONE = frozenset({"key", "index", "idx", "pk", "rowid", "itemid", "docid", "unnamed 0"})
"""Names that say so alone: a refractive index is a measurement."""
OF_ROWS = frozenset(
    {"row", "item", "sample", "record", "document", "doc", "example", "entry", "text", "image"}
)
UNNAMED = "1"  # what the reader calls a first column without a name
LEAST_ROWS = 8  # a few numbers in order may well be a measurement
_INDEX = re.compile(
    r"Unnamed: ?\d+(\.\d+)*|level_\d+|__index_level_\d+__|row_?names?|#|No\.?|Nr\.?", re.I
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SAVED_AS_FLOAT = re.compile(r"-?\d+\.0+")
_FRACTION = re.compile(r"\s*[-+]?\d*\.\d*[1-9]\d*\s*")


def identified(raw: RawTable, left_out: Sequence[str] | None = None) -> RawTable:
    """Return a table whose rows are called by the column that identifies them, if there is one.

    The name of a column decides; that its cells are all there, and distinct, only confirms it. A
    column that counts the rows names nothing, but is left out too, whatever it is called.

    Parameters
    ----------
    raw : the table
    left_out : the columns that were found to be identifiers before; None: find them now

    Returns
    -------
    the table, with ``names`` from the first such column; ``named_by`` and ``left_out`` say which
    columns these are. The columns are still there: whoever asks for one by name gets it.
    """
    found = {name: names for name in raw.columns if (names := _names(raw, name)) is not None}
    counters = [n for n in raw.columns if n not in found and counts_rows(n, raw.columns[n])]
    if len(found) + len(counters) == len(raw.columns):  # nothing would be left to learn from
        found, counters = {}, []
    told = (*found, *counters) if left_out is None else tuple(left_out)
    if not found:
        return replace(raw, left_out=told)
    named_by, names = next(iter(found.items()))
    return replace(raw, names=names, named_by=named_by, left_out=told)


def called_by(raw: RawTable, column: str | None, left_out: Sequence[str]) -> RawTable:
    """Return a table whose rows are called by a column that was found to identify them before.

    A row whose cell is empty, or there twice by now, is called by where it stands, and said so.
    """
    if column is None or column not in raw.columns:
        return replace(raw, left_out=tuple(left_out))
    cells = _as_names(raw.columns[column])
    times = Counter(cells)
    without = [place for place, cell in enumerate(cells) if not cell or times[cell] > 1]
    names = cells.copy()
    for place in without:
        names[place] = raw.names[place]
    notes = raw.notes
    if without:
        where = shown_names([raw.names[place] for place in without])
        notes = (*notes, f"'{column}' cannot name the items in {where}: empty, or there twice.")
    return replace(raw, names=names, named_by=column, left_out=tuple(left_out), notes=notes)


def is_identifier(name: str, others: Sequence[str]) -> bool:
    """Tell whether the name of a column says that it identifies rows.

    Examples
    --------
    >>> [is_identifier(name, ["text"]) for name in ("ID", "reviewId", "row_index", "key", "1")]
    [True, True, True, True, True]
    >>> [is_identifier(name, ["text"]) for name in ("humid", "refractive_index", "number", "2")]
    [False, False, False, False]
    """
    if name == UNNAMED:  # row numbers, as pandas writes them; without a header all names are such
        return not any(other.isdecimal() for other in others)
    words = words_of(name)
    if words[-1] in SURE or " ".join(words) in ALONE:
        return True
    return len(words) == 2 and words[0] in OF_ROWS and words[1] in ALONE


def counts_rows(name: str, cells: Sequence[Any]) -> bool:
    """Tell whether a column only counts the rows, in the order of the file.

    One that programs write beside the data, by its name, may have gaps where rows were left out.

    Examples
    --------
    >>> counts_rows("X", range(1, 20)), counts_rows("level_0", [0, 3, 4]), counts_rows("x", [0, 3])
    (True, True, False)
    """
    is_index = _INDEX.fullmatch(name.strip()) is not None
    if len(cells) < (2 if is_index else LEAST_ROWS) or _whole(cells[0]) is None:
        return False
    steps = {None if a is None or b is None else b - a for a, b in pairwise(map(_whole, cells))}
    return steps == {1} or (is_index and None not in steps and min(map(int, steps)) > 0)  # type: ignore[arg-type]


def _whole(cell: Any) -> int | None:
    try:
        number = None if isinstance(cell, bool) else float(cell)
    except (TypeError, ValueError):
        return None
    return int(number) if number is not None and number.is_integer() else None


def called(name: str) -> str:
    """Return a column as sentences call it: the row numbers that programs write have no name.

    Examples
    --------
    >>> called("id"), called("1")
    ("Column 'id'", 'The first column, which has no name,')
    """
    return "The first column, which has no name," if name == UNNAMED else f"Column '{name}'"


def words_of(name: str) -> list[str]:
    """Return the words of a column's name, in lower case.

    Examples
    --------
    >>> words_of("customerId"), words_of("Unnamed: 0")
    (['customer', 'id'], ['unnamed', '0'])
    """
    return re.split(r"[\W_]+", _HUMP.sub(" ", name).casefold().strip(" _\t:"))


def is_fraction(cell: Any) -> bool:
    """Tell whether a cell is a number with something behind its point: a measurement."""
    return _FRACTION.fullmatch(str(cell)) is not None


def _names(raw: RawTable, name: str) -> list[str] | None:
    """Return the cells of a column as names; None if it does not identify the rows."""
    others = [other for other in raw.columns if other != name] if name == UNNAMED else ()
    if not is_identifier(name, others):
        return None
    cells, first = raw.columns[name], next(iter(raw.columns))
    if name == UNNAMED and not (name == first and all(map(_is_number, cells))):
        return None
    if any(is_missing(cell) or not isinstance(cell, str | numbers.Real) for cell in cells):
        return None
    if all(map(_is_number, cells)) and any(map(is_fraction, cells)):
        return None  # a measurement after all
    names = _as_names(cells)
    return names if len(set(names)) == len(names) else None


def _as_names(cells: Sequence[Any]) -> list[str]:
    """Return cells as names, empty where there is none; whole numbers saved as 7.0 are called 7."""
    names = ["" if is_missing(cell) else _as_name(cell) for cell in cells]
    if all(_SAVED_AS_FLOAT.fullmatch(name) for name in names if name):
        return [name.partition(".")[0] for name in names]
    return names


def _as_name(cell: Any) -> str:
    """Return a cell as text; a broken half of a character, as JSON may have, cannot be stored."""
    return plain_text(cell).encode("utf-8", "replace").decode()


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True
