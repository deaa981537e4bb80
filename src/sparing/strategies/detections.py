"""Strategies for pictures in which objects are boxed, and the snapshot that they see."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sparing.annotations.detections import Detections
from sparing.strategies._kcenter import k_center
from sparing.strategies.base import Selection
from sparing.strategies.unit_strategy import MixedItems, RandomItems, UnitStrategy, named_strategy
from sparing.types import BoolArray, FloatArray, IntArray

SHORTLIST = 1.5  # times the batch
OVERHEAD = 1.0  # boxes' worth of effort that a picture takes beside its own
SEEN = 0.05  # score from which on a box is looked at


@dataclass(frozen=True, eq=False, slots=True)
class DetectionSnapshot:
    """What one model version says of the pictures of a pool; None where no strategy asked.

    Parameters
    ----------
    eligible : (n,) True where a picture may be asked
    labeled : rows that are labeled
    class_counts : (n_classes,) boxes of each class in them
    found : (n,) what the detector finds in each picture; None where it did not look
    pooled : (n, n_features) what each picture is like as a whole
    """

    eligible: BoolArray
    labeled: IntArray
    class_counts: IntArray
    found: Sequence[Detections | None] | None = None
    pooled: FloatArray | None = None

    @property
    def candidates(self) -> IntArray:
        """Rows that may be asked, ascending."""
        return np.flatnonzero(self.eligible)

    def field(self, name: str) -> Any:
        """Return a field by the name that ``requires`` uses; None if it is not there."""
        return getattr(self, name, None)


class DetectionStrategy(UnitStrategy):
    """How to choose which pictures a person boxes next; a pure function of a frozen snapshot."""

    @abstractmethod
    def utility(self, s: DetectionSnapshot) -> FloatArray:
        """Return one finite number a candidate; higher = ask first."""


class RandomPictures(RandomItems, DetectionStrategy):
    """Draw pictures uniformly.

    Examples
    --------
    >>> s = DetectionSnapshot(np.array([True, True]), np.zeros(0, int), np.zeros(0, int))
    >>> RandomPictures().select(s, 2, np.random.default_rng(0)).propensity
    array([0.5, 1. ])
    """


class RareDoubt(DetectionStrategy):
    """Ask for pictures whose boxes are in doubt, those of rare classes more, unlike each other.

    A box that may be there or not is worth the entropy of its score over how many boxes of its
    class there are: those that are labeled, and those to be expected in the pictures that the batch
    has already. A picture is worth its boxes, over how many of them are expected and the effort
    that any picture takes: what is paid for are boxes. One after the other the worthiest are taken,
    more than are asked; those are asked that are farthest from what is labeled and from each other.

    Examples
    --------
    >>> found = [Detections.of([(0, 0, 8, 8)], [c], [p]) for c, p in ((0, 0.5), (1, 0.5), (0, 0.9))]
    >>> s = DetectionSnapshot(np.ones(3, bool), np.zeros(0, int), np.array([9, 4]), found)
    >>> RareDoubt().utility(s).round(3)
    array([0.051, 0.116, 0.019])

    References
    ----------
    Settles (2009), Active learning literature survey; Sener & Savarese (2018), arXiv 1708.00489
    """

    name: ClassVar[str] = "doubt"
    requires: ClassVar[frozenset[str]] = frozenset({"found", "pooled"})
    reason: ClassVar[str] = "the model is unsure of its boxes, of rare classes most"

    def utility(self, s: DetectionSnapshot) -> FloatArray:
        """Return the worth of each picture, were it the first of its batch.

        It is least where the detector did not look.
        """
        return _worth(*_seen(s), s.class_counts)

    def select(self, s: DetectionSnapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the pictures of a batch that is larger by half that are farthest apart."""
        assert s.found is not None and s.pooled is not None  # noqa: S101, PT018  # as required
        # Of others it is not known what they are like.
        n_seen = sum(s.found[row] is not None for row in s.candidates.tolist())
        n = max(batch_size, min(round(SHORTLIST * batch_size), n_seen))
        listed, gains = self._worthiest(s, n, rng)
        is_listed = np.zeros(len(s.eligible), bool)
        is_listed[listed] = True
        unit = s.pooled / np.maximum(np.linalg.norm(s.pooled, axis=1, keepdims=True), 1e-12)
        picks, _ = k_center(unit, batch_size, s.labeled, is_listed)
        worth = dict(zip(listed.tolist(), gains.tolist(), strict=True))
        return Selection.chosen(picks, np.array([worth[row] for row in picks.tolist()]))

    @staticmethod
    def _worthiest(
        s: DetectionSnapshot, n: int, rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray]:
        """Return rows one after the other, each the worthiest beside those before it."""
        doubt, expected = _seen(s)
        counts = s.class_counts.astype(np.float64)
        tie = rng.permutation(len(doubt))
        is_left = np.ones(len(doubt), bool)
        picks, gains = np.empty(n, np.int64), np.empty(n)
        for i in range(n):
            worth = np.where(is_left, _worth(doubt, expected, counts), -np.inf)
            best = tie[worth[tie].argmax()]
            picks[i], gains[i], is_left[best] = best, worth[best], False
            counts += np.maximum(expected[best], 0)
        return s.candidates[picks], gains


def _seen(s: DetectionSnapshot) -> tuple[FloatArray, FloatArray]:
    """Return doubt and boxes to be expected, (n_candidates, n_classes); NaN: nobody looked."""
    assert s.found is not None  # noqa: S101  # it is in ``requires``
    shape = len(s.candidates), len(s.class_counts)
    doubt, expected = np.full(shape, np.nan), np.full(shape, np.nan)
    for i, row in enumerate(s.candidates.tolist()):
        if (found := s.found[row]) is not None:
            seen = found.take(found.scores >= SEEN)
            p = np.clip(seen.scores, 1e-6, 1 - 1e-6)
            entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
            doubt[i] = np.bincount(seen.class_ids, entropy, shape[1])
            expected[i] = np.bincount(seen.class_ids, seen.scores, shape[1])
    return doubt, expected


def _worth(doubt: FloatArray, expected: FloatArray, counts: FloatArray | IntArray) -> FloatArray:
    """Return the doubt of each picture, that of rare classes more, a box; -1 where none looked."""
    worth = doubt @ (1 / np.maximum(counts, 1)) / (expected.sum(axis=1) + OVERHEAD)
    return np.where(np.isnan(worth), -1.0, worth)


class MixedPictures(MixedItems, DetectionStrategy):
    """Ask by ``doubt``, and one picture in five at random, which says how good the model is.

    The random ones are spread over the batch.

    Parameters
    ----------
    share : of a batch that is drawn at random

    Examples
    --------
    >>> s = DetectionSnapshot(np.ones(9, bool), np.zeros(0, int), np.zeros(1, int),
    ...     [Detections.of([(0, 0, 1, 1)], [0], [i / 16]) for i in range(9)], np.eye(9))
    >>> MixedPictures().select(s, 5, np.random.default_rng(0)).source
    array(['strategy', 'strategy', 'uniform', 'strategy', 'strategy'], dtype='<U8')
    """

    requires: ClassVar[frozenset[str]] = RareDoubt.requires
    reason: ClassVar[str] = RareDoubt.reason
    _inner = RareDoubt


_OWN: tuple[type[DetectionStrategy], ...] = (MixedPictures, RandomPictures, RareDoubt)
DETECTION_STRATEGIES: Mapping[str, type[DetectionStrategy]] = MappingProxyType(
    {c.name: c for c in _OWN}
)
"""The strategies for pictures with boxes by name."""


def get_detection_strategy(strategy: str | DetectionStrategy) -> DetectionStrategy:
    """Return the strategy of that name; an instance as it is.

    Raises
    ------
    UnknownNameError : there is no such strategy for boxes
    InvalidInputError : neither a name nor a strategy for boxes

    Examples
    --------
    >>> get_detection_strategy("doubt")
    RareDoubt()
    """
    return named_strategy(strategy, DETECTION_STRATEGIES, DetectionStrategy, "boxes", "BoxLearner")
