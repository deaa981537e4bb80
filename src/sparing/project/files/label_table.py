"""A table of labels, whatever wrote it: which columns it has, and what each row says."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sparing.annotations.boxes import box_parts
from sparing.annotations.spans import span_parts
from sparing.annotations.values import MOST_VERSION
from sparing.datasets.boxes.framed import whole
from sparing.datasets.decoding import read_text, whole_text
from sparing.datasets.formulas import armed
from sparing.datasets.items import Skipped
from sparing.datasets.label_cells import one_label, printed, seconds_of
from sparing.datasets.lines import plain_rows
from sparing.datasets.rows import RawTable, is_missing
from sparing.errors import InvalidInputError
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
from sparing.project.files.export_rows import AUTOMATIC, CLUSTER, CONFIRMED, CONSENSUS, SETTLED
from sparing.project.files.opinions import read
from sparing.project.log.meaning import as_said
from sparing.project.settings import BOXES, CLASS, LABELS, SPANS
from sparing.store.records import FROM_CLUSTER, FROM_FILE

ITEM_COLUMNS = ("item_id", "item", "name", "path", "file", "filename", "image", "id", "text")
LABEL_COLUMNS = ("label", "class", "category", "target")
OF_PARTS = {LABELS: (OF_SEVERAL,), SPANS: (OF_SPANS, "entities"), BOXES: (OF_BOXES,)}
"""What the column of labels may be called where an answer has several parts."""
SKIPPED_STATE = "skipped"
OF_PREDICT = ("item", "label", "confidence")  # what ``sparing predict`` writes
OF_CERTIFY = {"source", "model_version", "confidence", "certificate"}  # of its labels.csv
REFUSED = {AUTOMATIC: "a label by a model", CONSENSUS: "a consensus on which people differ"}
CONTESTED = "people differ on it, and nobody has settled it"


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A table of labels, and how its cells are to be read.

    Parameters
    ----------
    raw : the table
    items, labels : its columns that name items and labels
    is_own : whether it is an export of ours, whose cells mean what they say
    kind : of the answers
    """

    raw: RawTable
    items: Any
    labels: Any
    is_own: bool
    kind: str

    @classmethod
    def of(
        cls,
        raw: RawTable,
        item_column: str | None,
        label_column: str | None,
        named_by: str | None,
        kind: str,
    ) -> "LabelTable":
        """Return a table with the columns that were named, or that are called as is usual.

        Parameters
        ----------
        raw : the table
        item_column, label_column : names of columns; None: to be found out
        named_by : the column by which the items of the source are named
        kind : of the answers

        Raises
        ------
        InvalidInputError : no column that names items or labels
        UnknownNameError : there is no such column
        """
        if raw.reading.header is False and len(raw.columns) == 2:  # without names: item, then label
            item_column, label_column = item_column or "1", label_column or "2"
        usual = (named_by.casefold(), *ITEM_COLUMNS) if named_by else ITEM_COLUMNS
        is_own = set(COLUMNS_OF_BEFORE) <= set(raw.columns)
        usual = ITEM_COLUMNS if is_own else usual
        items = raw.column(item_column) if item_column else _column(raw, usual, "items")
        called = (*OF_PARTS.get(kind, ()), *LABEL_COLUMNS)
        labels = raw.column(label_column) if label_column else _column(raw, called, "labels")
        return cls(raw, items, labels, is_own, kind)

    def split(self, separator: str) -> "LabelTable":
        """Return a table in which a separator stands between two of several labels in a cell."""
        return replace(self, labels=[_split(cell, separator) for cell in self.labels])

    def cells(self, i: int) -> dict[str, Any]:
        """Return the cells of a row by the names of their columns."""
        return {column: cells[i] for column, cells in self.raw.columns.items()}

    def said(self, i: int) -> dict[str, Any]:
        """Return what a row says: the fields of an event, and what is noted.

        Raises
        ------
        InvalidInputError : nothing that can be taken; the message is the reason
        """
        cells = self.cells(i)
        noted = _noted(cells) if self.is_own else {}
        provenance, state = (str(cells.get(name) or "") for name in ("provenance", "state"))
        told: dict[str, Any] = {}
        try:
            told = _label(self, i, cells, provenance, state)
        except InvalidInputError:
            if not noted:
                raise
        return told | noted


def check_no_predictions(raw: RawTable) -> None:
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


def own_csv(path: Path) -> RawTable | None:
    """Read an export of ours to the letter; None if it is none.

    The reader of foreign tables takes ``NA`` for a gap and trims cells: ours mean what they say.
    """
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    rows = plain_rows(read_text(path)[0])
    ours = (COLUMNS, WITHOUT_SECONDS, COLUMNS_OF_BEFORE)
    if not rows or not any(tuple(rows[0][: len(columns)]) == columns for columns in ours):
        return None
    names = [armed(name) for name in rows[0]]
    body = [[armed(cell) for cell in row] for row in rows[1:] if len(row) == len(names)]
    columns = {name: [row[i] for row in body] for i, name in enumerate(names)}
    odd = [f"row {i}" for i, row in enumerate(rows[1:], 1) if row and len(row) != len(names)]
    skipped = tuple(Skipped(name, f"not {len(names)} cells") for name in odd)
    return RawTable(columns, [f"row {i + 1}" for i in range(len(body))], path.name, skipped)


def _label(
    table: LabelTable, i: int, cells: Mapping[str, Any], provenance: str, state: str
) -> dict[str, Any]:
    if table.is_own and (opinions := read(_text(cells.get("opinions")))):
        answer = answer_in(table.labels[i], table.kind, is_own=True)
        settled = (_text(cells.get("annotator")), answer or "")
        told = {"opinions": opinions, "asked_for": FROM_FILE, "text": _within(table, cells)}
        return told | ({"settled": settled} if provenance == SETTLED else {})
    if provenance in REFUSED:
        raise InvalidInputError(REFUSED[provenance])
    if cells.get("source") == "model" and set(cells) >= OF_CERTIFY:
        raise InvalidInputError(REFUSED[AUTOMATIC])
    if state == "contested":
        raise InvalidInputError(CONTESTED)
    cell, skipped = table.labels[i], state == SKIPPED_STATE
    label = answer_in(cell, table.kind, is_own=table.is_own)
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
        "text": None if skipped else _within(table, cells),
        **(of_cluster if provenance == CLUSTER else {}),
    }


def _within(table: LabelTable, cells: Mapping[str, Any]) -> str | None:
    """Return what the places of an answer are in: the hash of a text, the size of a picture."""
    if table.kind != BOXES:
        return _text(cells.get(TEXT_HASH)) or None
    size = whole(cells.get("width"), cells.get("height")) if table.is_own else None
    return None if size is None else "{} x {}".format(*size)


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


def answer_in(cell: Any, kind: str, *, is_own: bool = False) -> str | None:
    """Return a cell as a door hands an answer in; None where nobody has given one.

    Several labels are a list, or one that was written as JSON or printed; a text is one label.

    Parameters
    ----------
    cell : of the table
    kind : of the answers
    is_own : whether an export of ours has it, which means what it says: a class may be called NA

    Raises
    ------
    InvalidInputError : the cell is no label
    """
    name_of = _to_the_letter if is_own else one_label
    if kind == CLASS:
        return name_of(cell)
    if kind in PARTS_OF:
        return _parts(cell, *PARTS_OF[kind], name_of)
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        cell = _listed(cell)
    if not isinstance(cell, list | tuple):
        label = name_of(cell)
        return None if label is None else as_said([label])
    names = [name_of(one) for one in cell]
    if None in names:
        raise InvalidInputError("a list of labels with an empty one")
    return as_said(list(dict.fromkeys(names)))


def _to_the_letter(cell: Any) -> str | None:
    return None if cell is None or cell == "" else str(cell)


def _listed(cell: str) -> list[Any]:
    """Return the list of labels in a cell, as JSON has it or as Python prints it."""
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        found = printed(cell)
    if not isinstance(found, list):
        raise InvalidInputError("a list of labels that is no JSON")
    return found


_PartsOf = Callable[[Any], list[Mapping[str, Any]]]
PARTS_OF: Mapping[str, tuple[_PartsOf, str]] = {
    SPANS: (span_parts, "spans"),
    BOXES: (box_parts, "boxes"),
}


def _parts(
    cell: Any, parts_of: _PartsOf, what: str, name_of: Callable[[Any], str | None]
) -> str | None:
    """Return a list of parts, or one as JSON, as a door hands it in; None where there is none."""
    if is_missing(cell):
        return None
    try:
        parts = parts_of(json.loads(cell) if isinstance(cell, str) else cell)
    except (ValueError, RecursionError):
        raise InvalidInputError(f"no list of {what}: {str(cell)[:40]!r}") from None
    known = [{k: v for k, v in part.items() if v is not None} for part in parts]  # of Parquet
    return as_said([{**part, "label": name_of(part.get("label")) or ""} for part in known])


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
