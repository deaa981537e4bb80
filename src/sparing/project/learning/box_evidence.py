"""How good a detector is, by labeled pictures that it did not see, and what is shown of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparing.annotations.boxes import place_of
from sparing.annotations.detections import Detections, judged, one_each
from sparing.models.detection.usefulness import SAME_PLACE, Usefulness, shown_of
from sparing.project.learning.span_evidence import limits
from sparing.stats.f1 import Counts
from sparing.types import BoolArray, FloatArray, IntArray

LASTS = 1.2  # times the labels that were there: so long it stands for models with more of them


@dataclass(frozen=True, eq=False, slots=True)
class BoxEvidence:
    """What pictures that were held out say of a detector.

    Parameters
    ----------
    n_labels, n_classes : there were then
    useful : whether suggested boxes help
    f1 : of the boxes that are shown, with limits, and the number of pictures drawn at random; None
        without any, or where no box is shown
    """

    n_labels: int
    n_classes: int
    useful: Usefulness
    f1: tuple[float, float, float, int] | None = None

    def is_of(self, n_labels: int, n_classes: int) -> bool:
        """Tell whether it says something still of a model with so many labels."""
        return self.n_labels <= n_labels < LASTS * self.n_labels and n_classes == self.n_classes

    @property
    def said(self) -> str:
        """Return whether boxes are suggested, and what to expect of them."""
        if not self.useful.helps:
            return self.useful.sentence
        share = f"{100 * self.useful.saved:.0f} %"
        return (
            f"{self.useful.sentence} In pictures held out they would have saved {share} of the"
            " drawing, a wrong one counted as one lost."
        )


def evidence(
    useful: Usefulness,
    truth: Sequence[Detections],
    drawn: BoolArray,
    pool: Sequence[Detections],
    n_classes: int,
) -> BoxEvidence:
    """Return what held-out pictures say, F1 of those that were drawn at random.

    Parameters
    ----------
    useful : of the labeled pictures
    truth : (n_labeled,) what there is in them
    drawn : (n_labeled,) True where a picture was drawn at random
    pool : what the detector finds in pictures without an answer
    n_classes : codes there are
    """
    at = np.flatnonzero(drawn).tolist()
    if not useful.helps or not at:
        return BoxEvidence(len(truth), n_classes, useful)
    shown = [shown_of(useful.found[i], useful.least_score) for i in at]
    there = [truth[i] for i in at]
    seen = judged(shown, there, n_classes)
    here = Counts(
        np.bincount(seen.picture, seen.right, len(at)).astype(np.float64),
        np.array([len(one) for one in shown], dtype=np.float64),
        np.array([len(one) for one in there], dtype=np.float64),
    )
    left = _expected([shown_of(one, useful.least_score) for one in pool] or shown)
    return BoxEvidence(len(truth), n_classes, useful, limits(here, _expected(shown), left))


def _expected(shown: Sequence[Detections]) -> Counts:
    n = np.array([len(one) for one in shown], dtype=np.float64)
    return Counts(np.array([one.scores.sum() for one in shown]), n, n)


def shown_boxes(
    found: Mapping[int, Detections], least_score: float, rows: IntArray
) -> tuple[IntArray, FloatArray]:
    """Return row, place and class of each box that is shown, and its score.

    Parameters
    ----------
    found : in each picture, by its place in ``rows``
    least_score : from which on a box is shown
    rows : of the items
    """
    units: list[tuple[int, ...]] = []
    scores: list[float] = []
    for i in sorted(found):
        shown = shown_of(found[i], least_score)
        each = zip(shown.boxes.tolist(), shown.class_ids.tolist(), shown.scores, strict=True)
        for box, class_id, score in each:
            place = place_of(box)
            if place[0] < place[2] and place[1] < place[3]:
                units.append((int(rows[i]), *place, class_id))
                scores.append(float(score))
    return np.array(units, np.int64).reshape(-1, 6), np.array(scores, np.float64)


def all_right(found: Detections, least_score: float) -> float:
    """Return how sure a detector is of all that it shows of a picture, and of what it does not.

    It orders pictures; it is no probability.

    Examples
    --------
    >>> two = Detections.of([(0, 0, 4, 4), (8, 8, 9, 9)], [0, 0], [0.75, 0.2])
    >>> round(all_right(two, 0.5), 3)
    0.6
    """
    scores = one_each(found, SAME_PLACE, across=True).scores
    return float(np.where(scores >= least_score, scores, 1 - scores).prod())
