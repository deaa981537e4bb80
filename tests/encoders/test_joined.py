"""Several views of the same items, side by side."""

import numpy as np
import pytest

from sparing.encoders import HogEncoder, JoinedEncoder, PixelEncoder

IMAGES = (np.random.default_rng(0).uniform(size=(20, 12, 12)) * 255).astype(np.uint8)
BOTH = (("pixels", {}), ("hog", {"n_components": 5}))


def test_every_view_varies_as_much():
    joined = JoinedEncoder(BOTH)
    Z = joined.fit_transform(IMAGES)
    pixels, hog = Z[:, :144], Z[:, 144:]
    assert joined.widths_.tolist() == [144, 5]
    assert pixels.var(axis=0).sum() == pytest.approx(1, rel=1e-4)
    assert hog.var(axis=0).sum() == pytest.approx(1, rel=1e-4)
    alone = PixelEncoder().fit_transform(IMAGES)
    np.testing.assert_allclose(pixels / pixels.max(), alone / alone.max(), rtol=1e-5)


def test_a_view_that_never_varies_is_no_trouble():
    same = np.full((5, 12, 12), 7, np.uint8)
    assert np.isfinite(JoinedEncoder(BOTH).fit_transform(same)).all()


def test_new_items_are_encoded_alike_after_the_state_was_taken_over():
    joined = JoinedEncoder(BOTH)
    Z = joined.fit_transform(IMAGES)
    other = JoinedEncoder([["pixels", {}], ["hog", {"n_components": 5}]])  # as JSON has it
    other.set_state(joined.get_state())
    np.testing.assert_allclose(other.transform(IMAGES[:3]), Z[:3], atol=1e-5)
    assert HogEncoder.name in other.views.names
