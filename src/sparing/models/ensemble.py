"""EnsembleClassifier: the graph beside a kernel and a linear model, believed as they deserve."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sparing._validate import check_features, invalid
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.ridge import linear_votes, ridge_votes
from sparing.models.stacking import doubted, mixture_weights
from sparing.models.structure import PoolStructure
from sparing.pool.pool import UNLABELED
from sparing.types import Features, FloatArray

TRUST = np.array([5.0, 1.0, 1.0])
"""Labels' worth of belief in graph, kernel and linear model before any evidence.

Leaving a label out costs the graph most, since few labels each stand for a region of their own."""


class EnsembleClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """What ``model="auto"`` stands for: three models, weighted by how well they foretell labels.

    The graph spreads the labels over all items; a kernel machine and a linear one learn from the
    labeled items alone. Each says what it thinks of labels that it did not see, and the mixture
    under which these are likeliest is the answer. Where the vectors' neighbourhoods mean nothing,
    the linear model takes over.

    ``fit`` takes every item and -1 for those without a label, as ``GraphClassifier`` does.

    Parameters
    ----------
    structure : what is known of the pool without labels; made from X if not given

    Attributes
    ----------
    classes_ : (n_classes,) label values, sorted
    weights_ : (3,) of graph, kernel and linear model
    label_distributions_ : (n_items, n_classes) probabilities of the items of ``fit``
    transduction_ : (n_items,) the likeliest label of each
    oof_proba_ : (n_labeled, n_classes) what it says of labels that it did not see
    graph_, kernel_, linear_ : the fitted members; ``kernel_`` works on landmark features

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> model = EnsembleClassifier().fit(X, [0, -1, -1, -1, -1, 1])
    >>> model.predict([[1.5], [7.5]]).tolist()
    [0, 1]

    References
    ----------
    Wolpert (1992), Stacked generalization; Simeoni et al. (2019), arXiv 1911.08177, on what
    unlabeled items give to active learning
    """

    transductive: ClassVar[bool] = True
    """``fit`` takes the whole pool: the marker of ``types.TransductiveClassifier``."""

    def __init__(self, structure: PoolStructure | None = None) -> None:
        self.structure = structure

    def prepared(self, X: Features) -> Self:
        """Return a copy that keeps what depends on the pool's features alone."""
        if self.structure is not None and self.structure.holds(X):
            return self
        return type(self)(PoolStructure(X))

    def fit(self, X: Features, y: npt.ArrayLike) -> Self:
        """Fit the members and weigh them.

        Parameters
        ----------
        X : (n_items, n_features) all items, dense
        y : (n_items,) labels, -1 where there is none

        Raises
        ------
        InvalidInputError : wrong shapes, or no label at all
        CapabilityError : sparse features
        MemoryBudgetError : too many items for the memory
        TrainingError : the labels did not settle
        """
        self.graph_ = GraphClassifier(structure=self.structure).fit(X, y)
        self.classes_, self.n_features_in_ = self.graph_.classes_, self.graph_.n_features_in_
        self._weigh(np.asarray(y))
        structure = self.graph_.structure_
        self.label_distributions_ = self._mixed(
            self.graph_.label_distributions_,
            self.kernel_.predict_proba(structure.head.features),
            self.linear_.predict_proba(structure.X),
        )
        self.transduction_ = self.classes_[self.label_distributions_.argmax(axis=1)]
        return self

    def _weigh(self, y: npt.NDArray[Any]) -> None:
        """Fit the members that learn from labeled items alone, and set the weights of all."""
        structure, n_classes = self.graph_.structure_, len(self.classes_)
        labeled = np.flatnonzero(y != UNLABELED)
        codes = np.searchsorted(self.classes_, y[labeled])
        seen = structure.head.features[labeled]
        self.kernel_, kernel_oof = ridge_votes(seen, codes, n_classes)
        self.linear_, linear_oof = linear_votes(
            structure.X[labeled], codes, n_classes, structure.center, structure.spread
        )
        unseen = (self.graph_.oof_proba_, kernel_oof, linear_oof)
        rows = np.arange(len(codes))
        likelihoods = np.stack([doubted(p)[rows, codes] for p in unseen], axis=1)
        self.weights_ = mixture_weights(likelihoods, TRUST)
        self.oof_proba_ = self._mixed(*unseen)

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n, n_classes) probabilities of new items."""
        check_is_fitted(self, "classes_")
        X = np.asarray(check_features(X, "predict_proba"))
        if X.shape[1] != self.n_features_in_:
            raise invalid("X", "predict_proba", f"of {self.n_features_in_} features", X.shape)
        features = self.graph_.structure_.features(X)
        return self._mixed(
            self.graph_.proba_of(features),
            self.kernel_.predict_proba(features),
            self.linear_.predict_proba(X),
        )

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Return the likeliest label of new items."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _mixed(self, *parts: FloatArray) -> FloatArray:
        return np.asarray(sum(w * part for w, part in zip(self.weights_, parts, strict=True)))
