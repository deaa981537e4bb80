"""Linear models in float32, class by class: which rows are worth an exact look, and sure labels.

A product in float32 and a pass down the classes take a fraction of what probabilities in float64
take. How far they may be from these is bounded, so what comes of both is what comes of the exact
ones alone: a row that cannot be among the best is passed over, and where two classes are too close
to be told apart the exact ones decide.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sparing.models.heads import LinearHead
from sparing.models.saved import SavedModel
from sparing.types import BoolArray, FloatArray, IntArray

EPS = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False, slots=True)
class LinearScores:
    """LinearScores of a block of rows before the softmax.

    Parameters
    ----------
    by_class : (n_classes, n_rows) float32
    top, second : (n_rows,) the two largest of each row
    error : (n_rows,) none of a row is further from the exact score
    """

    by_class: FloatArray
    top: FloatArray
    second: FloatArray
    error: FloatArray

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.by_class)

    def of_rows(self, rows: IntArray) -> "LinearScores":
        """Return those of some rows."""
        return LinearScores(
            self.by_class[:, rows], self.top[rows], self.second[rows], self.error[rows]
        )

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """Return (n_classes, n_rows) what the softmax makes of them times a sum, and the sum."""
        parts = np.exp(self.by_class - self.top)
        return parts, parts.sum(axis=0)


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

    def scores(self, X: FloatArray) -> LinearScores:
        """Return the scores of (n, n_features) float32 vectors."""
        with np.errstate(over="ignore", invalid="ignore"):  # no bound then: all is looked at
            by_class = np.ascontiguousarray((X @ self.weights).T)
            by_class += self.bias
            # A sum of n products is off by n roundings of the sum of their sizes at most, and that
            # is no more than the product of both lengths (Cauchy and Schwarz).
            length = np.sqrt(np.vecdot(X, X))
            error = (len(self.weights) + 8) * EPS * (length * self.length + self.largest_bias)
            return LinearScores(by_class, *_top_two(by_class), error)

    def labels(self, X: FloatArray) -> tuple[IntArray, FloatArray, BoolArray]:
        """Return (n,) codes and confidences, and of which rows the code is certain."""
        found = self.scores(X)
        with np.errstate(over="ignore", invalid="ignore"):
            best = np.zeros(len(X), np.int32)
            for code in range(1, found.n_classes):
                np.copyto(best, code, where=found.by_class[code] == found.top)
            sure = found.top - found.second > 2 * found.error
            return self.codes[best], 1 / found.shares()[1], sure


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

    def reaching(self, scores: LinearScores, least: float) -> IntArray:
        """Return the rows that may have an exact utility of ``least`` or more."""
        n = scores.n_classes
        with np.errstate(over="ignore", invalid="ignore"):
            far = scores.top - scores.second > self.gap(least, n) + 2 * scores.error
            near = np.flatnonzero(~far)
            close = scores.of_rows(near)
            # The last term is what exponentials and sums of float32 add.
            slack = self.steepness(n) * close.error + 8 * EPS * (n + 8)
            return near[~(self.utility(close) < least - slack)]


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


def _log_inverse(share: float) -> float:
    return max(0.0, -math.log(share)) if share > 0 else math.inf


DOUBTS: Mapping[str, Doubt] = {
    "margin": Doubt(_margin, _gap_of_margin, lambda _: 2.0),
    "least_confidence": Doubt(_least_confidence, _gap_of_least_confidence, lambda _: 1.0),
    "entropy": Doubt(_entropy, lambda *_: math.inf, lambda n: 2 * math.log(n)),
}
