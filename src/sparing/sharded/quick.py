"""Linear models in float32, class by class: which rows are worth an exact look, and sure labels.

A product in float32 and a pass down the classes take a fraction of what probabilities in float64
take. How far they may be from these is bounded, so what comes of both is what comes of the exact
ones alone: a row that cannot be among the best is passed over, and where two classes are too close
to be told apart the exact ones decide.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sparing.models.heads import LinearHead
from sparing.models.saved import SavedModel
from sparing.sharded.blocks import EPS, Block
from sparing.types import BoolArray, FloatArray, IntArray

ROWS = 64  # of a product


@dataclass(frozen=True, eq=False, slots=True)
class LinearScores:
    """Scores of rows before the softmax.

    Parameters
    ----------
    by_class : (n_classes, n_rows) float32
    top : (n_rows,) the largest of each row
    error : none is further from the exact score
    """

    by_class: FloatArray
    top: FloatArray
    error: float

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.by_class)

    def near(self, gap: float = 0.0) -> IntArray:
        """Return the rows whose exact largest score may be above all others by no more than a gap.

        How many scores are that near to the largest is told by a pass that makes no second largest.
        """
        # Twice the error is what both may be off; the rest is for the roundings of this line.
        width = np.float32(gap * (1 + 4 * EPS) + 3 * self.error)
        is_near = (self.by_class >= self.top - width).view(np.uint8)
        counts = np.add.reduce(is_near, axis=0, dtype=np.min_scalar_type(self.n_classes))
        return np.flatnonzero(counts > 1)

    def code_of_top(self) -> IntArray:
        """Return the class of the largest score, of rows that have one; of others any number."""
        codes = np.arange(self.n_classes, dtype=np.min_scalar_type(self.n_classes))
        is_top = (self.by_class == self.top).view(np.uint8)
        return np.asarray(np.add.reduce(is_top * codes[:, None], axis=0, dtype=codes.dtype))

    def second(self) -> FloatArray:
        """Return the second largest of each row."""
        top, second = self.by_class[0].copy(), np.full_like(self.top, -np.inf)
        lower = np.empty_like(top)
        for one in self.by_class[1:]:
            np.minimum(top, one, out=lower)
            np.maximum(second, lower, out=second)
            np.maximum(top, one, out=top)
        return second

    def of_rows(self, rows: IntArray) -> "LinearScores":
        """Return those of some rows."""
        return LinearScores(self.by_class[:, rows], self.top[rows], self.error)

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Return (n_classes, n_rows) what the softmax makes of them times a sum, and the sum."""
        parts = self.by_class - self.top
        np.exp(parts, out=parts)
        return parts, parts.sum(axis=0)


@dataclass(frozen=True, eq=False, slots=True)
class BoundedRows:
    """Rows of a block, and between which numbers the exact utility of each is."""

    rows: IntArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def unknown(cls, rows: IntArray) -> "BoundedRows":
        """Return rows of which nothing is known."""
        return cls(rows, np.full(len(rows), -np.inf), np.full(len(rows), np.inf))

    def where(self, is_kept: BoolArray) -> "BoundedRows":
        """Return some of them."""
        return BoundedRows(self.rows[is_kept], self.low[is_kept], self.high[is_kept])


@dataclass(frozen=True, eq=False, slots=True)
class QuickLinear:
    """A linear model in float32.

    Parameters
    ----------
    weights : (n_classes, n_features)
    bias : (n_classes, 1)
    codes : (n_classes,) positions of its classes among those that the model knows
    length, largest_bias : the largest norm of the weights of a class, and the largest bias
    """

    weights: FloatArray
    bias: FloatArray
    codes: IntArray
    length: np.float32
    largest_bias: np.float32

    @classmethod
    def of(cls, model: SavedModel) -> "QuickLinear | None":
        """Return a model in float32; None of one that is not linear, or knows a single class."""
        head = model.head
        if not isinstance(head, LinearHead) or len(model.seen) < 2:
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # no bound then: all is looked at
            weights = np.ascontiguousarray(head.weights.T, np.float32)
            bias = head.bias.astype(np.float32)
            length = np.float32(1.0001) * np.linalg.norm(weights, axis=1).max()
            return cls(weights, bias[:, None], model.seen, length, np.abs(bias).max())

    def reaching(
        self, doubt: "Doubt", block: Block, may: BoolArray, k: int, least: float
    ) -> BoundedRows:
        """Return the rows of a block that may be among the k with the highest utilities.

        Parameters
        ----------
        doubt : the utility
        block : of a shard
        may : (n,) rows that count
        k : how many are wanted
        least : so many other rows are known to have at least that; -inf: fewer are known

        Raises
        ------
        ShardError : a vector has NaN or infinity
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self.scores(block)
            if scores is None:
                return BoundedRows.unknown(np.flatnonzero(may))
            if math.isinf(least):
                least = _reached(doubt, scores, may, k)
            near = scores.near(doubt.gap(least, scores.n_classes))
            near = near[may[near]]
            roughly = doubt.between(scores.of_rows(near), near)
            return roughly.where(roughly.high >= least)

    def labels(self, block: Block) -> tuple[IntArray, FloatArray, IntArray]:
        """Return (n,) codes and confidences of a block, and the rows whose code is not certain.

        Raises
        ------
        ShardError : a vector has NaN or infinity
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self.scores(block)
            if scores is None:
                n = len(block)
                return np.zeros(n, np.int64), np.zeros(n, np.float32), np.arange(n)
            codes = self.codes.take(scores.code_of_top(), mode="clip")
            return codes, 1 / scores.shares()[1], scores.near()

    def scores(self, block: Block) -> LinearScores | None:
        """Return the scores of a block; None where float32 says nothing of them.

        Raises
        ------
        ShardError : a vector has NaN or infinity
        """
        by_class = np.empty((len(self.weights), len(block)), np.float32)
        for rows, X in block.unscaled():
            product(self.weights, X, by_class[:, rows])
        if block.scale is not None:
            by_class *= block.scale
        by_class += self.bias
        top, error = by_class.max(axis=0), self._error(block.length())
        # Of a vector that is not finite no largest score is.
        if math.isfinite(top.sum()) and math.isfinite(error):
            return LinearScores(by_class, top, error)
        block.vectors()
        return None

    def _error(self, length: float) -> float:
        # A sum of n products is off by n roundings of the sum of their sizes at most, and that
        # is no more than the product of both lengths (Cauchy and Schwarz).
        reach = np.float32(length * float(self.length) + float(self.largest_bias))
        return float((self.weights.shape[1] + 8) * EPS * reach)


def product(weights: FloatArray, X: FloatArray, out: FloatArray) -> None:
    """Write (n_classes, n) ``weights @ X.T``, some rows at a time.

    So few rows at a time that a library of linear algebra does not first copy them, and class by
    class as soon as they are made: to turn the result over afterwards takes as long as making it.
    """
    (n, columns), whole = X.shape, len(X) - len(X) % ROWS
    parts = X[:whole].reshape(-1, ROWS, columns).transpose(0, 2, 1)
    by_part = out[:, :whole].reshape(len(out), -1, ROWS).transpose(1, 0, 2)
    np.matmul(weights, parts, out=by_part)
    np.matmul(weights, X[whole:n].T, out=out[:, whole:])


def _reached(doubt: "Doubt", scores: LinearScores, may: BoolArray, k: int) -> float:
    """Return what k rows surely reach, by a look at those whose largest score stands out least."""
    if np.count_nonzero(may) < k:
        return -math.inf
    gaps = np.where(may, scores.top - scores.second(), np.inf)
    rows = np.argpartition(gaps, k - 1)[:k]
    return float(doubt.between(scores.of_rows(rows), rows).low.min())


@dataclass(frozen=True, slots=True)
class Doubt:
    """A utility that falls where the largest score stands out.

    Parameters
    ----------
    utility : of scores, (n_rows,)
    gap : (utility, n_classes) to the largest gap of the two largest scores that can have it
    steepness : n_classes to how much it changes at most where each score changes by one
    """

    utility: Callable[[LinearScores], FloatArray]
    gap: Callable[[float, int], float]
    steepness: Callable[[int], float]

    def between(self, scores: LinearScores, rows: IntArray) -> BoundedRows:
        """Return rows, and bounds of the exact utility of each."""
        n = scores.n_classes
        # The last term is what exponentials and sums of float32 add.
        slack = self.steepness(n) * scores.error + 8 * EPS * (n + 8)
        utility = self.utility(scores).astype(np.float64)
        # Where they are no numbers, there is no bound.
        low, high = np.fmax(utility - slack, -np.inf), np.fmin(utility + slack, np.inf)
        return BoundedRows(rows, low, high)


def _margin(scores: LinearScores) -> FloatArray:
    total = scores.shares()[1]
    return np.asarray(1 - (1 - np.exp(scores.second() - scores.top)) / total)


def _least_confidence(scores: LinearScores) -> FloatArray:
    return np.asarray(1 - 1 / scores.shares()[1])


def _entropy(scores: LinearScores) -> FloatArray:
    parts, total = scores.shares()
    below = np.where(parts > 0, scores.by_class - scores.top, 0)
    return np.asarray(np.log(total) - (parts * below).sum(axis=0) / total)


def _gap_of_margin(utility: float, n: int) -> float:
    """Each of the others is at most the second: then the largest has its least share."""
    return _log_inverse(utility / (1 + (1 - utility) * (n - 1)))


def _gap_of_least_confidence(utility: float, n: int) -> float:
    return _log_inverse(utility / ((1 - utility) * (n - 1))) if utility < 1 else 0.0


@lru_cache(maxsize=8)
def _gap_of_entropy(utility: float, n: int) -> float:
    """The largest has its least share as above, and the others share the rest equally."""

    def entropy(gap: float) -> float:
        rest = (n - 1) * math.exp(-gap)
        return math.log1p(rest) + rest / (1 + rest) * gap

    if utility <= 0:
        return math.inf
    low, high = 0.0, 1.0
    while entropy(high) >= utility:
        low, high = high, 2 * high
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(middle) >= utility else (low, middle)
    return high


def _log_inverse(share: float) -> float:
    return max(0.0, -math.log(share)) if share > 0 else math.inf


DOUBTS: Mapping[str, Doubt] = {
    "margin": Doubt(_margin, _gap_of_margin, lambda _: 2.0),
    "least_confidence": Doubt(_least_confidence, _gap_of_least_confidence, lambda _: 1.0),
    "entropy": Doubt(_entropy, _gap_of_entropy, lambda n: 2 * math.log(n)),
}
