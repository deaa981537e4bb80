"""How many units are wrong where items were drawn: exact over all truths and all draws."""

from itertools import permutations, product

import numpy as np
import pytest

from sparing.errors import InvalidInputError
from sparing.stats.crowded import most_wrong
from sparing.stats.hypergeometric import upper_limit


@pytest.mark.parametrize(("sizes", "n_drawn"), [
    ((2, 1, 0, 3), 3), ((1, 1, 1, 1), 3), ((4, 1, 1, 1), 2), ((2, 2, 2), 2),
])  # fmt: skip
@pytest.mark.parametrize("delta", [0.1, 0.3, 0.6])
def test_over_all_draws_no_truth_is_missed_more_often_than_is_allowed(sizes, n_drawn, delta):
    draws = list(permutations(range(len(sizes)), n_drawn))
    given = np.array(sizes)
    for truth in product(*(range(size + 1) for size in sizes)):
        wrong, missed = np.array(truth), 0
        for draw in draws:
            drawn = np.array(draw)
            limits = [most_wrong(given, drawn[:n], wrong[drawn[:n]], delta)
                      for n in range(n_drawn + 1)]  # fmt: skip
            assert all(limit >= wrong[drawn[:n]].sum() for n, limit in enumerate(limits))
            missed += min(limits) < wrong.sum()  # who stops when it suits them
        assert missed <= delta * len(draws), truth


def test_wrong_units_that_crowd_together_are_caught_as_often_as_is_said():
    rng = np.random.default_rng(0)
    sizes = rng.geometric(0.3, 300)
    missed = 0
    for _ in range(400):
        wrong = np.where(rng.random(300) < 0.1, sizes, 0)
        drawn = rng.permutation(300)[:60]
        missed += most_wrong(sizes, drawn, wrong[drawn], 0.1) < wrong.sum()
    assert missed <= 40


def test_of_items_with_one_unit_each_it_is_little_more_than_the_limit_of_an_urn():
    sizes, drawn = np.ones(2000, dtype=int), np.arange(200)
    for n_wrong in (0, 4, 20):
        wrong = np.zeros(200, dtype=int)
        wrong[np.linspace(5, 195, n_wrong, dtype=int)] = 1
        urn = int(upper_limit(n_wrong, 2000, 200, 0.05))
        assert urn <= most_wrong(sizes, drawn, wrong, 0.05) <= 1.6 * urn


def test_an_item_with_very_many_units_does_not_spoil_the_limit():
    sizes = np.full(1000, 2)
    sizes[0] = 100
    drawn = np.arange(1, 201)
    assert most_wrong(sizes, drawn, np.zeros(200, dtype=int), 0.05) < 0.08 * sizes.sum() + 100


def test_all_drawn_is_all_known_and_none_drawn_is_nothing_known():
    sizes, wrong = np.array([3, 0, 2]), np.array([1, 0, 2])
    assert most_wrong(sizes, np.arange(3), wrong, 0.05) == 3
    assert most_wrong(sizes, np.arange(0), wrong[:0], 0.05) == 5
    with pytest.raises(InvalidInputError, match="no more than the units of the item"):
        most_wrong(sizes, np.arange(2), np.array([4, 0]), 0.05)
