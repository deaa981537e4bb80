import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel

from sparing import MemoryBudgetError
from sparing import memory as memory_module
from sparing.models.landmarks import RidgeMap, place_landmarks


def test_with_a_landmark_a_row_the_kernel_is_exact():
    X = np.random.default_rng(0).standard_normal((60, 4)) + 50
    landmarks = place_landmarks(X)
    Z = landmarks.features(X)
    assert landmarks.gamma == pytest.approx(0.5 / X.var(axis=0).sum(), rel=1e-5)
    np.testing.assert_allclose(Z @ Z.T, rbf_kernel(X, gamma=landmarks.gamma), atol=2e-2)


def test_fewer_landmarks_come_near_and_never_above():
    X = np.random.default_rng(0).standard_normal((500, 3))
    landmarks = place_landmarks(X, 60)
    assert landmarks.centers.shape == (60, 3)
    K = rbf_kernel(X, gamma=landmarks.gamma)
    Z = landmarks.features(X)
    assert np.abs(Z @ Z.T - K).mean() < 0.02
    assert np.vecdot(Z, Z).max() < 1.01


def test_equal_seeds_equal_landmarks():
    X = np.random.default_rng(0).standard_normal((300, 3))
    a, b, c = (place_landmarks(X, 20, seed=seed).centers for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_identical_rows_are_one_landmark():
    assert place_landmarks(np.ones((50, 2))).features(np.ones((2, 2))).tolist() == [[1.0], [1.0]]


def test_ridge_map_is_scikit_learns_ridge():
    rng = np.random.default_rng(0)
    Z, targets = rng.standard_normal((80, 5)).astype(np.float32), rng.standard_normal((80, 2))
    expected = Ridge(alpha=0.3, fit_intercept=False).fit(Z, targets).coef_.T
    np.testing.assert_allclose(RidgeMap(Z, 0.3).coefficients(targets), expected, atol=1e-5)


def test_classes_are_targets_like_others_and_need_no_indicators():
    rng = np.random.default_rng(1)
    Z, codes = rng.standard_normal((80, 5)).astype(np.float32), rng.integers(0, 3, (2, 80))
    ridge = RidgeMap(Z)
    for part, found in zip(codes, ridge.class_coefficients(codes, 4), strict=True):
        np.testing.assert_allclose(found, ridge.coefficients(np.eye(4)[part]), atol=1e-6)


def test_memory_is_known_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(memory_module, "available_bytes", lambda: 10)
    with pytest.raises(MemoryBudgetError, match="ridge regression"):
        RidgeMap(np.eye(3, dtype=np.float32))


def test_leverage_says_what_a_row_would_be_told_had_it_been_left_out():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 5)).astype(np.float32)
    targets = rng.normal(size=(40, 1))
    whole = RidgeMap(features, ridge=0.5)
    own = whole.leverage(np.arange(3))
    fitted = (features[:3] @ whole.coefficients(targets)).ravel()
    left_out = (fitted - own * targets[:3, 0]) / (1 - own)
    for row in range(3):
        rest = np.arange(40) != row
        other = RidgeMap(features[rest], ridge=0.5).coefficients(targets[rest])
        assert left_out[row] == pytest.approx(float((features[row] @ other)[0]), abs=1e-4)
