import numpy as np
import pytest

from sparing.pool.snapshot import Snapshot
from sparing.project.grid.ordering import Nearness, least, likeliest, merged, more_like
from sparing.strategies.class_search import SeedSearch


def test_the_likeliest_are_of_the_class_free_known_and_in_order():
    rng = np.random.default_rng(0)
    codes, confidence = rng.integers(0, 3, 500), rng.random(500).round(1)
    free = rng.random(500) < 0.5
    rows = likeliest(codes, confidence, 1, free)
    wanted = [i for i in range(500) if free[i] and codes[i] == 1 and confidence[i] > 0]
    assert rows.tolist() == sorted(wanted, key=lambda i: (-confidence[i], i))


@pytest.mark.parametrize("n", [1, 7, 99, 100, 500])
def test_the_least_are_free_finite_and_in_order(n):
    rng = np.random.default_rng(1)
    values = rng.permutation(100).astype(float)
    values[::9] = np.inf
    free = rng.random(100) < 0.7
    wanted = [i for i in range(100) if free[i] and np.isfinite(values[i])]
    assert least(values, free, n).tolist() == sorted(wanted, key=values.__getitem__)[:n]


def test_with_nothing_free_nothing_is_shown():
    nobody = np.zeros(4, bool)
    assert len(least(np.arange(4.0), nobody, 2)) == 0
    assert len(likeliest(np.zeros(4, int), np.ones(4), 0, nobody)) == 0


@pytest.mark.parametrize("scaled", [False, True])
def test_distances_are_those_of_the_formula_on_a_memory_map_too(tmp_path, scaled):
    rng = np.random.default_rng(2)
    X = rng.normal(100, 1, (300, 5)).astype(np.float32)
    scale = np.array([1, 0, 2, 0.5, 1], np.float32) if scaled else None
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    found = Nearness(mapped, scale).squared_to(np.array([3, 250]))
    Z = X.astype(float) * (1 if scale is None else scale)
    wanted = np.minimum(((Z - Z[3]) ** 2).sum(1), ((Z - Z[250]) ** 2).sum(1))
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert found[3] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("scaled", [False, True])
def test_cosines_are_those_of_the_formula_on_a_memory_map_too(tmp_path, scaled):
    rng = np.random.default_rng(3)
    X = rng.normal(100, 1, (300, 5)).astype(np.float32)
    X[7] = X.mean(axis=0)
    scale = np.array([1, 0, 2, 0.5, 1], np.float32) if scaled else None
    np.save(tmp_path / "x.npy", X)
    near = Nearness(np.load(tmp_path / "x.npy", mmap_mode="r"), scale)
    Z = (X.astype(float) - X.mean(axis=0)) * (1 if scale is None else scale)
    unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    apart = np.arange(300) != 7  # it is the middle itself: what it is like is nobody's guess
    cosines = near.cosine_to(np.array([3, 250]))
    np.testing.assert_allclose(cosines[apart], (unit @ unit[[3, 250]].T).max(1)[apart], atol=1e-3)
    assert near.cosine_to(np.array([], int)).tolist() == [-1] * 300


def test_a_search_goes_in_the_order_of_the_strategy_that_searches():
    X = np.random.default_rng(4).normal(size=(200, 6)).astype(np.float32)
    codes = np.array([1, 1, 0, 0, 0, 0])
    free = np.arange(200) >= 6
    s = Snapshot(X, free, np.arange(6), codes, 2)
    weights = np.zeros(200)
    weights[6:] = SeedSearch(np.arange(2), 1)._weights(s)
    assert 5 < np.count_nonzero(weights) < 150
    near = Nearness(X)
    worth = more_like(near.cosine_to(np.arange(2)), near.cosine_to(np.arange(2, 6)))
    n = np.count_nonzero(weights)
    assert least(-worth, free, n).tolist() == least(-weights, free, n).tolist()


def test_merging_takes_the_better_rank_and_shows_nothing_twice():
    first, second = np.array([4, 2, 0]), np.array([9, 4, 2, 7])
    assert merged(first, second).tolist() == [4, 9, 2, 0, 7]
    assert merged(first, first[:0]).tolist() == first.tolist()
    assert merged(first[:0], second).tolist() == second.tolist()
