"""Strategies that read the current model's probabilities, and the baseline that reads nothing."""

from typing import ClassVar

import numpy as np

from sparing.pool.snapshot import Snapshot
from sparing.strategies import measures
from sparing.strategies.base import QueryStrategy, Selection, given
from sparing.types import FloatArray


class RandomSampling(QueryStrategy):
    """Uniform draws without replacement: the baseline that every strategy has to beat.

    Each pick carries its propensity, so its label may serve an unbiased estimate.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> s = Snapshot(np.eye(4), np.ones(4, bool), np.array([], int), np.array([], int), 2)
    >>> choose(RandomSampling(), s, 2, np.random.default_rng(0)).propensity
    array([0.25      , 0.33333333])
    """

    name: ClassVar[str] = "random"
    reason: ClassVar[str] = "drawn at random"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return zeros: no candidate is better than another."""
        return np.zeros(len(s.candidates))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return uniform draws, each with its propensity."""
        return Selection.drawn(s.candidates, batch_size, rng)


class LeastConfidence(QueryStrategy):
    """Ask where the likeliest class is least likely: the founding article's rule.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> proba = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 2, proba=proba)
    >>> choose(LeastConfidence(), s, 1, np.random.default_rng(0)).rows
    array([1])

    References
    ----------
    Lewis & Gale (1994)
    """

    name: ClassVar[str] = "least_confidence"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    is_pointwise: ClassVar[bool] = True
    reason: ClassVar[str] = "the model is least sure of its answer"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return one minus the largest probability."""
        return np.asarray(measures.least_confidence(given(s, "proba"))[s.candidates])


class MarginSampling(QueryStrategy):
    """Ask where the two likeliest classes are close: the hardest baseline to beat once trained.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> proba = np.array([[0.5, 0.3, 0.2], [0.45, 0.45, 0.1]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 3, proba=proba)
    >>> choose(MarginSampling(), s, 1, np.random.default_rng(0)).rows
    array([1])

    References
    ----------
    Scheffer, Decomain & Wrobel (2001); Bahri et al. (2022), arXiv 2210.03822
    """

    name: ClassVar[str] = "margin"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    is_pointwise: ClassVar[bool] = True
    reason: ClassVar[str] = "the two likeliest classes are close"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return one minus the gap between the two largest probabilities."""
        return np.asarray(measures.margin(given(s, "proba"))[s.candidates])


class EntropySampling(QueryStrategy):
    """Ask where the probabilities are spread over the classes.

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> proba = np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3]])
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 3, proba=proba)
    >>> choose(EntropySampling(), s, 1, np.random.default_rng(0)).rows
    array([1])

    References
    ----------
    Shannon (1948); Settles (2009)
    """

    name: ClassVar[str] = "entropy"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})
    is_pointwise: ClassVar[bool] = True
    reason: ClassVar[str] = "the model spreads its guess over several classes"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the Shannon entropy in nats."""
        return np.asarray(measures.entropy(given(s, "proba"))[s.candidates])
