import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist

from sparing.numeric import geometry
from sparing.numeric.geometry import (
    directions,
    leading_directions,
    mean_row,
    nearest_center,
    products,
    project,
    row_blocks,
    squared_distances_to,
    squared_norms,
    unit_rows,
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of a few rows, so that every result is put together from several."""
    monkeypatch.setattr(geometry, "BLOCK_BYTES", 8 * 12)


def rows_of(seed=0, n=17, d=5):
    return np.random.default_rng(seed).normal(size=(n, d))


@given(st.integers(0, 50), st.integers(0, 30))
def test_blocks_cover_every_row_once(n_rows, n_columns):
    rows = [row for block in row_blocks(n_rows, n_columns) for row in range(n_rows)[block]]
    assert rows == list(range(n_rows))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_dense_and_csr_agree_with_numpy(form):
    X = rows_of()
    point = X[3]
    some = np.array([0, 4, 16])
    assert squared_norms(form(X)) == pytest.approx((X**2).sum(axis=1))
    assert mean_row(form(X)) == pytest.approx(X.mean(axis=0))
    assert project(form(X), point) == pytest.approx(X @ point)
    expected = ((X[some] - point) ** 2).sum(axis=1)
    assert squared_distances_to(form(X), some, point) == pytest.approx(expected)
    positions, squared = nearest_center(form(X), X[:3])
    distances = cdist(X, X[:3], "sqeuclidean")
    assert positions.tolist() == distances.argmin(axis=1).tolist()
    assert squared == pytest.approx(distances.min(axis=1), abs=1e-12)


def test_nearest_center_takes_csr_centers():
    X = rows_of()
    dense = nearest_center(X, X[:3])
    both = nearest_center(sparse.csr_array(X), sparse.csr_array(X[:3]))
    assert both[0].tolist() == dense[0].tolist()
    assert both[1] == pytest.approx(dense[1], abs=1e-12)


def test_nearest_center_far_from_the_origin_in_float32():
    """Cancellation of squared norms near 10**8 would leave nothing of distances near 1."""
    X = (rows_of() + 10_000).astype(np.float32)
    centers = X[:2]
    _, squared = nearest_center(X, centers)
    exact = cdist(X.astype(np.float64), centers.astype(np.float64), "sqeuclidean").min(axis=1)
    assert squared == pytest.approx(exact, rel=1e-3, abs=1e-2)


def test_half_precision_does_not_overflow():
    X = np.full((3, 4), 300.0, dtype=np.float16)
    assert squared_norms(X).tolist() == [360_000.0] * 3


def test_memory_maps_are_read_in_blocks(tmp_path):
    X = rows_of()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    norms = squared_norms(mapped)
    assert type(norms) is np.ndarray
    assert norms == pytest.approx(squared_norms(X))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_unit_rows_have_length_one(form):
    assert squared_norms(unit_rows(form(rows_of()))) == pytest.approx(1.0)


def test_a_row_of_zeros_gets_the_even_direction():
    assert unit_rows(np.zeros((1, 4))).tolist() == [[0.5, 0.5, 0.5, 0.5]]
    assert unit_rows(sparse.csr_array((1, 4))).nnz == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_directions_without_a_copy_are_those_of_unit_rows(dtype):
    """So is that of a row at the middle itself, which has none of its own."""
    X = np.random.default_rng(0).normal(3, 1, size=(40, 5)).astype(dtype)
    X[[2, 7]] = middle = X[7].copy()
    unit = unit_rows(X.astype(np.float32), middle.astype(np.float32))
    found = products(directions(X, middle)[0:40], unit)
    np.testing.assert_allclose(found, unit @ unit.T, atol=1e-5)
    assert found[2, 7] == pytest.approx(1)


def test_distances_to_no_row_at_all():
    X = rows_of()
    assert squared_distances_to(X, np.array([], dtype=int), X[0]).shape == (0,)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_leading_directions_are_orthonormal_and_lead(form):
    X = rows_of(n=200) * np.array([10.0, 5.0, 0.1, 0.1, 0.1])
    directions = leading_directions(form(X), 2)
    assert directions.T @ directions == pytest.approx(np.eye(2), abs=1e-12)
    kept = ((X @ directions) ** 2).sum() / (X**2).sum()
    assert kept > 0.99


def test_on_another_backend(xp):
    X = rows_of()
    there = xp.asarray(X)
    assert np.from_dlpack(squared_norms(there)) == pytest.approx(squared_norms(X))
    assert np.from_dlpack(unit_rows(there)) == pytest.approx(unit_rows(X))
    assert np.from_dlpack(mean_row(there)) == pytest.approx(mean_row(X))
    positions, squared = nearest_center(there, there[:3, :])
    expected = nearest_center(X, X[:3])
    assert np.from_dlpack(positions).tolist() == expected[0].tolist()
    assert np.from_dlpack(squared) == pytest.approx(expected[1], abs=1e-12)
    some = np.array([5, 1])
    assert np.from_dlpack(squared_distances_to(there, xp.asarray(some), there[0, :])) == (
        pytest.approx(squared_distances_to(X, some, X[0]))
    )
