import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing import InvalidInputError
from sparing.models.alignment import align_proba


def test_columns_go_to_their_classes_and_the_rest_is_zero():
    proba = np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float32)
    aligned = align_proba(proba, np.array([3, 1]), 4)
    np.testing.assert_array_equal(aligned, [[0, 0.75, 0, 0.25], [0, 0, 0, 1]])
    assert aligned.dtype == np.float32


def test_nothing_is_copied_when_all_classes_were_seen():
    proba = np.full((3, 2), 0.5)
    assert align_proba(proba, np.array([0, 1]), 2) is proba


def test_all_classes_in_another_order_are_put_in_order():
    proba = np.array([[0.2, 0.8]])
    np.testing.assert_array_equal(align_proba(proba, np.array([1, 0]), 2), [[0.8, 0.2]])


@given(st.integers(1, 8), st.data())
def test_aligned_rows_sum_to_one_and_give_back_what_went_in(n_classes, data):
    seen = np.array(
        data.draw(st.permutations(range(n_classes)).map(lambda p: p[: n_classes // 2 + 1]))
    )
    proba = np.random.default_rng(0).dirichlet(np.ones(len(seen)), size=3)
    aligned = align_proba(proba, seen, n_classes)
    np.testing.assert_allclose(aligned.sum(axis=1), 1)
    np.testing.assert_array_equal(aligned[:, seen], proba)


@pytest.mark.parametrize(
    ("proba", "seen", "n_classes", "message"),
    [
        (
            [[0.5, 0.4]],
            [0, 1],
            2,
            "rows of probabilities that sum to 1. Got a row 0 that sums to 0.9",
        ),
        ([[0.5, np.nan]], [0, 1], 2, "sum to 1"),
        ([[1.5, -0.5]], [0, 1], 2, "sum to 1"),
        ([0.5, 0.5], [0, 1], 2, "of shape"),
        ([[0.5, 0.5]], [0], 2, "of 1 columns"),
        ([[0.5, 0.5]], [0, 2], 2, r"distinct class ids in \[0, 1\]"),
        ([[0.5, 0.5]], [-1, 0], 2, "distinct class ids"),
        ([[0.5, 0.5]], [1, 1], 2, "distinct class ids"),
    ],
)
def test_what_does_not_fit_is_refused(proba, seen, n_classes, message):
    with pytest.raises(InvalidInputError, match=message):
        align_proba(np.array(proba), np.array(seen), n_classes)
