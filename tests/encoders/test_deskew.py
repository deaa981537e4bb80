"""Straightening by moments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.encoders.deskew import center_and_slant, deskew


def bar(slant, height=21, width=21):
    """An anti-aliased bar that leans ``slant`` columns a row."""
    rows = np.arange(4, height - 4)
    image = np.zeros((1, height, width), np.float32)
    at = (width - 1) / 2 + slant * (rows - (height - 1) / 2)
    lower = np.floor(at).astype(int)
    image[0, rows, lower] = 1 - (at - lower)
    image[0, rows, lower + 1] = at - lower
    return image


@given(st.floats(-0.9, 0.9))
def test_the_slant_of_a_bar_is_found_and_taken_out(slant):
    image = bar(slant)
    assert center_and_slant(image)[2][0] == pytest.approx(slant, abs=1e-5)
    assert center_and_slant(deskew(image))[2][0] == pytest.approx(0, abs=1e-4)


def test_an_off_center_dot_comes_to_the_middle():
    image = np.zeros((1, 5, 7), np.float32)
    image[0, 1, 5] = 2
    straight = deskew(image)
    assert straight[0, 2, 3] == 2
    assert straight.sum() == 2


def test_half_a_pixel_is_shared_between_two():
    image = np.zeros((1, 3, 4), np.float32)
    image[0, 1, 1] = 1
    np.testing.assert_allclose(deskew(image)[0, 1], [0, 0.5, 0.5, 0])


def test_no_ink_and_flat_strokes():
    empty = np.zeros((1, 4, 4), np.float32)
    np.testing.assert_array_equal(deskew(empty), empty)
    dash = np.zeros((1, 5, 5), np.float32)
    dash[0, 2, 1:4] = 1
    np.testing.assert_allclose(deskew(dash), dash, atol=1e-6)
