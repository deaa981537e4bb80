"""LabelsVersion: what a classifier says of several labels an item, each label by itself."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from sparing.models.others import Others
from sparing.models.version import ModelVersion
from sparing.pool.classes import ClassTable
from sparing.pool.pool import Pool
from sparing.types import BoolArray, Classifier, Features, FloatArray

ABSENT_PRESENT = ClassTable((False, True))
SAME = 1e-6  # within the rounding of float32
HARDLY_OPEN = 1e-3  # of doubt; a label of less is as good as certain


class LabelsVersion:
    """One state of the labels and all that a classifier says of it, each part made once.

    One model a label, present or absent; they share what the pool's features alone tell. Each is
    weighed by what it says of answers that it did not see.

    Parameters
    ----------
    classifier : any scikit-learn classifier; copies of it are fitted
    pool : which rows are labeled
    present : (n_labeled, n_labels) which labels each labeled row has
    seed : of all that is drawn
    inputs : (n_items, ...) what the classifier sees of the items; the pool's features if None
    others : for each label, what others say of the items: that it is there, or not
    """

    def __init__(
        self,
        classifier: Classifier,
        pool: Pool,
        present: BoolArray,
        seed: int,
        inputs: Any = None,
        others: Sequence[Others | None] = (),
    ) -> None:
        self.pool = pool
        self.present = present
        unlabeled, rows = Pool(pool.X, classes=ABSENT_PRESENT), pool.labeled
        pools = (unlabeled.with_labels(rows, column.tolist()) for column in present.T)
        told = others or [None] * present.shape[1]
        self.versions = [
            ModelVersion(classifier, one, seed, inputs, others=theirs)
            for one, theirs in zip(pools, told, strict=True)
        ]

    @cached_property
    def proba(self) -> FloatArray:
        """(n_items, n_labels) how likely each label is, of the pool."""
        return _side_by_side([v.proba[:, 1] for v in self.versions], len(self.pool))

    @cached_property
    def oof_proba(self) -> FloatArray:
        """(n_labeled, n_labels) the same of labeled rows, by models that did not see them."""
        return _side_by_side([v.oof_proba[:, 1] for v in self.versions], len(self.present))

    def predict(self, X: Features) -> FloatArray:
        """Return (n, n_labels) how likely each label is of other items."""
        return _side_by_side([v.predict(X)[:, 1] for v in self.versions], X.shape[0])


def _side_by_side(columns: Sequence[FloatArray], n: int) -> FloatArray:
    return np.column_stack(columns) if columns else np.empty((n, 0))


def uncertainty(proba: FloatArray) -> FloatArray:
    """Return (n,) how open the answer to all labels of an item is, from 0 to 1, the most open item.

    The doubt of each label counts as a multiple of what it is in the mean of the items: else what
    is asked would be about the labels that are open everywhere, and hardly ever about rare ones.
    Of an item the mean of two counts: its average label's doubt, and that of its most open one. The
    first alone would pass over an item with one open label among many, the second over many that
    are half open.

    Parameters
    ----------
    proba : (n, n_labels) how likely each label is

    Examples
    --------
    The second label is seldom open, so where it is, that counts more:

    >>> uncertainty(np.array([[1.0, 0.0], [0.5, 0.0], [0.5, 0.0], [1.0, 0.5]])).round(2)
    array([0. , 0.5, 0.5, 1. ])
    """
    if not proba.shape[1] or not len(proba):
        return np.ones(len(proba))
    each = 1 - np.abs(2 * proba - 1)
    each = each / np.maximum(each.mean(axis=0), HARDLY_OPEN)
    whole = each.mean(axis=1) + each.max(axis=1)
    return np.asarray(whole / max(whole.max(), HARDLY_OPEN))


def f1_threshold(proba: FloatArray) -> float:
    """Return from which probability on labels are to be given so that micro F1 is best.

    As the model expects it: with labels that are rare and seldom certain, too few are likelier
    than not, and F1 is that of what was never found.

    Parameters
    ----------
    proba : (n, n_labels) how likely each label is, or of one label (n,)

    References
    ----------
    Lipton, Elkan & Naryanaswamy (2014), arXiv 1402.1892: half of the best F1

    Examples
    --------
    >>> f1_threshold(np.array([[0.9, 0.4], [0.4, 0.1]]))
    0.4
    """
    ranked = np.sort(proba, axis=None)[::-1]
    if not len(ranked) or not ranked[0]:
        return 0.5
    expected = 2 * np.cumsum(ranked) / (np.arange(1, len(ranked) + 1) + ranked.sum())
    return float(ranked[expected.argmax()])


def f1_thresholds(proba: FloatArray, *, together: bool = False) -> FloatArray:
    """Return (n_labels,) the same for each label by itself, so that macro F1 is best.

    A label of which all items are told the same is left where it is likelier than not: to give it
    to all of them would make the expected F1 best, and says nothing.

    Parameters
    ----------
    proba : (n, n_labels) how likely each label is
    together : that micro F1 is best: all labels have one threshold, but for such a label

    Examples
    --------
    >>> f1_thresholds(np.array([[0.9, 0.4, 0.2], [0.4, 0.1, 0.2]])).tolist()
    [0.4, 0.4, 0.5]
    """
    whole = f1_threshold(proba) if together else None
    each = [f1_threshold(one) if whole is None else whole for one in proba.T]
    if not len(proba):
        return np.array(each, dtype=np.float64)
    return np.where(np.ptp(proba, axis=0) < SAME, 0.5, each)
