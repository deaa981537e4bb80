"""What a column of a table holds, found out from its cells, or told."""

import json
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparing.datasets.items import shown_names
from sparing.datasets.quantities import (
    COMMA,
    date_of,
    date_order,
    decimal_mark,
    is_gap,
    number_of,
)
from sparing.datasets.rows import is_missing
from sparing.datasets.scripts import n_words
from sparing.errors import UnknownNameError

NUMBERS, DATES, CATEGORIES, TEXT, VECTORS = "numbers", "dates", "categories", "text", "vectors"
KINDS = (NUMBERS, DATES, CATEGORIES, TEXT, VECTORS)
MOSTLY = 0.95  # share of a column's values that have to read as what it holds
SAMPLE = 2000  # cells, evenly spaced, by which a column is judged
LEAST_WORDS = 3  # fewer on average are names or categories
LEAST_DISTINCT = 0.5  # of the values of a column; below it they are categories
LEAST_WIDTH = 2  # numbers that are a vector


class Told(str):
    """A cell of a column whose kind somebody told; else it is a text like any other.

    Parameters
    ----------
    text : of the cell
    kind : of the column, of ``KINDS``
    """

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str) -> "Told":
        """Return a text that knows what it is taken for."""
        cell = super().__new__(cls, text)
        cell.kind = kind
        return cell

    def __reduce__(self) -> tuple[type["Told"], tuple[str, str]]:
        return Told, (str(self), self.kind)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column was taken for.

    Parameters
    ----------
    kind : one of ``KINDS``
    how : decimal mark of numbers, order of dates, width of vectors; ``""`` for others
    """

    kind: str
    how: str = ""

    def said(self) -> str:
        """Return the kind in words, with what may be read in two ways."""
        if self.kind == NUMBERS and self.how == COMMA:
            return "numbers with a decimal comma"
        return f"dates, {self.how}" if self.kind == DATES and self.how else self.kind


def parted(columns: Sequence[str], there: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names of columns and the kinds that were told with them: ``"zip:categories"``.

    Raises
    ------
    UnknownNameError : there is no such kind

    Examples
    --------
    >>> parted(["zip:categories", "a:b", "c"], {"zip": [], "a:b": [], "c": []})
    [('zip', 'categories'), ('a:b', ''), ('c', '')]
    """
    pairs = []
    for column in columns:
        name, _, kind = column.rpartition(":")
        if column in there or name not in there:
            pairs.append((column, ""))
        elif kind in KINDS:
            pairs.append((name, kind))
        else:
            raise UnknownNameError("kind of column", kind, KINDS)
    return pairs


def told(cells: Sequence[Any], kind: str) -> Sequence[Any]:
    """Return cells that say what they are to be taken for."""
    if not kind:
        return cells
    return [cell if is_missing(cell) else Told(as_text(cell), kind) for cell in cells]


def as_text(cell: Any) -> str:
    """Return a cell as text; lists and objects as JSON."""
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def column_of(cells: Sequence[Any]) -> Column:
    """Tell what a column holds; one that is empty throughout counts as numbers.

    Examples
    --------
    >>> column_of(["1,5", "2,25", "-"]), column_of(["red", "blue", ""])
    (Column(kind='numbers', how=','), Column(kind='categories', how=''))
    >>> column_of(["31.12.2020", "01.01.2021"]), column_of(["a cat sat", "the dog ran off"])
    (Column(kind='dates', how='day first'), Column(kind='text', how=''))
    """
    present = [cell for cell in cells[:: 1 + len(cells) // SAMPLE] if not is_gap(cell)]
    if not present:
        present = [cell for cell in cells if not is_gap(cell)][:SAMPLE]
    if present and isinstance(present[0], Told):
        return _as_told(present, present[0].kind)
    if width := _width(present):
        return Column(VECTORS, str(width))
    if not _are_codes(present):
        mark = decimal_mark(present)
        if mark and _share(number_of(cell, mark) for cell in present) >= MOSTLY:
            return Column(NUMBERS, mark)
        order = date_order(present)
        if _share(date_of(cell, order) for cell in present) >= MOSTLY:
            return Column(DATES, order if any("-" not in str(c)[:5] for c in present) else "")
    return Column(TEXT if is_free_text(present) else CATEGORIES)


def _as_told(present: Sequence[Any], kind: str) -> Column:
    if kind == NUMBERS:
        return Column(NUMBERS, decimal_mark(present) or ".")
    if kind == DATES:
        return Column(DATES, date_order(present))
    return Column(kind, str(_width(present)) if kind == VECTORS else "")


def _share(values: Any) -> float:
    read = np.fromiter(values, float)
    return 1 - float(np.isnan(read).mean()) if len(read) else 1.0


def _are_codes(present: Sequence[Any]) -> bool:
    """Tell whether digits name something, such as 01067: as long all, and some begin with 0."""
    texts = [cell for cell in present if isinstance(cell, str)]
    if len(texts) < len(present) or not all(map(str.isdigit, texts)):
        return False
    return len({*map(len, texts)}) == 1 and len(texts[0]) > 1 and any(t[0] == "0" for t in texts)


def _width(present: Sequence[Any]) -> int:
    """Return how many numbers each cell has, if nearly all have as many; else 0."""
    if not present or vector_of(present[0]) is None:
        return 0
    sizes = [len(found) if (found := vector_of(cell)) else 0 for cell in present]
    most = max(set(sizes), key=sizes.count)
    return most if most >= LEAST_WIDTH and sizes.count(most) >= MOSTLY * len(sizes) else 0


def vector_of(cell: Any) -> list[float] | None:
    """Return the numbers of a cell that holds several, as a list or as printed; else None.

    Examples
    --------
    >>> vector_of([1, 2]), vector_of("[0.5 -1e-3]"), vector_of("(1, 2, 3)"), vector_of("1 2")
    ([1.0, 2.0], [0.5, -0.001], [1.0, 2.0, 3.0], None)
    """
    if isinstance(cell, str):
        text = cell.strip()
        if len(text) < 3 or (text[0], text[-1]) not in (("[", "]"), ("(", ")")):
            return None
        cell = text[1:-1].replace(",", " ").split()
    elif not isinstance(cell, list | tuple | np.ndarray):
        return None
    found = [number_of(part) for part in cell if isinstance(part, str | numbers.Real)]
    whole = len(found) == len(cell) and not any(map(np.isnan, found))
    return found if found and whole else None


def is_free_text(values: Sequence[Any], count: Callable[[str], int] = n_words) -> bool:
    """Tell whether a column is text that people wrote: several words, mostly distinct.

    Parameters
    ----------
    values : the cells
    count : how many words a text has

    Examples
    --------
    >>> is_free_text(["the cat sat down", "a dog ran away"]), is_free_text(["red", "blue"])
    (True, False)
    >>> is_free_text(["房间里面非常干净", "酒店早餐很差"])
    True
    """
    texts = [value for value in values if not is_missing(value)]
    if not texts or not all(isinstance(text, str) for text in texts):
        return False
    words = sum(map(count, texts)) / len(texts)
    return words >= LEAST_WORDS and len(set(texts)) >= LEAST_DISTINCT * len(texts)


def said_of(columns: Mapping[str, Column]) -> list[str]:
    """Return a sentence that says what each column was taken for.

    Examples
    --------
    >>> said_of({"a": Column("numbers", ","), "b": Column("text"), "c": Column("text")})
    ["Columns: a (numbers with a decimal comma); b, c (text). '--columns NAME:KIND,...' overrules."]
    """
    by_kind: dict[str, list[str]] = {}
    for name, column in columns.items():
        by_kind.setdefault(column.said(), []).append(name)
    parts = (f"{shown_names(names)} ({kind})" for kind, names in by_kind.items())
    return [f"Columns: {'; '.join(parts)}. '--columns NAME:KIND,...' overrules."]
