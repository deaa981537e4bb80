"""BoxSuggester: a rough detector for few classes, from some tens of pictures with boxes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sparing._validate import check_int
from sparing.annotations.detections import Detections, one_each
from sparing.annotations.overlap import iou
from sparing.errors import TrainingError
from sparing.models.detection.detector import check_has_boxes
from sparing.models.detection.feature_maps import FeatureMaps, MapReader
from sparing.models.detection.head import RATE, CellHead, Cells
from sparing.models.detection.targets import NOTHING, targets_of
from sparing.types import FloatArray, IntArray

STEPS = 30.0  # times the root of the number of pictures
PICTURES_A_STEP = 8
NEGATIVES = 96  # cells without an object that are drawn of a picture, a step
SAMPLED = 64  # pictures by which the spread of features is measured
FLOOR = 0.02  # of scores: below it nobody takes a box seriously
SAME = 0.5  # intersection over union of two boxes for one object
NEAR = 0.6  # of those whose edges are averaged
MOST_RAW = 600  # cells of a picture that are looked at closely


class BoxSuggester:
    """A rough detector: a frozen network's features at three scales, and a small head on top.

    It learns in seconds from tens of pictures, and is for few classes. Its boxes save drawing; they
    are no labels.

    Parameters
    ----------
    seed : of the weights and of what is looked at in each step

    Examples
    --------
    >>> BoxSuggester(seed=1)
    BoxSuggester(seed=1)
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = check_int("seed", "BoxSuggester", seed, 0)
        self.reader = MapReader()
        self._head: CellHead | None = None
        self._usual = 1.0

    def __repr__(self) -> str:
        return f"BoxSuggester(seed={self.seed})"

    def fit(self, pictures: Sequence[Any], truth: Sequence[Detections], n_classes: int) -> Self:
        """Learn from pictures with all their objects.

        Parameters
        ----------
        pictures : files, Pillow images or arrays (height, width, 3) of uint8
        truth : the objects of each
        n_classes : codes there are

        Raises
        ------
        TrainingError : there is no box
        SourceError : a picture cannot be read
        MissingExtraError : the extra ``photos`` is not installed
        """
        check_has_boxes(truth)
        rng = np.random.default_rng(self.seed)
        maps = self.reader.read(pictures)
        self._usual = _usual_edge(maps, truth)
        targets = [targets_of(m, t, self._usual) for m, t in zip(maps, truth, strict=True)]
        seen = np.concatenate([maps[i].cells() for i in rng.permutation(len(maps))[:SAMPLED]])
        head = CellHead(seen.mean(axis=0), seen.std(axis=0), n_classes, rng)
        order: list[int] = []
        n_steps = round(STEPS * np.sqrt(len(maps)))
        for step in range(n_steps):
            while len(order) < PICTURES_A_STEP:
                order += rng.permutation(len(maps)).tolist()
            now, order = order[:PICTURES_A_STEP], order[PICTURES_A_STEP:]
            fade = 0.5 * (1 + np.cos(np.pi * step / n_steps))
            head.step(_joined([_drawn(maps[i], *targets[i], rng) for i in now]), RATE * fade)
        self._head = head
        return self

    def predict(self, pictures: Sequence[Any]) -> list[Detections]:
        """Return what is found in each picture, the surest first.

        Raises
        ------
        TrainingError : nothing was learned yet
        SourceError : a picture cannot be read
        """
        if self._head is None:
            raise TrainingError("Nothing is learned yet: fit the suggester first.")
        return [self._found(maps) for maps in self.reader.read(pictures)]

    def _found(self, maps: FeatureMaps) -> Detections:
        assert self._head is not None  # noqa: S101  # fit() has made it
        scores, edges = self._head.told(maps.cells())
        cells, class_ids = np.nonzero(scores > FLOOR)
        middle, away = maps.centers()[cells], edges[cells] * (self._usual / maps.scale)
        boxes = np.hstack([middle - away[:, :2], middle + away[:, 2:]])
        boxes = np.clip(boxes, 0, np.tile(maps.size, 2))
        found = Detections(boxes, class_ids, scores[cells, class_ids].astype(np.float64))
        found = found.take((boxes[:, :2] < boxes[:, 2:]).all(axis=1))  # cells reach over the edge
        found = found.take(np.argsort(-found.scores, kind="stable")[:MOST_RAW])
        return averaged(one_each(found, SAME), found)


def _usual_edge(maps: Sequence[FeatureMaps], truth: Sequence[Detections]) -> float:
    """Return how far the edge of a box is from its middle, as a rule, in the network's pixels."""
    sides = np.concatenate([t.boxes[:, 2:] - t.boxes[:, :2] for t in truth])
    scales = np.repeat([m.scale for m in maps], [len(t) for t in truth])
    return float(np.exp(np.log(sides * scales[:, None] / 2).mean()))


def averaged(kept: Detections, found: Detections) -> Detections:
    """Return boxes with the mean edges of all that are nearly the same, the surer counting more."""
    overlap = iou(kept.boxes, found.boxes)
    is_near = (overlap >= NEAR) & (kept.class_ids[:, None] == found.class_ids)
    weights = is_near * found.scores
    weights /= weights.sum(axis=1, keepdims=True)
    return Detections(weights @ found.boxes, kept.class_ids, kept.scores)


def _drawn(
    maps: FeatureMaps, class_ids: IntArray, edges: FloatArray, rng: np.random.Generator
) -> Cells:
    """Return the cells of a picture to learn from now: those with an object, and some without."""
    there, none = np.flatnonzero(class_ids >= 0), np.flatnonzero(class_ids == NOTHING)
    some = rng.permutation(none)[:NEGATIVES]
    at = np.concatenate([there, some])
    weights = np.ones(len(at), np.float32)
    weights[len(there) :] = len(none) / max(len(some), 1)
    return Cells(maps.cells()[at], class_ids[at], edges[at], weights)


def _joined(parts: Sequence[Cells]) -> Cells:
    names = ("X", "class_ids", "edges", "weights")
    return Cells(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
