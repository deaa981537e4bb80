"""Histograms of oriented gradients, against numbers worked out by hand."""

import numpy as np
import pytest

from sparing.encoders.gradients import cell_weights, direction_maps, oriented_histograms


def test_direction_maps_by_hand():
    # One inner pixel: right = 3 - 0 = 3, down = 4 - 0 = 4; length 5 at atan2(4, 3) = 53.13
    # degrees; of 4 bins (0, 90, 180, 270) it lies 0.5903 of the way from the first to the second.
    image = np.array([[0, 0, 0], [0, 0, 3], [0, 4, 0]], np.float32)[None]
    maps = direction_maps(image, 4)[0, :, 1, 1]
    share = np.arctan2(4, 3) / (np.pi / 2)
    np.testing.assert_allclose(maps, [5 * (1 - share), 5 * share, 0, 0], rtol=1e-6)


@pytest.mark.parametrize(("image", "bin_"), [("right", 0), ("down", 2), ("left", 4), ("up", 6)])
def test_brighter_towards_a_side_fills_one_bin(image, bin_):
    ramp = np.tile(np.arange(6, dtype=np.float32), (6, 1))
    ramp = {"right": ramp, "left": ramp[:, ::-1], "down": ramp.T, "up": ramp.T[::-1]}[image]
    maps = direction_maps(ramp[None], 8)[0]
    expected = np.zeros((8, 6, 6))
    expected[bin_, 1:-1, 1:-1] = 2  # a central difference over two pixels
    # On the border only the difference along the edge is known.
    along = (slice(None), slice(1, -1)) if image in ("right", "left") else (slice(1, -1),)
    expected[(bin_, *along)] = 2
    np.testing.assert_allclose(maps, expected, atol=1e-5)


def test_one_cell_by_hand():
    # A step from 0 to 1 between columns 1 and 2 of 4: central differences 1 in both; with one
    # cell, bin 0 holds the mean 8/16 of them, brought to length 1 up to the flatness constant.
    step = np.repeat(np.array([0, 0, 1, 1], np.float32)[None, :], 4, axis=0)[None]
    h = oriented_histograms(step, (1,), n_bins=4)
    np.testing.assert_allclose(h, [[0.5 / np.sqrt(0.25 + 2e-5), 0, 0, 0]], rtol=1e-6)


def test_blocks_of_four_cells_by_hand():
    # Two cells a side on 4 pixels: 3/7, 3/7, 1/7 of the pixels 0-2 for the first (test below).
    # Column sums of the differences are 0, 1, 1, 0, so each cell holds (3 + 1) / 7 = 4/7.
    step = np.repeat(np.array([0, 0, 1, 1], np.float32)[None, :], 4, axis=0)[None]
    h = oriented_histograms(step, (2,), n_bins=4).reshape(4, 4)  # bins, corners of the block
    value = (4 / 7) / np.sqrt(4 * (4 / 7) ** 2 + 2e-5)
    np.testing.assert_allclose(h[0], np.full(4, value), rtol=1e-6)
    np.testing.assert_allclose(h[1:], 0, atol=1e-6)


def test_cell_weights_by_hand():
    # Cells of 2 pixels centered at 0.5 and 2.5; triangles 0.75, 0.75, 0.25 of sum 7/4.
    expected = np.array([[3, 3, 1, 0], [0, 1, 3, 3]]).T / 7
    np.testing.assert_allclose(cell_weights(4, 2), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(5, 9), (28, 28), (8, 8), (64, 48), (1, 1), (2, 3)])
def test_any_image_size_gives_the_same_length(shape):
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    h = oriented_histograms(images, (4, 7), 8)
    assert h.shape == (3, 9 * 32 + 36 * 32)
    assert np.isfinite(h).all()
    assert h.min() >= 0


def test_a_flat_image_has_no_histogram_and_contrast_does_not_matter():
    rng = np.random.default_rng(1)
    image = rng.random((1, 16, 16), np.float32)
    assert not oriented_histograms(np.full_like(image, 0.7), (4,)).any()
    np.testing.assert_allclose(
        oriented_histograms(image, (4,)), oriented_histograms(0.5 * image, (4,)), atol=2e-3
    )
