"""Temperature: one number that makes a model's probabilities as sure as they should be."""

import numpy as np
from scipy.optimize import minimize_scalar

from sparing.types import FloatArray, IntArray

HOTTEST = 20.0
NO_GAIN = 1e-9  # nats a row; even probabilities are equally likely at any temperature


def tempered(proba: FloatArray, temperature: float) -> FloatArray:
    """Return the probabilities raised to ``1 / temperature`` and normalised; 1 changes nothing.

    Parameters
    ----------
    proba : (n, n_classes)
    temperature : > 0; above 1 the probabilities become more even

    Examples
    --------
    >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(3)
    array([[0.667, 0.333]])
    """
    if temperature == 1:
        return proba
    top = proba.max(axis=1, keepdims=True)
    powers = np.maximum(proba / top, 0) ** (1 / temperature)  # the largest is 1: no underflow
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(proba: FloatArray, codes: IntArray) -> float:
    """Return the temperature in [1, 20] with the best likelihood; 1 if there is nothing to go by.

    It only ever makes a model less sure: a model that is too modest does no harm here.

    Parameters
    ----------
    proba : (n, n_classes) of rows that the model has not seen in training
    codes : (n,) class ids, columns of ``proba``

    Examples
    --------
    Sure of itself, and wrong every other time:

    >>> proba = np.array([[0.99, 0.01], [0.99, 0.01]])
    >>> fit_temperature(proba, np.array([0, 1])) > 10
    True

    References
    ----------
    Guo et al. (2017), arXiv 1706.04599
    """
    if not len(codes):
        return 1.0
    floor = np.finfo(np.float32).tiny
    logits = np.log(np.maximum(np.asarray(proba, dtype=np.float64), floor))
    said = logits[np.arange(len(codes)), codes]

    def loss(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        return float(np.mean(np.logaddexp.reduce(logits * scale, axis=1) - said * scale))

    best = minimize_scalar(loss, bounds=(0, np.log(HOTTEST)), method="bounded")
    return float(np.exp(best.x)) if best.fun < loss(0) - NO_GAIN else 1.0
