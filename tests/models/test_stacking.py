import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.models.stacking import best_temperature, mixture_weights, shares, sharpened


def test_sharpening_by_hand():
    np.testing.assert_allclose(sharpened(np.array([[0.75, 0.25]]), 0.5), [[0.9, 0.1]])
    np.testing.assert_allclose(sharpened(np.array([[0.9, 0.1]]), 2.0), [[0.75, 0.25]])


@pytest.mark.parametrize(("stated", "true"), [(0.9, 0.6), (0.6, 0.9)])
def test_temperature_brings_stated_confidence_to_the_truth(stated, true):
    rng = np.random.default_rng(0)
    proba = np.tile([stated, 1 - stated], (4000, 1))
    codes = (rng.random(4000) > true).astype(int)
    t = best_temperature(proba, codes)
    assert sharpened(proba, t)[0, 0] == pytest.approx(true, abs=0.03)


def test_few_labels_change_the_temperature_little():
    proba = np.tile([0.6, 0.4], (2, 1))
    assert 0.8 < best_temperature(proba, np.zeros(2, int)) < 1


def test_mixture_weights_are_the_best_on_a_grid():
    rng = np.random.default_rng(0)
    likelihoods = rng.random((200, 2)) * [1.0, 0.8]
    prior = np.array([2.0, 1.0])
    found = mixture_weights(likelihoods, prior)
    grid = np.linspace(0.001, 0.999, 999)
    objective = [
        np.log(likelihoods @ [w, 1 - w]).sum() + 2 * np.log(w) + np.log(1 - w) for w in grid
    ]
    assert found[0] == pytest.approx(grid[int(np.argmax(objective))], abs=0.01)


def test_without_labels_the_prior_speaks():
    np.testing.assert_allclose(mixture_weights(np.ones((0, 2)), np.array([3.0, 1.0])), [0.75, 0.25])


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 10**6))
def test_shares_are_probabilities_whatever_the_scores(n, n_classes, seed):
    scores = np.random.default_rng(seed).normal(size=(n, n_classes), scale=10)
    np.testing.assert_allclose(shares(scores).sum(axis=1), 1)
