"""F1 with its interval: by hand, and how often it covers."""

import numpy as np
import pytest

from sparing.errors import InvalidInputError
from sparing.stats.f1 import Counts, f1_interval, precision_interval, recall_interval


def counts(n, rng, skill=0.7):
    true = rng.poisson(1.2, n).astype(float)
    found = rng.binomial(true.astype(int), skill).astype(float)
    predicted = found + rng.poisson(0.3, n)
    told = Counts(found * 0.8 + 0.1, predicted, true * 0.9 + 0.1)
    return Counts(found, predicted, true), told


def at(part, rows):
    return Counts(part.right[rows], part.predicted[rows], part.true[rows])


def test_without_help_of_the_model_it_is_the_ratio_of_what_was_counted():
    drawn = Counts(np.array([1.0, 0, 2]), np.array([1.0, 1, 3]), np.array([2.0, 0, 2]))
    nothing = Counts(*np.ones((3, 3)))
    pool = Counts(*np.ones((3, 1000)))
    assert f1_interval(drawn, nothing, pool).value == pytest.approx(6 / 9)
    assert precision_interval(drawn, nothing, pool).value == pytest.approx(3 / 5)
    assert recall_interval(drawn, nothing, pool).value == pytest.approx(3 / 4)
    found = f1_interval(drawn, nothing, pool)
    assert found.low < found.value < found.high
    assert found.is_rough
    assert str(found).endswith("(rough)")


def test_a_pool_that_was_read_whole_leaves_no_doubt():
    drawn, told = counts(150, np.random.default_rng(0))
    found = f1_interval(drawn, told, told)
    assert found.low == pytest.approx(found.high)
    assert not found.is_rough


def test_intervals_cover_and_the_model_narrows_them():
    rng = np.random.default_rng(1)
    pool, told = counts(3000, rng)
    blind = Counts(*np.ones((3, 3000)))
    truth = 2 * pool.right.sum() / (pool.predicted.sum() + pool.true.sum())
    covered, widths = 0, []
    for _ in range(400):
        rows = rng.choice(3000, 100, replace=False)
        found = f1_interval(at(pool, rows), at(told, rows), told)
        plain = f1_interval(at(pool, rows), at(blind, rows), blind)
        covered += found.low <= truth <= found.high
        widths.append((found.high - found.low) / (plain.high - plain.low))
    assert covered >= 0.93 * 400
    assert np.mean(widths) < 0.9


def test_nothing_there_and_nothing_said_is_no_figure():
    none = Counts(*np.zeros((3, 50)))
    found = f1_interval(none, none, none)
    assert np.isnan(found.value)
    assert (found.low, found.high) == (0, 1)


def test_one_item_is_too_few():
    one = Counts(*np.ones((3, 1)))
    with pytest.raises(InvalidInputError, match="two items"):
        f1_interval(one, one, one)


def test_where_all_is_right_the_limits_are_those_of_the_items_that_have_any():
    """None of 100 items with an error leaves 3.6 % of them possible, by Clopper and Pearson."""
    one, pool = Counts(*np.ones((3, 120))), Counts(*np.ones((3, 3000)))
    empty = np.arange(120) >= 100
    some = Counts(*(np.where(empty, 0.0, part) for part in np.ones((3, 120))))
    for interval in (f1_interval, precision_interval, recall_interval):
        assert interval(one, one, pool).low == pytest.approx(0.025 ** (1 / 120))
        found = interval(some, one, pool)
        assert (found.value, found.high) == (1.0, 1.0)
        assert found.low == pytest.approx(0.025 ** (1 / 100))
        wrong = Counts(np.zeros(120), *np.ones((2, 120)))
        assert interval(wrong, one, pool).high == pytest.approx(1 - 0.025 ** (1 / 120))


@pytest.mark.parametrize("missed", [0.005, 0.01, 0.02])
def test_recall_covers_where_hardly_a_unit_is_missed(missed):
    rng = np.random.default_rng(2)
    true = rng.integers(0, 3, 2000).astype(float)
    right = rng.binomial(true.astype(int), 1 - missed).astype(float)
    pool, told = Counts(right, right, true), Counts(right, right, right)
    truth = right.sum() / true.sum()
    covered = 0
    for _ in range(400):
        rows = rng.choice(2000, 100, replace=False)
        found = recall_interval(at(pool, rows), at(told, rows), told)
        covered += found.low <= truth <= found.high
    assert covered >= 0.93 * 400
