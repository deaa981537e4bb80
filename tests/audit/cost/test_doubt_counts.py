"""What items drawn at random say of a model's errors, and what a plan makes of it."""

import numpy as np
import pytest
from scipy.special import ndtri

from sparing import ClassTable
from sparing.audit.audit import Claim
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.error_scenarios import OF_LEFT, powers, wrong_if
from sparing.audit.cost.plan import plan_audit
from sparing.errors import InvalidInputError
from sparing.pool.predictions import Predictions


def drawn(power, n, seed=0):
    """Items of a model that errs by a power of its doubts, as some are drawn at random."""
    rng = np.random.default_rng(seed)
    doubt = 0.5 * rng.random(n) ** 3
    return DoubtCounts.of(1 - doubt, rng.random(n) >= wrong_if(doubt, power))


def test_counts_are_of_bins_and_all_are_counted():
    counts = drawn(1.0, 500)
    assert counts.n_items.sum() == 500
    assert (counts.n_wrong <= counts.n_items).all()
    assert (np.diff(counts.doubt) > 0).all()
    again = DoubtCounts.of_rows(counts.rows)
    assert np.allclose(again.doubt, counts.doubt, rtol=1e-3)
    assert again.rows == counts.rows
    assert len(DoubtCounts.of([], []).doubt) == 0
    with pytest.raises(InvalidInputError, match="of shape"):
        DoubtCounts.of([0.5], [True, False])


@pytest.mark.parametrize("true", [0.6, 1.0, 2.5])
def test_many_items_tell_the_power_as_far_as_what_is_left_is_like_them_and_few_leave_it_open(true):
    few, many = (powers(0.1, 0.3, drawn(true, n)) for n in (20, 4000))
    assert abs(np.log(np.median(many) / true)) < 0.1
    assert many[-1] / many[0] == pytest.approx(np.exp(2 * OF_LEFT * ndtri(17 / 18)), rel=0.05)
    unknown = powers(0.1, 0.3)
    assert many[-1] / many[0] < 0.8 * few[-1] / few[0] < 0.8 * unknown[-1] / unknown[0]
    assert np.allclose(powers(0.1, 0.3, DoubtCounts.of([], [])), powers(0.1, 0.3))


def test_a_model_that_was_surely_wrong_before_is_planned_for():
    """Most plans believe that who is sure is right: one in fifty of those drawn says otherwise."""
    doubt = 0.5 * np.linspace(0, 1, 4000) ** 6
    p = Predictions(np.zeros(4000), 1 - doubt, np.full(4000, -1), ClassTable(("cat", "dog")))
    surely = np.full(300, 0.999)
    right = np.arange(300) % 50 > 0
    plans = [
        plan_audit(p, Claim(0.02), seen=seen)
        for seen in (None, DoubtCounts.of(surely, right), DoubtCounts.of(surely, right | True))
    ]
    unknown, worse, better = (plan.expected_audits + plan.expected_remainder for plan in plans)
    assert worse > 2 * unknown
    assert better <= unknown
