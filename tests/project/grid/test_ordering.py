import numpy as np
import pytest

from sparing.project.grid.ordering import Nearness, least, likeliest, merged


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


def test_merging_takes_the_better_rank_and_shows_nothing_twice():
    first, second = np.array([4, 2, 0]), np.array([9, 4, 2, 7])
    assert merged(first, second).tolist() == [4, 9, 2, 0, 7]
    assert merged(first, first[:0]).tolist() == first.tolist()
    assert merged(first[:0], second).tolist() == second.tolist()
