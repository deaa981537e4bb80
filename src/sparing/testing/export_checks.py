"""What every form of an export has to keep to, as small named checks."""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from sparing.project.files.forms import ExportTable

ExportForm = Callable[[ExportTable], bytes]
ExportCheck = Callable[[ExportForm], None]
OTHER = "something else"


def yield_export_checks() -> Iterator[ExportCheck]:
    """Yield the checks that a form of an export has to pass.

    Each is a function of a form, which makes bytes of an
    :class:`~sparing.project.files.forms.ExportTable`; it returns None or raises AssertionError.

    Examples
    --------
    >>> from sparing.project.files.forms import to_csv
    >>> for check in yield_export_checks():
    ...     check(to_csv)
    """
    yield check_says_what_it_writes
    yield check_a_table_without_rows_is_written
    yield check_every_value_is_written
    yield check_same_table_same_bytes
    yield check_nothing_is_left_out
    yield check_the_table_is_not_written


def check_says_what_it_writes(form: ExportForm) -> None:
    """Its docstring says what its files are."""
    _expect(bool(form.__doc__), "it has no docstring")


def check_a_table_without_rows_is_written(form: ExportForm) -> None:
    """The columns of an empty table are something to say."""
    empty = ExportTable(_table().columns, _table().n_own, [])
    _expect(isinstance(form(empty), bytes), "it makes no bytes of a table without rows")


def check_every_value_is_written(form: ExportForm) -> None:
    """No value that a table can have is too much: gaps, lists, halves of characters."""
    for value in (None, "", 'ü, "x"\n\t\'', "\ud800", ("cat", "dog"), True, 7, 0.5, math.nan):
        _expect(isinstance(form(_changed(0, -1, value)), bytes), f"it makes no bytes of {value!r}")


def check_same_table_same_bytes(form: ExportForm) -> None:
    """Two exports of the same labels are the same file."""
    _expect(form(_table()) == form(_table()), "the same table gives other bytes")


def check_nothing_is_left_out(form: ExportForm) -> None:
    """Whatever cell is another one, the file is another one; a column of the source has a name."""
    table = _table()
    told = form(table)
    for i, name in enumerate(table.columns):
        for row in range(len(table.rows)):
            value = not table.rows[row][i] if name == "flagged" else OTHER
            _expect(form(_changed(row, i, value)) != told, f"'{name}' of row {row} is missing")
    renamed = ExportTable([*table.columns[: table.n_own], OTHER], table.n_own, table.rows)
    _expect(form(renamed) != told, "the name of a column is missing")


def check_the_table_is_not_written(form: ExportForm) -> None:
    """What is exported stays as it was."""
    table = _table()
    before = deepcopy((table.columns, table.rows))
    form(table)
    _expect((table.columns, table.rows) == before, "it has written to the table")


def _table() -> ExportTable:
    """Return a table as an export has it: columns of ours, then one of the source."""
    columns = ["item_id", "label", "flagged", "text"]
    rows: list[list[Any]] = [["k1", "=cat", False, "a text"], ["k2", None, True, "<b>another</b>"]]
    return ExportTable(columns, 3, rows)


def _changed(row: int, column: int, value: object) -> ExportTable:
    table = _table()
    rows = [list(cells) for cells in table.rows]
    rows[row][column] = value
    return ExportTable(table.columns, table.n_own, rows)


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
