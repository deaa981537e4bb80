"""EnsembleClassifier: the graph beside models of the labeled items, believed as they deserve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sparing._validate import check_features, invalid
from sparing.models.forest import Forest, forest_votes, is_worth_it, suits
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.multinomial import Logits, is_affordable, softmax_votes
from sparing.models.ridge import LinearVotes, linear_votes, ridge_votes
from sparing.models.stacking import believed, likelihoods_of
from sparing.models.structure import PoolStructure
from sparing.pool.pool import UNLABELED
from sparing.types import Features, FloatArray, IntArray

GRAPH = "graph"
FAVORED = (GRAPH, "forest")
"""Leaving a label out costs the graph most, since few labels each stand for a region of their own.
A forest is there only where columns are those of a table, and there it is often the best."""
TRUST = 5.0
"""Labels' worth of belief in each of these before any evidence; 1 in each of the others."""
FAVOR = 7.0
"""Odds of each of these beforehand; 1 of each of the others."""


@dataclass(frozen=True, eq=False, slots=True)
class Member:
    """A model of the labeled items, and what it says of each had it not seen its label.

    Parameters
    ----------
    name : what a person is told
    votes : from rows to probabilities
    oof_proba : (n_labeled, n_classes)
    on_landmarks : whether it reads landmark features, not the vectors themselves
    """

    name: str
    votes: LinearVotes | Logits | Forest
    oof_proba: FloatArray
    on_landmarks: bool = False

    def predict_proba(self, X: FloatArray, features: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities of rows, given by vectors and landmark features."""
        return self.votes.predict_proba(features if self.on_landmarks else X)


class EnsembleClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """What ``model="auto"`` stands for: several models, weighted by how well they foretell labels.

    The graph spreads the labels over all items; a kernel machine, a linear one, softmax regression
    and, for tables, a forest learn from the labeled items alone. Each says what it thinks of
    labels that it did not see, and is believed as these are likely under it. Where the vectors'
    neighbourhoods mean nothing, the others take over.

    ``fit`` takes every item and -1 for those without a label, as ``GraphClassifier`` does.

    Parameters
    ----------
    structure : what is known of the pool without labels; made from X if not given

    Attributes
    ----------
    classes_ : (n_classes,) label values, sorted
    names_ : of the graph and of the members
    weights_ : (n_members + 1,) how much each is believed of the items of ``fit``
    new_weights_ : the same of new items, for which the graph has only its regression
    label_distributions_ : (n_items, n_classes) probabilities of the items of ``fit``
    transduction_ : (n_items,) the likeliest label of each
    oof_proba_ : (n_labeled, n_classes) what it says of labels that it did not see
    new_oof_proba_ : (n_labeled, n_classes) what it would say of them if they were not of the pool
    graph_ : the fitted graph
    members_ : the other models

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
        y = np.asarray(y)
        structure, labeled = self.graph_.structure_, np.flatnonzero(y != UNLABELED)
        codes = np.searchsorted(self.classes_, y[labeled])
        self.members_ = fitted_members(structure, labeled, codes, len(self.classes_))
        self._weigh(codes)
        said = (m.predict_proba(structure.X, structure.head.features) for m in self.members_)
        self.label_distributions_ = mixed(self.weights_, [self.graph_.label_distributions_, *said])
        self.transduction_ = self.classes_[self.label_distributions_.argmax(axis=1)]
        return self

    def _weigh(self, codes: IntArray) -> None:
        """Set how much each is believed, of the pool and of new items."""
        self.names_ = (GRAPH, *(member.name for member in self.members_))
        unseen = [member.oof_proba for member in self.members_]
        self.weights_ = self._belief([self.graph_.oof_proba_, *unseen], codes)
        self.new_weights_ = self._belief([self.graph_.new_oof_proba_, *unseen], codes)
        self.oof_proba_ = mixed(self.weights_, [self.graph_.oof_proba_, *unseen])
        self.new_oof_proba_ = mixed(self.new_weights_, [self.graph_.new_oof_proba_, *unseen])

    def _belief(self, unseen: Sequence[FloatArray], codes: IntArray) -> FloatArray:
        is_favored = np.isin(self.names_, FAVORED)
        prior, favor = np.where(is_favored, TRUST, 1.0), np.where(is_favored, FAVOR, 1.0)
        return believed(likelihoods_of(unseen, codes), prior, favor)

    @property
    def shares_(self) -> dict[str, float]:
        """How much each model is believed of the pool, by name; they sum to 1."""
        return dict(zip(self.names_, self.weights_.tolist(), strict=True))

    @property
    def new_shares_(self) -> dict[str, float]:
        """The same of new items."""
        return dict(zip(self.names_, self.new_weights_.tolist(), strict=True))

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n, n_classes) probabilities of new items."""
        check_is_fitted(self, "classes_")
        X = np.asarray(check_features(X, "predict_proba"))
        if X.shape[1] != self.n_features_in_:
            raise invalid("X", "predict_proba", f"of {self.n_features_in_} features", X.shape)
        features = self.graph_.structure_.features(X)
        said = (member.predict_proba(X, features) for member in self.members_)
        return mixed(self.new_weights_, [self.graph_.proba_of(features), *said])

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Return the likeliest label of new items."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def mixed(weights: FloatArray, parts: Iterable[FloatArray]) -> FloatArray:
    """Return the weighted sum of what several models say."""
    return np.asarray(sum(w * part for w, part in zip(weights, parts, strict=True)))


def fitted_members(
    structure: PoolStructure, labeled: IntArray, codes: IntArray, n_classes: int
) -> tuple[Member, ...]:
    """Return the models that learn from labeled items alone, as many as suit.

    Softmax regression as long as its fits take well under a second; a forest for the columns of a
    table, from twenty labels on.
    """
    X, features = np.asarray(structure.X[labeled]), structure.head.features[labeled]
    center, spread = structure.center, structure.spread
    members = [
        Member("kernel", *ridge_votes(features, codes, n_classes), on_landmarks=True),
        Member("linear", *linear_votes(X, codes, n_classes, center, spread)),
    ]
    if n_classes > 1 and is_affordable(len(X), X.shape[1], n_classes):
        scale = structure.unit_scale
        members.append(Member("softmax", *softmax_votes(X, codes, n_classes, center, scale)))
    if is_worth_it(len(codes), n_classes) and suits(spread):
        members.append(Member("forest", *forest_votes(X, codes, n_classes)))
    return tuple(members)
