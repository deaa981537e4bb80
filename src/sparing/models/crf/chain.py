"""The chain: likelihood, marginals, best path and segment probabilities, all exact.

Forward and backward numbers are scaled at each position, so nothing under- or overflows however
long a sentence is.
"""

from dataclasses import dataclass

import numpy as np

from sparing.models.crf.packing import Packing
from sparing.types import BoolArray, FloatArray, IntArray

DEEPEST = 60.0
"""A tag is at most so many nats behind its token's best: e**-60 is nothing, and no underflow."""


@dataclass(frozen=True, eq=False, slots=True)
class Transitions:
    """How tags follow each other.

    Parameters
    ----------
    scores : (n_tags, n_tags) of the second after the first
    first : (n_tags,) of the first tag of a sentence
    allowed : (n_tags, n_tags) what may follow what at all; what nothing but its own class may
        come before begins no sentence
    """

    scores: FloatArray
    first: FloatArray
    allowed: BoolArray

    @property
    def weights(self) -> FloatArray:
        """(n_tags, n_tags) exponentials, 0 where it is not allowed."""
        return np.where(self.allowed, np.exp(self.scores), 0)

    @property
    def first_weights(self) -> FloatArray:
        """(n_tags,) exponentials of the first tag's scores."""
        return np.where(self.allowed[0], np.exp(self.first), 0)  # outside comes before


@dataclass(frozen=True, eq=False, slots=True)
class Scaled:
    """Forward and backward numbers in packed order.

    Parameters
    ----------
    potentials : (n_tokens, n_tags) exponentials of the scores, the largest of each token 1
    alpha, beta : (n_tokens, n_tags); their product is the marginal
    scale : (n_tokens,) by which alpha was divided
    shift : (n_tokens,) the largest score of each token, which the potentials are without
    """

    potentials: FloatArray
    alpha: FloatArray
    beta: FloatArray
    scale: FloatArray
    shift: FloatArray

    @property
    def log_total(self) -> float:
        """The sum over all sentences of the logarithm of all paths' weight."""
        return float(np.log(self.scale).sum() + self.shift.sum())


def forward_backward(scores: FloatArray, chain: Transitions, packing: Packing) -> Scaled:
    """Return the scaled forward and backward numbers.

    Parameters
    ----------
    scores : (n_tokens, n_tags) in packed order
    chain : how tags follow each other
    packing : of these sentences

    References
    ----------
    Rabiner (1989), A tutorial on hidden Markov models; Lafferty, McCallum & Pereira (2001)
    """
    shift = scores.max(axis=1)
    potentials = np.exp(bounded(scores) - shift[:, None])
    weights, blocks = chain.weights, packing.blocks
    alpha, beta = potentials.copy(), np.ones_like(potentials)
    scale = np.empty(len(scores))
    for t, now in enumerate(blocks):
        if t:
            before = slice(blocks[t - 1].start, blocks[t - 1].start + now.stop - now.start)
            alpha[now] *= alpha[before] @ weights
        else:
            alpha[now] *= chain.first_weights
        scale[now] = alpha[now].sum(axis=1)
        alpha[now] /= scale[now, None]
    for t in range(len(blocks) - 1, 0, -1):
        now, start = blocks[t], blocks[t - 1].start
        told = potentials[now] * beta[now] / scale[now, None]
        beta[start : start + now.stop - now.start] = told @ weights.T
    return Scaled(potentials, alpha, beta, scale, shift)


def bounded(scores: FloatArray) -> FloatArray:
    """Return scores none of which is further behind the best of its row than tells anything.

    Examples
    --------
    >>> bounded(np.array([[0.0, -900.0]]))
    array([[  0., -60.]])
    """
    return np.asarray(np.maximum(scores, scores.max(axis=1, keepdims=True) - DEEPEST))


def pair_counts(scaled: Scaled, chain: Transitions, packing: Packing) -> FloatArray:
    """Return (n_tags, n_tags) how often the second tag is expected after the first."""
    later = slice(int(packing.sizes[0]), None)
    told = scaled.potentials[later] * scaled.beta[later] / scaled.scale[later, None]
    return np.asarray((scaled.alpha[packing.before].T @ told) * chain.weights)


def best_path(
    scores: FloatArray, chain: Transitions, packing: Packing
) -> tuple[IntArray, FloatArray]:
    """Return the likeliest tags, (n_tokens,) in packed order, and (n,) their scores by rank.

    References
    ----------
    Viterbi (1967)
    """
    blocks, n = packing.blocks, int(packing.sizes[0])
    log_weights = np.where(chain.allowed, chain.scores, -np.inf)
    start = np.where(chain.allowed[0], chain.first, -np.inf)
    came_from = np.zeros(scores.shape, dtype=np.int64)
    reached = scores[blocks[0]] + start
    finals = np.empty((n, scores.shape[1]))
    for now in blocks[1:]:
        size = now.stop - now.start
        finals[size : len(reached)] = reached[size:]
        steps = reached[:size, :, None] + log_weights
        came_from[now] = steps.argmax(axis=1)
        reached = steps.max(axis=1) + scores[now]
    finals[: len(reached)] = reached
    tags = np.empty(len(scores), dtype=np.int64)
    last = finals.argmax(axis=1)
    for now in reversed(blocks):
        size = now.stop - now.start
        tags[now] = last[:size]
        last[:size] = came_from[now][np.arange(size), last[:size]]
    return tags, finals.max(axis=1)
