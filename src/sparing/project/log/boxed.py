"""Boxes as the doors show them: in pixels, with the names that their classes have now."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sparing.annotations.boxes import BoxSet, pixels
from sparing.annotations.values import DRAWN, Unit, Value, value_of
from sparing.store import Event
from sparing.store.contents import units_in

if TYPE_CHECKING:
    from sparing.project.log.replay import Replay

NO_BOXES = "no object"
BOX_UNIT = 5  # parts of a unit: four edges, and the class


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box in the picture of an item.

    Parameters
    ----------
    box : left, top, right and bottom in pixels of the upright picture
    label : name of its class
    by : ``"drawn"`` by a person, ``"accepted"`` from a model, ``"edited"`` after it
    version : of the model that suggested it; None if none did
    score : of a suggestion: how sure whoever made it is, in [0, 1]; None where nobody says
    """

    box: tuple[float, ...]
    label: str
    by: str = DRAWN
    version: int | None = None
    score: float | None = None

    def said(self) -> dict[str, Any]:
        """Return it as a door hands it in."""
        plain: dict[str, Any] = {"box": list(self.box), "label": self.label}
        if self.by != DRAWN:
            plain["by"] = self.by
        return plain if self.version is None else plain | {"version": self.version}


def boxes_in(event: Event, replay: "Replay") -> tuple[MarkedBox, ...]:
    """Return the boxes of an answer that can hold; those that merges made the same are one."""
    boxes: dict[tuple[tuple[int, ...], str], MarkedBox] = {}
    for unit in json.loads(event.value or "[]"):
        place, label = tuple(unit["at"]), replay.class_name(unit["class"])
        by, version = unit.get("by", DRAWN), unit.get("version")
        box = MarkedBox(tuple(pixels(place)), label, by, version)
        boxes.setdefault((place, label), box)
    return tuple(boxes.values())


def boxes_of(content: str, replay: "Replay") -> tuple[MarkedBox, ...]:
    """Return the boxes that a content says, whoever drew them."""
    units = units_in(replay.resolve(content))
    return tuple(MarkedBox(tuple(pixels(place)), replay.class_name(key)) for *place, key in units)


def listed(boxes: Iterable[MarkedBox]) -> str:
    """Return boxes as people read them.

    Examples
    --------
    >>> listed([MarkedBox((0, 0, 8, 9.5), "cat"), MarkedBox((1, 2, 3, 4), "dog")]), listed([])
    ('cat: 0,0,8,9.5; dog: 1,2,3,4', 'no object')
    """
    said = (f"{box.label}: {','.join(f'{x:g}' for x in box.box)}" for box in boxes)
    return "; ".join(said) or NO_BOXES


def counted(boxes: Iterable[MarkedBox]) -> str:
    """Return how many boxes of each class there are.

    Examples
    --------
    >>> counted([MarkedBox((0, 0, 8, 9), "cat"), MarkedBox((1, 2, 3, 4), "cat")])
    '2 cat'
    """
    labels = [box.label for box in boxes]
    return ", ".join(f"{labels.count(one)} {one}" for one in dict.fromkeys(labels)) or NO_BOXES


def cost_so_far(contents: Iterable[str]) -> str:
    """Return what was drawn so far as a sentence: what is paid for are boxes and pictures.

    Examples
    --------
    >>> cost_so_far(['[[0,0,16,16,"k1"],[0,0,32,16,"k1"]]', "[]"])
    'Drawn so far: 2 boxes in 2 pictures, 1.0 a picture.'
    """
    numbers = [len(units_in(content)) for content in contents]
    if not numbers:
        return ""
    n, total = len(numbers), sum(numbers)
    drawn = "1 box" if total == 1 else f"{total:,} boxes"
    seen = "1 picture" if n == 1 else f"{n:,} pictures"
    return f"Drawn so far: {drawn} in {seen}, {total / n:.1f} a picture."


def values_of(*contents: str) -> list[Value]:
    """Return contents of boxes as values that can be matched with each other.

    Examples
    --------
    >>> from sparing.annotations.boxes import BoxSet
    >>> one, other = values_of('[[0,0,16,16,"k1"]]', '[[0,0,16,32,"k1"]]')
    >>> BoxSet().is_right(one, other)
    True
    """
    codes: dict[str, int] = {}
    return [
        value_of(Unit(tuple(place), codes.setdefault(key, len(codes))) for *place, key in units)
        for units in map(units_in, contents)
    ]


def is_of_boxes(content: str) -> bool:
    """Tell whether a content has a box.

    Examples
    --------
    >>> is_of_boxes('[[0,0,16,16,"k1"]]'), is_of_boxes('[[0,16,"k1"]]')
    (True, False)
    """
    return any(len(unit) == BOX_UNIT for unit in units_in(content))


def judged_as(content: str, model: str) -> str:
    """Return what the model says where an answer of boxes makes it right; else the answer.

    Boxes need not be equal to the last step: each has one of its class that overlaps enough.

    Examples
    --------
    >>> judged_as('[[0,0,16,16,"k1"]]', '[[0,0,16,17,"k1"]]')
    '[[0,0,16,17,"k1"]]'
    """
    if content == model or not (is_of_boxes(content) and is_of_boxes(model)):
        return content
    return model if BoxSet().is_right(*values_of(model, content)) else content


def alike(contents: Iterable[str]) -> list[str]:
    """Return contents, in place of each the first that says the same: boxes that overlap enough.

    Two people never draw a box to the same step; they differ where one has what the other lacks.

    Examples
    --------
    >>> alike(['[[0,0,16,16,"k1"]]', '[[0,0,16,17,"k1"]]', "[]"])
    ['[[0,0,16,16,"k1"]]', '[[0,0,16,16,"k1"]]', '[]']
    """
    firsts: list[str] = []
    found = []
    for content in contents:
        same = next((one for one in firsts if _is_said(content, one)), content)
        if same is content:
            firsts.append(content)
        found.append(same)
    return found


@lru_cache(maxsize=10_000)  # asked again whenever anything was said
def _is_said(content: str, first: str) -> bool:
    return judged_as(content, first) == first


def n_common(content: str, other: str) -> int:
    """Return how many boxes two contents have in common: at the same place, of one class."""
    return len(BoxSet().match(*values_of(content, other)).pairs)
