"""Average precision of detections, of one class and over all, with a bootstrap over pictures."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparing._validate import check_fraction, invalid
from sparing.stats.f1 import Share
from sparing.types import BoolArray, FloatArray, IntArray

RecallPoints = Literal["coco", "voc"]
POINTS = ("coco", "voc")
RECALLS = np.linspace(0, 1, 101)  # at which COCO reads the precision
N_RESAMPLES = 400
WHERE = "average_precision"


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """All detections in a set of pictures, each right or wrong, and how many objects there are.

    Parameters
    ----------
    picture : (n_found,) which picture each detection is in
    class_ids : (n_found,) of which class
    scores : (n_found,) how sure the model is of each
    right : (n_found,) whether it is the one detection of an object
    n_true : (n_pictures, n_classes) objects of each class in each picture
    """

    picture: IntArray
    class_ids: IntArray
    scores: FloatArray
    right: BoolArray
    n_true: IntArray


def average_precision(
    scores: FloatArray,
    right: BoolArray,
    n_true: float,
    points: RecallPoints = "coco",
    weights: FloatArray | None = None,
) -> float:
    """Return the area under the curve of precision over recall, of one class.

    The precision at a recall is the best that any threshold gets at that recall or a higher one.

    Parameters
    ----------
    scores : (n,) of the detections, higher = surer
    right : (n,) whether each is right
    n_true : objects that there are
    points : ``"coco"``: the mean of the precision at 101 recalls; ``"voc"``: the whole area, as
        Pascal VOC has it since 2010
    weights : (n,) how often each detection counts; None: once

    Returns
    -------
    NaN where there is no object

    Raises
    ------
    InvalidInputError : ``points`` is neither

    Examples
    --------
    >>> scores, right = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])
    >>> round(average_precision(scores, right, 2, "voc"), 4)  # .5 * 1 + .5 * 2 / 3
    0.8333
    >>> round(average_precision(scores, right, 2), 4)  # (51 * 1 + 50 * 2 / 3) / 101
    0.835

    References
    ----------
    Lin et al. (2014), arXiv 1405.0312; Everingham et al. (2010), The Pascal VOC challenge
    """
    if points not in POINTS:
        raise invalid("points", WHERE, "'coco' or 'voc'", points)
    if not n_true:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    counts = np.ones(len(scores)) if weights is None else weights.astype(np.float64)
    found = np.cumsum((counts * right)[order])
    seen = np.cumsum(counts[order])
    precision = np.divide(found, seen, out=np.zeros(len(seen)), where=seen > 0)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    recall = found / n_true
    if points == "voc":
        return float(np.diff(recall, prepend=0.0) @ best)
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best, 0.0)[at].mean())


def precision_by_class(
    judged: Judged, points: RecallPoints = "coco", times: FloatArray | None = None
) -> FloatArray:
    """Return the average precision of each class, (n_classes,); NaN where there is no object.

    Parameters
    ----------
    judged : the detections
    points : see :func:`average_precision`
    times : (n_pictures,) how often each picture counts; None: once
    """
    times = np.ones(len(judged.n_true)) if times is None else times
    n_true, weights = times @ judged.n_true, times[judged.picture]
    of_class = [np.flatnonzero(judged.class_ids == c) for c in range(judged.n_true.shape[1])]
    each = [
        average_precision(judged.scores[at], judged.right[at], n, points, weights[at])
        for at, n in zip(of_class, n_true.tolist(), strict=True)
    ]
    return np.array(each)


def mean_average_precision(
    judged: Judged, points: RecallPoints = "coco", times: FloatArray | None = None
) -> float:
    """Return the mean over the classes that have an object; NaN where none has.

    Judged at an intersection over union of .5 it is known as mAP50. Parameters as of
    :func:`precision_by_class`.

    Examples
    --------
    >>> judged = Judged(np.array([0, 0]), np.array([0, 1]), np.array([0.9, 0.8]),
    ...                 np.array([True, False]), np.array([[1, 1, 0]]))
    >>> mean_average_precision(judged)
    0.5
    """
    each = precision_by_class(judged, points, times)
    return float(each[~np.isnan(each)].mean()) if not np.isnan(each).all() else float("nan")


def mean_average_precision_interval(
    judged: Judged, points: RecallPoints = "coco", *, alpha: float = 0.05, seed: int = 0
) -> Share:
    """Return the mean average precision with limits by a bootstrap over pictures.

    Approximate whatever the number of pictures, and marked so: the measure sorts all detections
    together and is no mean over pictures, and the models that one compares by it are chosen by it.

    Parameters
    ----------
    judged : detections in pictures that were drawn at random
    points : see :func:`average_precision`
    alpha : how often the interval may miss
    seed : of the resampling

    Raises
    ------
    InvalidInputError : fewer than two pictures

    Examples
    --------
    >>> judged = Judged(np.arange(4), np.zeros(4, int), np.array([0.9, 0.8, 0.7, 0.6]),
    ...                 np.array([True, False, True, True]), np.ones((4, 1), int))
    >>> print(mean_average_precision_interval(judged))
    0.629 [0.064, 1.000] (rough)
    """
    check_fraction("alpha", "mean_average_precision_interval", alpha)
    n = len(judged.n_true)
    if n < 2:
        raise invalid("judged", "mean_average_precision_interval", "of two pictures at least", n)
    value = mean_average_precision(judged, points)
    if np.isnan(value):
        return Share(value, 0.0, 1.0, is_rough=True)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    found = [mean_average_precision(judged, points, times) for times in drawn.astype(np.float64)]
    low, high = np.nanquantile(found, [alpha / 2, 1 - alpha / 2])
    return Share(value, float(min(low, value)), float(max(high, value)), is_rough=True)
