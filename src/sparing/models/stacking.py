"""How much each of several models is to be believed, from what they say of unseen labels."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from sparing.types import FloatArray, IntArray

SHARPEST, FLATTEST = 0.2, 5.0
SPREAD = 0.01  # share of every probability that is spread evenly, so that no loss is infinite
FAINT = 1e-12  # shares of a class below this are the solver's rounding
STEPS = 100
RESAMPLED = 200  # times that the labels are weighed anew to see which model stays ahead
MODEST = 5  # labels' worth of evidence for leaving a model as sure as it is


def sharpened(proba: FloatArray, temperature: float) -> FloatArray:
    """Return the probabilities raised to ``1 / temperature``, rows summing to 1.

    Examples
    --------
    >>> sharpened(np.array([[0.8, 0.2]]), 0.5).round(3)
    array([[0.941, 0.059]])
    """
    powers = (proba / proba.max(axis=1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def shares(scores: FloatArray) -> FloatArray:
    """Turn scores into rows that sum to 1; negative ones count as nothing.

    Examples
    --------
    >>> shares(np.array([[3.0, 1.0], [0.0, 0.0], [-1.0, 2.0]])).round(3).tolist()
    [[0.75, 0.25], [0.5, 0.5], [0.0, 1.0]]
    """
    kept = np.maximum(scores, 0) + FAINT
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def mixed_with_uniform(proba: FloatArray) -> FloatArray:
    """Mix in a little of the uniform distribution: nobody is certain."""
    return np.asarray((1 - SPREAD) * proba + SPREAD / proba.shape[1])


def likelihoods_of(unseen: Sequence[FloatArray], codes: IntArray) -> FloatArray:
    """Return how probable each of several models found labels that it had not seen.

    Parameters
    ----------
    unseen : of each model (n, n_classes) probabilities
    codes : (n,) class ids

    Returns
    -------
    (n, n_models), none of them 0

    Examples
    --------
    >>> likelihoods_of([np.eye(2), np.full((2, 2), 0.5)], np.array([0, 1])).round(3).tolist()
    [[0.995, 0.5], [0.995, 0.5]]
    """
    rows = np.arange(len(codes))
    return np.stack([mixed_with_uniform(proba)[rows, codes] for proba in unseen], axis=1)


def best_temperature(proba: FloatArray, codes: IntArray) -> float:
    """Return the temperature under which unseen labels are likeliest.

    A few labels say little: as much evidence as five labels speaks for 1, no change.

    Parameters
    ----------
    proba : (n, n_classes) of rows that the model has not seen
    codes : (n,) class ids

    Examples
    --------
    Right every time, and too modest:

    >>> proba = np.tile([0.6, 0.4], (100, 1))
    >>> best_temperature(proba, np.zeros(100, int)) < 0.5
    True

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), arXiv 1706.04599
    """
    rows = np.arange(len(codes))

    def loss(log_temperature: float) -> float:
        p = mixed_with_uniform(sharpened(proba, np.exp(log_temperature)))
        return float(-np.log(p[rows, codes]).sum() + MODEST * log_temperature**2 / 2)

    bounds = (np.log(SHARPEST), np.log(FLATTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def mixture_weights(likelihoods: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the weights of a mixture of models under which unseen labels are likeliest.

    Parameters
    ----------
    likelihoods : (n, n_models) probability that each model gave to the true class, unseen
    prior : (n_models,) how many labels' worth each model is trusted beforehand, > 0

    Returns
    -------
    (n_models,) that sum to 1; the prior's shares if there are no labels

    Examples
    --------
    >>> mixture_weights(np.tile([0.9, 0.1], (50, 1)), np.ones(2)).round(2)
    array([0.98, 0.02])

    References
    ----------
    Dempster, Laird & Rubin (1977); Wolpert (1992), Stacked generalization
    """
    weights = prior / prior.sum()
    for _ in range(STEPS):
        blame = likelihoods * weights
        blame /= blame.sum(axis=1, keepdims=True)
        weights = (blame.sum(axis=0) + prior) / (len(likelihoods) + prior.sum())
    return np.asarray(weights)


def averaging_weights(likelihoods: FloatArray, prior: FloatArray, *, seed: int = 0) -> FloatArray:
    """Return how probable it is that each model foretells labels best, the labels weighed anew.

    Pseudo-Bayesian model averaging with the Bayesian bootstrap: a model that is ahead by a few
    labels alone is not believed wholly.

    Parameters
    ----------
    likelihoods : (n, n_models) probability that each model gave to the true class, unseen
    prior : (n_models,) > 0, odds of the models beforehand
    seed : of the weights of the labels

    Examples
    --------
    >>> averaging_weights(np.tile([0.9, 0.1], (50, 1)), np.ones(2)).round(2)
    array([1., 0.])
    >>> averaging_weights(np.array([[0.5, 0.4], [0.4, 0.5]]), np.ones(2)).round(1)
    array([0.5, 0.5])

    References
    ----------
    Yao, Vehtari, Simpson & Gelman (2018), arXiv 1704.02030, pseudo-BMA+
    """
    n = len(likelihoods)
    shares = np.random.default_rng(seed).dirichlet(np.ones(n), RESAMPLED)
    said = n * (shares @ np.log(likelihoods)) + np.log(prior)
    powers = np.exp(said - said.max(axis=1, keepdims=True))
    return np.asarray((powers / powers.sum(axis=1, keepdims=True)).mean(axis=0))


def believed(likelihoods: FloatArray, prior: FloatArray, favor: FloatArray) -> FloatArray:
    """Return the weights of several models: the likeliest mixture, and hedged against chance.

    The mean of ``mixture_weights``, which finds models that complete each other, and of
    ``averaging_weights``, which drops those that are worse throughout.

    Parameters
    ----------
    likelihoods : (n, n_models) probability that each model gave to the true class, unseen
    prior : (n_models,) labels' worth of trust in each beforehand
    favor : (n_models,) odds of each beforehand

    Examples
    --------
    >>> believed(np.tile([0.9, 0.1], (50, 1)), np.ones(2), np.ones(2)).round(2)
    array([0.99, 0.01])
    """
    mixed, averaged = mixture_weights(likelihoods, prior), averaging_weights(likelihoods, favor)
    return (mixed + averaged) / 2
