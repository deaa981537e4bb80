"""Fit any classifier on the labeled rows; read its answers for all known classes, in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from sparing.errors import CapabilityError, TrainingError
from sparing.models.alignment import align_proba
from sparing.types import Classifier, Features, FloatArray, IntArray, TransductiveClassifier

BLOCK_VALUES = 1 << 22  # features in a block of rows: 32 MB where a model turns them to float64


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """A classifier fitted on the classes seen so far, answering for all known classes.

    Parameters
    ----------
    model : the fitted classifier; None as long as fewer than two classes are labeled
    seen : (n_seen,) class ids in the order of the classifier's columns
    shares : (n_classes,) what every row gets as long as there is no classifier
    """

    model: Any | None
    seen: IntArray
    shares: FloatArray

    @classmethod
    def of(cls, model: Any | None, codes: IntArray, n_classes: int) -> "FittedModel":
        """Return what was fitted on these class ids; None for a model: nothing to tell apart."""
        shares = (np.bincount(codes, minlength=n_classes) + 1) / (len(codes) + n_classes)
        return cls(model, np.asarray(getattr(model, "classes_", np.unique(codes))), shares)

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n_items, n_classes) probabilities; ``X`` is read in blocks of rows.

        Raises
        ------
        CapabilityError : the classifier has no ``predict_proba``
        InvalidInputError : its rows do not sum to 1
        TrainingError : it failed; its exception is the cause
        """
        if self.model is None:
            return np.tile(self.shares, (X.shape[0], 1))
        check_gives_proba(self.model)
        n_classes = len(self.shares)
        answers = _answers(self.model, "predict_proba", X)
        return _stacked((align_proba(a, self.seen, n_classes) for a in answers), X.shape[0])

    def predict(self, X: Features) -> IntArray:
        """Return (n_items,) class ids; ``X`` is read in blocks of rows."""
        if self.model is None:
            return np.full(X.shape[0], np.argmax(self.shares))
        return _stacked(map(np.asarray, _answers(self.model, "predict", X)), X.shape[0])


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
    TrainingError : ``fit`` failed; its exception is the cause

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[-2.0], [-1.0], [3.0]])
    >>> fit_classifier(LogisticRegression(), X, np.array([0, 0, 2]), 3, seed=0).predict(X)
    array([0, 0, 2])
    >>> fit_classifier(LogisticRegression(), X, np.array([1, 1, 1]), 3, 0).predict_proba(X[:1])
    array([[0.16666667, 0.66666667, 0.16666667]])
    """
    return _fitted(classifier, X, codes, codes, n_classes, seed)


def fit_on_pool(
    classifier: Classifier,
    X: Features,
    rows: IntArray,
    codes: IntArray,
    n_classes: int,
    seed: int,
) -> FittedModel:
    """Fit a copy of ``classifier`` on some rows of a pool; a transductive one sees all the others.

    Parameters
    ----------
    classifier : any scikit-learn classifier or pipeline; stays as it is
    X : (n_items, n_features) the pool
    rows : (n_labeled,) which rows are labeled; a row may come twice
    codes, n_classes, seed : as in ``fit_classifier``

    Raises
    ------
    TrainingError : ``fit`` failed; its exception is the cause
    """
    if not isinstance(classifier, TransductiveClassifier):
        return fit_classifier(classifier, X[rows], codes, n_classes, seed)
    y = np.full(X.shape[0], -1)
    y[rows] = codes
    return _fitted(classifier, X, y, codes, n_classes, seed)


def _fitted(
    classifier: Classifier, X: Features, y: IntArray, codes: IntArray, n_classes: int, seed: int
) -> FittedModel:
    if len(np.unique(codes)) < 2:
        return FittedModel.of(None, codes, n_classes)
    model = seeded_copy(classifier, seed)
    try:
        model.fit(X, y)
    except Exception as error:
        what = f"{type(classifier).__name__} could not be fitted on {len(codes)} labeled items"
        raise TrainingError(f"{what}: {error}") from error
    return FittedModel.of(model, codes, n_classes)


def check_gives_proba(classifier: object) -> None:
    """Raise CapabilityError if ``classifier`` has no ``predict_proba``."""
    if not hasattr(classifier, "predict_proba"):
        raise CapabilityError(
            f"{type(classifier).__name__} gives no probabilities (it has no predict_proba): "
            "take a model that does, or a strategy that needs none, such as 'random'."
        )


def row_blocks(X: Features) -> Iterator[slice]:
    """Yield slices that cover the rows of ``X``, each of about ``BLOCK_VALUES`` values."""
    n_items, n_features = X.shape
    step = max(1, BLOCK_VALUES // n_features)
    for start in range(0, n_items, step):
        yield slice(start, min(start + step, n_items))


def _answers(model: Any, method: str, X: Features) -> Iterator[Any]:
    for rows in row_blocks(X):
        try:
            answer = getattr(model, method)(X[rows])
        except Exception as error:
            what = f"{type(model).__name__} was fitted, but its {method} failed"
            raise TrainingError(f"{what}: {error}") from error
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
