"""All encoders by name, and what holds for each of them."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from sparing import registry
from sparing.encoders import ENCODERS, encoder_names, get_encoder
from sparing.encoders.base import BlockEncoder
from sparing.encoders.choice import named_encoder
from sparing.errors import UnknownNameError
from sparing.testing import yield_encoder_checks
from sparing.types import Encoder

ITEMS = {
    "glyph": np.eye(8)[None].repeat(4, axis=0),
    "hog": np.eye(8)[None].repeat(4, axis=0),
    "pixels": np.eye(8)[None].repeat(4, axis=0),
    "table": [["1", "a"], ["2", "b"], ["3", "a"], ["", "b"]],
    "text": ["a word", "a word more", "word", "more"],
    "text-columns": [["a word here", 1], ["a word more here", 2], ["no word at all", 3]],
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


class Lengths(BlockEncoder):
    """What another package might bring: how long each text is."""

    name = "lengths"

    def _fit(self, X):
        pass

    def _encode(self, X):
        return np.array([[len(text)] for text in X], np.float32)


def test_an_encoder_of_another_package_is_found_by_its_entry_point(monkeypatch):
    point = EntryPoint("lengths", f"{__name__}:Lengths", "sparing.encoders")
    monkeypatch.setattr(EntryPoint, "load", lambda self: Lengths)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert "lengths" in encoder_names()
    assert isinstance(get_encoder("lengths"), Lengths)
    assert isinstance(named_encoder("lengths", "texts", ["a"]), Lengths)
    with pytest.raises(UnknownNameError, match="Did you mean 'lengths'"):
        named_encoder("length", "texts", ["a"])
