"""Predictions of others: a model of before, a language model; shown as guesses, nobody's word."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.annotations.boxes import BoxSet, pixels
from sparing.annotations.registry import get_kind
from sparing.annotations.values import ACCEPTED
from sparing.audit.evaluation import live_accuracy
from sparing.errors import InvalidInputError, UnknownNameError
from sparing.files import write_atomically
from sparing.pool.classes import ClassTable
from sparing.project.learning.guesses import Guess
from sparing.project.log import boxed
from sparing.project.log.boxed import MarkedBox, values_of
from sparing.project.log.marked import MarkedSpan, counted
from sparing.project.log.replay import Replay
from sparing.project.settings import BOXES, CLASS, SPANS
from sparing.store import Event
from sparing.store.contents import content_of, units_in

UNIFORM = "uniform"  # as in sparing.strategies.base, which loads scikit-learn
LEAST_ANSWERS = 10  # random answers: with fewer the interval spans most of what is possible


@dataclass(frozen=True, slots=True)
class Foreign:
    """What somebody else's model says of the items.

    Parameters
    ----------
    name : of the file that they came in
    said : by item, an answer as a door hands it in, with the names of classes
    seq : of the last event that a detector of this project knew when it said so; 0: of a file
    """

    name: str
    said: Mapping[str, str]
    seq: int = 0


def keep_foreign(path: Path, foreign: Foreign) -> None:
    """Write predictions of others in place of those that were there.

    Raises
    ------
    SourceError : the disk refused
    """
    told = {"name": foreign.name, "said": dict(foreign.said), "seq": foreign.seq}
    write_atomically(path, json.dumps(told, ensure_ascii=False).encode())


def read_foreign(path: Path) -> Foreign | None:
    """Return what :func:`keep_foreign` wrote; None where there is nothing, or it is damaged."""
    try:
        told = json.loads(path.read_text("utf-8"))
        said = {str(k): str(v) for k, v in told["said"].items()}
        return Foreign(str(told["name"]), said, int(told.get("seq", 0)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def check_foreign(kind: str, said: str, item: Any) -> None:
    """Refuse a prediction that is no answer of the kind, or does not fit its item.

    Raises
    ------
    InvalidInputError : it is not, or does not
    """
    if kind != CLASS:
        raw = json.loads(said)
        names = tuple(dict.fromkeys(map(str, get_kind(kind).labels_in(raw))))
        get_kind(kind).parse(raw, ClassTable(names), item)


def meant_by(foreign: Foreign, item_id: str, replay: Replay, kind: str) -> str | None:
    """Return the content that a prediction says, in the classes of today; None if it has none."""
    said = foreign.said.get(item_id)
    if said is None:
        return None
    try:
        if kind == CLASS:
            return replay.class_id(said)
        raw: list[Any] = json.loads(said)
        if kind == SPANS:
            units = [(s["start"], s["end"], replay.class_id(str(s["label"]))) for s in raw]
            return content_of(units)
        if kind == BOXES:
            boxes = _boxes_by(raw, replay)
            return content_of((*place, replay.class_id(box.label)) for place, box in boxes)
        return content_of((replay.class_id(str(name)),) for name in raw)
    except (UnknownNameError, InvalidInputError, ValueError, KeyError, TypeError):
        return None  # of a class that was deleted, or a file that somebody has changed


def guess_by(foreign: Foreign, item_id: str, replay: Replay, kind: str) -> Guess | None:
    """Return what others take an item for."""
    content = meant_by(foreign, item_id, replay, kind)
    if content is None:
        return None
    if kind == SPANS:
        names = ((s, e, replay.class_name(key)) for s, e, key in units_in(content))
        spans = tuple(MarkedSpan(*named, "accepted") for named in names)
        return Guess(counted(spans), 0.0, None, spans, foreign.name)
    if kind == BOXES:
        boxes = tuple(box for _, box in _boxes_by(json.loads(foreign.said[item_id]), replay))
        return Guess(boxed.counted(boxes), 0.0, None, None, foreign.name, boxes)
    labels = replay.label_names(content)
    return Guess(replay.class_name(content), 0.0, labels, None, foreign.name)


def _boxes_by(raw: list[Any], replay: Replay) -> list[tuple[tuple[int, ...], MarkedBox]]:
    """Return boxes that others suggest with their places, by the names that classes have now."""
    kind = BoxSet()
    names = tuple(dict.fromkeys(map(str, kind.labels_in(raw))))
    now = [replay.class_name(replay.class_id(name)) for name in names]
    scores = {kind.parse([one], ClassTable(names))[0]: one.get("score") for one in raw}
    return [
        (u.place, MarkedBox(tuple(pixels(u.place)), now[u.class_id], ACCEPTED, score=score))
        for u, score in scores.items()
    ]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often predictions were what people said of items that were drawn at random.

    Parameters
    ----------
    n_right, n : items of which all is right, and all that were drawn and answered
    f1 : of spans or boxes, all of those items together; None where an item has classes
    kind : of the answers
    """

    n_right: int
    n: int
    f1: float | None = None
    kind: str = CLASS

    @property
    def value(self) -> float:
        """What compares with the rough accuracy of the model: a share, or F1."""
        share = self.n_right / self.n if self.n else 0.0
        return share if self.f1 is None else self.f1

    def said(self, name: str) -> str:
        """Return how often they are right, as a sentence."""
        if not self.n:
            return (
                f"Predictions of {name} are shown as guesses; how good they are is not known yet."
            )
        found = live_accuracy([True] * self.n_right + [False] * (self.n - self.n_right))
        limits = f"{100 * found.low:.0f} to {100 * found.high:.0f}"
        f1 = "" if self.f1 is None else f"; F1 of their {self.kind} {self.f1:.2f}"
        return (
            f"Predictions of {name} are right in all of {self.n_right} of {self.n} items drawn at"
            f" random ({100 * found.value:.0f} %, {limits}){f1}."
        )


def record_of(foreign: Foreign, answers: Iterable[Event], replay: Replay, kind: str) -> TrackRecord:
    """Compare predictions with the answers to items that were drawn at random."""
    n_right = n = shared = sizes = 0
    for answer in answers:
        if answer.source != UNIFORM or answer.content is None:
            continue
        content = meant_by(foreign, answer.item_id or "", replay, kind)
        if content is None:
            continue
        truth = replay.resolve(answer.content)
        is_right, common, both = _compared(content, truth, kind)
        n, n_right = n + 1, n_right + is_right
        shared, sizes = shared + 2 * common, sizes + both
    f1 = (shared / sizes if sizes else 1.0) if kind in (SPANS, BOXES) else None
    return TrackRecord(n_right, n, f1, kind)


def _compared(content: str, truth: str, kind: str) -> tuple[bool, int, int]:
    """Return whether all is right, how many units are, and how many both have."""
    if kind == BOXES:
        a, b = values_of(content, truth)
        common = len(BoxSet().match(a, b).pairs)
        return common == len(a) == len(b), common, len(a) + len(b)
    one, two = set(units_in(content)), set(units_in(truth))
    return content == truth, len(one & two), len(one) + len(two)
