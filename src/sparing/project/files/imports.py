"""Labels that exist already: which items of a project they are for, and which rows fit none."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from sparing.annotations.boxes import box_parts, place_of
from sparing.annotations.spans import span_parts
from sparing.annotations.values import MOST_VERSION
from sparing.datasets.decoding import read_text, whole_text
from sparing.datasets.formulas import armed
from sparing.datasets.items import Skipped, summarize_skipped
from sparing.datasets.label_cells import one_label, seconds_of
from sparing.datasets.read import FOUND_OUT, read_table
from sparing.datasets.rows import RawTable, Reading, is_missing
from sparing.errors import InvalidInputError
from sparing.pool.class_names import one_spelling, said_of, said_of_slips
from sparing.project.audits.draws import AUDIT
from sparing.project.audits.stage import HANDBACK
from sparing.project.files.export_columns import (
    COLUMNS,
    COLUMNS_OF_BEFORE,
    OF_BOXES,
    OF_SEVERAL,
    OF_SPANS,
    TEXT_HASH,
    WITHOUT_SECONDS,
)
from sparing.project.files.export_rows import (
    AUTOMATIC,
    CLUSTER,
    CONFIRMED,
    CONSENSUS,
    SETTLED,
    said_in,
)
from sparing.project.files.finding import Finder
from sparing.project.files.opinions import ImportedOpinions, as_events, read
from sparing.project.learning.foreign import check_foreign
from sparing.project.log.meaning import as_said, names_said, placed, renamed_in
from sparing.project.settings import BOXES, CLASS, LABELS, SPANS
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import Kind, NewEvent
from sparing.store.records import FROM_CLUSTER, FROM_FILE

ITEM_COLUMNS = ("item_id", "item", "name", "path", "file", "filename", "image", "id", "text")
LABEL_COLUMNS = ("label", "class", "category", "target")
SKIPPED_STATE = "skipped"
OF_PREDICT = ("item", "label", "confidence")  # what ``sparing predict`` writes
OF_CERTIFY = {"source", "model_version", "confidence", "certificate"}  # of its labels.csv
REFUSED = {AUTOMATIC: "a label by a model", CONSENSUS: "a consensus on which people differ"}
CONTESTED = "people differ on it, and nobody has settled it"
TAKEN, KNOWN = "imported", "there already"
NOTED = "no label, and its flag and comment"
AT_ONCE = 500
FINE = (TAKEN, KNOWN, NOTED)


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of a row of a table: its place, what it calls its item, and the outcome."""

    row: str
    item: str
    became: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a table of labels.

    Parameters
    ----------
    n_stored, n_known : labels that were new, and that were there already
    problems : the rows that could not be taken, and why
    rows : every row, and what became of it
    notes : sentences that the person should know
    what : was taken
    """

    n_stored: int
    n_known: int
    problems: tuple[Skipped, ...]
    rows: tuple[RowReport, ...] = ()
    notes: tuple[str, ...] = ()
    what: str = "labels"

    def said(self) -> list[str]:
        """Return a sentence for what was taken, and one for each reason why a row was not."""
        known = f", {self.n_known:,} were there already" if self.n_known else ""
        taken = f"{self.n_stored:,} {self.what} imported{known}."
        return [taken, *self.notes, *summarize_skipped(self.problems)]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that can be taken.

    Parameters
    ----------
    name, item : where it stands, and what it calls its item
    label : the event of its label or skip; None if it has only what is noted
    noted : those of what others said of the item, of its flag and its comment
    way : how the item was found, where that should be known
    is_known : whether all that people said of it is here already
    """

    name: str
    item: str
    label: NewEvent | None
    noted: tuple[NewEvent, ...] = ()
    way: str = ""
    is_known: bool = False

    @property
    def events(self) -> tuple[NewEvent, ...]:
        """All that it says."""
        return (*((self.label,) if self.label else ()), *self.noted)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of labels, and how its cells are to be read."""

    raw: RawTable
    items: Any
    labels: Any
    is_own: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Readings:
    """A table of labels, read: what can be taken, what cannot, and what should be known of it."""

    found: list[Found]
    problems: list[RowReport]
    notes: tuple[str, ...] = ()


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
    raw = (_own_csv(path) if reading == FOUND_OUT else None) or read_table(path, reading)
    kind = state.settings.kind
    if not by_model:
        _check_no_predictions(raw)
    if separator is not None and kind != LABELS:
        raise InvalidInputError("--separator is for projects of several labels an item.")
    table = _table(raw, item_column, label_column, state.listing.named_by, kind)
    if separator:
        table = replace(table, labels=[_split(cell, separator) for cell in table.labels])
    raw, finder = table.raw, Finder(state)
    found: list[Found] = []
    problems = [RowReport(one.name, "", one.reason) for one in raw.skipped]
    hashes = finder.hashes_of(state, raw) if table.is_own else [None] * len(raw)
    for i, name in enumerate(raw.names):
        cells = {column: raw.columns[column][i] for column in raw.columns}
        item = str(cells["item"] if table.is_own else table.items[i])
        try:
            said = _said(table, i, cells)
            where = finder.find(state, table.items[i], cells if table.is_own else None, hashes[i])
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
            label = _answer(cell, state.settings.kind)
        except InvalidInputError as error:
            problems.append(RowReport(name, name, str(error)))
            continue
        if label is not None:
            said = {"class_name": label, "asked_for": FROM_FILE}
            found.append(found_row(state, name, name, item_id, said))
    return Readings(found, problems)


def in_one_spelling(state: State, readings: Readings) -> Readings:
    """Return labels with one name for each class, however the table writes it."""
    kind = state.settings.kind
    said = (event.class_name for one in readings.found for event in one.events)
    names = [name for one in said for name in names_said(kind, one)]
    known = [c.name for c in state.replay.classes]
    taken = one_spelling(names, known)
    found = [_called(one, taken, kind) for one in readings.found]
    new = dict.fromkeys(name for name in taken.values() if name not in known)
    notes = (*readings.notes, *said_of(taken), *said_of_slips(new, known))
    return replace(readings, found=found, notes=notes)


def _called(one: Found, taken: Mapping[str, str], kind: str) -> Found:
    label, *noted = (
        event and replace(event, class_name=renamed_in(kind, event.class_name, taken))
        for event in (one.label, *one.noted)
    )
    return replace(one, label=label, noted=tuple(event for event in noted if event))


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


def in_parts(
    events: Sequence[NewEvent], record: Callable[[Sequence[NewEvent]], list[Recorded]]
) -> list[Recorded]:
    """Record many events, so that nobody else waits long for a turn."""
    starts = range(0, len(events), AT_ONCE)
    return [done for i in starts for done in record(events[i : i + AT_ONCE])]


def report(readings: Readings, done: Iterable[Recorded]) -> ImportReport:
    """Say what became of the rows once they were recorded."""
    outcomes = {one.key: one for one in done}
    rows = [_outcome(one, outcomes) for one in readings.found]
    problems = [
        *readings.problems,
        *(r for r in rows if not r.became.startswith((TAKEN, KNOWN, NOTED))),
    ]
    ways = [one.way for one in readings.found if one.way]
    return ImportReport(
        sum(row.became.startswith(TAKEN) for row in rows),
        sum(row.became.startswith(KNOWN) for row in rows),
        tuple(Skipped(one.row, one.became) for one in problems),
        (*readings.problems, *rows),
        (*readings.notes, *(f"{ways.count(way):,} {way}." for way in dict.fromkeys(ways))),
    )


def _outcome(one: Found, outcomes: Mapping[str, Recorded]) -> RowReport:
    first = outcomes[one.events[0].key] if one.events else None
    way = f" ({one.way})" if one.way else ""
    is_known = one.is_known or first is None or first.status == "duplicate"
    if is_known or (first and first.status == "stored"):
        became = KNOWN if is_known else TAKEN
        return RowReport(
            one.name, one.item, (became if one.label or one.is_known else f"{NOTED} {became}") + way
        )
    assert first is not None  # noqa: S101  # else it is known
    return RowReport(one.name, one.item, first.message or "the item has another label")


def found_row(
    state: State, name: str, item: str, item_id: str, said: Mapping[str, Any], way: str = ""
) -> Found:
    """Return a row as events; what is noted already is not noted again.

    Parameters
    ----------
    state : of the project
    name, item : where the row stands, and what it calls its item
    item_id : of that item
    said : fields of an event, and ``opinions``, ``settled``, ``flagged``, ``comment``
    way : how the item was found, where that should be known
    """
    noted, now = [], state.replay.of(item_id)
    if said.get("flagged") and not now.flagged:
        noted.append(NewEvent(key=uuid4().hex, kind=Kind.FLAG, item_id=item_id))
    comment = said.get("comment")
    if comment and comment != now.comment:
        noted.append(NewEvent(key=uuid4().hex, kind=Kind.COMMENT, item_id=item_id, text=comment))
    if "opinions" in said:
        if _are_known(state, item_id, said["opinions"]):
            return Found(name, item, None, tuple(noted), way, is_known=True)
        first, *others = as_events(
            item_id, said["opinions"], said["asked_for"], said.get("settled")
        )
        return Found(name, item, first, (*others, *noted), way)
    event = {k: v for k, v in said.items() if k not in ("flagged", "comment")}
    if not event:
        return Found(name, item, None, tuple(noted), way)
    kind = Kind.LABEL if event.get("class_name") is not None else Kind.SKIP
    label = NewEvent(key=uuid4().hex, kind=kind, item_id=item_id, **event)
    return Found(name, item, label, tuple(noted), way)


def _are_known(state: State, item_id: str, opinions: ImportedOpinions) -> bool:
    """Tell whether these people have said this of the item already."""
    kind = state.settings.kind
    votes = state.replay.of(item_id).votes
    there = {(vote.annotator, meaning_of(kind, said_in(state, vote.content))) for vote in votes}
    return there >= {(who, meaning_of(kind, said)) for who, said in opinions}


def meaning_of(kind: str, said: str | None) -> frozenset[str] | None:
    """Return what is the same for answers that say the same, in whatever order.

    Parameters
    ----------
    kind : of the answers
    said : as a door hands it in; None: it was skipped

    Raises
    ------
    InvalidInputError : it is no answer of this kind
    """
    if said is None:
        return None
    if kind == SPANS:
        parts = span_parts(json.loads(said))
        return frozenset(f"{p['start']} {p['end']} {p['label']}" for p in parts)
    if kind == BOXES:
        boxes = box_parts(json.loads(said))
        return frozenset(f"{place_of(b['box'])} {b['label']}" for b in boxes)
    return frozenset(names_said(kind, said))


def _table(
    raw: RawTable,
    item_column: str | None,
    label_column: str | None,
    named_by: str | None,
    kind: str,
) -> _Table:
    if raw.reading.header is False and len(raw.columns) == 2:  # without names: item, then label
        item_column, label_column = item_column or "1", label_column or "2"
    usual = (named_by.casefold(), *ITEM_COLUMNS) if named_by else ITEM_COLUMNS
    is_own = set(COLUMNS_OF_BEFORE) <= set(raw.columns)
    usual = ITEM_COLUMNS if is_own else usual
    items = raw.column(item_column) if item_column else _column(raw, usual, "items")
    first = {LABELS: (OF_SEVERAL,), SPANS: (OF_SPANS, "entities"), BOXES: (OF_BOXES,)}.get(kind, ())
    called = (*first, *LABEL_COLUMNS)
    labels = raw.column(label_column) if label_column else _column(raw, called, "labels")
    return _Table(raw, items, labels, is_own, kind)


def _check_no_predictions(raw: RawTable) -> None:
    """Refuse what ``sparing predict`` writes: labels of a model are no person's word.

    Raises
    ------
    InvalidInputError : it is such a table
    """
    if tuple(raw.columns) == OF_PREDICT:
        raise InvalidInputError(
            f"{raw.source} is what 'sparing predict' writes: labels by a model, which are no"
            " person's word. 'sparing certify' takes it; or name its columns otherwise if people"
            " have checked every row."
        )


def _own_csv(path: Path) -> RawTable | None:
    """Read an export of ours to the letter; None if it is none.

    The reader of foreign tables takes ``NA`` for a gap and trims cells: ours mean what they say.
    """
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    rows = list(csv.reader(io.StringIO(read_text(path)[0], newline="")))
    ours = (COLUMNS, WITHOUT_SECONDS, COLUMNS_OF_BEFORE)
    if not rows or not any(tuple(rows[0][: len(columns)]) == columns for columns in ours):
        return None
    names = [armed(name) for name in rows[0]]
    body = [[armed(cell) for cell in row] for row in rows[1:] if len(row) == len(names)]
    columns = {name: [row[i] for row in body] for i, name in enumerate(names)}
    odd = [f"row {i}" for i, row in enumerate(rows[1:], 1) if row and len(row) != len(names)]
    skipped = tuple(Skipped(name, f"not {len(names)} cells") for name in odd)
    return RawTable(columns, [f"row {i + 1}" for i in range(len(body))], path.name, skipped)


def _said(table: _Table, i: int, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row says: the fields of an event, and what is noted.

    Raises
    ------
    InvalidInputError : nothing that can be taken; the message is the reason
    """
    noted = _noted(cells) if table.is_own else {}
    provenance, state = (str(cells.get(name) or "") for name in ("provenance", "state"))
    told: dict[str, Any] = {}
    try:
        told = _label(table, i, cells, provenance, state)
    except InvalidInputError:
        if not noted:
            raise
    return told | noted


def _label(
    table: _Table, i: int, cells: Mapping[str, Any], provenance: str, state: str
) -> dict[str, Any]:
    if table.is_own and (opinions := read(_text(cells.get("opinions")))):
        settled = (_text(cells.get("annotator")), _answer(table.labels[i], table.kind) or "")
        told = {"opinions": opinions, "asked_for": FROM_FILE}
        return told | ({"settled": settled} if provenance == SETTLED else {})
    if provenance in REFUSED:
        raise InvalidInputError(REFUSED[provenance])
    if cells.get("source") == "model" and set(cells) >= OF_CERTIFY:
        raise InvalidInputError(REFUSED[AUTOMATIC])
    if state == "contested":
        raise InvalidInputError(CONTESTED)
    cell, skipped = table.labels[i], state == SKIPPED_STATE
    if table.is_own and table.kind == CLASS:  # it means what it says, to the letter
        label = str(cell) if cell not in ("", None) else None
    else:
        label = _answer(cell, table.kind)
    if label is None and not skipped:
        raise InvalidInputError("no label")
    of_cluster = {"source": FROM_CLUSTER, "text": _text(cells.get("basis"))}
    return {
        "class_name": None if skipped else label,
        "annotator": _text(cells.get("annotator")),
        "confirmed": provenance in (CONFIRMED, CLUSTER),
        "model_version": _version(cells.get("model_version")),
        "asked_for": FROM_FILE if table.is_own else _purpose(cells.get("purpose")),
        "seconds": seconds_of(cells.get("seconds")) if table.is_own else None,
        **({"text": _text(cells[TEXT_HASH])} if cells.get(TEXT_HASH) and not skipped else {}),
        **(of_cluster if provenance == CLUSTER else {}),
    }


def _split(cell: Any, separator: str) -> Any:
    """Return the parts of a cell; a list, JSON, or nothing at all as it is.

    Examples
    --------
    >>> _split("rain; wind", ";"), _split('["rain"]', ";"), _split("", ";")
    (['rain', 'wind'], '["rain"]', '')
    """
    if not isinstance(cell, str) or not cell.strip() or cell.lstrip().startswith("["):
        return cell
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _answer(cell: Any, kind: str) -> str | None:
    """Return a cell as a door hands an answer in; None where nobody has given one.

    Several labels are a list, or one as JSON; a text is one label.

    Raises
    ------
    InvalidInputError : the cell is no label
    """
    if kind == CLASS:
        return one_label(cell)
    if kind == SPANS:
        return _parts(cell, span_parts, "spans")
    if kind == BOXES:
        return _parts(cell, box_parts, "boxes")
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            raise InvalidInputError("a list of labels that is no JSON") from None
    if not isinstance(cell, list | tuple):
        label = one_label(cell)
        return None if label is None else as_said([label])
    names = [one_label(one) for one in cell]
    if None in names:
        raise InvalidInputError("a list of labels with an empty one")
    return as_said(list(dict.fromkeys(names)))


def _parts(cell: Any, parts_of: Callable[[Any], list[Mapping[str, Any]]], what: str) -> str | None:
    """Return a list of parts, or one as JSON, as a door hands it in; None where there is none."""
    if is_missing(cell):
        return None
    try:
        parts = parts_of(json.loads(cell) if isinstance(cell, str) else cell)
    except (ValueError, RecursionError):
        raise InvalidInputError(f"no list of {what}: {str(cell)[:40]!r}") from None
    known = [{k: v for k, v in part.items() if v is not None} for part in parts]  # of Parquet
    return as_said([{**part, "label": one_label(part.get("label")) or ""} for part in known])


def _noted(cells: Mapping[str, Any]) -> dict[str, Any]:
    is_flagged = str(cells.get("flagged")).lower() == "true"
    comment = _text(cells.get("comment"))
    flag = {"flagged": True} if is_flagged else {}
    return flag | ({"comment": comment} if comment else {})


def _text(cell: Any) -> str:
    """Return a cell as text that every database can hold."""
    return whole_text(str(cell or "")).replace("\0", "")


def _purpose(cell: Any) -> str:
    """Return what an answer was asked for, as the tables of ``next`` and ``audit`` say."""
    return str(cell) if cell in (AUDIT, HANDBACK) else FROM_FILE


def _version(cell: Any) -> int | None:
    try:
        version = -1 if is_missing(cell) else int(float(cell))
    except (TypeError, ValueError, OverflowError):
        return None
    return version if 0 <= version <= MOST_VERSION else None


def _column(raw: RawTable, names: Iterable[str], what: str) -> Any:
    known = {name.casefold().strip(): name for name in raw.columns}
    for name in names:
        if name in known:
            return raw.columns[known[name]]
    raise InvalidInputError(
        f"{raw.source} has no column that names the {what}: --{what[:-1]}-column says which."
        f" It has: {', '.join(raw.columns)}."
    )
