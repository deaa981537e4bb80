"""The network for English texts that is installed as two packages."""

import numpy as np
import pytest

from sparing.encoders import MiniLmEncoder
from sparing.encoders.choice import can_read_texts
from sparing.encoders.pretrained.texts import is_foreign

pytestmark = pytest.mark.skipif(not can_read_texts(), reason="needs 'sparing[texts]'")


def test_texts_are_near_by_what_they_mean():
    texts = ["How do I get my money back?", "I want a refund.", "The cat sleeps.", "A kitten naps."]
    Z = MiniLmEncoder().fit_transform(texts)
    likeness = Z @ Z.T
    assert likeness[0].argsort()[-2] == 1
    assert likeness[2].argsort()[-2] == 3


def test_half_a_character_is_no_trouble():
    assert np.isfinite(MiniLmEncoder().fit_transform(["half \ud83d", "a whole one"])).all()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Where is my parcel?", "It has not come."], False),
        (["Où est mon colis ?", "Il n'est pas arrivé."], False),
        (["Где моя посылка?", "Она не пришла."], True),
        (["我的包裹在哪里", "还没到"], True),
        (["🂡🂢 🂣", "🃁 🃂 🃃"], True),
        (["", "  "], False),
        (["half a character \ud83d"], False),
    ],
)
def test_scripts_that_it_does_not_know_are_noticed(texts, expected):
    assert is_foreign(texts) is expected
