import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, hypergeom

from sparing.errors import InvalidInputError
from sparing.stats.hypergeometric import (
    clopper_pearson,
    draws_needed,
    first_failure,
    hypergeom_cdf,
    is_refuted,
    lower_limit,
    p_value,
    spend,
    tolerated_errors,
    upper_limit,
    wilson,
)

# Audits for 0, 1, 2 errors seen, delta 5 %: computed independently, from the literature's formula.
PRICES = {
    (3600, 0.05): (58, 92, 122),
    (3600, 0.02): (144, 227, 300),
    (3600, 0.01): (279, 438, 577),
    (3600, 0.005): (524, 814, 1064),
    (1000, 0.05): (56, 88, 117),
    (1000, 0.02): (132, 206, 269),
    (1000, 0.01): (238, 364, 469),
    (1000, 0.005): (393, 581, 728),
}


def exact_cdf(k, n, marked, drawn):
    ways = sum(math.comb(marked, i) * math.comb(n - marked, drawn - i) for i in range(k + 1))
    return Fraction(ways, math.comb(n, drawn))


@st.composite
def draws(draw):
    n = draw(st.integers(1, 60))
    drawn = draw(st.integers(0, n))
    return n, draw(st.integers(0, n)), drawn, draw(st.integers(0, drawn))


@given(draws())
def test_the_cdf_is_that_of_exact_fractions(case):
    n, marked, drawn, k = case
    expected = float(exact_cdf(k, n, marked, drawn))
    assert hypergeom_cdf(k, n, marked, drawn) == pytest.approx(expected, abs=1e-12)


def test_the_cdf_is_scipys_at_a_million():
    k, marked = np.arange(0, 40, 7), 9_000
    expected = hypergeom.cdf(k, 1_000_000, marked, 2_000)
    np.testing.assert_allclose(hypergeom_cdf(k, 1_000_000, marked, 2_000), expected, rtol=1e-7)


@given(draws())
def test_the_safe_p_value_is_never_below_the_exact_one(case):
    n, marked, drawn, k = case
    assert Fraction(float(p_value(k, n, marked, drawn))) >= exact_cdf(k, n, marked, drawn)


def test_marking_more_than_can_be_left_undrawn_is_impossible():
    assert hypergeom_cdf(0, 10, 8, 5) == 0  # 8 marked of 10, 5 drawn: at least 3 of them marked
    assert is_refuted(0, 10, 11, 5, 0.05)


@pytest.mark.parametrize(("case", "audits"), PRICES.items())
def test_the_table_of_prices(case, audits):
    n, epsilon = case
    refuted = math.floor(epsilon * n) + 1
    assert tuple(draws_needed(n, refuted, k, 0.05) for k in (0, 1, 2)) == audits


def test_the_price_of_a_whole_data_set_when_400_of_4000_are_labeled():
    assert [draws_needed(3600, 41, k, 0.05) for k in (0, 1, 2)] == [253, 397, 523]


def test_one_draw_less_would_not_do():
    needed = draws_needed(3600, 73, 1, 0.05)
    assert is_refuted(1, 3600, 73, needed, 0.05)
    assert not is_refuted(1, 3600, 73, needed - 1, 0.05)


@pytest.mark.parametrize(("n", "drawn"), [(30, 12), (45, 7), (20, 19)])
@pytest.mark.parametrize("delta", [0.05, 0.2])
def test_limits_miss_with_probability_at_most_delta_whatever_is_true(n, drawn, delta):
    k = np.arange(drawn + 1)
    upper = upper_limit(k, n, drawn, delta)
    lower = lower_limit(k, n, drawn, delta)
    for marked in range(n + 1):
        probability = hypergeom.pmf(k, n, marked, drawn)
        assert probability[upper < marked].sum() <= delta + 1e-12
        assert probability[lower > marked].sum() <= delta + 1e-12


def test_limits_are_as_tight_as_they_can_be():
    upper = int(upper_limit(2, 200, 50, 0.05))
    assert exact_cdf(2, 200, upper, 50) > 0.05 >= exact_cdf(2, 200, upper + 1, 50)


def test_limits_grow_with_the_errors_seen():
    upper = upper_limit(np.arange(40), 3600, 300, 0.03)
    assert np.all(np.diff(upper) >= 1)
    assert np.all(lower_limit(np.arange(40), 3600, 300, 0.03) <= upper)


def test_a_census_leaves_no_doubt():
    assert int(upper_limit(3, 50, 50, 0.05)) == int(lower_limit(3, 50, 50, 0.05)) == 3


@pytest.mark.parametrize(
    ("n", "m", "allowed"), [(60, 20, 6), (80, 30, 3), (50, 25, 12), (40, 8, 1)]
)
def test_tolerated_errors_by_enumeration(n, m, allowed):
    """The walk meets at most K errors; it is the largest K with risk <= delta."""
    delta = 0.1
    risks = [
        float(exact_cdf(k, n, allowed + k + 1, m)) if allowed + k + 1 <= n else 0.0
        for k in range(m)
    ]
    assert risks == sorted(risks)
    assert tolerated_errors(n, m, allowed, delta) == sum(r <= delta for r in risks) - 1


def test_all_but_one_are_tolerated_where_everything_may_be_wrong():
    assert tolerated_errors(10, 4, 10, 0.05) == 3


def test_the_shares_of_all_attempts_sum_to_delta():
    total = sum(spend(0.05, t) for t in range(1, 20_000))
    assert 0.0499 < total < 0.05


def test_the_fixed_sequence_ends_at_the_first_failure():
    assert first_failure(np.array([0.01, 0.02, 0.06, 0.0]), 0.05) == 2
    assert first_failure(np.array([0.9]), 0.05) == 0
    assert first_failure(np.array([0.01]), 0.05) == 1
    assert first_failure(np.array([np.nan, 0.0]), 0.05) == 0


def test_clopper_pearson_is_the_beta_quantile():
    low, high = clopper_pearson([0, 3, 20], 20, 0.05)
    np.testing.assert_allclose(low, [0, beta.ppf(0.025, 3, 18), beta.ppf(0.025, 20, 1)])
    np.testing.assert_allclose(high, [beta.ppf(0.975, 1, 20), beta.ppf(0.975, 4, 17), 1])


def test_wilson_holds_the_share_to_the_last_bit():
    n = np.arange(1, 3000)
    assert np.all(wilson(n, n, 0.05)[1] == 1)
    assert np.all(wilson(0, n, 0.05)[0] == 0)


def test_wilson_by_hand():
    low, high = wilson(10, 100, 0.05)
    assert (round(float(low), 4), round(float(high), 4)) == (0.0552, 0.1744)


@pytest.mark.parametrize("delta", [0, 1, -0.1, 1.5, math.nan, "0.05"])
def test_a_risk_is_between_0_and_1(delta):
    for call in (
        lambda: spend(delta, 1),
        lambda: upper_limit(0, 10, 5, delta),
        lambda: draws_needed(10, 2, 0, delta),
        lambda: clopper_pearson(1, 2, delta),
        lambda: wilson(1, 2, delta),
    ):
        with pytest.raises(InvalidInputError, match="strictly between 0 and 1"):
            call()


def test_more_errors_than_draws_are_refused():
    with pytest.raises(InvalidInputError, match="n_drawn"):
        upper_limit(6, 10, 5, 0.05)
    with pytest.raises(InvalidInputError, match="n_drawn"):
        upper_limit(1, 10, 11, 0.05)
    with pytest.raises(InvalidInputError, match="n_marked"):
        draws_needed(10, 2, 2, 0.05)
    with pytest.raises(InvalidInputError, match="attempt"):
        spend(0.05, 0)


@pytest.mark.parametrize("marked", [300, 900, 1000, 1100, 3000])
def test_the_cdf_of_many_errors_is_scipys(marked):
    k = np.arange(0, 1001, 50)
    expected = hypergeom.logcdf(k, 10_000, marked, 1000)
    likely = expected > -200
    got = np.log(np.maximum(hypergeom_cdf(k, 10_000, marked, 1000), 1e-300))
    np.testing.assert_allclose(got[likely], expected[likely], rtol=1e-8, atol=1e-10)
