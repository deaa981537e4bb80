"""A small network on the features of cells: for each class how good a box is, and its four edges.

One hidden layer after another in plain NumPy. A cell's score for a class is what the intersection
over union of its box with the object is going to be, so that of two boxes the better one wins.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sparing.types import FloatArray, IntArray

HIDDEN = (192, 96)
RARE = 0.02  # what all scores start at: most cells have no object in their middle
DECAY = 1e-2  # of the weights, a step, times the rate
RATE = 3e-3
B1, B2, EPSILON = 0.9, 0.999, 1e-8
MOST_STRETCH = 6.0  # logarithm of an edge's distance over the usual one
LEAST_SPREAD = 1e-3
BOX_WEIGHT = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Cells with what they should say.

    Parameters
    ----------
    X : (n, n_features) float32
    class_ids : (n,) of the object in whose middle the cell is, -1: none
    edges : (n, 4) distances of left, top, right and bottom from the middle, in usual ones
    weights : (n,) how much each counts where there is no object
    """

    X: FloatArray
    class_ids: IntArray
    edges: FloatArray
    weights: FloatArray


class CellHead:
    """Scores and boxes of cells.

    Parameters
    ----------
    mean, spread : (n_features,) of what cells see
    n_classes : codes there are
    rng : draws the weights and what is dropped
    """

    def __init__(
        self, mean: FloatArray, spread: FloatArray, n_classes: int, rng: np.random.Generator
    ) -> None:
        self.mean = mean.astype(np.float32)
        self.scale = (1 / np.maximum(spread, LEAST_SPREAD)).astype(np.float32)
        self.n_classes = n_classes
        self._rng = rng
        widths = (len(mean), *HIDDEN, n_classes + 4)
        self.weights = [
            (rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32)
            for a, b in pairwise(widths)
        ]
        self.weights[-1] *= np.float32(0.1)
        self.offsets = [np.zeros(b, np.float32) for b in widths[1:]]
        self.offsets[-1][:n_classes] = np.log(RARE / (1 - RARE))
        self._moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self._parts]
        self._n_steps = 0

    @property
    def _parts(self) -> list[FloatArray]:
        return [*self.weights, *self.offsets]

    def told(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return scores (n, n_classes) in [0, 1], and edges (n, 4) in usual distances."""
        out = self._layers(self._standard(X))[-1]
        return _sigmoid(out[:, : self.n_classes]), _distances(out[:, self.n_classes :])

    def step(self, cells: Cells, rate: float) -> float:
        """Take one step, and return the loss before it."""
        layers = self._layers(self._dropped(self._standard(cells.X)))
        slope, loss = _slope(layers[-1], cells, self.n_classes)
        by_weights: list[FloatArray] = []
        by_offsets: list[FloatArray] = []
        for weights, seen in zip(reversed(self.weights), reversed(layers[:-1]), strict=True):
            by_weights.insert(0, seen.T @ slope)
            by_offsets.insert(0, slope.sum(axis=0))
            slope = (slope @ weights.T) * (seen > 0)
        self._move([*by_weights, *by_offsets], rate)
        return loss

    def _standard(self, X: FloatArray) -> FloatArray:
        return (X - self.mean) * self.scale

    def _dropped(self, X: FloatArray, share: float = 0.1) -> FloatArray:
        """Leave out some features at random: a few pictures must not be known by one of them."""
        kept = self._rng.random(X.shape, dtype=np.float32) >= share
        return X * kept * np.float32(1 / (1 - share))

    def _layers(self, X: FloatArray) -> list[FloatArray]:
        layers = [X]
        for i, (weights, offset) in enumerate(zip(self.weights, self.offsets, strict=True)):
            y = layers[-1] @ weights + offset
            layers.append(np.maximum(y, 0) if i + 1 < len(self.weights) else y)
        return layers

    def _move(self, slopes: list[FloatArray], rate: float) -> None:
        """Move by Adam, weights drawn towards zero (AdamW)."""
        self._n_steps += 1
        t = self._n_steps
        for part, slope, (m, v) in zip(self._parts, slopes, self._moments, strict=True):
            m[...] += (1 - B1) * (slope - m)
            v[...] += (1 - B2) * (slope * slope - v)
            step = m / (1 - B1**t) / (np.sqrt(v / (1 - B2**t)) + EPSILON)
            decayed = step + DECAY * part if part.ndim == 2 else step
            part[...] -= np.float32(rate) * decayed


def _slope(out: FloatArray, cells: Cells, n_classes: int) -> tuple[FloatArray, float]:
    """Return the slope of the loss by what the network puts out, and the loss."""
    at = np.flatnonzero(cells.class_ids >= 0)
    slope = np.zeros_like(out)
    n = max(len(at), 1)
    stretch = out[at, n_classes:]
    shared, by_edge = overlap_of_edges(_distances(stretch), cells.edges[at])
    target = np.zeros((len(out), n_classes), np.float32)
    target[at, cells.class_ids[at]] = shared
    score_slope, score_loss = quality_loss(out[:, :n_classes], target)
    slope[:, :n_classes] = score_slope * (cells.weights / n)[:, None]
    is_free = np.abs(stretch) < MOST_STRETCH
    slope[at, n_classes:] = -BOX_WEIGHT / n * by_edge * _distances(stretch) * is_free
    loss = (score_loss.sum(axis=1) @ cells.weights - BOX_WEIGHT * np.log(shared).sum()) / n
    return slope, float(loss)


def quality_loss(logits: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and value of the quality focal loss: what is nearly right counts little.

    Examples
    --------
    >>> slope, loss = quality_loss(np.array([[0.0]]), np.array([[1.0]]))
    >>> loss.round(4)  # .25 * log 2
    array([[0.1733]])

    References
    ----------
    Li et al. (2020), arXiv 2006.04388
    """
    p = _sigmoid(logits)
    gap = p - target
    entropy = np.logaddexp(0, logits) - target * logits
    slope = gap**3 + 2 * gap * p * (1 - p) * entropy
    return slope, gap**2 * entropy


def overlap_of_edges(edges: FloatArray, truth: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the intersection over union of boxes around one point, and its logarithm's slope.

    Parameters
    ----------
    edges, truth : (n, 4) > 0 distances of left, top, right and bottom from the point

    Examples
    --------
    >>> overlap_of_edges(np.array([[1.0, 1, 1, 1]]), np.array([[1.0, 1, 1, 3]]))[0]
    array([0.5])

    References
    ----------
    Yu et al. (2016), UnitBox, arXiv 1608.01471
    """
    least = np.minimum(edges, truth)
    sides = [part[:, :2] + part[:, 2:] for part in (edges, truth, least)]
    area, true_area, common = (side[:, 0] * side[:, 1] for side in sides)
    union = area + true_area - common
    # An edge moves the area by the other side's length, and what is common where it is inside.
    moved = np.tile(sides[0][:, ::-1], 2)
    moved_common = np.tile(sides[2][:, ::-1], 2) * (edges < truth)
    slope = moved_common / common[:, None] - (moved - moved_common) / union[:, None]
    return common / union, slope


def _distances(stretch: FloatArray) -> FloatArray:
    return np.asarray(np.exp(np.clip(stretch, -MOST_STRETCH, MOST_STRETCH)))


def _sigmoid(x: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
