"""What a model version takes items for, by the classes of today, and how likely that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sparing.annotations.boxes import pixels
from sparing.annotations.values import ACCEPTED
from sparing.project.learning.scores import Scores
from sparing.project.log import boxed
from sparing.project.log.boxed import MarkedBox
from sparing.project.log.marked import MarkedSpan, counted
from sparing.project.log.replay import Replay
from sparing.project.settings import BOXES, CLASS, SPANS
from sparing.store.contents import content_of
from sparing.types import BoolArray, FloatArray, IntArray

LIKELY = 0.5  # how sure a model has to be of a span, or that there is no object, to say so


class Guess(NamedTuple):
    """What the model takes an item for.

    Parameters
    ----------
    name : as people read it
    confidence : how likely it is right, all of it
    labels : the names, where an item has several labels or none of them
    spans : those of a text, where spans are marked
    by : the file of predictions that says so; ``""``: the model does. How likely such a guess is
        right is not known: ``confidence`` is 0
    boxes : those of a picture, where boxes are drawn
    perhaps : where an item has several labels: less likely ones that are worth a look, since with
        them more is found; they are no part of the guess
    """

    name: str
    confidence: float
    labels: tuple[str, ...] | None = None
    spans: tuple[MarkedSpan, ...] | None = None
    by: str = ""
    boxes: tuple[MarkedBox, ...] | None = None
    perhaps: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class ModelAnswers:
    """What a model version says of all items that it knows.

    Parameters
    ----------
    contents : the distinct answers
    codes : (n_rows,) which of them each item gets
    confidence : (n_rows,) how likely that is right, all of it
    covered : (n_rows,) False where nothing is said, as the item has no vector
    """

    contents: tuple[str, ...]
    codes: IntArray
    confidence: FloatArray
    covered: BoolArray


def told_of(scores: Scores, replay: Replay, kind: str) -> ModelAnswers:
    """Return what a model version says, in a project of some kind."""
    keys = [c.class_id for c in replay.classes]
    if kind == SPANS:
        return _sets_of_parts(scores, scores.spans, replay)
    if kind == BOXES:
        return _sets_of_parts(scores, scores.boxes, replay)
    if kind != CLASS:
        return _label_sets(scores, replay, keys)
    proba = by_class(replay, scores, keys)
    confidence = proba.max(axis=1, initial=0).clip(0, 1)
    codes = proba.argmax(axis=1) if keys else np.zeros(len(proba), np.int64)
    return ModelAnswers(tuple(keys), codes, confidence, proba.sum(axis=1) > 0)


def _label_sets(scores: Scores, replay: Replay, keys: Sequence[str]) -> ModelAnswers:
    """Return the sets of labels that are likelier than not; of merged ones the likeliest counts."""
    proba = np.zeros((len(scores.proba), len(keys)))
    place = {key: i for i, key in enumerate(keys)}
    covered = ~np.isnan(scores.proba).any(axis=1) & (scores.proba.shape[1] > 0)
    known = np.nan_to_num(scores.proba)
    for column, key in enumerate(scores.class_ids.tolist()):
        if (root := replay.resolve(key)) in place:
            proba[:, place[root]] = np.maximum(proba[:, place[root]], known[:, column])
    sets, codes = np.unique(proba > 0.5, axis=0, return_inverse=True)
    contents = [content_of((keys[i],) for i in np.flatnonzero(one).tolist()) for one in sets]
    sure = np.maximum(proba, 1 - proba).prod(axis=1)
    return ModelAnswers(tuple(contents), codes.reshape(-1), sure, covered)


def _sets_of_parts(scores: Scores, parts: IntArray, replay: Replay) -> ModelAnswers:
    """Return the spans or boxes of each item; those of deleted classes are left out."""
    n = len(scores.proba)
    units: list[list[tuple[int | str, ...]]] = [[] for _ in range(n)]
    keys = _keys_now(scores, replay)
    for row, *place, column in parts.tolist():
        key = keys[column]
        if key is not None:
            units[row].append((*place, key))
    known: dict[str, int] = {}
    codes = [known.setdefault(content_of(each), len(known)) for each in units]
    proba = scores.proba[:, 0] if scores.proba.shape[1] else np.full(n, np.nan)
    covered = ~np.isnan(proba)
    sure = np.nan_to_num(proba).astype(np.float64)
    return ModelAnswers(tuple(known), np.array(codes, dtype=np.int64), sure, covered)


def _keys_now(scores: Scores, replay: Replay) -> list[str | None]:
    """Return for each class of a model the one it stands for now; None: it was deleted."""
    keys = [str(key) for key in scores.class_ids]
    return [None if replay.is_deleted(key) else replay.resolve(key) for key in keys]


def suggested(scores: Scores, row: int, replay: Replay, version: int) -> tuple[MarkedSpan, ...]:
    """Return the spans that a model version sees in the text of a row."""
    first, after = np.searchsorted(scores.spans[:, 0], [row, row + 1])
    keys = _keys_now(scores, replay)
    each = zip(scores.spans[first:after].tolist(), scores.certainty[first:after], strict=True)
    return tuple(
        MarkedSpan(start, end, replay.class_name(key), ACCEPTED, version, float(sure))
        for (_, start, end, column), sure in each
        if (key := keys[column]) is not None
    )


def shown(guess: Guess | None) -> Guess | None:
    """Return what is shown of a guess: of its spans those that are likelier right than not.

    To take a wrong one off costs as much as to mark one that is missing. Of what others suggest
    nobody knows how likely it is: all of that is shown.

    Examples
    --------
    >>> sure, dim = (MarkedSpan(0, 3, "person", certainty=p) for p in (0.9, 0.2))
    >>> found = shown(Guess("2 person", 0.1, spans=(sure, dim)))
    >>> found.name, len(found.spans)
    ('1 person, and is unsure of 1 more', 1)
    """
    if guess is None or guess.spans is None:
        return guess
    likely = tuple(s for s in guess.spans if s.certainty is None or s.certainty >= LIKELY)
    n_dim = len(guess.spans) - len(likely)
    if not n_dim:
        return guess
    name = f"{counted(likely)}, and is unsure of {n_dim} more"
    return guess._replace(name=name, spans=likely)


def suggested_boxes(
    scores: Scores, row: int, replay: Replay, version: int
) -> tuple[MarkedBox, ...]:
    """Return the boxes that a model version sees in the picture of a row."""
    first, after = np.searchsorted(scores.boxes[:, 0], [row, row + 1])
    keys = _keys_now(scores, replay)
    each = zip(scores.boxes[first:after].tolist(), scores.certainty[first:after], strict=True)
    return tuple(
        MarkedBox(tuple(pixels(place)), replay.class_name(key), ACCEPTED, version, float(sure))
        for (_, *place, column), sure in each
        if (key := keys[column]) is not None
    )


def by_class(replay: Replay, scores: Scores, classes: Sequence[str]) -> FloatArray:
    """Return the probabilities by the classes of today: those of merged ones are added up.

    Those of classes that were deleted since are left out.
    """
    proba = np.zeros((len(scores.proba), len(classes)), np.float32)
    place = {class_id: i for i, class_id in enumerate(classes)}
    for column, class_id in enumerate(scores.class_ids.tolist()):
        if (root := replay.resolve(class_id)) in place:
            proba[:, place[root]] += scores.proba[:, column]
    return proba


def guess_of(scores: Scores, row: int, replay: Replay, kind: str, version: int = 0) -> Guess | None:
    """Return what the model takes one item for; None where it says nothing."""
    if row >= len(scores.proba) or not scores.proba.shape[1]:
        return None
    if kind == SPANS:
        sure = float(scores.proba[row, 0])
        spans = suggested(scores, row, replay, version)
        return None if np.isnan(sure) else Guess(counted(spans), sure, None, spans)
    if kind == BOXES:
        sure = float(scores.proba[row, 0])
        boxes = suggested_boxes(scores, row, replay, version)
        if np.isnan(sure) or (not boxes and sure < LIKELY):
            return None  # what is too dim to be shown may be there
        return Guess(boxed.counted(boxes), sure, None, boxes=boxes)
    if kind != CLASS:
        return _guessed_labels(scores, row, replay)
    column = int(scores.proba[row].argmax())
    confidence = float(scores.proba[row, column])
    class_id = str(scores.class_ids[column])
    if not confidence or replay.is_deleted(class_id):  # no vector; or an older model's
        return None
    return Guess(replay.class_name(class_id), confidence)


def _guessed_labels(scores: Scores, row: int, replay: Replay) -> Guess | None:
    proba = scores.proba[row]
    if np.isnan(proba).any():
        return None
    given = _labels_now(scores, proba > 0.5, replay)
    shown = (
        _labels_now(scores, proba >= scores.worth_a_look, replay)
        if len(scores.worth_a_look)
        else given
    )
    content, less_likely = (
        content_of((key,) for key in given),
        content_of((key,) for key in shown - given),
    )
    sure = float(np.maximum(proba, 1 - proba).prod())
    name, perhaps = replay.class_name(content), replay.label_names(less_likely) or ()
    return Guess(name, sure, replay.label_names(content), perhaps=perhaps)


def _labels_now(scores: Scores, given: BoolArray, replay: Replay) -> set[str]:
    """Return the keys that the given columns stand for now."""
    keys = [str(key) for key in scores.class_ids[given]]
    return {replay.resolve(key) for key in keys if not replay.is_deleted(key)}
