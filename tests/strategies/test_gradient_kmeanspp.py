import numpy as np
import pytest
from scipy import sparse
from scipy.stats import chisquare

from sparing import MemoryBudgetError
from sparing.strategies._gradient_kmeanspp import gradient_kmeans_pp, gradient_lengths


def made_up(seed=0, n=25):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    proba = rng.dirichlet(np.ones(3), size=n)
    return X, proba - np.eye(3)[proba.argmax(axis=1)]


def written_out(X, residuals):
    """The gradients themselves, (n, n_classes * n_features)."""
    return (residuals[:, :, None] * X[:, None, :]).reshape(len(X), -1)


def test_lengths_are_those_of_the_gradients():
    X, residuals = made_up()
    expected = (written_out(X, residuals) ** 2).sum(axis=1)
    assert gradient_lengths(X, residuals) == pytest.approx(expected)


def test_gains_are_squared_distances_between_gradients():
    X, residuals = made_up()
    rows, gains = gradient_kmeans_pp(X, residuals, np.ones(25, bool), 8, np.random.default_rng(1))
    G = written_out(X, residuals)
    assert rows[0] == (G**2).sum(axis=1).argmax()
    for t in range(1, 8):
        nearest = ((G[rows[t]] - G[rows[:t]]) ** 2).sum(axis=1).min()
        assert gains[t] == pytest.approx(nearest)


def test_draws_follow_the_squared_distances():
    X, residuals = made_up(n=6)
    eligible = np.array([True, True, False, True, True, True])
    G = written_out(X, residuals)
    first = np.where(eligible, (G**2).sum(axis=1), -1).argmax()
    chance = ((G - G[first]) ** 2).sum(axis=1) * eligible
    seconds = [
        gradient_kmeans_pp(X, residuals, eligible, 2, np.random.default_rng(seed))[0][1]
        for seed in range(3000)
    ]
    counts = np.bincount(seconds, minlength=6)
    possible = chance > 0
    assert counts[~possible].sum() == 0
    expected = chance[possible] / chance.sum() * len(seconds)
    assert chisquare(counts[possible], expected).pvalue > 1e-4


def test_every_eligible_row_once_even_if_all_coincide():
    X, residuals = np.ones((6, 2), dtype=np.float32), np.full((6, 2), 0.5, dtype=np.float32)
    eligible = np.array([True] * 5 + [False])
    rows, _ = gradient_kmeans_pp(X, residuals, eligible, 5, np.random.default_rng(0))
    assert sorted(rows.tolist()) == [0, 1, 2, 3, 4]


def test_a_certain_model_draws_evenly():
    X, _ = made_up(n=4)
    still = np.zeros((4, 3))
    rows = [
        gradient_kmeans_pp(X, still, np.ones(4, bool), 2, np.random.default_rng(s))[0][1]
        for s in range(200)
    ]
    assert min(np.bincount(rows, minlength=4)[1:]) > 30


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csr_matrix])
def test_csr_draws_as_dense_does(form):
    X, residuals = made_up()
    open_ = np.ones(25, bool)
    dense = gradient_kmeans_pp(X, residuals, open_, 6, np.random.default_rng(2))
    csr = gradient_kmeans_pp(form(X), residuals, open_, 6, np.random.default_rng(2))
    assert csr[0].tolist() == dense[0].tolist()


def test_on_another_backend(xp):
    X, residuals = made_up()
    open_ = np.ones(25, bool)
    here = gradient_kmeans_pp(X, residuals, open_, 6, np.random.default_rng(2))
    arrays = (xp.asarray(a) for a in (X, residuals, open_))
    there = gradient_kmeans_pp(*arrays, 6, np.random.default_rng(2))
    assert np.from_dlpack(there[0]).tolist() == here[0].tolist()
    assert np.from_dlpack(there[1]) == pytest.approx(here[1])


def test_memory_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 100)
    X, residuals = made_up()
    with pytest.raises(MemoryBudgetError, match="badge needs about"):
        gradient_kmeans_pp(X, residuals, np.ones(25, bool), 2, np.random.default_rng(0))
