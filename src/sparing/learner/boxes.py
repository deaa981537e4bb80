"""BoxLearner: ask for the pictures worth boxing, teach their boxes, and again."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sparing._validate import check_indices, check_int, invalid
from sparing.annotations.base import labels_of_all
from sparing.annotations.detections import Detections, judged
from sparing.annotations.values import Value
from sparing.errors import TrainingError
from sparing.learner.box_inputs import (
    KIND,
    WHERE,
    parsed_boxes,
    pictures_digest,
    read_pictures,
)
from sparing.learner.query import SHOWN_ITEMS, Query
from sparing.learner.saving_units import (
    SavedAs,
    SavedUnits,
    own_strategy,
    read_units,
    write_units,
)
from sparing.models.detection.detector import Detector, predicted
from sparing.models.detection.feature_maps import MapReader
from sparing.models.detection.suggester import BoxSuggester
from sparing.models.detection.usefulness import Usefulness, shown_of, usefulness
from sparing.pool.classes import ClassTable
from sparing.pool.labels import label_values, one_a_row
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.stats.detection import mean_average_precision_interval
from sparing.stats.f1 import Share
from sparing.strategies.base import choose
from sparing.strategies.detections import (
    DETECTION_STRATEGIES,
    DetectionSnapshot,
    DetectionStrategy,
    RandomPictures,
    get_detection_strategy,
)
from sparing.types import BoolArray, FloatArray, IntArray, Label

SAVED_AS = SavedAs("boxes 1", WHERE, "pictures")
LABELED = 0
SUGGESTER = "suggester"
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


class BoxLearner:
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

    def __init__(
        self,
        pictures: Iterable[Any],
        classes: Iterable[Label] | None = None,
        detector: Detector | str = SUGGESTER,
        strategy: DetectionStrategy | str = MIXED,
        *,
        seed: int = 0,
    ) -> None:
        self.seed = check_int("seed", WHERE, seed, 0)
        self.pictures = read_pictures(pictures)
        given = () if classes is None else label_values(classes, "classes", WHERE)
        self._table, self.classes_are_fixed = ClassTable(tuple(given)), classes is not None
        self._strategy = get_detection_strategy(strategy)
        self._detector = own_detector(detector, self.seed)
        own = isinstance(self._detector, BoxSuggester)
        self._reader = self._detector.reader if own else MapReader()
        self._state = np.full(len(self.pictures), UNLABELED)
        self._values: dict[int, Value] = {}
        self.model_version = 0
        self.round = 0
        self._rng = np.random.default_rng(self.seed)
        self._fitted_at = -1
        self._found: dict[int, Detections] = {}
        self._useful: tuple[int, Usefulness] | None = None

    def __repr__(self) -> str:
        n, n_classes = len(self.pictures), len(self.classes)
        said = f"{len(self.labeled)} of {n} labeled, {self.n_boxes} boxes, {n_classes} classes"
        return f"<BoxLearner: {said}, model version {self.model_version}>"

    @property
    def classes(self) -> list[Label]:
        """The labels in their order."""
        return list(self._table.values)

    @property
    def labeled(self) -> IntArray:
        """Rows that were taught, ascending; one without an object is labeled too."""
        return np.flatnonzero(self._state == LABELED)

    @property
    def eligible(self) -> BoolArray:
        """(n,) True where a picture may be asked."""
        return np.asarray(self._state == UNLABELED)

    @property
    def n_boxes(self) -> int:
        """How many boxes were taught: what was paid, beside the pictures."""
        return sum(len(value) for value in self._values.values())

    @property
    def truth(self) -> list[Detections]:
        """(n_labeled,) all boxes of each picture that was taught, in the order of ``labeled``."""
        return [Detections.of_value(self._values[row]) for row in self.labeled.tolist()]

    def query(self, batch_size: int = 1) -> Query:
        """Choose the pictures to box next; nothing is marked as asked.

        Raises
        ------
        InvalidInputError : ``batch_size`` is no int >= 1
        PoolExhaustedError : fewer pictures than that may still be asked
        SourceError : a picture cannot be read
        TrainingError : the detector could not be fitted
        """
        cold = bool(self._strategy.requires) and not self.n_boxes
        strategy = RandomPictures() if cold else self._strategy
        picked = choose(strategy, self._snapshot(strategy, batch_size), batch_size, self._rng)
        self.round += 1
        return Query(
            picked.rows,
            picked.gains,
            picked.source,
            picked.propensity,
            strategy.name,
            COLD if cold else strategy.reason,
            self.model_version,
            [self.pictures[row] for row in picked.rows[:SHOWN_ITEMS].tolist()],
        )

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
        rows = check_indices(indices, "teach", len(self.pictures))
        table, values = self._parsed(rows, boxes, "teach")
        self._table = table
        self._move(rows, LABELED, dict(zip(rows.tolist(), values, strict=True)))

    def skip(self, indices: npt.ArrayLike) -> None:
        """Take pictures out: they are not asked again, and boxes that they have are dropped."""
        self._move(check_indices(indices, "skip", len(self.pictures)), SKIPPED, {})

    def forget(self, indices: npt.ArrayLike) -> None:
        """Drop boxes and skips: the pictures may be asked again, as if never answered."""
        self._move(check_indices(indices, "forget", len(self.pictures)), UNLABELED, {})

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
        n = len(self.pictures)
        rows = np.arange(n) if indices is None else check_indices(indices, "found", n)
        fitted = self.fitted
        new = [row for row in rows.tolist() if row not in self._found]
        pictures = [self.pictures[row] for row in new]
        told = predicted(fitted, pictures, len(self._table)) if new else []
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
            self._calling(lambda: self._detector.fit(*self._known()))
            self._fitted_at, self._found = self.model_version, {}
        return self._detector  # type: ignore[no-any-return]

    @property
    def usefulness(self) -> Usefulness:
        """Whether suggested boxes help, by labeled pictures that copies of the detector do not see.

        It takes three fits. That the pictures were chosen by the model makes it no measure of how
        good the model is elsewhere.
        """
        if self._useful is None or self._useful[0] != self.model_version:
            told = self._calling(lambda: usefulness(self._detector, *self._known(), self.seed))
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
        rows = check_indices(indices, "audit", len(self.pictures))
        taught = rows[self._state[rows] == LABELED]
        if len(taught):
            raise invalid("indices", "audit", "rows that were not taught", int(taught[0]))
        table, values = self._parsed(rows, boxes, "audit")
        truth = [Detections.of_value(value) for value in values]
        seen = judged(self.found(rows), truth, len(table))
        return mean_average_precision_interval(seen, seed=self.seed)

    def save(self, path: str | PathLike[str]) -> None:
        """Write what was taught and where the random numbers are to a file; no pickle.

        Pictures and the detector are not in it: ``load`` is given both again, and the detector is
        fitted anew.

        Raises
        ------
        InvalidInputError : a label is not a str, int, float, bool or a tuple of these
        SourceError : the file cannot be written, or a picture is not there any more
        """
        saved = SavedUnits(
            state=self._state,
            values=self._values,
            classes=self._table,
            classes_are_fixed=self.classes_are_fixed,
            seed=self.seed,
            round=self.round,
            model_version=self.model_version,
            rng=self._rng,
            strategy=self._strategy.name,
            digest=pictures_digest(self.pictures),
            weights={SIDE: np.array(self._reader.side)},
        )
        write_units(path, saved, SAVED_AS)

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
        detector : the same one
        strategy : needed only if it was not one of this package

        Raises
        ------
        SourceError : there is no such file, or it is damaged or no saved learner
        InvalidInputError : other pictures than those that were saved
        """
        listed = read_pictures(pictures)
        saved = read_units(path, pictures_digest(listed), SAVED_AS)
        asks = own_strategy(saved, DETECTION_STRATEGIES, strategy)
        learner = cls(listed, None, detector, asks, seed=saved.seed)
        learner._continue_from(saved)
        return learner

    def _continue_from(self, saved: SavedUnits) -> None:
        self._state, self._values = saved.state, dict(saved.values)
        self._table, self.classes_are_fixed = saved.classes, saved.classes_are_fixed
        self.round, self.model_version, self._rng = saved.round, saved.model_version, saved.rng
        self._reader.side = int(saved.weights[SIDE])

    def _known(self) -> tuple[list[Any], list[Detections], int]:
        pictures = [self.pictures[row] for row in self.labeled.tolist()]
        return pictures, self.truth, len(self._table)

    def _calling(self, work: Any) -> Any:
        """Run foreign code; what it finds wrong is said in the words of this project."""
        try:
            return work()
        except (ValueError, RuntimeError, ArithmeticError) as error:
            name = type(self._detector).__name__
            raise TrainingError(f"{name} could not be fitted: {error}") from error

    def _labeled(self, found: Detections) -> list[FoundBox]:
        each = zip(found.boxes.tolist(), found.class_ids, found.scores.tolist(), strict=True)
        return [FoundBox((a, b, c, d), self._table.values[k], s) for (a, b, c, d), k, s in each]

    def _parsed(self, rows: IntArray, boxes: Any, where: str) -> tuple[ClassTable, list[Value]]:
        raws = one_a_row(rows, boxes, "boxes", where, one="a list of boxes", many="lists")
        table = self._table
        if not self.classes_are_fixed:
            table = table.with_values(labels_of_all(KIND, raws))
        pairs = zip(rows.tolist(), raws, strict=True)
        return table, [parsed_boxes(row, raw, table, self.pictures[row]) for row, raw in pairs]

    def _move(self, rows: IntArray, state: int, values: dict[int, Value]) -> None:
        self._state = self._state.copy()
        self._state[rows] = state
        kept = {row: value for row, value in self._values.items() if row not in set(rows.tolist())}
        if (kept | values) != self._values:
            self.model_version += 1
        self._values = kept | values

    def _snapshot(self, strategy: DetectionStrategy, batch_size: int) -> DetectionSnapshot:
        ids = [unit.class_id for value in self._values.values() for unit in value]
        counts = np.bincount(np.array(ids, np.int64), minlength=len(self._table))
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


def own_detector(detector: Any, seed: int) -> Any:
    """Return a detector of this learner's own.

    Raises
    ------
    InvalidInputError : it has no fit and predict
    """
    if isinstance(detector, str) and detector == SUGGESTER:
        return BoxSuggester(seed)
    methods = ("fit", "predict")
    if isinstance(detector, type) or not all(callable(getattr(detector, m, None)) for m in methods):
        expected = f"'{SUGGESTER}' or an object with fit and predict"
        raise invalid("detector", WHERE, expected, detector)
    return deepcopy(detector)
