"""What a reader gives: items of one kind, their labels, and what was left out and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sparing.types import BoolArray, IntArray, Label

if TYPE_CHECKING:
    from sparing.datasets.rows import RawTable

ItemKind = Literal["images", "texts", "table", "vectors"]
SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """One file or row that was left out.

    Parameters
    ----------
    name : the file's path inside its folder, or ``"line 7"``
    reason : why, in words
    """

    name: str
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Items:
    """Items of one kind, in a stable order.

    Parameters
    ----------
    kind : ``"images"``: paths of files, or an array (n, h, w) or (n, h, w, channels);
        ``"texts"``: str; ``"table"``: (n, n_columns) cells as objects, None where there is
        nothing; ``"vectors"``: (n, n_features) finite floats
    values : (n,) the items themselves
    names : (n,) what a person finds an item by: a path inside the folder, ``"line 7"``, or its
        cell in the column ``named_by``
    source : where they came from
    skipped : what was left out
    notes : sentences that the person should read, such as how a file was decoded
    columns : of a table file: those that make an item
    named_by : of a table file: the column that names the items, if one does
    left_out : of a table file: columns that identify rows, which are no part of an item unless
        they are in ``columns``
    label_column : of a table file: the column with labels that are there already, if one was found
    table : of a table file: all its columns, of the rows that are items
    taken : of a table: a sentence that says what each column was taken for
    kinds : of a table file: what somebody said that each of ``columns`` holds; ``""``: found out
    """

    kind: ItemKind
    values: Any
    names: Sequence[str]
    source: str
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    named_by: str | None = None
    left_out: tuple[str, ...] = ()
    label_column: str | None = None
    table: "RawTable | None" = None
    taken: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Any:
        """Return the values of just these rows, of the same type as ``values``."""
        return take_items(self.values, rows)

    def said(self) -> list[str]:
        """Return all that the person should know of the reading, one sentence each."""
        return [*self.notes, *summarize_skipped(self.skipped), *self.taken]


@dataclass(frozen=True, eq=False, slots=True)
class Labeled:
    """Items with one label each.

    Parameters
    ----------
    items : the items
    labels : (n,) label values
    """

    items: Items
    labels: Sequence[Label]

    def __len__(self) -> int:
        return len(self.labels)


def take_items(values: Any, rows: IntArray) -> Any:
    """Return some rows of an array or of a list.

    Examples
    --------
    >>> take_items(["a", "b", "c"], np.array([2, 0]))
    ['c', 'a']
    """
    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]


def summarize_skipped(skipped: Sequence[Skipped]) -> list[str]:
    """Return one sentence a reason: how many were skipped, and which.

    Examples
    --------
    >>> summarize_skipped([Skipped("a.png", "empty"), Skipped("b.png", "empty")])
    ['2 skipped, empty: a.png, b.png.']
    """
    by_reason: dict[str, list[str]] = {}
    for item in skipped:
        by_reason.setdefault(item.reason, []).append(item.name)
    return [
        f"{len(names):,} skipped, {reason}: {shown_names(names)}."
        for reason, names in by_reason.items()
    ]


def rows_where(mask: BoolArray) -> list[int]:
    """Return the rows where ``mask`` is True, as plain ints.

    Examples
    --------
    >>> rows_where(np.array([True, False, True]))
    [0, 2]
    """
    return np.flatnonzero(mask).tolist()


def shown_names(names: Sequence[str]) -> str:
    """Return the first few names and how many more there are.

    Examples
    --------
    >>> shown_names(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
