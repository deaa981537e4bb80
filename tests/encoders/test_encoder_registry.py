"""All encoders by name, and what holds for each of them."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sparing.encoders import ENCODERS, get_encoder
from sparing.errors import UnknownNameError
from sparing.types import Encoder

ITEMS = {
    "glyph": np.eye(8)[None].repeat(4, axis=0),
    "hog": np.eye(8)[None].repeat(4, axis=0),
    "pixels": np.eye(8)[None].repeat(4, axis=0),
    "table": [["1", "a"], ["2", "b"], ["3", "a"], ["", "b"]],
    "text": ["a word", "a word more", "word", "more"],
    "vectors": np.eye(4),
}


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_identical_and_few_items_give_finite_vectors(name):
    Z = get_encoder(name).fit_transform(ITEMS[name])
    assert Z.dtype == np.float32
    assert len(Z) == 4
    assert np.isfinite(Z).all()


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_transform_before_fit_is_refused(name):
    with pytest.raises(NotFittedError):
        get_encoder(name).transform(ITEMS[name])


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_meets_the_protocol(name):
    parameters = {"onnx": {"folder": "x"}, "sentences": {"model": "x"}}.get(name, {})
    assert isinstance(get_encoder(name, **parameters), Encoder)
    assert ENCODERS[name].__doc__


def test_unknown_names_are_told_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean 'pixels'"):
        get_encoder("pixel")
    with pytest.raises(UnknownNameError, match="Did you mean 'n_bins'"):
        get_encoder("hog", n_bin=4)
