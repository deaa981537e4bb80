from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chisquare

from sparing import InvalidInputError
from sparing.numeric.selection import lazy_greedy, round_robin, stochastic_top_k, top_k


def rng(seed=0):
    return np.random.default_rng(seed)


few_values = arrays(np.float64, st.integers(1, 20), elements=st.integers(0, 4))


@given(few_values, st.data())
def test_top_k_is_the_top_of_a_sort(utility, data):
    k = data.draw(st.integers(1, len(utility)))
    picks = top_k(utility, k, rng())
    assert len(set(picks.tolist())) == k
    assert utility[picks].tolist() == sorted(utility, reverse=True)[:k]


def test_ties_are_broken_evenly():
    utility = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    firsts = [top_k(utility, 2, rng(seed))[0] for seed in range(600)]
    counts = np.bincount(firsts, minlength=5)
    assert counts[[1, 4]].sum() == 0
    assert chisquare(counts[[0, 2, 3]]).pvalue > 1e-4


def test_the_same_seed_breaks_ties_alike_on_every_backend(xp):
    utility = np.array([0.5, 1.0, 0.5, 1.0, 0.5, 0.0])
    there = top_k(xp.asarray(utility), 4, rng(3))
    assert np.from_dlpack(there).tolist() == top_k(utility, 4, rng(3)).tolist()


@pytest.mark.parametrize(
    ("kind", "weights"), [("power", [4.0, 1.0, 9.0]), ("softmax", np.exp([4.0, 2.0, 6.0]))]
)
def test_draws_follow_the_weights(kind, weights):
    utility = np.array([2.0, 1.0, 3.0])
    shares = np.array(weights) / np.sum(weights)
    draws = [stochastic_top_k(utility, 2, rng(s), kind=kind, beta=2.0) for s in range(2000)]
    counts = np.bincount([rows[0] for rows, _ in draws], minlength=3)
    assert chisquare(counts, shares * len(draws)).pvalue > 1e-4
    for rows, propensity in draws[:50]:
        first, second = rows
        assert propensity[0] == pytest.approx(shares[first])
        assert propensity[1] == pytest.approx(shares[second] / (1 - shares[first]))


def test_beta_zero_is_uniform():
    _, propensity = stochastic_top_k(np.array([0.0, 5.0, 1.0]), 3, rng(), beta=0.0)
    assert propensity == pytest.approx([1 / 3, 1 / 2, 1.0])


def test_zero_utility_is_drawn_last():
    for seed in range(20):
        rows, propensity = stochastic_top_k(np.array([0.0, 1.0, 0.0, 2.0]), 4, rng(seed))
        assert set(rows[:2].tolist()) == {1, 3}
        assert propensity[2] == pytest.approx(0.5)


def test_stochastic_top_k_on_another_backend(xp):
    utility = np.array([0.5, 0.0, 2.0, 1.0])
    for kind in ("power", "softmax"):
        here = stochastic_top_k(utility, 3, rng(1), kind=kind)
        there = stochastic_top_k(xp.asarray(utility), 3, rng(1), kind=kind)
        assert np.from_dlpack(there[0]).tolist() == here[0].tolist()
        assert np.from_dlpack(there[1]) == pytest.approx(here[1])


def test_stochastic_top_k_refuses():
    with pytest.raises(InvalidInputError, match="'power' or 'softmax'"):
        stochastic_top_k(np.ones(2), 1, rng(), kind="gibbs")
    with pytest.raises(InvalidInputError, match=">= 0 for kind='power'"):
        stochastic_top_k(np.array([-1.0, 2.0]), 1, rng())


def coverage_of(sets):
    """The gains of covering more of a universe, and a count of how many were computed."""
    computed = []

    def gain(positions, picked):
        computed.extend(positions)
        covered = sets[picked].any(axis=0)
        return (sets[positions] & ~covered).sum(axis=1).astype(float)

    return gain, computed


def plain_greedy(sets, k):
    picked = []
    for _ in range(k):
        gains = (sets & ~sets[picked].any(axis=0)).sum(axis=1)
        gains[picked] = -1
        picked.append(int(gains.argmax()))
    return picked


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 9))), st.data())
def test_lazy_greedy_is_greedy(sets, data):
    k = data.draw(st.integers(1, len(sets)))
    block = data.draw(st.integers(1, 5))
    gain, _ = coverage_of(sets)
    picked, gains = lazy_greedy(sets.sum(axis=1), gain, k, block)
    assert picked.tolist() == plain_greedy(sets, k)
    assert all(later <= earlier for earlier, later in pairwise(gains))


def test_lazy_greedy_computes_few_gains():
    """Disjoint sets: no bound is ever wrong, so one block a pick is enough."""
    sets = np.repeat(np.eye(400, dtype=bool), np.arange(400, 0, -1), axis=1)
    gain, computed = coverage_of(sets)
    lazy_greedy(sets.sum(axis=1), gain, 5, block=2)
    assert len(computed) <= 5 * 4


def test_round_robin_skips_groups_that_are_used_up():
    groups = [np.array([3]), np.array([], dtype=int), np.array([8, 1, 2]), np.array([9, 4])]
    assert round_robin(groups, 6).tolist() == [3, 8, 9, 1, 4, 2]
