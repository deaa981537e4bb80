import math
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from sparing.audit.sequential import looks_for, risk_of_looks, spent, tolerated_at
from sparing.stats.hypergeometric import draws_needed, tolerated_errors


def ordered_draws(rest, sizes):
    """Yield all ways to draw blocks of these sizes, as tuples of sets."""
    if not sizes:
        yield ()
        return
    for first in combinations(rest, sizes[0]):
        for others in ordered_draws([r for r in rest if r not in first], sizes[1:]):
            yield (set(first), *others)


def failure_by_enumeration(n, wrong, allowed, looks, tolerated):
    """Return how often more than ``allowed`` wrong items remain on the walk at some look."""
    failed = total = 0
    for blocks in ordered_draws(list(range(n)), np.diff(looks, prepend=0).tolist()):
        drawn, fails = set(), False
        for block, k in zip(blocks, tolerated, strict=True):
            drawn |= block
            met = [w for w in wrong if w in drawn]
            end = -1 if k < 0 else met[k] if len(met) > k else n
            fails |= sum(w < end and w not in drawn for w in wrong) > allowed
        failed += fails
        total += 1
    return failed / total


PATTERNS = {
    "as many as may be": (0, 4),
    "one more": (0, 1, 2),
    "scattered": (1, 4, 6, 8),
    "least confident": (4, 5, 6, 7, 8),
    "most": (0, 1, 2, 3, 5, 6, 7),
    "all": tuple(range(9)),
}


@pytest.mark.parametrize("wrong", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize(
    ("looks", "tolerated"),
    [((3, 5, 7), (0, 1, 2)), ((2, 6), (0, 2)), ((4, 5), (1, 1)), ((3, 6), (-1, 1))],
)
def test_no_pattern_fails_more_often_than_the_risk_and_some_as_often(wrong, looks, tolerated):
    allowed = 1
    risk = risk_of_looks(9, allowed, looks, tolerated)
    failed = failure_by_enumeration(9, wrong, allowed, looks, tolerated)
    assert failed <= risk
    if len(wrong) > allowed + tolerated[-1]:  # enough of them: the bound is attained
        assert failed == pytest.approx(risk, abs=1e-9)


@given(st.integers(20, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_one_look_is_the_hypergeometric(n, data):
    m = data.draw(st.integers(1, n - 1))
    allowed = data.draw(st.integers(0, n // 4))
    k = data.draw(st.integers(0, min(m, 12, n - allowed - 1)))
    expected = hypergeom.cdf(k, n, allowed + k + 1, m)
    assert risk_of_looks(n, allowed, [m], [k]) == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert risk_of_looks(n, allowed, [m], [k]) >= expected * (1 - 1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_several_looks_cost_between_the_worst_and_the_sum(seed):
    rng = np.random.default_rng(seed)
    n, allowed = 3000, int(rng.integers(10, 100))
    looks = np.unique(rng.integers(50, 900, 4)).tolist()
    tolerated = np.sort(rng.integers(0, 8, len(looks))).tolist()
    alone = [hypergeom.cdf(k, n, allowed + k + 1, m) for m, k in zip(looks, tolerated, strict=True)]
    risk = risk_of_looks(n, allowed, looks, tolerated)
    assert max(alone) * (1 - 1e-9) <= risk <= min(sum(alone) * (1 + 1e-9), 1)


def test_the_risk_is_what_a_simulation_of_the_walk_finds():
    n, allowed, looks = 2000, 20, (260, 380, 520)
    tolerated = tolerated_at(n, looks, allowed, 0.2)
    rng = np.random.default_rng(0)
    wrong = np.sort(rng.choice(n, 60, replace=False))
    failed = 0
    for _ in range(4000):
        at = rng.permutation(n)[wrong]  # when each wrong item is drawn
        for m, k in zip(looks, tolerated, strict=True):
            met = np.flatnonzero(at < m)
            end = met[k] if len(met) > k else len(wrong)
            if end - min(len(met), k) > allowed:
                failed += 1
                break
    risk = risk_of_looks(n, allowed, looks, tolerated)
    assert 0.1 < risk <= 0.2
    assert abs(failed / 4000 - risk) < 4 * math.sqrt(risk * (1 - risk) / 4000)


@pytest.mark.parametrize(("n", "allowed"), [(3600, 40), (900, 20), (60_000, 600)])
def test_what_is_tolerated_keeps_the_risk_and_is_no_smaller_than_it_need_be(n, allowed):
    looks = looks_for(n, allowed, [0, 1, 2, 4], 0.0304)
    tolerated = tolerated_at(n, looks, allowed, 0.0304)
    assert tolerated == (0, 1, 2, 4)
    assert risk_of_looks(n, allowed, looks, tolerated) <= 0.0304
    for j in range(len(looks)):
        share = spent(len(looks))[j] * 0.0304
        fewer = [*looks[:j], looks[j] - 1]
        assert risk_of_looks(n, allowed, fewer, tolerated[: j + 1]) > share


def test_one_look_tolerates_what_an_audit_always_did():
    assert tolerated_at(3600, [400], 72, 0.03) == (tolerated_errors(3600, 400, 72, 0.03),)
    assert looks_for(3600, 40, [2], 0.03) == (draws_needed(3600, 43, 2, 0.03),)


def test_looks_too_small_tolerate_nothing_and_small_pools_have_none():
    assert tolerated_at(3600, [10, 600], 40, 0.03)[0] == -1
    assert looks_for(30, 0, [0, 1, 2], 0.03) == ()
    assert looks_for(30, 40, [0], 0.03) == ()


def test_where_everything_may_be_wrong_nothing_can_fail():
    assert risk_of_looks(10, 10, [3, 5], [0, 1]) == 0.0


@pytest.mark.parametrize("looks", [(5,), (4, 6), (3, 5, 6)])
@pytest.mark.parametrize(("n", "allowed", "delta"), [(8, 1, 0.4), (8, 2, 0.5), (7, 1, 0.3)])
def test_over_all_truths_and_all_draws_the_bound_holds(n, allowed, delta, looks):
    """Brute force, by the definition of the walk alone: each set of wrong items, each draw."""
    tolerated = tolerated_at(n, looks, allowed, delta)
    orders = np.array(list(permutations(range(n), looks[-1])))
    if len(orders) > 4000:  # all draws matter, not the order between two looks
        key = [np.sort(part, axis=1) for part in np.split(orders, looks[:-1], axis=1)]
        orders = np.unique(np.hstack(key), axis=0)
    drawn = np.zeros((len(looks), len(orders), n), dtype=bool)
    for look, m in enumerate(looks):
        np.put_along_axis(drawn[look], orders[:, :m], True, axis=1)
    worst = 0.0
    for wrong in product((False, True), repeat=n):
        broken = np.zeros(len(orders), dtype=bool)
        for seen, k in zip(drawn, tolerated, strict=True):
            on_the_walk = np.cumsum(seen & wrong, axis=1) <= k
            broken |= (on_the_walk & ~seen & wrong).sum(axis=1) > allowed
        worst = max(worst, float(broken.mean()))
    assert worst <= delta
    assert worst > 0 or tolerated[-1] < 0
