import numpy as np
import pytest
from scipy.special import softmax

from sparing.stats.calibration import HOTTEST, fit_temperature, tempered


def test_tempering_divides_the_logits():
    logits = np.random.default_rng(0).normal(size=(6, 4)) * 5
    expected = softmax(logits / 2.5, axis=1)
    assert tempered(softmax(logits, axis=1), 2.5) == pytest.approx(expected)


def test_temperature_one_changes_nothing():
    proba = np.array([[0.3, 0.7]])
    assert tempered(proba, 1.0) is proba


def test_certainty_stays_certain_and_finite():
    assert tempered(np.array([[1.0, 0.0]]), 3.0).tolist() == [[1.0, 0.0]]


def test_the_temperature_that_made_the_probabilities_is_found():
    """Labels drawn from softmax(z), and a model that says softmax(3 z)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3)) * 1.5
    truth = softmax(logits, axis=1)
    codes = (truth.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    assert fit_temperature(softmax(3 * logits, axis=1), codes) == pytest.approx(3.0, rel=0.1)


def test_a_modest_model_is_left_as_it_is():
    proba = np.tile([0.6, 0.4], (50, 1))
    assert fit_temperature(proba, np.zeros(50, dtype=int)) == pytest.approx(1.0, abs=0.01)


def test_nothing_to_go_by():
    assert fit_temperature(np.zeros((0, 3)), np.array([], dtype=int)) == 1.0


def test_even_probabilities_say_nothing_about_the_temperature():
    assert fit_temperature(np.full((9, 3), 1 / 3), np.arange(9) % 3) == 1.0


def test_a_model_that_excluded_the_truth_gets_very_hot():
    proba = np.tile([1.0, 0.0], (10, 1))
    assert 0.9 * HOTTEST < fit_temperature(proba, np.ones(10, dtype=int)) <= HOTTEST
