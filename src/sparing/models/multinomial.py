"""Softmax regression on columns in their own proportions: a member for texts and networks."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from sparing.models.out_of_fold import N_FOLDS, stratified_folds
from sparing.models.softmax import softmax
from sparing.models.stacking import best_temperature, sharpened
from sparing.types import FloatArray, IntArray

INVERSE_PENALTY = 10.0  # where the rows vary by 1 in all; chosen on the tuning sets
MOST_STEPS = 100
MOST_VALUES = 4_000_000  # rows x directions x classes; beyond, the fits would take seconds


@dataclass(frozen=True, eq=False, slots=True)
class Logits:
    """A linear map whose outputs are logarithms of odds.

    Parameters
    ----------
    coefficients : (n_features, n_classes)
    bias : (n_classes,)
    """

    coefficients: FloatArray
    bias: FloatArray

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) calibrated probabilities."""
        return softmax(X @ self.coefficients.astype(X.dtype) + self.bias)


def is_affordable(n_rows: int, n_features: int, n_classes: int) -> bool:
    """Tell whether the fits on so many rows take well under a second.

    Examples
    --------
    >>> is_affordable(400, 1280, 10), is_affordable(2000, 384, 150)
    (True, False)
    """
    return n_rows * min(n_rows, n_features) * n_classes <= MOST_VALUES


def softmax_votes(
    X: FloatArray, codes: IntArray, n_classes: int, center: FloatArray, scale: FloatArray
) -> tuple[Logits, FloatArray]:
    """Fit softmax regression with a weak penalty, as sure as labels that it did not see allow.

    Columns keep their proportions: the first directions of a text's words say more than the
    last ones, which standardizing would blow up to the same size.

    Parameters
    ----------
    X : (n_labeled, n_features)
    codes : (n_labeled,) class ids, each of ``range(n_classes)`` at least once
    n_classes : columns of the answers
    center, scale : (n_features,) what is taken off the columns, and what they are then multiplied
        by; the rows of the pool should then vary by 1 in all

    Returns
    -------
    logits : the fitted map, in X's own units
    oof_proba : (n_labeled, n_classes) calibrated, each row by a fit without it

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [1.5], [8.0], [9.0], [8.5]])
    >>> codes = np.array([0, 0, 0, 1, 1, 1])
    >>> logits, oof = softmax_votes(X, codes, 2, X.mean(axis=0), 1 / X.std(axis=0))
    >>> oof.argmax(axis=1).tolist(), logits.predict_proba(np.array([[0.0]])).argmax()
    ([0, 0, 0, 1, 1, 1], np.int64(0))

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), arXiv 1706.04599, on the temperature
    """
    seen = (X - center) * scale
    rotation = None
    if seen.shape[1] > len(seen):  # the fit lies in the span of the rows: exact, and quicker
        left, values, rotation = np.linalg.svd(seen, full_matrices=False)
        seen = left * values
    oof = np.zeros((len(codes), n_classes))
    folds = stratified_folds(codes, N_FOLDS, seed=0)
    for fold in np.unique(folds):
        held = folds == fold
        present = np.unique(codes[~held])
        if len(present) < 2:
            oof[held] = 1 / n_classes
            continue
        part = _fitted(seen[~held], codes[~held])
        oof[np.ix_(held, present)] = part.predict_proba(seen[held])
    temperature = best_temperature(oof, codes)
    weights, bias = _weights(_fitted(seen, codes))
    inner = weights if rotation is None else rotation.T @ weights
    coefficients = inner * scale[:, None] / temperature
    return Logits(coefficients, bias / temperature - center @ coefficients), sharpened(
        oof, temperature
    )


def _fitted(rows: FloatArray, codes: IntArray) -> LogisticRegression:
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=MOST_STEPS)
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        # Further steps change no answer: where it has not settled the classes are far apart.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, codes)


def _weights(model: LogisticRegression) -> tuple[FloatArray, FloatArray]:
    """Return (n_features, n_classes) weights and (n_classes,) bias, for two classes too."""
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:
        return np.hstack([np.zeros_like(weights), weights]), np.append(0.0, bias)
    return weights, bias
