"""Softmax regression by full-batch Adam with patience: the founding article's model.

The arithmetic is spelled out because the article's path depends on its last bits: see
``experiment/fragility.py`` for what happens when one of them changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from sparing._validate import check_int, check_positive, invalid
from sparing.types import FloatArray, IntArray

Score = Callable[["Weights"], tuple[float, ...]]  # compared as tuples are; higher is better


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """The linear map from features to class scores, updated in place.

    Parameters
    ----------
    W : (n_features, n_classes)
    b : (n_classes,)
    """

    W: FloatArray
    b: FloatArray

    @classmethod
    def zeros(cls, n_features: int, n_classes: int, dtype: Any = np.float32) -> "Weights":
        """Return weights that give every class the same probability."""
        return cls(np.zeros((n_features, n_classes), dtype), np.zeros(n_classes, dtype))

    def copy(self) -> "Weights":
        """Return weights that do not change with these."""
        return Weights(self.W.copy(), self.b.copy())

    def restore(self, saved: "Weights") -> None:
        """Take over the values of ``saved``."""
        self.W[...] = saved.W
        self.b[...] = saved.b

    def logits(self, X: FloatArray) -> FloatArray:
        """Return the class scores, (n, n_classes)."""
        return np.asarray(X @ self.W + self.b)

    def proba(self, X: FloatArray) -> FloatArray:
        """Return the class probabilities, (n, n_classes)."""
        return softmax(self.logits(X))


def softmax(logits: FloatArray) -> FloatArray:
    """Turn scores into probabilities, row by row, in place.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    logits -= logits.max(axis=1, keepdims=True)  # the largest exponent is exp(0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def cross_entropy(proba: FloatArray, y: IntArray) -> float:
    """Return the mean of -log p(true class), in nats."""
    p = proba[np.arange(len(y)), y]
    return float(-np.mean(np.log(np.maximum(p, np.finfo(p.dtype).tiny))))


def share_right(weights: Weights, X: FloatArray, y: IntArray) -> float:
    """Return the share of rows of ``X`` whose class is predicted."""
    return float(np.mean(weights.logits(X).argmax(axis=1) == y))


def gradient(weights: Weights, X: FloatArray, y: IntArray, *, divide: bool = False) -> Weights:
    """Return the gradient of the mean cross-entropy.

    Parameters
    ----------
    weights : where the gradient is taken
    X : (n, n_features)
    y : (n,) class ids
    divide : divide the residuals by n instead of multiplying them by 1/n rounded to the dtype;
        equal but for the last bit
    """
    residual = weights.proba(X)
    residual[np.arange(len(y)), y] -= 1
    if divide:
        residual /= residual.dtype.type(len(y))
    else:
        residual *= residual.dtype.type(1 / len(y))
    return Weights(X.T @ residual, residual.sum(axis=0))


class Adam:
    """Adam in TensorFlow's form: the bias corrections are folded into the learning rate.

    ``lr_t = lr * sqrt(1 - 0.999**t) / (1 - 0.9**t)``; ``w -= lr_t * m / (sqrt(v) + epsilon)``.

    Parameters
    ----------
    weights : what is optimised; changed in place by ``step``
    learning_rate : lr
    epsilon : keeps the quotient finite
    textbook : put epsilon inside the corrected root instead, as the paper's algorithm 1 does

    References
    ----------
    Kingma & Ba (2015), section 2
    """

    def __init__(
        self,
        weights: Weights,
        learning_rate: float = 0.1,
        epsilon: float = 1e-8,
        textbook: bool = False,
    ) -> None:
        self.weights = weights
        self.learning_rate = learning_rate
        self.epsilon = epsilon
        self.textbook = textbook
        self.t = 0
        self._moments = [(np.zeros_like(w), np.zeros_like(w)) for w in (weights.W, weights.b)]

    def step(self, grad: Weights) -> None:
        """Move the weights against ``grad``."""
        self.t += 1
        first, second = 1 - 0.9**self.t, 1 - 0.999**self.t
        real = self.weights.W.dtype.type
        rate, epsilon = real(self.learning_rate * np.sqrt(second) / first), real(self.epsilon)
        if self.textbook:
            epsilon = real(self.epsilon * np.sqrt(second))
        pairs = ((self.weights.W, grad.W), (self.weights.b, grad.b))
        for (w, g), (m, v) in zip(pairs, self._moments, strict=True):
            _adam_update(w, g, m, v, rate, epsilon)


def _adam_update(  # the order of these operations is part of the article's path
    w: FloatArray, g: FloatArray, m: FloatArray, v: FloatArray, rate: Any, epsilon: Any
) -> None:
    real = w.dtype.type
    m *= real(0.9)
    m += real(1 - 0.9) * g
    v *= real(0.999)
    v += real(1 - 0.999) * g * g
    w -= rate * m / (np.sqrt(v) + epsilon)


def train(
    adam: Adam,
    X: FloatArray,
    y: IntArray,
    score: Score,
    *,
    patience: int = 10,
    max_steps: int | None = None,
    divide: bool = False,
) -> tuple[float, ...]:
    """Take full-batch steps until ``score`` has not risen for ``patience`` of them.

    The weights of the best score stay, those before the first step among them; the optimiser's
    moments and step count go on from where they were.

    Parameters
    ----------
    adam : the optimiser with its weights
    X, y : the training samples
    score : what to watch; higher is better
    patience : steps without a strict rise after which to stop
    max_steps : stop after so many steps in any case
    divide : see ``gradient``

    Returns
    -------
    The best score.
    """
    weights = adam.weights
    best, best_weights, left, steps = score(weights), weights.copy(), patience, 0
    while left and steps != max_steps:
        adam.step(gradient(weights, X, y, divide=divide))
        steps, now = steps + 1, score(weights)
        if now > best:
            best, left = now, patience
            best_weights.restore(weights)
        else:
            left -= 1
    weights.restore(best_weights)
    return best


class SoftmaxRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Softmax regression by full-batch Adam, early stopping and restored best weights.

    Computes in the precision of ``X``: float32 stays float32.

    Parameters
    ----------
    learning_rate : Adam's learning rate
    patience : steps without improvement after which to stop
    max_iter : at most so many steps a fit
    warm_start : go on from the weights and the optimiser of the fit before, if the classes and
        features are the same

    Attributes
    ----------
    classes_ : (n_classes,) label values
    coef_ : (n_features, n_classes)
    intercept_ : (n_classes,)
    n_iter_ : optimiser steps since the last cold start

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0], [4.0]])
    >>> model = SoftmaxRegression().fit(X, ["low", "low", "high", "high"])
    >>> model.predict([[0.5], [3.5]])
    array(['low', 'high'], dtype='<U4')
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        patience: int = 10,
        max_iter: int = 200,
        warm_start: bool = False,
    ) -> None:
        self.learning_rate = learning_rate
        self.patience = patience
        self.max_iter = max_iter
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, X_watch: Any = None, y_watch: Any = None) -> Self:
        """Fit on (X, y); stop by the accuracy on the watched samples, if there are any.

        Parameters
        ----------
        X : (n, n_features)
        y : (n,) label values
        X_watch, y_watch : samples whose accuracy decides when to stop and which weights to keep;
            without them the training loss decides
        """
        patience = check_int("patience", "SoftmaxRegression", self.patience, 1)
        max_iter = check_int("max_iter", "SoftmaxRegression", self.max_iter, 1)
        check_positive("learning_rate", "SoftmaxRegression", self.learning_rate)
        if (X_watch is None) != (y_watch is None):
            raise invalid("y_watch", "fit", "given together with X_watch", None)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        adam = self._start(classes, X)
        score = _loss_score(X, codes)
        if X_watch is not None:
            X_watch = validate_data(self, X_watch, dtype=X.dtype, reset=False)
            check_consistent_length(X_watch, y_watch)
            score = _accuracy_score(X_watch, _known_codes(classes, y_watch))
        train(adam, X, codes, score, patience=patience, max_steps=max_iter)
        self.classes_, self._adam = classes, adam
        # Copies: a warm start goes on in place.
        self.coef_, self.intercept_ = adam.weights.W.copy(), adam.weights.b.copy()
        self.n_iter_ = adam.t
        return self

    def _start(self, classes: Any, X: FloatArray) -> Adam:
        if self.warm_start and hasattr(self, "_adam"):
            same_classes = np.array_equal(self.classes_, classes)
            if same_classes and self.coef_.shape[0] == X.shape[1] and self.coef_.dtype == X.dtype:
                self._adam.learning_rate = self.learning_rate
                return self._adam
        return Adam(Weights.zeros(X.shape[1], len(classes), X.dtype), self.learning_rate)

    def decision_function(self, X: Any) -> FloatArray:
        """Return the class scores, (n, n_classes); for two classes the difference, (n,)."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the class probabilities, (n, n_classes)."""
        return softmax(self._logits(X))

    def predict(self, X: Any) -> Any:
        """Return the likeliest label value of each row."""
        logits = self._logits(X)  # first, so that an unfitted model says so
        return self.classes_[np.argmax(logits, axis=1)]

    def _logits(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return Weights(self.coef_, self.intercept_).logits(X)


def _accuracy_score(X: FloatArray, y: IntArray) -> Score:
    return lambda weights: (share_right(weights, X, y),)


def _loss_score(X: FloatArray, y: IntArray) -> Score:
    return lambda weights: (-cross_entropy(weights.proba(X), y),)


def _known_codes(classes: Any, y: Any) -> IntArray:
    """Return the position of each label in ``classes``; -1, never predicted, if unknown."""
    y = np.asarray(y)
    codes = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    return np.where(classes[codes] == y, codes, -1)
