"""ViewsClassifier: several views of the items, believed by what they say of unseen labels."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sparing._validate import check_features, invalid
from sparing.models.ensemble import EnsembleClassifier, mixed
from sparing.models.stacking import believed, likelihoods_of
from sparing.models.structure import PoolStructure
from sparing.pool.pool import UNLABELED
from sparing.pool.views import Views
from sparing.types import Features, FloatArray, IntArray

JOINED = "all views"
TRUST, TRUST_JOINED = 2.0, 4.0
"""Labels' worth of belief in each view, and in all of them joined, before any evidence."""


class ViewsClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """What ``model="auto"`` stands for where the items are seen in several ways.

    One ensemble for each view, and one for all of them side by side, each view with the same
    say. The mixture under which labels that were not seen are likeliest is the answer. A label
    that no other has cannot be foretold, and says nothing of who is to be believed.

    ``fit`` takes every item and -1 for those without a label, as ``EnsembleClassifier`` does.

    Parameters
    ----------
    views : which columns belong to which view, two views or more
    structures : for each view, and then for all, what is known without labels; made from X
        if not given

    Attributes
    ----------
    classes_ : (n_classes,) label values, sorted
    names : of what is weighed: the views, then ``"all views"``
    structure_ : what is known of all views joined without labels
    parts_ : the fitted ensemble of each
    weights_ : (n_parts,) how much each is believed of the items of ``fit``
    new_weights_ : the same of new items
    label_distributions_ : (n_items, n_classes) probabilities of the items of ``fit``
    transduction_ : (n_items,) the likeliest label of each
    oof_proba_ : (n_labeled, n_classes) what it says of labels that it did not see

    Examples
    --------
    The second view says nothing:

    >>> said = np.repeat([0.0, 9.0], 10)[:, None] + np.linspace(0, 1, 20)[:, None]
    >>> views, X = Views.joined({"shapes": said, "noise": np.tile([[1.0], [2.0]], (10, 1))})
    >>> model = ViewsClassifier(views).fit(X, np.where(np.arange(20) % 2, -1, np.arange(20) > 9))
    >>> model.predict(np.array([[0.3, 1.0], [9.4, 1.0]])).tolist()
    [0, 1]

    References
    ----------
    Wolpert (1992), Stacked generalization; Blum & Mitchell (1998), on what views are good for
    """

    transductive: ClassVar[bool] = True
    """``fit`` takes the whole pool: the marker of ``types.TransductiveClassifier``."""

    def __init__(self, views: Views, structures: tuple[PoolStructure, ...] | None = None) -> None:
        self.views = views
        self.structures = structures

    @property
    def names(self) -> tuple[str, ...]:
        """What is weighed: each view, then all of them joined."""
        return (*self.views.names, JOINED)

    @property
    def structure(self) -> PoolStructure:
        """What is known of all views joined; read after ``prepared``."""
        return self.structures[-1]  # type: ignore[index]  # prepared() has made them

    def prepared(self, X: Features) -> Self:
        """Return a copy that keeps what depends on the pool's features alone."""
        if self.structures is not None and self.structure.holds(X):
            return self
        return type(self)(self.views, self._structures(X))

    def fit(self, X: Features, y: npt.ArrayLike) -> Self:
        """Fit an ensemble on each view and on all, and weigh them.

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
        X = check_features(X, "ViewsClassifier")
        y = np.asarray(y)
        structures = self.prepared(X).structures
        assert structures is not None  # noqa: S101  # prepared() has made them
        self.structure_ = structures[-1]
        self.parts_ = [
            EnsembleClassifier(structure).fit(structure.X, y) for structure in structures
        ]
        self.classes_, self.n_features_in_ = self.parts_[0].classes_, X.shape[1]
        labeled = y[y != UNLABELED]
        codes = np.searchsorted(self.classes_, labeled)
        told = likelihoods_of([part.oof_proba_ for part in self.parts_], codes)
        told_new = likelihoods_of([part.new_oof_proba_ for part in self.parts_], codes)
        self.weights_, self.new_weights_ = weighed(told, codes), weighed(told_new, codes)
        self.oof_proba_ = mixed(self.weights_, (part.oof_proba_ for part in self.parts_))
        self.label_distributions_ = mixed(
            self.weights_, (part.label_distributions_ for part in self.parts_)
        )
        self.transduction_ = self.classes_[self.label_distributions_.argmax(axis=1)]
        return self

    @property
    def shares_(self) -> dict[str, float]:
        """How much each model of each view is believed of the pool, by name; they sum to 1."""
        return self._shares(self.weights_, [part.shares_ for part in self.parts_])

    @property
    def new_shares_(self) -> dict[str, float]:
        """The same of new items."""
        return self._shares(self.new_weights_, [part.new_shares_ for part in self.parts_])

    def _shares(self, weights: FloatArray, inside: list[dict[str, float]]) -> dict[str, float]:
        return {
            f"{name}: {member}": weight * share
            for name, weight, members in zip(self.names, weights.tolist(), inside, strict=True)
            for member, share in members.items()
        }

    @property
    def points_(self) -> FloatArray:
        """(n_items, n_features) the pool in units in which a view counts as it is believed.

        All of them joined stand for each alike. Before any label says more for one they count the
        same, as in ``structure_.points``.
        """
        n_views = len(self.views)
        belief = self.weights_[:-1] + self.weights_[-1] / n_views
        scale = np.empty(self.views.n_features, np.float32)
        for (_, at), share in zip(self.views, belief, strict=True):
            scale[at] = np.sqrt(n_views * share)
        return self.structure_.points * scale

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n, n_classes) probabilities of new items."""
        check_is_fitted(self, "classes_")
        X = np.asarray(check_features(X, "predict_proba"))
        if X.shape[1] != self.n_features_in_:
            raise invalid("X", "predict_proba", f"of {self.n_features_in_} features", X.shape)
        spans = zip(self.parts_, self.spans, strict=True)
        return mixed(self.new_weights_, (part.predict_proba(X[:, at]) for part, at in spans))

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Return the likeliest label of new items."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @property
    def spans(self) -> tuple[slice, ...]:
        """Return which columns each part reads."""
        return (*(columns for _, columns in self.views), slice(0, self.views.n_features))

    def _structures(self, X: Features) -> tuple[PoolStructure, ...]:
        if X.shape[1] != self.views.n_features:
            expected = f"of {self.views.n_features} features, as the views say"
            raise invalid("X", "ViewsClassifier", expected, X.shape)
        single = [PoolStructure(np.ascontiguousarray(X[:, at])) for _, at in self.views]
        return (*single, PoolStructure(X, views=self.views))


def weighed(likelihoods: FloatArray, codes: IntArray) -> FloatArray:
    """Return how much each view, and last all of them joined, is to be believed.

    A view that knows nothing of a text gives every class the same, and so more to a class of a
    single label than a view that knows the text is like others: among many classes with few labels
    that would speak for the worse view. Only labels that have another of their class are counted.

    Parameters
    ----------
    likelihoods : (n_labeled, n_parts) probability that each gave to the true class, unseen
    codes : (n_labeled,) class ids

    Examples
    --------
    >>> weighed(np.tile([0.2, 0.1, 0.1], (5, 1)), np.arange(5)).tolist()
    [0.25, 0.25, 0.5]
    """
    n_parts = likelihoods.shape[1]
    prior = np.full(n_parts, TRUST)
    prior[-1] = TRUST_JOINED
    tells = np.bincount(codes)[codes] > 1
    if not tells.any():
        return np.asarray(prior / prior.sum())
    return believed(likelihoods[tells], prior, np.ones(n_parts))
