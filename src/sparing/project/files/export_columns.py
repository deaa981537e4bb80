"""The columns of an export: ours, those of parts that an item has, and those of the source."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sparing.annotations.boxes import Size
from sparing.annotations.spans import text_hash
from sparing.datasets.items import shown_names
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.forms import ExportTable
from sparing.project.settings import BOXES, CLASS, LABELS, SPANS
from sparing.project.source.items import Item, Listing
from sparing.project.state import State

if TYPE_CHECKING:
    pass


OF_SEVERAL, OF_SPANS, OF_BOXES = "labels", "spans", "boxes"
_APART = (OF_SEVERAL, OF_SPANS, OF_BOXES)
COLUMNS = tuple(f.name for f in fields(ExportRow) if f.name not in _APART)
WITHOUT_SECONDS = tuple(name for name in COLUMNS if name != "seconds")
"""What exports had before they said how long an item was on the screen."""
COLUMNS_OF_BEFORE = tuple(name for name in WITHOUT_SECONDS if name != "strategy")
"""What exports had before each answer said which strategy had asked."""
FIRST, TEXT = "1", "text"
TEXT_HASH = "text_sha256"
BESIDE_SPANS = (OF_SPANS, TEXT, TEXT_HASH, "document", "document_start")
"""The columns of spans: each with start, end (code points of the text) and label; the text and its
hash; where in which document it stands."""
BESIDE_BOXES = (OF_BOXES, "width", "height")
"""The columns of boxes: each with its edges in pixels and label; the size of their picture."""


def as_table(state: State, rows: Sequence[ExportRow]) -> ExportTable:
    """Return rows with what the source says of them, in columns of their own.

    A column of the source that is called like one of ours gets ``source_`` before its name.
    """
    kind = state.settings.kind
    if kind == SPANS:
        labels, apart = [*BESIDE_SPANS], [_spans_apart(state, row) for row in rows]
    elif kind == BOXES:
        labels, apart = [*BESIDE_BOXES], [_boxes_apart(state, row) for row in rows]
    else:
        several = [one.name for one in state.replay.classes] if kind == LABELS else []
        labels = [OF_SEVERAL, *(f"{OF_SEVERAL}.{n}" for n in several)] if kind == LABELS else []
        apart = [_apart(row, labels, several) for row in rows]
    own = [
        [*(getattr(row, name) for name in COLUMNS), *more]
        for row, more in zip(rows, apart, strict=True)
    ]
    names, beside = _of_source(state, rows)
    whole = [[*mine, *its] for mine, its in zip(own, beside, strict=True)]
    return ExportTable([*COLUMNS, *labels, *names], len(COLUMNS), whole)


def _of_source(state: State, rows: Sequence[ExportRow]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns of the source, and what they hold of each row; of files of texts these."""
    listing, kind = state.listing, state.settings.kind
    names = {name: column for column, name in source_names(listing, kind).items()}
    columns = [] if listing.table is None else [listing.table.columns[c] for c in names.values()]
    if listing.table is None and listing.kind == "texts" and kind != SPANS:
        names, columns = {TEXT: TEXT}, [listing.values]
    places = [state.place_of(row.item_id) for row in rows]
    held = [[None if place is None else cells[place] for cells in columns] for place in places]
    return [*names], held


def _apart(row: ExportRow, columns: Sequence[str], names: Sequence[str]) -> list[Any]:
    """Return the list of an item's labels, and 0 or 1 for each label there is."""
    if not columns or row.labels is None:
        return [None] * len(columns)
    return [row.labels, *(int(name in row.labels) for name in names)]


def _spans_apart(state: State, row: ExportRow) -> list[Any]:
    """Return the spans of a text, its hash, and where in which document it stands."""
    text, place = state.item(row.item_id).text, state.place_of(row.item_id)
    passages = state.listing.passages
    told = None if row.spans is None else tuple(span.said() for span in row.spans)
    hashed = None if text is None else text_hash(text)
    if place is None or passages is None:
        return [told, text, hashed, None, None]
    return [told, text, hashed, passages.documents[place], int(passages.starts[place])]


def _boxes_apart(state: State, row: ExportRow) -> list[Any]:
    """Return the boxes of a picture, and the size of the picture in which they were drawn."""
    told = None if row.boxes is None else tuple(box.said() for box in row.boxes)
    return [told, *(size_then(state, state.item(row.item_id)) or (None, None))]


def size_then(state: State, item: Item) -> Size | None:
    """Return the size that a picture had when its boxes were drawn; without an answer as it is."""
    answer = state.replay.of(item.item_id).answer
    sides = (answer.text or "").split(" x ") if answer is not None else []
    is_noted = len(sides) == 2 and all(side.isdecimal() for side in sides)
    return (int(sides[0]), int(sides[1])) if is_noted else item.size


def is_as_drawn(state: State, item: Item) -> bool:
    """Tell whether a picture has the size by now that it had when its boxes were drawn."""
    return size_then(state, item) == item.size


def said_of_changed(names: Sequence[str]) -> str:
    """Return a sentence on pictures that go into no file with boxes of another size."""
    return (
        "Left out, as their pictures had another size when their boxes were drawn:"
        f" {len(names):,}: {shown_names(names)}."
    )


def source_names(listing: Listing, kind: str) -> dict[str, str]:
    """Return what each column of a source is called in an export.

    The only column of a file without names, such as one of texts, one a line, is called by what it
    has.
    """
    columns = () if listing.table is None else listing.table.columns
    if listing.kind == "texts" and [*columns] == [FIRST]:
        return {FIRST: source_name(TEXT, kind)}
    return {column: source_name(column, kind) for column in columns}


def source_name(column: str, kind: str = CLASS) -> str:
    """Return the name of a column of the source in an export: no two are alike.

    Parameters
    ----------
    column : of the source
    kind : of the answers; those of several labels have columns of their own

    Examples
    --------
    >>> source_name("text"), source_name("label"), source_name("source_label")
    ('text', 'source_label', 'source_source_label')
    """
    plain = column
    while plain.startswith("source_"):
        plain = plain.removeprefix("source_")
    beside = {SPANS: BESIDE_SPANS, BOXES: BESIDE_BOXES, LABELS: (OF_SEVERAL,)}.get(kind, ())
    is_one_label = kind == LABELS and plain.startswith(f"{OF_SEVERAL}.")
    return f"source_{column}" if plain in (*COLUMNS, *beside) or is_one_label else column
