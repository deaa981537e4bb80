import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sparing.models.ridge import PENALTIES, linear_votes, ridge_votes
from sparing.models.stacking import shares, sharpened


@pytest.fixture
def task():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 6))
    return X, rng.integers(0, 3, 30)


def test_left_out_answers_are_those_of_refits(task):
    X, codes = task
    votes, oof = ridge_votes(X, codes, 3)
    values = np.linalg.svd(X, compute_uv=False)
    targets = np.eye(3)[codes]
    matches = []
    for penalty in PENALTIES * (values**2).mean():
        refits = np.empty_like(targets)
        for i in range(30):
            keep = np.arange(30) != i
            model = Ridge(alpha=penalty, fit_intercept=False).fit(X[keep], targets[keep])
            refits[i] = model.predict(X[i : i + 1])
        matches.append(np.abs(sharpened(shares(refits), votes.temperature) - oof).max())
    assert min(matches) < 1e-8


def test_the_fit_is_ridge_regression(task):
    X, codes = task
    votes, _ = ridge_votes(X, codes, 3)
    unit = (np.linalg.svd(X, compute_uv=False) ** 2).mean()
    gaps = [
        np.abs(
            Ridge(alpha=p * unit, fit_intercept=False).fit(X, np.eye(3)[codes]).coef_.T
            - votes.coefficients
        ).max()
        for p in PENALTIES
    ]
    assert min(gaps) < 1e-8


def test_where_nothing_is_known_shares_are_equal(task):
    X, codes = task
    votes, _ = ridge_votes(X, codes, 3)
    np.testing.assert_allclose(votes.predict_proba(np.zeros((1, 6))), 1 / 3)


def test_linear_votes_do_not_depend_on_units(task):
    X, codes = task
    units = np.array([1, 1e3, 1e-3, 5, 1, 1])
    one, oof = linear_votes(X, codes, 3, X.mean(axis=0), X.std(axis=0))
    Z = X * units + 7
    other, other_oof = linear_votes(Z, codes, 3, Z.mean(axis=0), Z.std(axis=0))
    np.testing.assert_allclose(other_oof, oof, atol=1e-6)
    np.testing.assert_allclose(other.predict_proba(Z), one.predict_proba(X), atol=1e-6)


def test_a_constant_column_and_a_single_label_are_no_trouble():
    X = np.array([[1.0, 2.0]])
    votes, oof = linear_votes(X, np.array([0]), 2, X[0], np.array([0.0, 1.0]))
    assert np.isfinite(oof).all()
    assert np.isfinite(votes.predict_proba(X)).all()
