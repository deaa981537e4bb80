"""RawTable: what a table file says before anybody knows what its columns mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sparing.datasets.items import Skipped
from sparing.errors import UnknownNameError

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is to be read, where somebody says it, or how it was read.

    Parameters
    ----------
    header : whether the first line names the columns; None: found out
    encoding : of the text, by a name that Python knows; None: found out
    sheet : of a workbook; None: its only one
    follow_links : of a folder: whether links that lead out of it are followed
    as_before : whether it is read as by versions that found out less, for projects that they made
    """

    header: bool | None = None
    encoding: str | None = None
    sheet: str | None = None
    follow_links: bool = False
    as_before: bool = False


AS_BEFORE = Reading(header=True, as_before=True)


@dataclass(frozen=True, eq=False, slots=True)
class RawTable:
    """Columns of plain values.

    Parameters
    ----------
    columns : name -> (n_rows,) str, numbers, booleans, lists of numbers or None
    names : (n_rows,) what each row is called: where it stands, such as ``"line 7"``, or its id
    source : where the table came from
    skipped : rows that were left out
    notes : sentences that the person should read
    named_by : the column that ``names`` are from, if it is one
    left_out : columns that identify rows: no part of an item, unless they are asked for
    label_column : the column with the labels that are there already, if one was found: no part of
        an item either
    labels_beside : other columns that hold labels: no part of an item either
    reading : how it was read
    unpacked : column -> the folder of the files that it names, where these were inside the table
    """

    columns: Mapping[str, Sequence[Any]]
    names: Sequence[str]
    source: str
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    named_by: str | None = None
    left_out: tuple[str, ...] = ()
    label_column: str | None = None
    labels_beside: tuple[str, ...] = ()
    reading: Reading = Reading()
    unpacked: Mapping[str, Path] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def column(self, name: str) -> Sequence[Any]:
        """Return a column by its name.

        Raises
        ------
        UnknownNameError : there is none; the message lists them and the closest one
        """
        if name not in self.columns:
            raise UnknownNameError(f"column in {self.source} called", name, self.columns)
        return self.columns[name]

    def take(self, rows: Sequence[int]) -> Self:
        """Return the table with just these rows."""
        if len(rows) == len(self):
            return self
        columns = {name: [cells[row] for row in rows] for name, cells in self.columns.items()}
        return replace(self, columns=columns, names=[self.names[row] for row in rows])


def plain_text(value: Any) -> str:
    """Return a label or a name as text; a whole number as such, however the file stores it.

    Examples
    --------
    >>> plain_text(3.0), plain_text(" cat "), plain_text(True)
    ('3', 'cat', 'True')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def is_missing(value: Any) -> bool:
    """Tell whether a cell stands for nothing.

    Examples
    --------
    >>> [is_missing(v) for v in (None, " ", "?", float("nan"), 0, "no")]
    [True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or value != value
