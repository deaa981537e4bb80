"""Detections: boxes with classes and scores as arrays, and which of them are right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from sparing.annotations.boxes import FINE
from sparing.annotations.overlap import LEAST_IOU, iou
from sparing.annotations.values import Value
from sparing.stats.detection import Judged
from sparing.types import BoolArray, FloatArray, IntArray

MOST = 100  # of the surest of a class in a picture that are looked at, as COCO does


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """Boxes of one picture: what a detector says, or, with scores of 1, what a person does.

    Parameters
    ----------
    boxes : (n, 4) left, top, right, bottom in pixels of the upright picture
    class_ids : (n,) codes of the classes
    scores : (n,) in [0, 1], higher = surer

    Examples
    --------
    >>> found = Detections.of([(0, 0, 8, 8), (4, 4, 9, 9)], [0, 1], [0.9, 0.2])
    >>> found.take(found.scores > 0.5).boxes.tolist()
    [[0.0, 0.0, 8.0, 8.0]]
    """

    boxes: FloatArray
    class_ids: IntArray
    scores: FloatArray

    @classmethod
    def of(cls, boxes: npt.ArrayLike, class_ids: npt.ArrayLike, scores: npt.ArrayLike) -> Self:
        """Return detections of anything that has these numbers.

        Examples
        --------
        >>> len(Detections.of([], [], []))
        0
        """
        return cls(
            np.asarray(boxes, np.float64).reshape(-1, 4),
            np.asarray(class_ids, np.int64).reshape(-1),
            np.asarray(scores, np.float64).reshape(-1),
        )

    @classmethod
    def of_value(cls, value: Value) -> Self:
        """Return the boxes of an answer."""
        boxes = np.array([u.place for u in value], np.float64).reshape(-1, 4) / FINE
        return cls.of(boxes, [u.class_id for u in value], np.ones(len(value)))

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, which: IntArray | BoolArray) -> "Detections":
        """Return some of them, in this order."""
        return Detections(self.boxes[which], self.class_ids[which], self.scores[which])


def judged(
    found: Sequence[Detections],
    truth: Sequence[Detections],
    n_classes: int,
    least: float = LEAST_IOU,
) -> Judged:
    """Tell of each detection whether it is right.

    In each picture and class the surest detection comes first, and takes of the objects that are
    left the one that it overlaps most, if by enough.

    Parameters
    ----------
    found : (n_pictures,) what the model says of each
    truth : (n_pictures,) what there is
    n_classes : codes there are
    least : intersection over union from which on a detection is at its object

    Examples
    --------
    >>> one = Detections.of([(0, 0, 4, 4)], [0], [0.9])
    >>> two = Detections.of([(0, 0, 4, 4), (0, 0, 4, 3)], [0, 0], [0.6, 0.8])
    >>> judged([two], [one], 1).right
    array([False,  True])

    References
    ----------
    Lin et al. (2014), arXiv 1405.0312: the matching of COCO, without its crowds
    """
    kept = [_surest(one) for one in found]
    right = [_right(one, there, least) for one, there in zip(kept, truth, strict=True)]
    counts = [np.bincount(there.class_ids, minlength=n_classes) for there in truth]
    return Judged(
        np.repeat(np.arange(len(kept)), [len(one) for one in kept]),
        np.concatenate([np.zeros(0, np.int64), *(one.class_ids for one in kept)]),
        np.concatenate([np.zeros(0), *(one.scores for one in kept)]),
        np.concatenate([np.zeros(0, bool), *right]),
        np.array(counts, np.int64).reshape(len(kept), n_classes),
    )


def one_each(found: Detections, least: float, *, across: bool = False) -> Detections:
    """Return the surest of those that overlap, the surest first: non-maximum suppression.

    Parameters
    ----------
    found : of one picture
    least : intersection over union from which on two are taken for the same object
    across : whether two of different classes may be the same object, too

    Examples
    --------
    >>> twice = Detections.of([(0, 0, 4, 4), (0, 0, 4, 3)], [0, 1], [0.6, 0.8])
    >>> len(one_each(twice, 0.5)), one_each(twice, 0.5, across=True).scores
    (2, array([0.8]))
    """
    found = found.take(np.argsort(-found.scores, kind="stable"))
    clash = iou(found.boxes, found.boxes) >= least
    if not across:
        clash &= found.class_ids[:, None] == found.class_ids
    is_kept = np.ones(len(found), bool)
    for i in range(len(found)):
        if is_kept[i]:
            is_kept[i + 1 :] &= ~clash[i, i + 1 :]
    return found.take(is_kept)


def _surest(found: Detections) -> Detections:
    """Return at most so many of each class, in their order."""
    order = np.lexsort((-found.scores, found.class_ids))
    ids = found.class_ids[order]
    rank = np.arange(len(ids)) - np.searchsorted(ids, ids)
    return found.take(np.sort(order[rank < MOST]))


def _right(found: Detections, truth: Detections, least: float) -> BoolArray:
    right, is_free = np.zeros(len(found), bool), np.ones(len(truth), bool)
    overlap = iou(found.boxes, truth.boxes)
    overlap[found.class_ids[:, None] != truth.class_ids] = 0
    for i in np.argsort(-found.scores, kind="stable") if len(truth) else ():
        left = np.where(is_free, overlap[i], 0)
        best = int(left.argmax())
        if left[best] >= least:
            right[i], is_free[best] = True, False
    return right
