import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

from sparing import MemoryBudgetError
from sparing.strategies import _kcenter
from sparing.strategies._kcenter import k_center, remoteness


def plain_k_center(X, k, labeled, eligible):
    """Every distance to every pick, and no algebra."""
    if len(labeled):
        nearest = cdist(X, X[labeled]).min(axis=1)
        score = nearest
    else:
        nearest = np.full(len(X), np.inf)
        score = -np.linalg.norm(X - X.mean(axis=0), axis=1)
    picks = []
    for _ in range(k):
        open_ = eligible.copy()
        open_[picks] = False
        picks.append(int(np.where(open_, score, -np.inf).argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(X - X[picks[-1]], axis=1))
        score = nearest
    return picks


def made_up(seed, n, d, n_labeled):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 3 * rng.integers(0, 3, size=(n, 1)) + 50
    labeled = np.sort(rng.permutation(n)[:n_labeled])
    eligible = rng.random(n) < 0.8
    eligible[labeled] = False
    return X, labeled, eligible


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(5, 60), st.integers(1, 12), st.integers(0, 4))
def test_the_picks_are_those_of_the_plain_search(seed, n, d, n_labeled):
    X, labeled, eligible = made_up(seed, n, d, n_labeled)
    k = min(10, int(eligible.sum()))
    if k:
        expected = plain_k_center(X, k, labeled, eligible)
        assert k_center(X, k, labeled, eligible)[0].tolist() == expected


def test_wide_float32_rows_with_a_narrow_sketch():
    rng = np.random.default_rng(1)
    X = (rng.random((500, 300)) * rng.random(300)).astype(np.float32)
    eligible = np.ones(500, bool)
    eligible[:5] = False
    picks, gains = k_center(X, 30, np.arange(5), eligible)
    assert picks.tolist() == plain_k_center(X.astype(np.float64), 30, np.arange(5), eligible)
    assert np.all(np.diff(gains) <= 1e-6)


def test_few_rows_are_read_in_full(monkeypatch):
    """The point of the sketch: a pick far from the rest is compared with few rows."""
    X, labeled, eligible = made_up(0, 2000, 40, 100)
    X = X * 0.8 ** np.arange(40)  # as in real features, few directions hold most of the length
    read = []
    original = _kcenter.squared_distances_to
    monkeypatch.setattr(
        _kcenter,
        "squared_distances_to",
        lambda X, rows, point: read.append(len(rows)) or original(X, rows, point),
    )
    k_center(X, 20, labeled, eligible)
    assert 0 < sum(read) < 0.1 * 20 * 2000


def test_the_first_pick_of_all_is_the_middle():
    X = np.array([[0.0], [4.0], [5.0], [12.0]])
    picks, gains = k_center(X, 3, np.array([], dtype=int), np.ones(4, bool))
    assert picks.tolist() == [2, 3, 0]
    assert gains == pytest.approx([-0.25, 7.0, 5.0])


def test_duplicates_are_picked_once_each():
    X = np.ones((4, 3))
    picks, gains = k_center(X, 4, np.array([], dtype=int), np.ones(4, bool))
    assert sorted(picks.tolist()) == [0, 1, 2, 3]
    assert gains == pytest.approx(np.zeros(4))


def test_csr_picks_as_dense_does():
    X, labeled, eligible = made_up(5, 80, 9, 3)
    X = np.where(np.abs(X - 50) > 2, X - 50, 0.0)
    dense = k_center(X, 8, labeled, eligible)
    for form in (sparse.csr_array, sparse.csr_matrix):
        picks, gains = k_center(form(X), 8, labeled, eligible)
        assert picks.tolist() == dense[0].tolist()
        assert gains == pytest.approx(dense[1])


def test_on_another_backend(xp):
    X, labeled, eligible = made_up(2, 60, 8, 3)
    here = k_center(X, 9, labeled, eligible)
    there = k_center(xp.asarray(X), 9, xp.asarray(labeled), xp.asarray(eligible))
    assert np.from_dlpack(there[0]).tolist() == here[0].tolist()
    assert np.from_dlpack(there[1]) == pytest.approx(here[1])


def test_cold_start_on_another_backend(xp):
    X, _, eligible = made_up(3, 40, 8, 0)
    nobody = np.array([], dtype=np.int64)
    here = k_center(X, 5, nobody, eligible)
    there = k_center(xp.asarray(X), 5, xp.asarray(nobody), xp.asarray(eligible))
    assert np.from_dlpack(there[0]).tolist() == here[0].tolist()


def test_remoteness_of_labeled_rows_is_zero():
    X, labeled, _ = made_up(4, 30, 6, 4)
    assert remoteness(X, labeled)[labeled] == pytest.approx(np.zeros(4), abs=1e-5)


def test_memory_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr("sparing.memory.available_bytes", lambda: 1000)
    X, labeled, eligible = made_up(0, 60, 8, 2)
    with pytest.raises(MemoryBudgetError, match="k_center needs about"):
        k_center(X, 3, labeled, eligible)
