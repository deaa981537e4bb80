import tracemalloc
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from sparing import CapabilityError, InvalidInputError, MemoryBudgetError, memory
from sparing.numeric.map_layout import map_work, neighbor_map, principal_map


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:900].astype(np.float32), y[:900]


def test_principal_components_are_scikit_learns_up_to_the_sign(digits):
    X, _ = digits
    ours, theirs = principal_map(X), PCA(2, svd_solver="full").fit_transform(X)
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs, atol=1e-3)


def test_principal_components_never_copy_the_pool():
    X = np.random.default_rng(0).standard_normal((40_000, 64)).astype(np.float32)
    tracemalloc.start()
    principal_map(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes * 3  # blocks of 8 MB in double precision, whatever the pool


def test_neighbours_stay_neighbours_far_better_than_on_principal_components(digits):
    X, y = digits
    Y = neighbor_map(X)
    assert trustworthiness(X, Y, n_neighbors=10) > 0.97 > 0.9 > _trust(X, principal_map(X))
    nearest = ((Y[:, None] - Y) ** 2).sum(axis=2) + np.diag(np.full(len(Y), np.inf))
    assert (y[nearest.argmin(axis=1)] == y).mean() > 0.95


def _trust(X, Y):
    return trustworthiness(X, Y, n_neighbors=10)


def test_the_same_seed_gives_the_same_map_and_another_one_another(digits):
    X = digits[0][:150]
    np.testing.assert_array_equal(neighbor_map(X, seed=3), neighbor_map(X, seed=3))
    assert (neighbor_map(X, seed=3) != neighbor_map(X, seed=4)).any()


@pytest.mark.parametrize("after", [0, 1, 130])
def test_work_that_was_put_down_goes_on_to_the_same_map(digits, after):
    X = digits[0][:150]
    begun = next(islice(map_work(X), after, None))
    *_, done = map_work(X, begun)
    np.testing.assert_array_equal(done.layout.positions, neighbor_map(X))


def test_progress_is_told_to_the_end(digits):
    told = []
    neighbor_map(digits[0][:100], progress=lambda *said: told.append(said))
    assert told[0] == ("finding neighbours", 100, 100)
    assert told[-1] == ("placing", 250, 250)


@pytest.mark.parametrize("draw", [principal_map, neighbor_map])
@pytest.mark.parametrize(
    "X",
    [
        np.ones((1, 3)),
        np.array([[0.0], [1.0]]),
        np.ones((2, 4)),
        np.ones((50, 3)),
        np.repeat([[0.0, 1.0], [5.0, 1.0]], 40, axis=0),
        np.full((20, 2), 1e6) + np.arange(20)[:, None] * 1e-9,
        np.arange(12).reshape(6, 2),
    ],
)
def test_few_equal_and_constant_items_have_places_too(draw, X):
    Y = draw(X.astype(np.float32))
    assert Y.shape == (len(X), 2)
    assert Y.dtype == np.float32
    assert np.isfinite(Y).all()


@given(st.integers(1, 25), st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_any_small_pool_has_a_map_amid_nothing(n, n_features, seed):
    X = np.random.default_rng(seed).integers(0, 3, (n, n_features)).astype(np.float32)
    for Y in (principal_map(X), neighbor_map(X)):
        assert np.abs(Y.mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize("draw", [principal_map, neighbor_map])
def test_what_cannot_be_drawn_is_refused(draw, monkeypatch):
    with pytest.raises(CapabilityError, match="reduce sparse ones first"):
        draw(sparse.csr_array(np.eye(3)))
    with pytest.raises(InvalidInputError, match="finite"):
        draw(np.array([[np.nan], [1.0]]))
    monkeypatch.setattr(memory, "available_bytes", lambda: 100)
    with pytest.raises(MemoryBudgetError, match="map"):
        draw(np.eye(3, dtype=np.float32))
