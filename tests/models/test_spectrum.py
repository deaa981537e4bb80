import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import kneighbors_graph

from sparing import CapabilityError, InvalidInputError, MemoryBudgetError
from sparing import memory as memory_module
from sparing.models import spectrum as spectrum_module
from sparing.models.spectrum import laplacian_spectrum


def laplacian(X, n_neighbors=7):
    """Build I - D^-1/2 W D^-1/2 the plain way, with weights exp(-4 d^2 / r^2)."""
    distances = kneighbors_graph(X, n_neighbors, mode="distance").toarray()
    ratio = distances / distances.max(axis=1, keepdims=True)
    W = np.where(distances > 0, np.exp(-4 * ratio**2), 0)
    W = np.maximum(W, W.T)
    scale = 1 / np.sqrt(W.sum(axis=1))
    return np.eye(len(W)) - scale[:, None] * W * scale


@pytest.mark.parametrize("n_items", [60, 400])  # the dense solver, and the sparse one
def test_pairs_are_the_smallest_of_the_laplacian(n_items):
    X = np.random.default_rng(0).standard_normal((n_items, 3))
    found = laplacian_spectrum(X, n_pairs=8)
    L = laplacian(X)
    np.testing.assert_allclose(found.values, np.linalg.eigvalsh(L)[:8], atol=1e-6)
    np.testing.assert_allclose(L @ found.vectors, found.vectors * found.values, atol=1e-6)
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(8), atol=1e-9)


def test_a_value_of_zero_comes_once_a_component():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((100, 2)) + 1000 * i for i in range(3)])
    values = laplacian_spectrum(X, n_pairs=5).values
    assert (values < 1e-9).sum() == 3
    assert np.all(np.diff(values) >= 0)


@pytest.mark.parametrize("n_items", [1, 2, 3, 11])
def test_tiny_pools_have_as_many_pairs_as_items(n_items):
    found = laplacian_spectrum(np.arange(n_items, dtype=np.float32)[:, None])
    assert found.vectors.shape == (n_items, n_items)
    assert np.isfinite(found.vectors).all()
    assert found.values[0] == pytest.approx(0)


def test_csr_and_dense_agree():
    X = np.random.default_rng(0).random((50, 4))
    dense, csr = laplacian_spectrum(X), laplacian_spectrum(sparse.csr_array(X))
    np.testing.assert_allclose(dense.values, csr.values, atol=1e-9)


def test_equal_seeds_give_equal_vectors():
    X = np.random.default_rng(0).standard_normal((300, 3))
    a, b = (laplacian_spectrum(X, n_pairs=4, seed=1).vectors for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_too_many_items_are_refused_aloud(monkeypatch):
    monkeypatch.setattr(spectrum_module, "MAX_ITEMS", 10)
    with pytest.raises(CapabilityError, match="at most 10 items and there are 11: take a strategy"):
        laplacian_spectrum(np.arange(11.0)[:, None])


def test_memory_is_checked_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(memory_module, "available_bytes", lambda: 1000)
    with pytest.raises(MemoryBudgetError, match="needs about"):
        laplacian_spectrum(np.arange(11.0)[:, None])


def test_the_number_of_pairs_is_checked():
    with pytest.raises(InvalidInputError, match="'n_pairs' parameter"):
        laplacian_spectrum(np.eye(3), n_pairs=0)
