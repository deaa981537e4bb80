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
from typing import Any

import numpy as np

from sparing.models.heads import LinearHead
from sparing.models.saved import SavedModel
from sparing.sharded.shardfile import EPS, Block
from sparing.types import BoolArray, FloatArray, IntArray

ROWS = 256  # of a product


@dataclass(frozen=True, eq=False, slots=True)
class LinearScores:
    """Scores of rows before the softmax.

    Parameters
    ----------
    by_class : (n_classes, n_rows) float32
    top, second : (n_rows,) the two largest of each row
    error : (n_rows,), or one for all: none of a row is further from the exact score
    """

    by_class: FloatArray
    top: FloatArray
    second: FloatArray
    error: FloatArray

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.by_class)

    def stand_out(self, gap: float = 0.0) -> BoolArray:
        """Tell of which rows the exact largest score is above all others by more than a gap."""
        return np.asarray(self.top - self.second > gap + 2 * self.error)

    def of_rows(self, rows: IntArray, error: FloatArray) -> "LinearScores":
        """Return those of some rows, with another error."""
        return LinearScores(self.by_class[:, rows], self.top[rows], self.second[rows], error)

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
    weights : (n_features, n_classes)
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
            weights, bias = head.weights.astype(np.float32), head.bias.astype(np.float32)
            length = np.float32(1.0001) * np.linalg.norm(weights, axis=0).max()
            return cls(weights, bias[:, None], model.seen, length, np.abs(bias).max())

    def reaching(self, doubt: "Doubt", block: Block, least: float) -> BoundedRows:
        """Return the rows of a block that may have a utility of ``least`` or more."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self.scores(block)
            gap = doubt.gap(least, scores.n_classes)
            near = np.flatnonzero(~scores.stand_out(gap))
            roughly = doubt.between(scores.of_rows(near, scores.error), near)
            near = near[roughly.high >= least]
            return doubt.between(self._looked_at(scores, block, near), near)

    def labels(self, block: Block) -> tuple[IntArray, FloatArray, IntArray]:
        """Return (n,) codes and confidences of a block, and the rows whose code is not certain."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self.scores(block)
            unsure = np.flatnonzero(~scores.stand_out())
            unsure = unsure[~self._looked_at(scores, block, unsure).stand_out()]
            return self.codes[_code_of_top(scores)], 1 / scores.shares()[1], unsure

    def scores(self, block: Block) -> LinearScores:
        """Return the scores of a block, with one error for all of its rows."""
        by_class = np.ascontiguousarray(product(block.X, self.weights).T)
        by_class += self.bias
        return LinearScores(by_class, *_top_two(by_class), self._error(block.length))

    def _looked_at(self, scores: LinearScores, block: Block, rows: IntArray) -> LinearScores:
        """Return the scores of some rows, with what each can be off, which is far less."""
        near = block.X[rows]
        return scores.of_rows(rows, self._error(np.sqrt(np.vecdot(near, near))))

    def _error(self, length: Any) -> FloatArray:
        # A sum of n products is off by n roundings of the sum of their sizes at most, and that
        # is no more than the product of both lengths (Cauchy and Schwarz).
        reach = length * self.length + self.largest_bias
        return np.asarray((len(self.weights) + 8) * EPS * reach, np.float32)


def product(X: FloatArray, weights: FloatArray) -> FloatArray:
    """Return (n, n_classes) ``X @ weights``, some rows at a time.

    So few rows at a time that a library of linear algebra does not first copy them.
    """
    (n, columns), n_classes = X.shape, weights.shape[1]
    out, whole = np.empty((n, n_classes), np.float32), n - n % ROWS
    parts = X[:whole].reshape(-1, ROWS, columns)
    np.matmul(parts, weights, out=out[:whole].reshape(-1, ROWS, n_classes))
    np.matmul(X[whole:], weights, out=out[whole:])
    return out


def _code_of_top(scores: LinearScores) -> IntArray:
    best = np.zeros(scores.by_class.shape[1], np.min_scalar_type(scores.n_classes))
    for code in range(1, scores.n_classes):
        np.copyto(best, code, where=scores.by_class[code] == scores.top)
    return best


def _top_two(by_class: FloatArray) -> tuple[FloatArray, FloatArray]:
    top = by_class[0].copy()
    second, lower = np.full_like(top, -np.inf), np.empty_like(top)
    for one in by_class[1:]:
        np.minimum(top, one, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(top, one, out=top)
    return top, second


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
    return np.asarray(1 - (1 - np.exp(scores.second - scores.top)) / total)


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
