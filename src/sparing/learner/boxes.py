"""BoxLearner: ask for the pictures worth boxing, teach their boxes, and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sparing.annotations.boxes import BoxSet
from sparing.annotations.detections import Detections, judged
from sparing.errors import TrainingError
from sparing.learner.box_inputs import (
    SUGGESTER,
    WHERE,
    own_detector,
    pictures_digest,
    read_pictures,
)
from sparing.learner.saving_units import SavedAs, SavedUnits, own_strategy, read_units
from sparing.learner.unit_learner import UnitLearner, faults_named
from sparing.models.detection.detector import Detector, predicted
from sparing.models.detection.feature_maps import MapReader, picture_size
from sparing.models.detection.suggester import BoxSuggester
from sparing.models.detection.usefulness import Usefulness, shown_of, usefulness
from sparing.stats.detection import mean_average_precision_interval
from sparing.stats.f1 import Share
from sparing.strategies.detections import (
    DETECTION_STRATEGIES,
    DetectionSnapshot,
    DetectionStrategy,
    RandomPictures,
    get_detection_strategy,
)
from sparing.types import FloatArray, IntArray, Label

MIXED = "mixed"
SIDE = "side"  # pixels of what the network sees, chosen by the first pictures
COLD = "before the first box: drawn at random"
LOW = 0.1  # score from which on a box is suggested, where nothing else is said
LOOKED_AT = 400
"""Pictures that are not labeled and that a round looks at: of a larger pool a random part."""


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box that the detector sees.

    Parameters
    ----------
    box : left, top, right and bottom in pixels of the upright picture
    label : of which class
    score : how sure the detector is, in [0, 1]; no probability
    """

    box: tuple[float, float, float, float]
    label: Label
    score: float


class BoxLearner(UnitLearner):
    """Active learning for boxes in pictures, in memory: ``query``, draw, ``teach``, and again.

    As ``ActiveLearner`` is for one label an item. Equal seeds give equal results.

    Parameters
    ----------
    pictures : files, Pillow images, or arrays (height, width, 3) of uint8
    classes : all labels; then any other is refused. None: whatever is taught becomes a class
    detector : ``"suggester"``, the small one that is built in (extra ``photos``), or any
        :class:`sparing.models.detection.detector.Detector`, of which a copy is used
    strategy : a name of ``DETECTION_STRATEGIES`` or a ``DetectionStrategy``; the first batch is
        drawn at random
    seed : an int >= 0

    Attributes
    ----------
    model_version : how often the labels have changed
    round : how many queries were made

    Raises
    ------
    InvalidInputError : a parameter is not as above
    UnknownNameError : there is no such strategy

    Examples
    --------
    >>> pictures = [np.zeros((48, 64, 3), np.uint8) for _ in range(4)]
    >>> learner = BoxLearner(pictures, classes=["cat"])
    >>> rows = learner.query(2).indices
    >>> learner.teach(rows, [[(4, 4, 20, 30.5, "cat")], []])
    >>> learner.labeled.tolist() == sorted(rows.tolist()), learner.n_boxes
    (True, 1)
    """

    _kind = BoxSet()
    _saved_as = SavedAs("boxes 1", WHERE, "pictures")
    _first = RandomPictures()
    _why_first = COLD

    def __init__(
        self,
        pictures: Iterable[Any],
        classes: Iterable[Label] | None = None,
        detector: Detector | str = SUGGESTER,
        strategy: DetectionStrategy | str = MIXED,
        *,
        seed: int = 0,
    ) -> None:
        self.pictures = read_pictures(pictures)
        super().__init__(len(self.pictures), classes, get_detection_strategy(strategy), seed)
        self._detector = own_detector(detector, self.seed)
        own = isinstance(self._detector, BoxSuggester)
        self._reader = self._detector.reader if own else MapReader()
        self._fitted_at = -1
        self._found: dict[int, Detections] = {}
        self._useful: tuple[int, Usefulness] | None = None

    def __repr__(self) -> str:
        n, n_classes = len(self.pictures), len(self.classes)
        said = f"{len(self.labeled)} of {n} labeled, {self.n_boxes} boxes, {n_classes} classes"
        return f"<BoxLearner: {said}, model version {self.model_version}>"

    @property
    def n_boxes(self) -> int:
        """How many boxes were taught: what was paid, beside the pictures."""
        return sum(len(value) for value in self._answers.values.values())

    @property
    def truth(self) -> list[Detections]:
        """(n_labeled,) all boxes of each picture that was taught, in the order of ``labeled``."""
        return [Detections.of_value(self._answers.values[row]) for row in self.labeled.tolist()]

    def teach(self, indices: npt.ArrayLike, boxes: Sequence[Any] | Mapping[int, Any]) -> None:
        """Set all boxes of some pictures: a batch, a part of it, any others, corrections.

        Parameters
        ----------
        indices : (k,) rows
        boxes : (k,) lists of ``(x0, y0, x1, y1, label)`` in pixels of the upright picture, or of
            ``{"box": [x0, y0, x1, y1], "label": label}``; an empty list says that there is no
            object. Or a dict from row to such a list

        Raises
        ------
        InvalidInputError : not one list a row, or boxes that are empty or reach out of the picture
        UnknownNameError : ``classes`` was given and does not have the label
        """
        self._teach(indices, boxes)

    def predict(self, indices: npt.ArrayLike | None = None) -> list[list[dict[str, Any]]]:
        """Return the boxes worth showing in pictures of the pool; all, if none are named.

        They have the form that ``teach`` takes. Where :attr:`usefulness` says that suggestions do
        not help there are none.

        Raises
        ------
        TrainingError : no box was taught yet
        """
        told = self.usefulness
        found = self.suggest(indices, told.least_score)
        kept = found if told.helps else [[] for _ in found]
        return [[{"box": list(b.box), "label": b.label} for b in boxes] for boxes in kept]

    def suggest(
        self, indices: npt.ArrayLike | None = None, least_score: float = LOW
    ) -> list[list[FoundBox]]:
        """Return what the detector sees in pictures of the pool, the surest first, with scores."""
        found = self.found(indices)
        return [self._labeled(shown_of(one, least_score)) for one in found]

    def found(self, indices: npt.ArrayLike | None = None) -> list[Detections]:
        """Return all that the detector finds in pictures of the pool, unlikely boxes too.

        Raises
        ------
        TrainingError : no box was taught yet, or the detector could not be fitted
        """
        rows = np.arange(len(self.pictures)) if indices is None else self._rows(indices, "found")
        fitted = self.fitted
        new = [row for row in rows.tolist() if row not in self._found]
        pictures = [self.pictures[row] for row in new]
        told = predicted(fitted, pictures, len(self.classes)) if new else []
        self._found |= dict(zip(new, told, strict=True))
        return [self._found[row] for row in rows.tolist()]

    def looked_at(self, most: int = LOOKED_AT) -> IntArray:
        """Return candidates that the detector looks at in a round, ascending.

        They are the same ones again as long as they are there: their order is drawn once, so that
        what was seen of a picture serves the next rounds. Draws at random are from all candidates.
        """
        order = np.random.default_rng(self.seed).permutation(len(self.pictures))
        return np.sort(order[self.eligible[order]][:most])

    @property
    def fitted(self) -> Detector:
        """The detector, fitted on the boxes as they are now; it looks at any pictures.

        Raises
        ------
        TrainingError : no box was taught yet, or the detector could not be fitted
        """
        if self._fitted_at != self.model_version:
            if not self.n_boxes:
                raise TrainingError("No box is taught yet: teach some pictures first.")
            with faults_named(self._detector):
                self._detector.fit(*self._known())
            self._fitted_at, self._found = self.model_version, {}
        return self._detector  # type: ignore[no-any-return]

    @property
    def usefulness(self) -> Usefulness:
        """Whether suggested boxes help, by labeled pictures that copies of the detector do not see.

        It takes three fits. That the pictures were chosen by the model makes it no measure of how
        good the model is elsewhere.
        """
        if self._useful is None or self._useful[0] != self.model_version:
            with faults_named(self._detector):
                told = usefulness(self._detector, *self._known(), self.seed)
            self._useful = (self.model_version, told)
        return self._useful[1]

    def audit(self, indices: npt.ArrayLike, boxes: Sequence[Any] | Mapping[int, Any]) -> Share:
        """Return the mAP50 with an approximate interval, from pictures drawn at random.

        Draw them with ``strategy="random"`` or by other chance, and score them before they are
        taught.

        Parameters
        ----------
        indices : (k,) rows that were not taught, two at least
        boxes : as of ``teach``

        Raises
        ------
        InvalidInputError : a row was taught; fewer than two rows; boxes as in ``teach``
        TrainingError : no box was taught yet
        """
        rows = self._untaught(indices)
        raws = self._raws(rows, boxes, "audit")
        answers = self._answers.with_classes_in(self._kind, raws)
        truth = [Detections.of_value(value) for value in self._read(rows, raws, answers.classes)]
        seen = judged(self.found(rows), truth, len(answers.classes))
        return mean_average_precision_interval(seen, seed=self.seed)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        pictures: Iterable[Any],
        detector: Detector | str = SUGGESTER,
        strategy: DetectionStrategy | None = None,
    ) -> Self:
        """Return the learner that was saved; it goes on with the same queries.

        Parameters
        ----------
        path : what ``save`` wrote
        pictures : the same ones; files may have moved, with their names
        detector : the same one; it is fitted anew
        strategy : needed only if it was not one of this package

        Raises
        ------
        SourceError : there is no such file, or it is damaged or no saved learner
        InvalidInputError : other pictures than those that were saved
        """
        listed = read_pictures(pictures)
        saved = read_units(path, pictures_digest(listed), cls._saved_as)
        asks = own_strategy(saved, DETECTION_STRATEGIES, strategy)
        learner = cls(listed, None, detector, asks, seed=saved.seed)
        learner._continue_from(saved)
        return learner

    def _continue_from(self, saved: SavedUnits) -> None:
        super()._continue_from(saved)
        self._reader.side = int(saved.weights[SIDE])

    def _known(self) -> tuple[list[Any], list[Detections], int]:
        pictures = [self.pictures[row] for row in self.labeled.tolist()]
        return pictures, self.truth, len(self.classes)

    def _labeled(self, found: Detections) -> list[FoundBox]:
        names = self._answers.classes.values
        each = zip(found.boxes.tolist(), found.class_ids, found.scores.tolist(), strict=True)
        return [FoundBox((a, b, c, d), names[k], s) for (a, b, c, d), k, s in each]

    @property
    def _can_learn(self) -> bool:
        return bool(self.n_boxes)

    def _shown(self, row: int) -> Any:
        return self.pictures[row]

    def _to_fit(self, row: int) -> Any:
        return picture_size(self.pictures[row])

    def _digest(self) -> str:
        return pictures_digest(self.pictures)

    def _weights(self) -> tuple[int, Mapping[str, FloatArray]]:
        return -1, {SIDE: np.array(self._reader.side)}

    def _snapshot(self, strategy: DetectionStrategy, batch_size: int) -> DetectionSnapshot:
        ids = [unit.class_id for value in self._answers.values.values() for unit in value]
        counts = np.bincount(np.array(ids, np.int64), minlength=len(self.classes))
        plain = DetectionSnapshot(self.eligible, self.labeled, counts)
        if not strategy.requires:
            return plain
        rows = self.looked_at(max(LOOKED_AT, batch_size))
        found: list[Detections | None] = [None] * len(self.pictures)
        for row, one in zip(rows.tolist(), self.found(rows), strict=True):
            found[row] = one
        pooled = self._pooled(np.union1d(rows, self.labeled))
        return replace(plain, found=found, pooled=pooled)

    def _pooled(self, rows: IntArray) -> FloatArray:
        told = self._reader.pooled([self.pictures[row] for row in rows.tolist()])
        pooled = np.zeros((len(self.pictures), told.shape[1]), np.float32)
        pooled[rows] = told
        return pooled
