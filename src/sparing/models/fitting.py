"""Fit any classifier on the labeled rows; read its answers for all known classes, in blocks."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sparing.errors import SparingError, TooFewLabelsError, TrainingError
from sparing.models.alignment import align_proba
from sparing.models.answers import (
    PROBA,
    SCORES,
    check_can_be_judged,
    gives_proba,
    proba_of_scores,
    read_classes,
    read_proba,
)
from sparing.numeric.geometry import row_blocks
from sparing.types import Classifier, Features, FloatArray, IntArray, TransductiveClassifier

BLOCK_VALUES = 1 << 22  # features in a block of rows: 32 MB where a model turns them to float64
# What more labels do not mend.
FAULTS = (
    *(TypeError, AttributeError, NameError, ImportError, NotImplementedError),
    *(AssertionError, MemoryError, SparingError),
)


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """A classifier fitted on the classes seen so far, answering for all known classes.

    Parameters
    ----------
    model : the fitted classifier; None as long as fewer than two classes are labeled
    seen : (n_seen,) class ids, ascending; the classifier knows them as 0 to n_seen - 1
    shares : (n_classes,) what every row gets as long as there is no classifier
    """

    model: Any | None
    seen: IntArray
    shares: FloatArray

    @classmethod
    def of(cls, model: Any | None, codes: IntArray, n_classes: int) -> "FittedModel":
        """Return what was fitted on these class ids; None for a model: nothing to tell apart."""
        shares = (np.bincount(codes, minlength=n_classes) + 1) / (len(codes) + n_classes)
        return cls(model, np.unique(codes), shares)

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n_items, n_classes) probabilities; ``X`` is read in blocks of rows.

        Of a classifier that gives scores alone they are shares that rank as the scores do.

        Raises
        ------
        CapabilityError : the classifier has neither ``predict_proba`` nor ``decision_function``
        InvalidInputError : its rows do not sum to 1
        TrainingError : it failed; its exception is the cause
        """
        if self.model is None:
            return np.tile(self.shares, (X.shape[0], 1))
        check_can_be_judged(self.model)
        n_classes = len(self.shares)
        parts = self._proba(X) if gives_proba(self.model) else self._scores(X)
        return _stacked((align_proba(p, self.seen, n_classes) for p in parts), X.shape[0])

    def _proba(self, X: Features) -> Iterator[FloatArray]:
        labels = getattr(self.model, "classes_", None)
        for answer in _answers(self.model, PROBA, X):
            if np.isnan(np.asarray(answer)).any():
                what = f"{type(self.model).__name__} was fitted, but its {PROBA} gave NaN"
                raise TooFewLabelsError(f"{what}.")
            yield read_proba(answer, labels, len(self.seen))

    def _scores(self, X: Features) -> Iterator[FloatArray]:
        answers = _answers(self.model, SCORES, X)
        return (proba_of_scores(answer, len(self.seen)) for answer in answers)

    def predict(self, X: Features) -> IntArray:
        """Return (n_items,) class ids; ``X`` is read in blocks of rows.

        Raises
        ------
        TrainingError : the classifier failed, or what it gives is no class
        """
        if self.model is None:
            return np.full(X.shape[0], np.argmax(self.shares))
        if not hasattr(self.model, "classes_") and gives_proba(self.model):
            return np.asarray(self.predict_proba(X).argmax(axis=1))  # outputs of no class left out
        name, n_labels = type(self.model).__name__, len(self.seen)
        answers = _answers(self.model, "predict", X)
        return _stacked((self.seen[read_classes(a, n_labels, name)] for a in answers), X.shape[0])


def fit_classifier(
    classifier: Classifier, X: Features, codes: IntArray, n_classes: int, seed: int
) -> FittedModel:
    """Fit a copy of ``classifier`` on labeled rows.

    With fewer than two classes there is nothing to tell apart, and many classifiers refuse: then
    every row gets the same probabilities, the class shares by Laplace's rule of succession.

    Parameters
    ----------
    classifier : any scikit-learn classifier or pipeline; stays as it is
    X : (n_labeled, n_features)
    codes : (n_labeled,) class ids
    n_classes : classes known to the pool
    seed : given to each ``random_state`` that is None, so that no global state is read

    Raises
    ------
    TooFewLabelsError : ``fit`` refused these labels; its exception is the cause
    TrainingError : ``fit`` failed for another reason; its exception is the cause

    Notes
    -----
    The classes that are there are told to the classifier as 0 to k - 1, as XGBoost demands.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[-2.0], [-1.0], [3.0]])
    >>> fit_classifier(LogisticRegression(), X, np.array([0, 0, 2]), 3, seed=0).predict(X)
    array([0, 0, 2])
    >>> fit_classifier(LogisticRegression(), X, np.array([1, 1, 1]), 3, 0).predict_proba(X[:1])
    array([[0.16666667, 0.66666667, 0.16666667]])
    """
    return _fitted(classifier, X, np.arange(len(codes)), codes, n_classes, seed)


def fit_on_pool(
    classifier: Classifier,
    X: Features,
    rows: IntArray,
    codes: IntArray,
    n_classes: int,
    seed: int,
    before: FittedModel | None = None,
) -> FittedModel:
    """Fit a copy of ``classifier`` on some rows of a pool; a transductive one sees all the others.

    Parameters
    ----------
    classifier : any scikit-learn classifier or pipeline; stays as it is
    X : (n_items, n_features) the pool
    rows : (n_labeled,) which rows are labeled; a row may come twice
    codes, n_classes, seed : as in ``fit_classifier``
    before : what was fitted on other labels of this pool; one that ``starts_warm`` goes on from it

    Raises
    ------
    TrainingError : as in ``fit_classifier``
    """
    if not isinstance(classifier, TransductiveClassifier):
        X, rows = rows_of(X, rows), np.arange(len(codes))
    return _fitted(classifier, X, rows, codes, n_classes, seed, before)


def starts_warm(classifier: Classifier) -> bool:
    """Whether a fit goes on from the one before, by scikit-learn's ``warm_start``.

    Forests and boosting mean by it that trees are added, and learn nothing of new labels without
    more of them; what has ``partial_fit`` besides means that the weights move on.

    Examples
    --------
    >>> from sklearn.linear_model import SGDClassifier
    >>> starts_warm(SGDClassifier(warm_start=True)), starts_warm(SGDClassifier())
    (True, False)
    """
    final = classifier.steps[-1][1] if isinstance(classifier, Pipeline) else classifier
    return bool(getattr(final, "warm_start", False)) and hasattr(final, "partial_fit")


def _fitted(
    classifier: Classifier,
    X: Features,
    rows: IntArray,
    codes: IntArray,
    n_classes: int,
    seed: int,
    before: FittedModel | None = None,
) -> FittedModel:
    seen, labels = np.unique(codes, return_inverse=True)
    if len(seen) < 2:
        return FittedModel.of(None, codes, n_classes)
    y = np.full(X.shape[0], -1)
    y[rows] = labels
    model = _to_be_fitted(classifier, seed, before, seen)
    try:
        with _known_as_classes():
            model.fit(X, y)
    except Exception as error:
        what = f"{type(classifier).__name__} could not be fitted on {len(codes)} labeled items"
        raise _failure(what, error) from error
    return FittedModel.of(model, codes, n_classes)


def _to_be_fitted(
    classifier: Classifier, seed: int, before: FittedModel | None, seen: IntArray
) -> Any:
    """Return a copy of what was fitted before, where that goes on, or else of the classifier."""
    if before is None or before.model is None or not starts_warm(classifier):
        return seeded_copy(classifier, seed)
    if not np.array_equal(before.seen, seen):  # the weights of an output would be another class's
        return seeded_copy(classifier, seed)
    return deepcopy(before.model)


@contextmanager
def _known_as_classes() -> Iterator[None]:
    """Say nothing of scikit-learn's guess that so many classes might be meant as numbers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
        yield


def _failure(what: str, error: Exception) -> TrainingError:
    """Return the error in one line, of the kind that says whether more labels may mend it."""
    kind = TrainingError if isinstance(error, FAULTS) else TooFewLabelsError
    first = str(error).strip().partition("\n")[0]
    return kind(f"{what}: {first or type(error).__name__}")


def blocks_of(X: Features) -> Iterator[slice]:
    """Yield slices that cover the rows of ``X``, each of about ``BLOCK_VALUES`` values."""
    yield from row_blocks(X.shape[0], prod(X.shape[1:]), BLOCK_VALUES)


def rows_of(X: Any, rows: Any) -> Any:
    """Return some rows of an array, a CSR matrix or a DataFrame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _answers(model: Any, method: str, X: Features) -> Iterator[Any]:
    for rows in blocks_of(X):
        try:
            answer = getattr(model, method)(rows_of(X, rows))
        except Exception as error:
            what = f"{type(model).__name__} was fitted, but its {method} failed"
            raise _failure(what, error) from error
        if len(answer) != rows.stop - rows.start:
            what = f"{type(model).__name__} was fitted, but its {method} gave {len(answer)} rows"
            raise TrainingError(f"{what} for {rows.stop - rows.start} items.")
        yield answer


def _stacked(blocks: Iterator[npt.NDArray[Any]], n_items: int) -> npt.NDArray[Any]:
    """Write blocks of rows below each other; the first one tells the type and the width."""
    first = next(blocks)
    out = np.empty((n_items, *first.shape[1:]), dtype=first.dtype)
    start = 0
    for block in chain([first], blocks):
        out[start : start + len(block)] = block
        start += len(block)
    return out


def seeded_copy(classifier: Classifier, seed: int) -> Any:
    """Return an unfitted copy in which each ``random_state`` that is None is ``seed``."""
    copy = clone(classifier, safe=False)  # a foreign object without get_params is deep-copied
    parameters = copy.get_params() if hasattr(copy, "get_params") else {}
    unseeded = [
        name
        for name, value in parameters.items()
        if value is None and name.rpartition("__")[2] == "random_state"
    ]
    return copy.set_params(**dict.fromkeys(unseeded, seed)) if unseeded else copy
