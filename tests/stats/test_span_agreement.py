"""Agreement on spans, by numbers that were worked out by hand."""

import numpy as np
import pytest

from sparing.stats.span_agreement import MarkedText, span_agreement

TOKENS = np.array([[0, 3], [4, 7], [8, 11], [12, 15]])
A, B = (0, 3, "x"), (4, 7, "y")


def texts(*pairs, times=12):
    return [
        MarkedText(TOKENS, {"Ada": frozenset(one), "Ben": frozenset(other)})
        for one, other in pairs
        for _ in range(times)
    ]


def test_f1_and_alpha_of_two_people():
    # Of each two texts Ada marks A and A, Ben A and B: F1 = 2 * 1 / (2 + 2).
    found = span_agreement(texts(([A], [A]), ([A], [B])))
    classes = dict(found.classes)
    assert classes["all spans"].value == pytest.approx(0.5)
    assert (classes["x"].value, classes["y"].value) == (pytest.approx(2 / 3), 0)
    # Of their 16 tokens 3 are x, 1 is y, 12 are none; on two tokens they differ: 4 of 16 values.
    n = 16 * 12
    chance = (n**2 - (36**2 + 12**2 + 144**2)) / (n - 1)
    assert found.overall.value == pytest.approx(1 - 4 * 12 / chance)
    assert found.overall.low < found.overall.value < found.overall.high


def test_full_agreement_of_few_texts_is_no_certainty():
    found = span_agreement(texts(([A], [A]), ([], [])))
    assert found.overall.value == 1
    assert found.overall.low < 0.95


def test_few_texts_and_nothing_marked_bear_no_figure():
    assert "figures come from 10 texts on" in span_agreement(texts(([A], [A]), times=3)).note
    assert span_agreement(texts(([], []))).overall is None
