import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.models.neighbors import nearest_neighbors
from sparing.numeric.cell_neighbors import LARGEST_CELL, LOOKED_AT, vicinity


def gathered(X, k, **options):
    found = np.full((len(X), k), -1)
    for rows, neighbors in vicinity(X, k, **options):
        assert (found[rows] == -1).all()  # nobody has a second turn
        found[rows] = neighbors
    return found


def test_few_rows_are_compared_with_all_others():
    X = np.random.default_rng(0).standard_normal((700, 6)).astype(np.float32) + 100
    found, true = gathered(X, 5), nearest_neighbors(X, 5).indices
    np.testing.assert_array_equal(np.sort(found), np.sort(true))


def test_of_many_rows_most_neighbours_are_found_and_the_same_each_time():
    X = np.random.default_rng(0).standard_normal((6000, 6)).astype(np.float32)
    found, true = gathered(X, 8), nearest_neighbors(X, 8).indices
    assert (found[:, :, None] == true[:, None, :]).any(
        axis=2
    ).mean() > 0.8  # of a cloud without any structure
    np.testing.assert_array_equal(found, gathered(X, 8))


@given(st.integers(2, 40), st.integers(0, 10**6))
def test_neighbours_are_distinct_others(n, seed):
    X = np.random.default_rng(seed).integers(0, 2, (n, 2)).astype(np.float32)
    found = gathered(X, min(4, n - 1))
    assert (found != np.arange(n)[:, None]).all()
    assert all(len(set(row)) == len(row) for row in found.tolist())


def test_equal_rows_cost_no_more_than_others(monkeypatch):
    sizes = []
    argpartition = np.argpartition

    def watched(gaps, *args, **options):
        sizes.append(gaps.shape)
        return argpartition(gaps, *args, **options)

    monkeypatch.setattr(np, "argpartition", watched)
    found = gathered(np.ones((5000, 3), np.float32), 3)
    assert (found != np.arange(5000)[:, None]).all()
    assert max(rows for rows, _ in sizes) <= LARGEST_CELL
    assert max(others for _, others in sizes) <= LOOKED_AT + LARGEST_CELL


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_precisions_are_fine(dtype):
    X = np.arange(30, dtype=dtype)[:, None] ** 1.5
    assert gathered(X, 1)[0] == 1
