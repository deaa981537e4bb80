"""What more labels will bring: by hand, on curves whose end is known."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.audit.outlook import AHEAD, Outlook, gained, next_labels, pace
from sparing.errors import InvalidInputError


def test_what_changes_between_two_equally_likely_answers_is_no_gain():
    now = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    rows, codes = np.arange(3), now.argmax(axis=1)
    assert gained(now[rows, codes], now[rows, [1, 0, 1]]) == 0
    assert gained(now[rows, codes], now[rows, [0, 1, 1]]) == pytest.approx(0.8 / 3)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(30, 3000), st.floats(0.01, 3), st.integers(1, 2000))
def test_a_curve_that_falls_by_the_power_is_foretold(n, b, more):
    """The error is b / sqrt(n) and what cannot be learned."""
    older = {k: b * (k**-0.5 - n**-0.5) for k in (n // 3, n // 2, 2 * n // 3)}
    fast = pace(n, older)
    assert fast == pytest.approx(b)
    outlook = Outlook(n, fast, 10**6)
    gain = b * (n**-0.5 - (n + more) ** -0.5)
    assert outlook.gain(more) == pytest.approx(gain)
    assert outlook.labels_for(gain) == pytest.approx(more, rel=1e-6)
    slow, quick = outlook.limits()
    assert slow.labels_for(0.01) >= outlook.labels_for(0.01) >= quick.labels_for(0.01)


def test_only_models_of_a_half_a_third_or_so_of_the_labels_are_compared():
    assert np.isnan(pace(100, {}))
    assert np.isnan(pace(100, {95: 0.1, 5: 0.1}))
    assert pace(100, {95: 9.0, 50: 0.1, 5: 9.0}) == pytest.approx(0.1 / (50**-0.5 - 0.1))
    with pytest.raises(InvalidInputError, match="by numbers of labels below 100"):
        pace(100, {100: 0.1})


def test_what_has_stopped_learning_has_no_price():
    outlook = Outlook(200, 0.0, 1000)
    assert outlook.gain(AHEAD) == 0
    assert outlook.labels_for(0.01) == inf
    advice = next_labels(outlook)
    assert advice.stop
    assert advice.sentence.endswith("would take more answers than are left.")
    worse = next_labels(Outlook(200, -0.3, 1000))  # by chance
    assert worse.stop
    assert worse.value < 0


def test_no_more_is_expected_of_labels_than_there_are():
    assert Outlook(100, 1.0, 20).gain(500) == Outlook(100, 1.0, 20).gain(20)
    sentence = next_labels(Outlook(100, 1.0, 20)).sentence
    assert sentence == "Go on: the 20 answers that are left should get 0.9 more items in 100 right."
    many = next_labels(Outlook(100, 0.1, 1700)).sentence
    assert many == "Go on: the next 500 answers should get 0.6 more items in 100 right."


def test_between_the_limits_the_mind_is_not_changed():
    bit = 1 / (100**-0.5 - 600**-0.5)  # by which the next 500 bring everything
    for coming, anew, again in ((0.004, True, True), (0.006, False, True), (0.01, False, False)):
        outlook = Outlook(100, coming * bit, 5000)
        assert next_labels(outlook).stop is anew
        assert next_labels(outlook, said_stop=True).stop is again
