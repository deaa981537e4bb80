"""Detector: what finds objects, of whatever library; what it says is checked before it counts."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from sparing.annotations.detections import Detections
from sparing.errors import TrainingError

NO_BOX = "No picture has a box yet: draw some first."


class Detector(Protocol):
    """What finds objects: any object with these two methods.

    A detector of the package, an adapter of another library, or one of your own; ``BoxLearner``
    and ``project.detecting.learn`` take any.

    Examples
    --------
    One that finds the same in every picture:

    >>> class Same:
    ...     def fit(self, pictures, truth, n_classes):
    ...         self.found = truth[0]
    ...
    ...     def predict(self, pictures):
    ...         return [self.found for _ in pictures]
    >>> same, there = Same(), Detections.of([(0, 0, 9, 9)], [0], [1])
    >>> same.fit(["a.png"], [there], 1)
    >>> predicted(same, ["b.png"], 1)[0].boxes
    array([[0., 0., 9., 9.]])
    """

    def fit(self, pictures: Sequence[Any], truth: Sequence[Detections], n_classes: int) -> Any:
        """Learn from pictures with all their objects.

        Parameters
        ----------
        pictures : paths, or arrays (height, width, 3) of uint8 and Pillow images where they are no
            files; upright means: as EXIF says that they are shown
        truth : the objects of each, in pixels of the upright picture; the scores are 1
        n_classes : codes there are: 0, 1, ...
        """

    def predict(self, pictures: Sequence[Any]) -> Sequence[Detections]:
        """Return what is found in each picture."""


def check_has_boxes(truth: Sequence[Detections]) -> None:
    """Refuse pictures in which there is nothing to learn from.

    Raises
    ------
    TrainingError : none of them has a box

    Examples
    --------
    >>> check_has_boxes([Detections.of([], [], [])])
    Traceback (most recent call last):
    sparing.errors.TrainingError: No picture has a box yet: draw some first.
    """
    if not any(len(there) for there in truth):
        raise TrainingError(NO_BOX)


def predicted(detector: Detector, pictures: Sequence[Any], n_classes: int) -> list[Detections]:
    """Return what a detector finds in each picture, once it is known to make sense.

    Parameters
    ----------
    detector : fitted
    pictures : as of :meth:`Detector.predict`
    n_classes : that it was fitted with

    Raises
    ------
    TrainingError : it did not say one thing a picture, or boxes that are none, codes of no class,
        or scores outside [0, 1]
    """
    said, name = detector.predict(pictures), type(detector).__name__
    told = list(said) if said is not None else []
    if len(told) != len(pictures):
        raise TrainingError(
            f"{name} was to tell of {len(pictures)} pictures. It told of {len(told)} instead."
        )
    return [_checked(one, f"{name}, picture {i}", n_classes) for i, one in enumerate(told)]


def _checked(found: Any, where: str, n_classes: int) -> Detections:
    try:
        made = Detections.of(found.boxes, found.class_ids, found.scores)
    except (AttributeError, TypeError, ValueError) as error:
        raise TrainingError(f"{where}: no detections ({error}).") from error
    fault = _fault(made, n_classes)
    if fault:
        raise TrainingError(f"{where}: {fault}.")
    return made


def _fault(found: Detections, n_classes: int) -> str:
    boxes, ids, scores = found.boxes, found.class_ids, found.scores
    if not len(boxes) == len(ids) == len(scores):
        return f"{len(boxes)} boxes, {len(ids)} classes and {len(scores)} scores"
    if not np.isfinite(boxes).all():
        return "a box is no four numbers"
    if not (boxes[:, :2] < boxes[:, 2:]).all():
        return "a box must be of left < right and top < bottom"
    if not ((scores >= 0) & (scores <= 1)).all():  # False of NaN, too
        return "a score must be a number in [0, 1]"
    if not ((ids >= 0) & (ids < n_classes)).all():
        return f"a class must be in [0, {n_classes - 1}]"
    return ""
