"""How good several labels an item are, from items that a person answered and nothing had chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sparing.stats.f1 import Counts, Share, f1_interval
from sparing.stats.intervals import PoolConfidence, uniform_interval
from sparing.types import BoolArray, FloatArray, IntArray, Label

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How often the model is right, over all items that were not taught, with 95 % intervals.

    Parameters
    ----------
    exact : share of items with all labels right
    f1 : over all labels of all items (micro); rough below 100 items
    labels : of each label, the share of items where it is right
    macro_f1 : the mean over the labels of their own F1 in the drawn items, without an interval
    n_items : that were drawn
    without_labels : share of them that have no label: what saying nothing gets exactly right
    """

    exact: Share
    f1: Share
    labels: Mapping[Label, Share]
    macro_f1: float
    n_items: int
    without_labels: float

    def __str__(self) -> str:
        return (
            f"all labels right {self.exact}, F1 {self.f1} (macro {self.macro_f1:.3f}); "
            f"{self.n_items} items, {self.without_labels:.0%} of them without a label"
        )


def label_scores(
    proba: FloatArray, drawn: IntArray, truth: BoolArray, pool: IntArray, names: list[Label]
) -> LabelScores:
    """Compare what a model says of some items with what a person says.

    Parameters
    ----------
    proba : (n_items, n_labels) how likely each label is
    drawn : (m,) rows of the items drawn, in the order of the draw
    truth : (m, n_labels) which labels they have
    pool : rows that could have been drawn
    names : (n_labels,) of the labels

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.9], [0.1, 0.1]])
    >>> truth = np.array([[True, False], [False, False]])
    >>> scores = label_scores(proba, np.array([0, 1]), truth, np.arange(4), ["a", "b"])
    >>> scores.exact.value, scores.labels["a"].value, round(scores.macro_f1, 2)
    (0.5, 1.0, 0.5)
    """
    said, sure = proba > 0.5, np.maximum(proba, 1 - proba)
    right = said[drawn] == truth
    shares = [_share(right[:, i], sure[:, i], drawn, pool) for i in range(len(names))]
    both = (said[drawn] & truth).sum(axis=0)
    total = said[drawn].sum(axis=0) + truth.sum(axis=0)
    return LabelScores(
        _share(right.all(axis=1), sure.prod(axis=1), drawn, pool),
        _micro(proba, drawn, truth, pool),
        dict(zip(names, shares, strict=True)),
        float(np.mean(2 * both / np.maximum(total, 1))),
        len(drawn),
        float(np.mean(~truth.any(axis=1))),
    )


def _share(right: BoolArray, sure: FloatArray, drawn: IntArray, pool: IntArray) -> Share:
    """Return a share of right answers: exact where errors are few, else prediction-powered."""
    whole = PoolConfidence.of(sure[pool])
    one = right[None, :].astype(np.float64)
    found = uniform_interval(one, sure[drawn][None, :], whole, new=False, alpha=ALPHA)
    return Share(float(found.value[0]), float(found.low[0]), float(found.high[0]), False)


def _micro(proba: FloatArray, drawn: IntArray, truth: BoolArray, pool: IntArray) -> Share:
    said = proba > 0.5
    told = Counts(
        (proba * said).sum(axis=1), said.sum(axis=1).astype(np.float64), proba.sum(axis=1)
    )
    counts = ((said[drawn] & truth), said[drawn], truth)
    seen = Counts(*(part.sum(axis=1).astype(np.float64) for part in counts))
    here, there = (
        Counts(told.right[rows], told.predicted[rows], told.true[rows]) for rows in (drawn, pool)
    )
    return f1_interval(seen, here, there, ALPHA)
