"""What others say of the items, as one more witness: heard as far as answers show that they know.

Labels of a language model, or of a model of before, come without a promise. How likely each class
is where they say something is learned from answered items, and how much of that is added to what
the model says itself from the same ones. A witness who knows nothing, or whose word the model knows
already, is not heard; with few answers nobody is heard much.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sparing.models.stacking import mixed_with_uniform
from sparing.pool.classes import ClassTable
from sparing.types import BoolArray, FloatArray, IntArray, Label

SILENT = -1
LEAST_ANSWERS = 4  # with fewer, nothing can be held out
DOUBTED = 20.0  # answers' worth of evidence that they know nothing
ALIKE = 10.0  # answers of a class before what they say of it counts for itself
TINY = 1e-300
PRICE = 2.0  # nats by which answers have to be likelier, for being heard fully


@dataclass(frozen=True, eq=False, slots=True)
class Others:
    """What others say of each item.

    Parameters
    ----------
    values : all that they say
    codes : (n_items,) which of them, -1 where nothing is said

    Examples
    --------
    >>> Others.at(np.array([2, 0]), ["cat", "dog"], 3).codes
    array([ 1, -1,  0])
    """

    values: tuple[Label, ...]
    codes: IntArray

    @classmethod
    def at(cls, rows: IntArray, said: Iterable[Label], n_items: int) -> Self:
        """Return what is said of some rows, a value each; of the other items nothing is."""
        known: dict[Label, int] = {}
        codes = np.full(n_items, SILENT)
        codes[rows] = [known.setdefault(one, len(known)) for one in said]
        return cls(tuple(known), codes)

    def whether(self, is_so: Callable[[Any], bool]) -> "Others":
        """Return what they say of a question: yes or no of each item that they know."""
        answers = np.array([is_so(value) for value in self.values], dtype=np.int64)
        silent = self.codes < 0
        codes = np.full(len(self.codes), SILENT)
        codes[~silent] = answers[self.codes[~silent]]
        return Others((False, True), codes)

    def as_classes(self, classes: ClassTable, n_classes: int) -> FloatArray:
        """Return (n_values, n_classes) 1 where a value is that of a class, else 0."""
        table = np.zeros((len(self.values), n_classes))
        place = {value: i for i, value in enumerate(classes.values)}
        for i, value in enumerate(self.values):
            if value in place:
                table[i, place[value]] = 1
        return table

    @property
    def shares(self) -> FloatArray:
        """(n_values,) how often each is said; none never."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)) + 1
        return np.asarray(counts / counts.sum())


@dataclass(frozen=True, eq=False, slots=True)
class Hearing:
    """How far others are heard.

    Parameters
    ----------
    weight : from 0, not at all, to 1
    told : (n_values, n_classes) logarithm of how likely each value is, by the true class
    """

    weight: float
    told: FloatArray

    def beside(self, proba: FloatArray, codes: IntArray) -> FloatArray:
        """Return (n, n_classes) probabilities by a model and by what others say.

        Parameters
        ----------
        proba : (n, n_classes) of the model
        codes : (n,) what others say, -1 for nothing
        """
        if not self.weight or not len(self.told):
            return proba
        heard = codes >= 0
        both = proba.copy()
        both[heard] = _together(proba[heard], self.told[codes[heard]], self.weight)
        return both


NOT_HEARD = Hearing(0.0, np.zeros((0, 0)))


def hear(
    others: Others, labeled: IntArray, codes: IntArray, oof_proba: FloatArray, same: FloatArray
) -> Hearing:
    """Return how far others are heard, by the items that have answers.

    Each answer is foretold from all others: by a model that has not seen it, and by what is said of
    it where how often that is right was counted without it.

    Parameters
    ----------
    others : what they say
    labeled, codes : (n_labeled,) rows with an answer, and its class
    oof_proba : (n_labeled, n_classes) what a model says that has not seen the answer
    same : (n_values, n_classes) 1 where a value is that of a class

    Returns
    -------
    Hearing
        of weight 0 where fewer than four answers can tell

    References
    ----------
    Dawid & Skene (1979), on what several observers know; Wolpert (1992), Stacked generalization

    Examples
    --------
    >>> others = Others.at(np.arange(40), [0, 1] * 20, 40)
    >>> codes, unsure = np.tile([0, 1], 20), np.full((40, 2), 0.5)
    >>> hear(others, np.arange(40), codes, unsure, np.eye(2)).weight
    1.0
    >>> hear(others, np.arange(40), codes, np.eye(2)[codes], np.eye(2)).weight  # knows it already
    0.0
    """
    heard = others.codes[labeled] >= 0
    said, codes, own = others.codes[labeled][heard], codes[heard], oof_proba[heard]
    if len(said) < LEAST_ANSWERS:
        return NOT_HEARD
    told = _told(said, codes, others.shares, same)
    unseen = _told_unseen(said, codes, others.shares, same)
    return Hearing(_weight(own, unseen, codes), told)


def _told(said: IntArray, codes: IntArray, shares: FloatArray, same: FloatArray) -> FloatArray:
    """Return (n_values, n_classes) the logarithm of how likely each value is in each class."""
    hits, chances = _hits(said, codes, shares, same)
    knows = np.maximum(hits.sum() / (chances.sum() + DOUBTED), 0)
    counts = np.zeros(same.shape)
    np.add.at(counts, (said, codes), 1)
    expected = _expected(knows, shares[:, None], same, _is_said(same))
    return np.asarray(np.log((counts + ALIKE * expected) / (counts.sum(axis=0) + ALIKE)))


def _told_unseen(
    said: IntArray, codes: IntArray, shares: FloatArray, same: FloatArray
) -> FloatArray:
    """Return (n, n_classes) the same of what is said of each item, counted without that item."""
    rows = np.arange(len(said))
    hits, chances = _hits(said, codes, shares, same)
    knows = (hits.sum() - hits) / (chances.sum() - chances + DOUBTED)
    counts = np.zeros(same.shape)
    np.add.at(counts, (said, codes), 1)
    own, totals = counts[said], np.tile(counts.sum(axis=0), (len(said), 1))
    own[rows, codes] -= 1
    totals[rows, codes] -= 1
    at = np.maximum(knows, 0)[:, None], shares[said][:, None]
    expected = _expected(*at, same[said], _is_said(same))
    return np.asarray(np.log((own + ALIKE * expected) / (totals + ALIKE)))


def _hits(
    said: IntArray, codes: IntArray, shares: FloatArray, same: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return for each item whether it is right, less by chance, and how much it could be so."""
    by_chance = (shares @ same)[codes]
    return same[said, codes] - by_chance, 1 - by_chance


def _expected(
    knows: FloatArray | float, share: FloatArray, same: FloatArray, is_said: BoolArray
) -> FloatArray:
    """Return how likely a value is by class: who knows names the class, who does not guesses."""
    knows = knows * is_said  # of a class that they never name they know nothing
    return np.asarray(knows * same + (1 - knows) * share)


def _is_said(same: FloatArray) -> BoolArray:
    """Return (n_classes,) whether they ever name a class."""
    return np.asarray(same.any(axis=0))


def _together(proba: FloatArray, told: FloatArray, weight: float) -> FloatArray:
    log_proba = np.log(mixed_with_uniform(proba))
    return np.asarray(np.exp(log_softmax(log_proba + weight * told, axis=1)))


def _weight(own: FloatArray, told: FloatArray, codes: IntArray) -> float:
    """Return the weight under which unseen answers are likeliest, if they are clearly likelier."""
    rows = np.arange(len(codes))

    def loss(weight: float) -> float:
        found = _together(own, told, weight)[rows, codes]
        return float(PRICE * weight - np.log(np.maximum(found, TINY)).sum())

    best = float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)
    return min((0.0, best, 1.0), key=loss)
