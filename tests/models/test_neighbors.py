import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from sparing import InvalidInputError, MemoryBudgetError
from sparing import memory as memory_module
from sparing.models import neighbors as neighbors_module
from sparing.models.neighbors import nearest_neighbors


def expected(X, k):
    found = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(X).kneighbors(X)
    return found[0][:, 1:], found[1][:, 1:]


@pytest.mark.parametrize("block", [1 << 23, 1500])  # one block, and many
def test_same_as_scikit_learn(block, monkeypatch):
    monkeypatch.setattr(neighbors_module, "BLOCK_VALUES", block)
    X = np.random.default_rng(0).standard_normal((300, 5)).astype(np.float32) + 1000
    distances, indices = expected(X.astype(np.float64), 6)
    found = nearest_neighbors(X, 6)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-3)


def test_csr_and_dense_agree():
    X = sparse.random_array((80, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    dense, csr = nearest_neighbors(X.toarray(), 4), nearest_neighbors(X, 4)
    np.testing.assert_allclose(csr.distances, dense.distances, atol=1e-6)


def test_the_approximate_way_finds_nearly_all_and_the_same_each_time(monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr(neighbors_module, "EXACT_UP_TO", 100)
    monkeypatch.setattr(neighbors_module, "MOST_PRODUCTS", 0)
    X = np.random.default_rng(0).standard_normal((1500, 8)).astype(np.float32)
    _, indices = expected(X, 7)
    found = nearest_neighbors(X, 7)
    hits = (found.indices[:, :, None] == indices[:, None, :]).any(axis=2)
    assert hits.mean() > 0.98
    np.testing.assert_array_equal(found.indices, nearest_neighbors(X, 7).indices)


def test_all_pairs_of_a_large_pool_are_compared_where_that_is_quicker(monkeypatch):
    pytest.importorskip("faiss")
    X = np.random.default_rng(0).standard_normal((400, 5)).astype(np.float32) + 100
    exact = nearest_neighbors(X, 7)
    monkeypatch.setattr(neighbors_module, "EXACT_UP_TO", 100)
    found = nearest_neighbors(X, 7)
    np.testing.assert_array_equal(found.indices, exact.indices)
    np.testing.assert_array_equal(found.distances, exact.distances)


@pytest.mark.parametrize(("exact_up_to", "products"), [(10_000, 0), (10, 0), (10, 1e9)])
def test_equal_rows_are_at_distance_zero_and_never_their_own_neighbour(
    exact_up_to, products, monkeypatch
):
    monkeypatch.setattr(neighbors_module, "EXACT_UP_TO", exact_up_to)
    monkeypatch.setattr(neighbors_module, "MOST_PRODUCTS", products)
    X = np.repeat(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), 20, axis=0)
    found = nearest_neighbors(X, 5)
    assert not found.distances.any()
    assert (found.indices != np.arange(40)[:, None]).all()
    assert (found.indices // 20 == np.arange(40)[:, None] // 20).all()


@given(st.integers(2, 30), st.integers(1, 4), st.integers(0, 10**6))
def test_neighbours_are_distinct_others_nearest_first(n, n_features, seed):
    X = np.random.default_rng(seed).integers(0, 3, (n, n_features)).astype(np.float32)
    k = min(5, n - 1)
    found = nearest_neighbors(X, k)
    assert all(len(set(row)) == k for row in found.indices.tolist())
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_bad_numbers_and_too_little_memory_are_refused(monkeypatch):
    with pytest.raises(InvalidInputError, match=r"an int in \[1, 2\]"):
        nearest_neighbors(np.eye(3), 3)
    monkeypatch.setattr(memory_module, "available_bytes", lambda: 1000)
    with pytest.raises(MemoryBudgetError, match="neighbour search"):
        nearest_neighbors(np.eye(3), 1)
