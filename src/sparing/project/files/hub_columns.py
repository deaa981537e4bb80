"""Columns with the features that trainers on Hugging Face take: classes, tags of tokens, objects.

References
----------
https://huggingface.co/docs/transformers/tasks/token_classification and, on boxes,
https://huggingface.co/docs/transformers/tasks/object_detection
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparing.datasets.marked.document import Documents
from sparing.project.files.export_columns import OF_SEVERAL
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.marked import document_of, tagged
from sparing.project.log.boxed import MarkedBox
from sparing.project.settings import BOXES, CLASS, LABELS, SPANS
from sparing.project.source.items import Item

if TYPE_CHECKING:
    import pyarrow as pa

HubColumn = tuple[str, "pa.Array", Any]
"""A name, the values, and their feature as ``datasets`` writes it."""
WHOLE = {"dtype": "int64", "_type": "Value"}
REAL = {"dtype": "float64", "_type": "Value"}
TEXT = {"dtype": "string", "_type": "Value"}
OUTSIDE = "O"
TOKENS, TAGS, NUMBER, OBJECTS = "tokens", "ner_tags", "image_id", "objects"
PARTS = frozenset({TOKENS, TAGS, NUMBER, OBJECTS})
"""Columns that no other export has: a source may have some that are called so."""


@dataclass(frozen=True, eq=False, slots=True)
class Shared:
    """What goes into a data set.

    Parameters
    ----------
    kind : of the answers
    rows : one an item
    items : of these rows
    numbers : of these rows, from 1 on, which stay the same in every export
    classes : their names, in the order of the project
    """

    kind: str
    rows: Sequence[ExportRow]
    items: Sequence[Item]
    numbers: Sequence[int]
    classes: Sequence[str]


def columns_for_trainers(shared: Shared) -> Iterator[HubColumn]:
    """Yield the columns that a trainer takes, by the kind of the answers."""
    yield from _MAKERS[shared.kind](shared)


def _one_class(shared: Shared) -> Iterator[HubColumn]:
    import pyarrow as pa

    names = sorted({row.label for row in shared.rows if row.label is not None})
    codes = [None if row.label is None else names.index(row.label) for row in shared.rows]
    yield "label", pa.array(codes, pa.int64()), _classes(names)


def _several(shared: Shared) -> Iterator[HubColumn]:
    import pyarrow as pa

    code_of = _codes(shared.classes)
    lists = [row.labels and [code_of[name] for name in row.labels] for row in shared.rows]
    yield OF_SEVERAL, pa.array(lists, pa.list_(pa.int64())), _list(_classes(shared.classes))


def _tags(shared: Shared) -> Iterator[HubColumn]:
    """Yield the words of each text, and the tags (IOB2) of those that have an answer."""
    import pyarrow as pa

    pairs = zip(shared.rows, shared.items, strict=True)
    documents = Documents(tuple(document_of(row, item) for row, item in pairs))
    words, tags = [], []
    marked = tagged(documents, shared.classes)
    for document, (edges, of_edges) in zip(documents.documents, marked, strict=True):
        words.append([document.text[start:end] for start, end in edges.tolist()])
        tags.append(None if document.spans is None else of_edges.tolist())
    names = [OUTSIDE, *(f"{prefix}-{name}" for name in shared.classes for prefix in "BI")]
    yield TOKENS, pa.array(words, pa.list_(pa.string())), _list(TEXT)
    yield TAGS, pa.array(tags, pa.list_(pa.int64())), _list(_classes(names))


def _objects(shared: Shared) -> Iterator[HubColumn]:
    """Yield the number of each picture, and its boxes as COCO has them: left, top, extent."""
    import pyarrow as pa

    code_of = _codes(shared.classes)
    kind = pa.struct(
        [
            ("id", pa.list_(pa.int64())),
            ("area", pa.list_(pa.float64())),
            ("bbox", pa.list_(pa.list_(pa.float64()))),
            ("category", pa.list_(pa.int64())),
        ]
    )
    first = 1
    objects: list[dict[str, Any] | None] = []
    for row in shared.rows:
        objects.append(None if row.boxes is None else _of_boxes(row.boxes, first, code_of))
        first += len(row.boxes or ())
    yield NUMBER, pa.array(shared.numbers, pa.int64()), WHOLE
    yield (
        OBJECTS,
        pa.array(objects, kind),
        {
            "id": _list(WHOLE),
            "area": _list(REAL),
            "bbox": _list(_list(REAL)),
            "category": _list(_classes(shared.classes)),
        },
    )


def _of_boxes(
    boxes: Sequence[MarkedBox], first: int, code_of: dict[str, int]
) -> dict[str, list[Any]]:
    edges = [one.box for one in boxes]
    return {
        "id": [*range(first, first + len(boxes))],
        "area": [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in edges],
        "bbox": [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in edges],
        "category": [code_of[one.label] for one in boxes],
    }


_MAKERS: dict[str, Callable[[Shared], Iterator[HubColumn]]] = {
    CLASS: _one_class,
    LABELS: _several,
    SPANS: _tags,
    BOXES: _objects,
}


def _codes(names: Sequence[str]) -> dict[str, int]:
    return {name: code for code, name in enumerate(names)}


def _classes(names: Sequence[str]) -> dict[str, Any]:
    return {"names": [*names], "_type": "ClassLabel"}


def _list(inner: Any) -> dict[str, Any]:
    return {"feature": inner, "_type": "Sequence"}
