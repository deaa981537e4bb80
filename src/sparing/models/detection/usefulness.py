"""Whether suggested boxes help whoever draws, by pictures that the detector has not seen."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparing.annotations.detections import Detections, judged, one_each
from sparing.models.detection.detector import Detector, predicted
from sparing.stats.detection import Judged

MOST_CLASSES = 20
"""With more than these nobody should expect anything of the small detector."""
LEAST_PICTURES = 6  # with boxes; fewer say nothing
N_FOLDS = 3
SAME_PLACE = 0.6  # intersection over union of two suggestions that nobody wants to see both
LEAST_SAVED = 0.1  # of the boxes to be drawn: below it suggestions only distract
TOO_FEW = f"Suggestions of boxes come from {LEAST_PICTURES} pictures with boxes on."
TOO_MANY = (
    f"There are more than {MOST_CLASSES} classes: the small detector that is built in is of no use"
    " there. Import what a detector of your own predicts."
)
NO_HELP = "Suggested boxes would have to be removed more often than they save drawing: none shown."
ROUGH = "Suggested boxes are rough: most edges want a touch, and some objects are missed."


@dataclass(frozen=True, eq=False, slots=True)
class Usefulness:
    """What suggestions would have saved in pictures that were held out.

    Parameters
    ----------
    helps : whether boxes are to be suggested
    sentence : why, or what to expect of them, as a person reads it
    least_score : from which on a box is shown
    saved : boxes at the right place less those at a wrong one, over all there are
    judged : the detections in the pictures that were held out; None where none were
    found : what was found in each of them while it was held out; empty where none were
    """

    helps: bool
    sentence: str
    least_score: float = 1.0
    saved: float = 0.0
    judged: Judged | None = None
    found: Sequence[Detections] = ()


def usefulness(
    detector: Detector,
    pictures: Sequence[Any],
    truth: Sequence[Detections],
    n_classes: int,
    seed: int = 0,
) -> Usefulness:
    """Fit copies of a detector on two thirds of the pictures, and look at the rest, three times.

    A box at the right place (intersection over union of .5) saves drawing one, a wrong one costs
    removing it. The score from which on boxes are shown is where that pays most.

    Parameters
    ----------
    detector : any; it is not fitted itself
    pictures, truth : that are labeled
    n_classes : codes there are
    seed : of the parts
    """
    if n_classes > MOST_CLASSES:
        return Usefulness(False, TOO_MANY)
    if sum(len(there) > 0 for there in truth) < LEAST_PICTURES:
        return Usefulness(False, TOO_FEW)
    rng = np.random.default_rng(seed)
    parts = np.array_split(rng.permutation(len(pictures)), N_FOLDS)
    found: list[Detections] = [Detections.of([], [], [])] * len(pictures)
    for part in parts:
        rest = np.setdiff1d(np.arange(len(pictures)), part)
        if not any(len(truth[i]) for i in rest.tolist()):
            continue
        fitted = deepcopy(detector)
        fitted.fit([pictures[i] for i in rest], [truth[i] for i in rest], n_classes)
        told = predicted(fitted, [pictures[i] for i in part], n_classes)
        for i, one in zip(part.tolist(), told, strict=True):
            found[i] = one
    return _by(found, truth, n_classes)


def _by(found: Sequence[Detections], truth: Sequence[Detections], n_classes: int) -> Usefulness:
    shown = judged([shown_of(one, 0.0) for one in found], truth, n_classes)
    order = np.argsort(-shown.scores, kind="stable")
    gains = np.cumsum(np.where(shown.right[order], 1, -1))
    seen = judged(found, truth, n_classes)
    saved = float(gains.max(initial=0) / max(shown.n_true.sum(), 1))
    if saved < LEAST_SAVED:
        return Usefulness(False, NO_HELP, 1.0, saved, seen, found)
    least = float(shown.scores[order][gains.argmax()])
    return Usefulness(True, ROUGH, least, saved, seen, found)


def shown_of(found: Detections, least_score: float) -> Detections:
    """Return what a page shows: the surest at each place, whatever its class.

    Examples
    --------
    >>> two = Detections.of([(0, 0, 4, 4), (0, 0, 4, 3.9)], [0, 1], [0.6, 0.8])
    >>> shown_of(two, 0.5).class_ids
    array([1])
    """
    return one_each(found.take(found.scores >= least_score), SAME_PLACE, across=True)
