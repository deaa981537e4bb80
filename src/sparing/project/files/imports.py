"""Labels that exist already: which items of a project they are for, and which rows fit none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sparing.datasets.items import Skipped
from sparing.datasets.read import FOUND_OUT, read_table
from sparing.datasets.rows import Reading
from sparing.errors import InvalidInputError
from sparing.project.files.finding import Finder
from sparing.project.files.label_table import LabelTable, answer_in, check_no_predictions, own_csv
from sparing.project.files.readings import (
    TAKEN,
    Found,
    ImportReport,
    Readings,
    RowReport,
    found_row,
)
from sparing.project.learning.foreign import check_foreign
from sparing.project.log.meaning import placed
from sparing.project.settings import LABELS
from sparing.project.state import State
from sparing.store.records import FROM_FILE


def read_labels(
    state: State,
    path: Path,
    item_column: str | None,
    label_column: str | None,
    reading: Reading = FOUND_OUT,
    *,
    by_model: bool = False,
    separator: str | None = None,
) -> Readings:
    """Read a table of labels; return what can be taken, and what cannot.

    An item is named by its key, its path or name, or, for texts, by the text itself. A column that
    names the items of the source names those of the table too. In our own exports an item that is
    not there any more under its key is found by what it holds, then by its id; labels of a model
    are left out, so that they never become a person's; ``by_model`` says that all are such.
    ``separator`` stands between two of several labels in a cell.

    Raises
    ------
    SourceError, UnknownNameError : of :func:`sparing.datasets.read.read_table`
    InvalidInputError : no column that names items or labels
    """
    raw = (own_csv(path) if reading == FOUND_OUT else None) or read_table(path, reading)
    kind = state.settings.kind
    if not by_model:
        check_no_predictions(raw)
    if separator is not None and kind != LABELS:
        raise InvalidInputError("--separator is for projects of several labels an item.")
    table = LabelTable.of(raw, item_column, label_column, state.listing.named_by, kind)
    if separator:
        table = table.split(separator)
    finder = Finder(state)
    found: list[Found] = []
    problems = [RowReport(one.name, "", one.reason) for one in raw.skipped]
    hashes = finder.hashes_of(state, raw) if table.is_own else [None] * len(raw)
    for i, name in enumerate(raw.names):
        cells = table.cells(i) if table.is_own else None
        item = str(cells["item"] if cells else table.items[i])
        try:
            said = table.said(i)
            where = finder.find(state, table.items[i], cells, hashes[i])
        except InvalidInputError as error:
            problems.append(RowReport(name, item, str(error)))
            continue
        found.append(found_row(state, name, item, where.item_id, said, where.way))
    return Readings(found, problems, raw.notes)


def read_source_labels(state: State, column: str) -> Readings:
    """Read the labels that the source itself has in a column.

    Raises
    ------
    InvalidInputError : the source is no table
    UnknownNameError : it has no such column
    """
    table = state.listing.table
    if table is None:
        raise InvalidInputError("Only a table has a column of labels: import a file of them.")
    found, problems = [], []
    for item_id, name, cell in zip(
        state.listing.ids, state.listing.names, table.column(column), strict=True
    ):
        try:
            label = answer_in(cell, state.settings.kind)
        except InvalidInputError as error:
            problems.append(RowReport(name, name, str(error)))
            continue
        if label is not None:
            said = {"class_name": label, "asked_for": FROM_FILE}
            found.append(found_row(state, name, name, item_id, said))
    return Readings(found, problems)


def as_predictions(
    readings: Readings, kind: str, within: Callable[[str], Any]
) -> tuple[ImportReport, dict[str, str]]:
    """Return what was read as predictions by item, and what became of each row.

    Parameters
    ----------
    readings : labels that a model gave
    kind : of the project's answers
    within : gives what the parts of an item are within: its text, or the size of its picture
    """
    said: dict[str, str] = {}
    rows = list(readings.problems)
    for one in readings.found:
        event = one.label
        if event is None or event.class_name is None or event.item_id is None:
            continue
        try:
            item = within(event.item_id)
            check_foreign(kind, placed(event, kind, item).class_name or "", item)
        except InvalidInputError as error:
            rows.append(RowReport(one.name, one.item, str(error)))
            continue
        said[event.item_id] = event.class_name
        rows.append(RowReport(one.name, one.item, TAKEN))
    problems = [Skipped(row.row, row.became) for row in rows if row.became != TAKEN]
    n = len(said)
    report = ImportReport(n, 0, tuple(problems), tuple(rows), readings.notes, "predictions")
    return report, said
