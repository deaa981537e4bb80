"""Labels that exist already: which items of a project they are for, and which rows fit none."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sparing.datasets.decoding import read_text
from sparing.datasets.formulas import armed
from sparing.datasets.items import Skipped, summarize_skipped
from sparing.datasets.read import read_table
from sparing.datasets.rows import RawTable, is_missing, plain_text
from sparing.errors import InvalidInputError
from sparing.project.files.export import AUTOMATIC, CLUSTER, COLUMNS, CONFIRMED, CONSENSUS
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import Kind, NewEvent
from sparing.store.records import FROM_CLUSTER

ITEM_COLUMNS = ("item_id", "item", "name", "path", "file", "filename", "image", "id", "text")
LABEL_COLUMNS = ("label", "class", "category", "target")
SKIPPED_STATE = "skipped"
NOT_OF_A_PERSON = {AUTOMATIC: "a label by a model", CONSENSUS: "a consensus on which people differ"}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a table of labels.

    Parameters
    ----------
    n_stored, n_known : labels that were new, and that were there already
    problems : the rows that could not be taken, and why
    """

    n_stored: int
    n_known: int
    problems: tuple[Skipped, ...]

    def said(self) -> list[str]:
        """Return a sentence for what was taken, and one for each reason why a row was not."""
        known = f", {self.n_known:,} were there already" if self.n_known else ""
        return [f"{self.n_stored:,} labels imported{known}.", *summarize_skipped(self.problems)]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that can be taken: its name, and the event that it makes."""

    name: str
    event: NewEvent


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of labels, and how its cells are to be read."""

    raw: RawTable
    items: Any
    labels: Any
    is_missing: Callable[[Any], bool]
    is_by_name: bool  # an export, perhaps of another project with the same names


def read_labels(
    state: State, path: Path, item_column: str | None, label_column: str | None
) -> tuple[list[Found], list[Skipped]]:
    """Read a table of labels; return what can be taken, and what cannot.

    An item is named by its key, its path or name, or, for texts, by the text itself. A column that
    names the items of the source names those of the table too. Columns
    ``annotator``, ``model_version``, ``provenance`` and ``state`` of our own exports are
    understood: labels of a model are left out, so that they never become a person's.

    Raises
    ------
    SourceError, UnknownNameError : of :func:`sparing.datasets.read.read_table`
    InvalidInputError : no column that names items or labels
    """
    table = _read(path, item_column, label_column, state.listing.named_by)
    raw, index = table.raw, _Index.of(state)
    found: list[Found] = []
    problems = list(raw.skipped)
    for i, name in enumerate(raw.names):
        cells = {column: raw.columns[column][i] for column in raw.columns}
        told = _told(index, table, i, cells)
        if isinstance(told, str):
            problems.append(Skipped(name, told))
        else:
            found.append(Found(name, NewEvent(key=uuid4().hex, **told)))
    return found, problems


def _read(
    path: Path, item_column: str | None, label_column: str | None, named_by: str | None
) -> _Table:
    raw = _own_csv(path) or read_table(path)
    usual = (named_by.casefold(), *ITEM_COLUMNS) if named_by else ITEM_COLUMNS
    items = raw.column(item_column) if item_column else _column(raw, usual, "items")
    labels = raw.column(label_column) if label_column else _column(raw, LABEL_COLUMNS, "labels")
    is_own = set(COLUMNS) <= set(raw.columns)
    is_by_name = is_own and named_by is not None
    return _Table(raw, items, labels, _is_empty if is_own else is_missing, is_by_name)


def _own_csv(path: Path) -> RawTable | None:
    """Read an export of ours to the letter; None if it is none.

    The reader of foreign tables takes ``NA`` for a gap and trims cells: ours mean what they say.
    """
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    rows = list(csv.reader(io.StringIO(read_text(path)[0], newline="")))
    if not rows or tuple(rows[0][: len(COLUMNS)]) != COLUMNS:
        return None
    names = [armed(name) for name in rows[0]]
    body = [[armed(cell) for cell in row] for row in rows[1:] if len(row) == len(names)]
    columns = {name: [row[i] for row in body] for i, name in enumerate(names)}
    return RawTable(columns, [f"row {i + 1}" for i in range(len(body))], path.name)


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == ""


def report(
    found: Iterable[Found], done: Iterable[Recorded], problems: Iterable[Skipped]
) -> ImportReport:
    """Say what became of the rows once they were recorded."""
    pairs = list(zip(found, done, strict=True))
    counts = {s: sum(r.status == s for _, r in pairs) for s in ("stored", "duplicate")}
    failed = [
        Skipped(f.name, r.message or "the item has another label")
        for f, r in pairs
        if r.status in ("conflict", "refused")
    ]
    return ImportReport(counts["stored"], counts["duplicate"], (*problems, *failed))


def _told(index: "_Index", table: _Table, i: int, cells: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the fields of an event, or why there is none."""
    label, provenance = table.labels[i], str(cells.get("provenance") or "")
    skipped = str(cells.get("state") or "") == SKIPPED_STATE
    if provenance in NOT_OF_A_PERSON:
        return NOT_OF_A_PERSON[provenance]
    if table.is_missing(label) and not skipped:
        return "no label"
    item_id = index.find(table.items[i])
    if item_id is None and table.is_by_name:
        item_id = index.find(cells["item"])
    if item_id is None:
        return "no such item"
    of_cluster = {"source": FROM_CLUSTER, "text": str(cells.get("basis") or "")}
    return {
        "kind": Kind.SKIP if skipped else Kind.LABEL,
        "item_id": item_id,
        "class_name": None if skipped else plain_text(label),
        "annotator": str(cells.get("annotator") or ""),
        "confirmed": provenance in (CONFIRMED, CLUSTER),
        "model_version": _version(cells.get("model_version")),
        **(of_cluster if provenance == CLUSTER else {}),
    }


def _version(cell: Any) -> int | None:
    try:
        return None if is_missing(cell) else int(float(cell))
    except (TypeError, ValueError, OverflowError):
        return None


def _column(raw: RawTable, names: Iterable[str], what: str) -> Any:
    known = {name.casefold().strip(): name for name in raw.columns}
    for name in names:
        if name in known:
            return raw.columns[known[name]]
    raise InvalidInputError(
        f"{raw.source} has no column that names the {what}: say which it is."
        f" It has: {', '.join(raw.columns)}."
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """Items by all that a person may call them; None where two share a name."""

    by_name: dict[str, str | None]
    root: str | None

    @classmethod
    def of(cls, state: State) -> "_Index":
        by_name: dict[str, str | None] = {}
        for item in state.rows:
            by_name[item.name] = None if item.name in by_name else item.item_id
        if state.listing.kind == "texts":
            for item_id, text in zip(state.listing.ids, state.listing.values, strict=True):
                by_name.setdefault(text.strip(), item_id)
        if state.listing.root is not None and state.listing.named_by:
            for item_id, path in zip(state.listing.ids, state.listing.values, strict=True):
                by_name.setdefault(os.path.relpath(path, state.listing.root), item_id)
        by_name |= {item.item_id: item.item_id for item in state.rows}
        return cls(by_name, None if state.listing.root is None else str(state.listing.root))

    def find(self, cell: Any) -> str | None:
        """Return the key of the item that a cell names; None if there is none, or two."""
        text = cell if isinstance(cell, str) else "" if cell is None else plain_text(cell)
        for name in (text, text.strip(), self._inside(text)):
            if name in self.by_name:
                return self.by_name[name]
        return None

    def _inside(self, name: str) -> str:
        """Return an absolute path as one inside the folder."""
        if self.root is None or not Path(name).is_absolute():
            return name
        return os.path.relpath(os.path.normpath(name), self.root)
