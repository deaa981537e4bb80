"""Ridge classifiers that know what they would say of each row had they not seen its label."""

from dataclasses import dataclass

import numpy as np

from sparing.models.stacking import best_temperature, mixed_with_uniform, shares, sharpened
from sparing.types import FloatArray, IntArray

PENALTIES = 10.0 ** np.arange(-3, 4)  # times the mean squared singular value


@dataclass(frozen=True, eq=False, slots=True)
class LinearVotes:
    """A linear map whose outputs are read as shares of the classes.

    Parameters
    ----------
    coefficients : (n_features, n_classes)
    bias : (n_classes,)
    temperature : below 1 the shares are made more decided
    """

    coefficients: FloatArray
    bias: FloatArray
    temperature: float

    def predict_proba(self, features: FloatArray) -> FloatArray:
        """Return (n, n_classes) calibrated probabilities; equal shares where nothing is known."""
        scores = features @ self.coefficients.astype(features.dtype) + self.bias
        return sharpened(shares(scores), self.temperature)


def ridge_votes(
    features: FloatArray, codes: IntArray, n_classes: int
) -> tuple[LinearVotes, FloatArray]:
    """Fit class indicators by ridge regression, its penalty chosen by leave-one-out likelihood.

    One singular value decomposition gives the fit and all leave-one-out answers, for every
    penalty. There is no intercept: without evidence all scores are 0.

    Parameters
    ----------
    features : (n_labeled, n_features)
    codes : (n_labeled,) class ids
    n_classes : columns of the answers

    Returns
    -------
    votes : the fitted map
    oof_proba : (n_labeled, n_classes) calibrated, each row by a fit without it

    Examples
    --------
    >>> X = np.array([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    >>> votes, oof = ridge_votes(X, np.array([0, 0, 1, 1]), 2)
    >>> votes.predict_proba(np.array([[5.0, 0.0]])).argmax(), oof.argmax(axis=1).tolist()
    (np.int64(0), [0, 0, 1, 1])

    References
    ----------
    Golub, Heath & Wahba (1979); Rifkin & Lippert (2007), Notes on regularized least squares
    """
    U, values, V = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    targets = np.eye(n_classes)[codes]
    unit = max(float((values**2).mean()), np.finfo(np.float64).tiny)
    tried = [_tried(U, values, targets, penalty) for penalty in PENALTIES * unit]
    likelihoods = [likelihood for likelihood, _, _ in tried]
    chosen = int(np.argmax(likelihoods))
    _, temperature, oof = tried[chosen]
    shrunk = values / (values**2 + PENALTIES[chosen] * unit)
    coefficients = V.T @ (shrunk[:, None] * (U.T @ targets))
    return LinearVotes(coefficients, np.zeros(n_classes), temperature), oof


def _tried(
    U: FloatArray, values: FloatArray, targets: FloatArray, penalty: float
) -> tuple[float, float, FloatArray]:
    """Return the leave-one-out log-likelihood, the temperature that gives it, and the answers."""
    kept = values**2 / (values**2 + penalty)
    fitted = U @ (kept[:, None] * (U.T @ targets))
    leverage = (U**2 @ kept)[:, None]  # the hat matrix's diagonal
    left_out = shares((fitted - leverage * targets) / np.maximum(1 - leverage, 1e-9))
    codes = targets.argmax(axis=1)
    temperature = best_temperature(left_out, codes)
    oof = sharpened(left_out, temperature)
    return float(np.log(mixed_with_uniform(oof)[targets > 0]).sum()), temperature, oof


def linear_votes(
    X: FloatArray, codes: IntArray, n_classes: int, center: FloatArray, spread: FloatArray
) -> tuple[LinearVotes, FloatArray]:
    """Fit ``ridge_votes`` on standardized columns and a constant, and say it in X's own units.

    Parameters
    ----------
    X : (n_labeled, n_features)
    codes, n_classes : as in ``ridge_votes``
    center, spread : (n_features,) mean and deviation of the pool's columns

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [8.0], [9.0]])
    >>> votes, _ = linear_votes(X, np.array([0, 0, 1, 1]), 2, X.mean(axis=0), X.std(axis=0))
    >>> votes.predict_proba(np.array([[0.0], [10.0]])).argmax(axis=1).tolist()
    [0, 1]
    """
    scale = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    standardized = np.hstack([(X - center) * scale, np.ones((len(X), 1))])
    votes, oof = ridge_votes(standardized, codes, n_classes)
    coefficients = votes.coefficients[:-1] * scale[:, None]
    bias = votes.coefficients[-1] - center @ coefficients
    return LinearVotes(coefficients, bias, votes.temperature), oof
