"""A round: what a detector learns from, what it is asked about, and what it then says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparing.annotations.boxes import Size
from sparing.annotations.detections import Detections
from sparing.datasets.boxes.coco import read_results
from sparing.datasets.boxes.framed import BoxPart, Framed
from sparing.datasets.items import Skipped
from sparing.project.files.export_rows import taught_rows
from sparing.project.files.framed import Finished, finished
from sparing.project.source.items import Item
from sparing.project.state import State

LEAST_SCORE = 0.3
"""Boxes with less are not shown: detectors say a hundred of a picture, most of them unlikely."""
NOT_ASKED = "not among the pictures that were asked about"
NO_SCORE = "a box without a score"
NO_RESULT = "no object of COCO's results"
MOST_NAMED = 40  # characters of an id that is none
KEYS = ("image_id", "category_id", "bbox", "score")


@dataclass(frozen=True, eq=False, slots=True)
class DetectorRound:
    """What a detector learns from, and what it is asked about.

    Parameters
    ----------
    seq : of the last event that it knows
    known : the pictures with an answer by people, and the classes
    asked : the pictures without one that may be asked
    numbers : of these; they are those of the exports
    sizes : of these, width and height of the upright picture; None where it cannot be read
    """

    seq: int
    known: Finished
    asked: tuple[Item, ...]
    numbers: tuple[int, ...]
    sizes: tuple[Size | None, ...] = ()

    def measured(self) -> "DetectorRound":
        """Return the same with the sizes of the pictures that are asked about: each is opened."""
        return replace(self, sizes=tuple(item.size for item in self.asked))

    @property
    def seen(self) -> dict[int, tuple[Item, Size]]:
        """What is asked about and can be read, by number."""
        each = zip(self.numbers, self.asked, self.sizes, strict=True)
        return {number: (item, size) for number, item, size in each if size is not None}

    @property
    def n_boxes(self) -> int:
        """How many boxes there are to learn from."""
        return sum(len(one.boxes) for one in self.known.pictures)

    def truth(self) -> list[Detections]:
        """Return the boxes of the pictures with an answer; a class is coded by its place."""
        code = {name: i for i, (_, name) in enumerate(self.known.classes)}
        return [_as_detections(one, code) for one in self.known.pictures]

    def results(self, found: Sequence[Detections]) -> list[dict[str, Any]]:
        """Return what a detector says of the pictures that it was asked about, as COCO results."""
        keys = [key for key, _ in self.known.classes]
        return [
            {"image_id": number, "category_id": keys[code], "bbox": _sides(box), "score": score}
            for number, one in zip(self.numbers, found, strict=True)
            for box, code, score in zip(
                one.boxes.tolist(), one.class_ids.tolist(), one.scores.tolist(), strict=True
            )
        ]


def round_of(state: State) -> DetectorRound:
    """Return the round that begins now; its pictures are not opened yet."""
    rows = [row for row in state.askable().nonzero()[0].tolist() if row not in state.drawn_rows]
    items = tuple(state.item(state.rows[row].item_id) for row in rows)
    known = finished(state, list(taught_rows(state)))
    return DetectorRound(state.replay.last_seq, known, items, tuple(row + 1 for row in rows))


@dataclass(frozen=True, slots=True)
class DetectorSaid:
    """What a detector says, once it was checked.

    Parameters
    ----------
    boxes : by item, those worth showing, with labels and scores; none: it sees no object
    sizes : by item, of the picture that they are in
    skipped : what was left out and why
    notes : what the person should know
    """

    boxes: Mapping[str, Sequence[BoxPart]]
    sizes: Mapping[str, Size]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


def said_of(asked: DetectorRound, results: Sequence[Any], names: Mapping[int, str]) -> DetectorSaid:
    """Return what COCO results say of the pictures that were asked about.

    A picture of which they say nothing has no object for the detector.

    Parameters
    ----------
    asked : the round, measured
    results : as somebody else has written them
    names : of the classes as they are called now, by their ids
    """
    seen = asked.seen
    fitting: list[Any] = []
    lost: dict[str, Skipped] = {}
    for i, one in enumerate(results):
        name, fault = _fault(one, seen, f"result {i + 1}")
        if fault:
            lost[name] = Skipped(name, fault)
        else:
            fitting.append({key: one.get(key) for key in KEYS})
    keys = {number: item.item_id for number, (item, _) in seen.items()}
    told = read_results(
        fitting, names, {item.item_id: size for item, size in seen.values()}.get, keys
    )
    lost |= {one.name: one for one in told.skipped}
    found = {one.name: one.boxes for one in told.pictures}
    there = [pair for number, pair in seen.items() if f"image {number}" not in lost]
    boxes = {item.item_id: _likely(found.get(item.item_id, ())) for item, _ in there}
    sizes = {item.item_id: size for item, size in there}
    return DetectorSaid(boxes, sizes, tuple(lost.values()), told.notes)


def _fault(one: Any, seen: Mapping[int, Any], place: str) -> tuple[str, str]:
    """Return what a result is of, and what is wrong with it; ``""``: nothing so far."""
    if not isinstance(one, Mapping):
        return place, NO_RESULT
    key = one.get("image_id")
    if isinstance(key, bool) or not isinstance(key, int) or key not in seen:
        return f"image {key!r}"[:MOST_NAMED], NOT_ASKED
    return f"image {key}", NO_SCORE if one.get("score") is None else ""


def _likely(boxes: Sequence[BoxPart]) -> list[BoxPart]:
    return [box for box in boxes if box["score"] >= LEAST_SCORE]


def _as_detections(one: Framed, code: Mapping[str, int]) -> Detections:
    boxes = [part["box"] for part in one.boxes]
    return Detections.of(boxes, [code[p["label"]] for p in one.boxes], [1.0] * len(boxes))


def _sides(box: Sequence[float]) -> list[float]:
    x0, y0, x1, y1 = box
    return [x0, y0, x1 - x0, y1 - y0]
