"""All encoders by name, and what holds for each of them."""

import numpy as np
import pytest

from sparing.encoders import ENCODERS, get_encoder
from sparing.errors import UnknownNameError
from sparing.testing import yield_encoder_checks
from sparing.types import Encoder

ITEMS = {
    "glyph": np.eye(8)[None].repeat(4, axis=0),
    "hog": np.eye(8)[None].repeat(4, axis=0),
    "pixels": np.eye(8)[None].repeat(4, axis=0),
    "table": [["1", "a"], ["2", "b"], ["3", "a"], ["", "b"]],
    "text": ["a word", "a word more", "word", "more"],
    "vectors": np.eye(4),
}


@pytest.mark.parametrize("check", [*yield_encoder_checks()], ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", sorted(ITEMS))
def test_every_encoder_passes_the_common_checks(name, check):
    check(get_encoder(name), ITEMS[name])


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_meets_the_protocol(name):
    wanted = {"folder": "x", "model": "x", "parts": (("hog", {}),)}
    known = ENCODERS[name]._get_param_names()
    encoder = get_encoder(name, **{k: v for k, v in wanted.items() if k in known})
    assert isinstance(encoder, Encoder)
    assert ENCODERS[name].__doc__


def test_unknown_names_are_told_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean 'pixels'"):
        get_encoder("pixel")
    with pytest.raises(UnknownNameError, match="Did you mean 'n_bins'"):
        get_encoder("hog", n_bin=4)
