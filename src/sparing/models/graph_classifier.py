"""GraphClassifier: a few labels, all items, and the graph between them."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sparing._validate import check_features, invalid
from sparing.models.graph import ALPHA, N_NEIGHBORS, poisson_learning, spread_labels
from sparing.models.out_of_fold import N_FOLDS, stratified_folds
from sparing.models.regions import region_weights
from sparing.models.stacking import FAINT, best_temperature, mixed_with_uniform, shares, sharpened
from sparing.models.structure import PoolStructure
from sparing.pool.pool import UNLABELED
from sparing.types import BoolArray, Features, FloatArray, IntArray

METHODS = ("spreading", "poisson")
FEW_A_CLASS = 5  # labels; up to so many each is spread by itself, and its region counts
POISSON_SHARPNESS = 3.0  # standard deviations of Poisson's solution to log-odds


@dataclass(frozen=True, eq=False, slots=True)
class _Answer:
    """What comes of one way to weigh the labels; the fields are named as those of the model."""

    coefficients: FloatArray
    head_temperature: float
    temperature: float
    proba: FloatArray
    oof_proba: FloatArray
    new_oof_proba: FloatArray
    likelihood: float
    """Logarithm of the probability of the labels, none of them seen."""


class GraphClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """Semi-supervised: labels flow along the graph of nearest neighbours of all items.

    ``fit`` takes every item and -1 for those without a label, as scikit-learn's semi-supervised
    classifiers do. A ridge regression on landmarks, fitted on the spread labels of all items,
    answers for new ones and smooths the graph's errors.

    No class sizes are assumed: a class with many labels weighs neither in proportion to them,
    which would let it flood its neighbours, nor the same as any other, but the geometric mean.
    While labels are few, each speaks for the region that it reaches best
    (:mod:`sparing.models.regions`). Where the graph has no groups, all that matters is who
    floods it: there all classes are given the same flow, if labels that were not seen are likelier
    so.

    Parameters
    ----------
    method : ``"spreading"`` (label spreading) or ``"poisson"`` (Poisson learning)
    alpha : share of label spreading that flows on at each step
    n_neighbors : of the graph
    abstain : leave parts of the graph without labels undecided (equal shares) instead of
        joining them to the rest by their shortest edge
    priors : (n_classes,) shares of the classes, or ``"balanced"``, if somebody knows them
    structure : what is known of the pool without labels; made from X if not given

    Attributes
    ----------
    classes_ : (n_classes,) label values, sorted
    label_distributions_ : (n_items, n_classes) calibrated probabilities of the items of ``fit``
    transduction_ : (n_items,) the likeliest label of each
    abstained_ : (n_items,) True where no label reaches
    structure_ : what was known without labels
    coefficients_ : (n_landmark_features, n_classes) of the ridge regression
    temperature_, head_temperature_ : by which the probabilities of pool and new items are made
        as sure as they should be
    oof_proba_ : (n_labeled, n_classes) what the model says of labeled items that it did not
        see the labels of
    new_oof_proba_ : (n_labeled, n_classes) what it would say of them if they were not of the pool

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> model = GraphClassifier(n_neighbors=2).fit(X, [0, -1, -1, -1, -1, 1])
    >>> model.transduction_.tolist()
    [0, 0, 0, 1, 1, 1]
    >>> model.predict([[1.5], [7.5]]).tolist()
    [0, 1]

    References
    ----------
    Zhou et al. (2004), Learning with local and global consistency; Mai & Couillet (2021),
    arXiv 2006.07575; Calder et al. (2020), arXiv 2006.11184; Delalleau, Bengio & Le Roux (2005)
    for the induction to new items
    """

    transductive: ClassVar[bool] = True
    """``fit`` takes the whole pool: the marker of ``types.TransductiveClassifier``."""

    def __init__(
        self,
        method: str = "spreading",
        alpha: float = ALPHA,
        n_neighbors: int = N_NEIGHBORS,
        abstain: bool = False,
        priors: npt.ArrayLike | str | None = None,
        structure: PoolStructure | None = None,
    ) -> None:
        self.method = method
        self.alpha = alpha
        self.n_neighbors = n_neighbors
        self.abstain = abstain
        self.priors = priors
        self.structure = structure

    def prepared(self, X: Features) -> Self:
        """Return a copy that keeps what depends on the pool's features alone."""
        structure = self._choose(X)
        parameters = self.get_params(deep=False) | {"structure": structure}
        return type(self)(**parameters)

    def fit(self, X: Features, y: npt.ArrayLike) -> Self:
        """Spread the labels.

        Parameters
        ----------
        X : (n_items, n_features) all items, dense
        y : (n_items,) labels, -1 where there is none

        Raises
        ------
        InvalidInputError : wrong shapes or parameters, or no label at all
        CapabilityError : sparse features
        MemoryBudgetError : too many items for the memory
        TrainingError : the labels did not settle
        """
        X = check_features(X, "GraphClassifier")
        labeled, codes = self._labels(y, X.shape[0])
        self.structure_ = self._choose(X)
        self.n_features_in_ = X.shape[1]
        self.abstained_ = self._unreached(labeled)
        folds = stratified_folds(codes, N_FOLDS, seed=0)
        tried = self._spread(labeled, codes, folds)
        own = self.structure_.head.leverage(labeled)[:, None]
        answers = [self._answer(labeled, codes, folds, columns, own) for columns in tried]
        best = max(answers, key=lambda answer: answer.likelihood)
        self.coefficients_, self.head_temperature_ = best.coefficients, best.head_temperature
        self.temperature_, self.oof_proba_ = best.temperature, best.oof_proba
        self.new_oof_proba_ = best.new_oof_proba
        self.label_distributions_ = best.proba
        self.label_distributions_[self.abstained_] = 1 / len(self.classes_)
        self.transduction_ = self.classes_[self.label_distributions_.argmax(axis=1)]
        return self

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n, n_classes) calibrated probabilities of new items."""
        check_is_fitted(self, "classes_")
        X = check_features(X, "predict_proba")
        if X.shape[1] != self.n_features_in_:
            raise invalid("X", "predict_proba", f"of {self.n_features_in_} features", X.shape)
        return self.proba_of(self.structure_.features(np.asarray(X)))

    def proba_of(self, features: FloatArray) -> FloatArray:
        """Return the same for items given by their landmark features."""
        scores = features @ self.coefficients_.astype(features.dtype)
        return sharpened(shares(scores), self.head_temperature_)

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Return the likeliest label of new items."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _labels(self, y: npt.ArrayLike, n_items: int) -> tuple[IntArray, IntArray]:
        """Return which rows are labeled, and the class of each as a number."""
        y = np.asarray(y)
        if y.shape != (n_items,):
            raise invalid("y", "GraphClassifier", f"of shape ({n_items},)", y.shape)
        labeled = np.flatnonzero(y != UNLABELED)
        if not len(labeled):
            raise invalid("y", "GraphClassifier", "labels, -1 where unknown, at least one", y)
        check_classification_targets(y[labeled])
        self.classes_, codes = np.unique(y[labeled], return_inverse=True)
        return labeled, np.asarray(codes, np.int64)

    def _choose(self, X: Features) -> PoolStructure:
        if self.structure is not None and self.structure.holds(X):
            return self.structure
        return PoolStructure(X, self.n_neighbors, join=not self.abstain)

    def _unreached(self, labeled: IntArray) -> BoolArray:
        component = self.structure_.graph.component
        reached = np.zeros(component.max() + 1, bool)
        reached[component[labeled]] = True
        return np.asarray(~reached[component])

    def _spread(
        self, labeled: IntArray, codes: IntArray, folds: IntArray
    ) -> list[list[FloatArray]]:
        """Return (n_items, n_classes) shares by all labels, then by all but those of a fold.

        Once for each way to weigh the labels that is to be tried.
        """
        kept = [folds >= 0, *(folds != fold for fold in np.unique(folds))]
        few = len(codes) <= FEW_A_CLASS * len(self.classes_)
        if few and self.method == "spreading" and self.priors is None:
            return self._spread_regions(labeled, codes, kept)
        return self._spread_classes(labeled, codes, kept)

    def _spread_regions(
        self, labeled: IntArray, codes: IntArray, kept: list[BoolArray]
    ) -> list[list[FloatArray]]:
        """Spread each label once; what a fold lacks is left out of the sum."""
        sources = self._sources(len(labeled))
        sources[labeled, np.arange(len(labeled))] = 1
        flows = self._flow(sources, len(labeled))
        n_classes = len(self.classes_)
        indicators = np.eye(n_classes, dtype=flows.dtype)[codes]
        regional, leveled = [], []
        for keep in kept:
            part = flows[:, keep]
            weights = region_weights(part, labeled[keep], codes[keep], n_classes)
            regional.append(shares(part @ weights))
            leveled.append(level(part @ indicators[keep]))
        return [regional, leveled]

    def _spread_classes(
        self, labeled: IntArray, codes: IntArray, kept: list[BoolArray]
    ) -> list[list[FloatArray]]:
        """Spread all labels of a class together, once for each fold."""
        n_classes = len(self.classes_)
        sources = self._sources(n_classes * len(kept))
        for i, keep in enumerate(kept):
            sources[labeled[keep], codes[keep] + i * n_classes] = 1
        flows = self._flow(sources, n_classes)
        parts = np.split(flows, len(kept), axis=1)
        weighed = [
            self._balanced(part, np.bincount(codes[keep], minlength=n_classes))
            for part, keep in zip(parts, kept, strict=True)
        ]
        if self.method == "poisson" or self.priors is not None:
            return [weighed]
        return [weighed, [level(part) for part in parts]]

    def _sources(self, n_columns: int) -> FloatArray:
        return np.zeros((len(self.structure_.X), n_columns), np.float32)

    def _flow(self, sources: FloatArray, n_classes: int) -> FloatArray:
        graph = self.structure_.graph
        if self.method == "spreading":
            return spread_labels(graph, sources, self.alpha)
        if self.method != "poisson":
            raise invalid("method", "GraphClassifier", f"one of {', '.join(METHODS)}", self.method)
        parts = np.split(sources, sources.shape[1] // n_classes, axis=1)
        return np.concatenate([_log_odds(poisson_learning(graph, part)) for part in parts], axis=1)

    def _balanced(self, flow: FloatArray, counts: IntArray) -> FloatArray:
        """Turn what flowed into shares, with the weight of each class as the class says."""
        if self.method == "poisson":  # its sources are balanced already
            counts = np.ones_like(counts)
        counts = np.maximum(counts, 1)
        known = None if self.priors is None else self._known_priors()
        return shares(flow / np.sqrt(counts) if known is None else flow * known / counts)

    def _known_priors(self) -> FloatArray:
        n = len(self.classes_)
        priors = np.ones(n) / n if isinstance(self.priors, str) else np.asarray(self.priors, float)
        if self.priors == "balanced" if isinstance(self.priors, str) else priors.shape == (n,):
            return priors
        raise invalid("priors", "GraphClassifier", f"None, 'balanced' or {n} shares", self.priors)

    def _answer(
        self,
        labeled: IntArray,
        codes: IntArray,
        folds: IntArray,
        columns: list[FloatArray],
        own: FloatArray,
    ) -> _Answer:
        """Smooth the shares by the head, and make both as sure as unseen labels allow."""
        head, n_classes = self.structure_.head, len(self.classes_)
        # A regression on shares would have to learn how far each item is from a label, too.
        decided = np.stack([part.argmax(axis=1) for part in columns])
        coefficients, *others = head.class_coefficients(decided, n_classes)
        smoothed = shares(head.features @ coefficients)
        # An item of the pool is one of those that the regression was fitted on, a new one is not:
        # its own target is a share of what it is told.
        oof, outside = np.empty((2, len(labeled), n_classes))
        for fold, part, other in zip(np.unique(folds), columns[1:], others, strict=True):
            held = np.flatnonzero(folds == fold)
            fitted, shared = head.features[labeled[held]] @ other, part[labeled[held]]
            oof[held] = (shared + shares(fitted)) / 2
            taught = np.eye(n_classes)[shared.argmax(axis=1)]
            outside[held] = shares((fitted - own[held] * taught) / np.maximum(1 - own[held], FAINT))
        temperature, head_temperature = (
            best_temperature(oof, codes),
            best_temperature(outside, codes),
        )
        oof_proba = sharpened(oof, temperature)
        told = mixed_with_uniform(oof_proba)[np.arange(len(codes)), codes]
        return _Answer(
            coefficients,
            head_temperature,
            temperature,
            sharpened((columns[0] + smoothed) / 2, temperature),
            oof_proba,
            sharpened(outside, head_temperature),
            float(np.log(told).sum()),
        )


def level(flow: FloatArray) -> FloatArray:
    """Turn what flowed into shares as if as much had flowed from every class.

    Where a graph has no groups nearly all that flows reaches every item alike: the class that
    more flowed from would take everything.

    Examples
    --------
    >>> level(np.array([[9.0, 2.0], [8.0, 3.0], [8.0, 1.0]])).argmax(axis=1).tolist()
    [0, 1, 0]
    """
    return shares(flow / np.maximum(flow.sum(axis=0), FAINT))


def _log_odds(solution: FloatArray) -> FloatArray:
    """Turn Poisson's solution, of which only differences count, into shares."""
    scaled = solution * (POISSON_SHARPNESS / max(float(solution.std()), FAINT))
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
