"""A random forest as a member: what each tree says of rows that it has not drawn comes free."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn import config_context
from sklearn.tree import DecisionTreeClassifier

from sparing.models.stacking import best_temperature, sharpened
from sparing.numeric.geometry import row_blocks
from sparing.types import FloatArray, IntArray

N_TREES = 20  # that answer; thirty take longer
N_GROWN = 54  # each row is drawn by about 63 in 100: as many are left to judge it as answer
MOST_COLUMNS = 100  # wider rows come from an encoder, whose columns mean nothing one by one
FEWEST_LABELS = 20  # below, a tree is a guess
MOST_VOTES = 20_000  # labels x classes; beyond, trees that split off a class each take seconds
ORDERED = 8  # columns in falling order of spread, and no fewer, are taken for components


@dataclass(frozen=True, eq=False, slots=True)
class Forest:
    """Trees as plain arrays: all nodes one after the other.

    Parameters
    ----------
    roots : (n_trees,) nodes where the trees begin
    feature : (n_nodes,) column that a node looks at; -1 at a leaf
    threshold : (n_nodes,) rows with at most this value go left
    left, right : (n_nodes,) nodes
    shares : (n_nodes, n_classes) of the classes at a leaf
    temperature : of the probabilities
    """

    roots: IntArray
    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    shares: FloatArray
    temperature: float

    @classmethod
    def of(cls, grown: Sequence[DecisionTreeClassifier], temperature: float) -> Self:
        """Return fitted trees as one forest."""
        trees = [tree.tree_ for tree in grown]
        sizes = np.array([tree.node_count for tree in trees])
        roots = np.cumsum(sizes) - sizes
        feature = np.concatenate([tree.feature for tree in trees])
        left, right = (
            np.concatenate([getattr(t, side) + r for t, r in zip(trees, roots, strict=True)])
            for side in ("children_left", "children_right")
        )
        values = np.concatenate([tree.value[:, 0, :] for tree in trees])
        return cls(
            roots,
            np.where(feature < 0, -1, feature).astype(np.int64),
            np.concatenate([tree.threshold for tree in trees]),
            left,
            right,
            (values / values.sum(axis=1, keepdims=True)).astype(np.float32),
            temperature,
        )

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) calibrated probabilities."""
        X = np.asarray(X, np.float32)
        parts = [self._mean(X[span]) for span in row_blocks(len(X), 4 * len(self.roots))]
        return sharpened(_smoothed(np.concatenate(parts)), self.temperature)

    def _mean(self, X: FloatArray) -> FloatArray:
        total = np.zeros((len(X), self.shares.shape[1]))
        for root in self.roots:
            total += self.shares[self._leaves(X, int(root))]
        return total / len(self.roots)

    def _leaves(self, X: FloatArray, root: int) -> IntArray:
        """Return the leaf that each row comes to, (n,)."""
        at = np.full(len(X), root)
        open_ = np.arange(len(X))
        while len(open_ := open_[self.feature[at[open_]] >= 0]):
            nodes = at[open_]
            goes_left = X[open_, self.feature[nodes]] <= self.threshold[nodes]
            at[open_] = np.where(goes_left, self.left[nodes], self.right[nodes])
        return at


def is_worth_it(n_labels: int, n_classes: int) -> bool:
    """Tell whether there are labels enough for trees, and not so many classes that one waits.

    Examples
    --------
    >>> is_worth_it(10, 2), is_worth_it(1000, 10), is_worth_it(600, 150)
    (False, True, False)
    """
    return n_labels >= FEWEST_LABELS and n_labels * n_classes <= MOST_VOTES


def suits(spread: FloatArray) -> bool:
    """Tell from the deviations of a pool's columns whether trees have something to hold on to.

    They ask one column at a time. Of vectors by an encoder, many columns or components that come
    widest first, any rotation would serve as well; a column of a table means something.

    Examples
    --------
    >>> suits(np.array([1.0, 3.0, 2.0])), suits(np.linspace(9, 1, 64)), suits(np.ones(384))
    (True, False, False)
    """
    are_components = len(spread) >= ORDERED and bool((np.diff(spread) < 0).all())
    return len(spread) <= MOST_COLUMNS and not are_components


def forest_votes(X: FloatArray, codes: IntArray, n_classes: int) -> tuple[Forest, FloatArray]:
    """Fit a random forest, as sure as labels that its trees did not see allow.

    More trees are grown than answer: each row is judged by those that have not drawn it, and that
    should be as many, or a forest would seem worse than it is.

    Parameters
    ----------
    X : (n_labeled, n_features)
    codes : (n_labeled,) class ids, each of ``range(n_classes)`` at least once
    n_classes : columns of the answers

    Returns
    -------
    forest : the trees
    oof_proba : (n_labeled, n_classes) calibrated, each row by the trees that did not draw it

    Examples
    --------
    >>> X = np.repeat([[0.0], [1.0], [2.0]], 20, axis=0)
    >>> forest, oof = forest_votes(X, np.repeat([0, 1, 0], 20), 2)
    >>> forest.predict_proba(np.array([[0.1], [1.1], [2.1]])).argmax(axis=1).tolist()
    [0, 1, 0]

    References
    ----------
    Breiman (2001), Random forests; Wolpert & Macready (1999) on out-of-bag estimates
    """
    X = np.ascontiguousarray(X, np.float32)
    draws = np.random.default_rng(0).integers(len(X), size=(N_GROWN, len(X)))
    trees, said, n_judges = [], np.zeros((len(X), n_classes)), np.zeros((len(X), 1))
    for number, drawn in enumerate(draws):
        times = np.bincount(drawn, minlength=len(X)).astype(np.float64)
        tree = _grown(X, codes, times, number)
        said[times == 0] += tree.tree_.predict(X[times == 0])[:, :n_classes]
        n_judges += times[:, None] == 0
        trees.append(tree)
    unseen = _smoothed(np.where(n_judges, said / np.maximum(n_judges, 1), 1 / n_classes))
    temperature = best_temperature(unseen, codes)
    return Forest.of(trees[:N_TREES], temperature), sharpened(unseen, temperature)


def _grown(X: FloatArray, codes: IntArray, times: FloatArray, seed: int) -> DecisionTreeClassifier:
    tree = DecisionTreeClassifier(max_features="sqrt", random_state=seed)
    with config_context(skip_parameter_validation=True):  # it takes a sixth of the time
        return tree.fit(X, codes, sample_weight=times, check_input=False)


def _smoothed(shares: FloatArray) -> FloatArray:
    """Count one tree more, which knows nothing."""
    return np.asarray((N_TREES * shares + 1 / shares.shape[1]) / (N_TREES + 1))
