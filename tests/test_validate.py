import numpy as np
import pytest

from sparing._validate import check_fraction, check_int, check_proba
from sparing.errors import InvalidInputError


@pytest.mark.parametrize("value", [1, np.int32(40), np.uint8(3)])
def test_integers_of_any_kind_pass(value):
    assert type(check_int("k", "query", value, 1, 40)) is int


@pytest.mark.parametrize("value", [0, 41, 2.0, "3", True, None])
def test_other_values_are_shown_as_they_are(value):
    with pytest.raises(InvalidInputError) as caught:
        check_int("k", "query", value, 1, 40)
    expected = f"The 'k' parameter of query must be an int in [1, 40]. Got {value!r} instead."
    assert str(caught.value) == expected


def test_without_an_upper_end_only_the_lower_is_named():
    with pytest.raises(InvalidInputError, match="an int >= 1"):
        check_int("k", "query", 0, 1)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, float("nan"), "0.5", None])
def test_fractions_lie_strictly_inside(value):
    with pytest.raises(InvalidInputError, match="strictly between 0 and 1"):
        check_fraction("delta", "certify", value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_keep_their_precision(dtype):
    P = np.array([[0.25, 0.75]], dtype)
    assert check_proba(P, "f").dtype == dtype


@pytest.mark.parametrize(
    ("proba", "words"),
    [
        ([[0.5, 0.6]], "row 0 that sums to 1.1"),
        ([[0.5, 0.5], [np.nan, 1]], "row 1 that sums to nan"),
        ([[1.5, -0.5]], "sum to 1"),
        ([0.5, 0.5], "of shape"),
    ],
)
def test_rows_that_are_no_probabilities_are_named(proba, words):
    with pytest.raises(InvalidInputError, match=words):
        check_proba(proba, "f")


def test_the_wrong_number_of_rows_is_named():
    with pytest.raises(
        InvalidInputError, match=r"\(3, n_classes\). Got an array of shape \(1, 1\)"
    ):
        check_proba([[1.0]], "f", n_items=3)
