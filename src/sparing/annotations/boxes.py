"""Boxes of a picture, each with a class: objects and where they are."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from sparing._validate import _Phrase, invalid
from sparing.annotations.base import AnnotationKind, Examples, Match, checked_unit, origin_of
from sparing.annotations.overlap import LEAST_IOU, iou, paired, places
from sparing.annotations.values import DRAWN, Unit, Value, value_of
from sparing.pool.classes import ClassTable
from sparing.types import Label

WHERE = "an answer of kind 'boxes'"
FORM = "(x0, y0, x1, y1, label), or a dict with the keys box and label"
FINE = 16
"""Steps of a coordinate in one pixel."""
MOST_OUT = 1
"""Pixels by which a box may reach out of its picture: it is cut there."""
MOST_COORDINATE = 10**6  # pixels: no picture is that wide
MOST_SHOWN = 120  # characters of a box that is none
Size = tuple[int, int]
"""Width and height of an upright picture, in pixels."""


class BoxSet(AnnotationKind):
    """Boxes of a picture: ``(x0, y0, x1, y1, label)`` in pixels of the upright picture.

    Left and top are 0 at the upper left corner; right and bottom are edges, so that a box over all
    of a picture ends at its width and height. A coordinate is kept to 1/16 pixel. A box that
    reaches out by a pixel at most is cut at the edge. No box at all is an answer: no object.

    Examples
    --------
    >>> kind, classes = BoxSet(), ClassTable(("cat", "dog"))
    >>> value = kind.parse([(10, 20, 110.5, 80, "cat")], classes, (640, 480))
    >>> kind.plain(value, classes)
    [{'box': [10, 20, 110.5, 80], 'label': 'cat'}]
    """

    name: ClassVar[str] = "boxes"
    column: ClassVar[str] = "boxes"
    sameness: ClassVar[str] = (
        f"Two boxes of a label are the same from an intersection over union of {LEAST_IOU} on."
    )
    examples: ClassVar[Examples] = Examples(
        ("cat", "dog"),
        (640, 480),
        (
            [(10, 20, 110, 80, "cat"), {"box": [0, 0, 640, 480], "label": "dog"}],
            [],
            [(12, 21, 110, 80, "cat"), (12, 21, 110, 80, "dog"), (0, 0, 630.3, 480, "cat")],
            [[-0.5, -1, 641, 480.25, "cat"]],
            [{"box": [300, 9, 310, 19], "label": "cat", "by": "accepted", "version": 3}],
        ),
        (
            None,
            "cat",
            [(10, 20, 110, 80)],
            [{"box": [10, 20, 110], "label": "cat"}],
            [(10, 20, 10, 80, "cat")],
            [(110, 20, 10, 80, "cat")],
            [(10, 20, 10.01, 80, "cat")],
            [(10, 20, float("nan"), 80, "cat")],
            [(10, 20, float("inf"), 80, "cat")],
            [(10, 20, 10**400, 80, "cat")],
            [(10, 20, "110", 80, "cat")],
            [(10, 20, True, 80, "cat")],
            [(-1.5, 20, 110, 80, "cat")],
            [(10, 20, 110, 482, "cat")],
            [(640, 20, 641, 80, "cat")],
            [(10, 20, 110, 80, "horse")],
            [(10, 20, 110, 80, "cat"), (10, 20, 110.01, 80, "cat")],
        ),
    )

    def parse(self, raw: Any, classes: ClassTable, item: Any = None) -> Value:
        """Return the value of a list of boxes; the item is the size of their picture."""
        parts = box_parts(raw)
        value = value_of(_unit(part, classes, item) for part in parts)
        if len(value) < len(parts):
            raise invalid("boxes", WHERE, "distinct", raw)
        return value

    def labels_in(self, raw: Any) -> list[Label]:
        """Return the label of each box."""
        return [part["label"] for part in box_parts(raw)]

    def plain(self, value: Value, classes: ClassTable) -> list[dict[str, Any]]:
        """Return the boxes as objects with box, label, and where they came from."""
        return [_plain(unit, classes) for unit in value]

    def match(self, a: Value, b: Value) -> Match:
        """Return which boxes belong together: those that overlap by half of what both cover."""
        overlap = iou(places([u.place for u in a]), places([u.place for u in b]))
        ids = [np.array([u.class_id for u in v], dtype=np.int64) for v in (a, b)]
        found = paired(overlap, ids[0][:, None] == ids[1]).tolist()
        both = [(a[i], b[j]) for i, j in found]
        in_a, in_b = {i for i, _ in found}, {j for _, j in found}
        return Match(
            tuple(pair for pair in both if pair[0].class_id == pair[1].class_id),
            tuple(pair for pair in both if pair[0].class_id != pair[1].class_id),
            tuple(unit for i, unit in enumerate(a) if i not in in_a),
            tuple(unit for j, unit in enumerate(b) if j not in in_b),
        )

    def is_right(self, answer: Value, truth: Value) -> bool:
        """Tell whether each box has one of its class at its place, and none is left over.

        This does not carry over from one pair to the next: it judges an answer by one truth.
        """
        return len(answer) == len(truth) == len(self.match(answer, truth).pairs)


def box_parts(raw: Any) -> list[Mapping[str, Any]]:
    """Return each box as an object with the keys box and label.

    Raises
    ------
    InvalidInputError : it is no list of boxes

    Examples
    --------
    >>> box_parts([(0, 0, 8, 9.5, "cat")])
    [{'box': [0, 0, 8, 9.5], 'label': 'cat'}]
    """
    if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Iterable):
        raise invalid("boxes", WHERE, f"a list of {FORM}", raw)
    return [_part(part) for part in raw]


def reaches_out(box: Sequence[float], size: Size) -> bool:
    """Tell whether a box has to be cut at the edges of its picture.

    Examples
    --------
    >>> reaches_out([0, 0, 640.5, 480], (640, 480))
    True
    """
    return min(box) < 0 or box[2] > size[0] or box[3] > size[1]


def is_place(x: Any) -> bool:
    """Tell whether something is a coordinate, or as long as one.

    Examples
    --------
    >>> is_place(2.5), is_place(True), is_place(float("nan")), is_place(10**400)
    (True, False, False, False)
    """
    is_number = isinstance(x, Real) and not isinstance(x, bool | np.bool_)
    return is_number and bool(-MOST_COORDINATE <= x <= MOST_COORDINATE)


def pixels(place: Sequence[int]) -> list[int | float]:
    """Return a stored place in pixels: a whole number where it is one.

    Examples
    --------
    >>> pixels((16, 0, 40, 32))
    [1, 0, 2.5, 2]
    """
    return [step // FINE if step % FINE == 0 else step / FINE for step in place]


def place_of(box: Sequence[float]) -> tuple[int, ...]:
    """Return the place that is stored of a box in pixels.

    Examples
    --------
    >>> place_of([1, 0, 2.51, 2])
    (16, 0, 40, 32)
    """
    return tuple(round(float(x) * FINE) for x in box)


def _part(part: Any) -> Mapping[str, Any]:
    if isinstance(part, Mapping) and {"box", "label"} <= set(part):
        return part
    if isinstance(part, tuple | list) and len(part) == 5:
        return {"box": list(part[:4]), "label": part[4]}
    raise invalid("box", WHERE, FORM, part)


def _unit(part: Mapping[str, Any], classes: ClassTable, size: Any) -> Unit:
    box = part["box"]
    if not isinstance(box, tuple | list) or len(box) != 4 or not all(map(is_place, box)):
        raise invalid("box", WHERE, "four numbers: left, top, right, bottom", _shown(part))
    if size is not None:
        box = _within(part, size)
    place = place_of(box)
    if place[0] >= place[2] or place[1] >= place[3]:
        raise invalid("box", WHERE, "of left < right and top < bottom", _shown(part))
    by, version = part.get("by", DRAWN), part.get("version")
    return checked_unit(place, part["label"], classes, by, version)


def _within(part: Mapping[str, Any], size: Size) -> list[float]:
    width, height = size
    box = part["box"]
    cut = [min(max(x, 0), most) for x, most in zip(box, (width, height) * 2, strict=True)]
    if max(abs(x - y) for x, y in zip(box, cut, strict=True)) > MOST_OUT:
        wanted = f"within its picture of {width} x {height} pixels"
        raise invalid("box", WHERE, wanted, _shown(part))
    return cut


def _shown(part: Mapping[str, Any]) -> _Phrase:
    return _Phrase(f"{str(part['box'])[:MOST_SHOWN]} '{part['label']}'")


def _plain(unit: Unit, classes: ClassTable) -> dict[str, Any]:
    label = classes.values[unit.class_id]
    return {"box": pixels(unit.place), "label": label, **origin_of(unit)}
