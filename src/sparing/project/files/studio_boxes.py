"""Boxes in Label Studio's terms: rectangles in percent of the upright picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparing.annotations.boxes import Size
from sparing.annotations.values import DRAWN
from sparing.datasets.boxes.label_studio import drawn, rectangle
from sparing.datasets.label_studio import Annotation, Interface
from sparing.errors import InvalidInputError
from sparing.project.files.studio_spans import ORIGINS
from sparing.project.log.meaning import NO_PICTURE, OTHER_PICTURE, as_said
from sparing.project.source.items import Item


def box_results(
    interface: Interface, size: Size, boxes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return boxes as results.

    Parameters
    ----------
    interface : names the control
    size : of the picture that they are in
    boxes : with ``box`` in pixels and ``label``
    """
    return [drawn(interface, size, box) for box in boxes]


def all_boxes(annotation: Annotation, item: Item) -> str:
    """Return the boxes of an annotation as a door hands them in; of equal ones one.

    What came from a suggestion is said to.

    Parameters
    ----------
    annotation : not skipped
    item : whose picture they are in

    Raises
    ------
    InvalidInputError : one is turned, damaged or of a picture of another size; the message is the
        reason
    """
    if item.size is None:
        raise InvalidInputError(NO_PICTURE)
    boxes = [_box(result, item.size) for result in annotation.framed]
    return as_said([box for i, box in enumerate(boxes) if not _is_in(box, boxes[:i])])


def n_twice(annotation: Annotation) -> int:
    """Return how many rectangles of an annotation are there already."""
    values = [result.get("value") for result in annotation.framed]
    return sum(value in values[:i] for i, value in enumerate(values))


def _is_in(box: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    return any((box["box"], box["label"]) == (one["box"], one["label"]) for one in others)


def _box(result: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    part, then = rectangle(result)
    if then != size:
        told, now = ("{} x {}".format(*one) for one in (then, size))
        raise InvalidInputError(OTHER_PICTURE.format(then=told, now=now))
    by = ORIGINS.get(str(result.get("origin")), DRAWN)
    return {"box": part["box"], "label": part["label"], "by": by}
