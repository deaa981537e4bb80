"""Each deliberately broken encoder fails exactly the checks that are about its fault."""

from typing import ClassVar

import numpy as np
import pytest

from sparing.encoders.base import BlockEncoder
from sparing.testing import yield_encoder_checks

ITEMS = np.arange(12.0).reshape(4, 3)


class Sound(BlockEncoder):
    """Numbers beside the largest that was seen."""

    name: ClassVar[str] = "sound"
    learned: ClassVar[tuple[str, ...]] = ("largest_",)

    def _learn(self, items, tell):
        self.largest_ = np.max(items)

    def _encode(self, block):
        return (block / self.largest_).astype(np.float32)


class Double(Sound):
    __doc__ = Sound.__doc__

    def transform(self, X, *, progress=None):
        return super().transform(X, progress=progress).astype(np.float64)


class Neighborly(Sound):
    __doc__ = Sound.__doc__

    def _encode(self, block):
        return (block - block.mean(axis=0)).astype(np.float32)


class Forgetful(Sound):
    __doc__ = Sound.__doc__

    def get_state(self):
        return {"largest_": np.array(1.0)}


class Drawn(Sound):
    __doc__ = Sound.__doc__

    def _learn(self, items, tell):
        self.largest_ = np.random.default_rng().random()


class Writing(Sound):
    __doc__ = Sound.__doc__

    def _learn(self, items, tell):
        self.largest_ = np.max(items)
        items[0] = -1.0


class Silent(Sound):
    __doc__ = Sound.__doc__

    def transform(self, X, *, progress=None):
        return super().transform(X)


class Eager(Sound):
    __doc__ = Sound.__doc__

    def transform(self, X, *, progress=None):
        return self.fit(X)._encode(X) if not hasattr(self, "largest_") else super().transform(X)


class Nameless(Sound):
    __doc__ = Sound.__doc__
    name: ClassVar[str] = ""


def failing(encoder):
    failed = set()
    for check in yield_encoder_checks():
        try:
            check(encoder, ITEMS.copy())
        except AssertionError:
            failed.add(check.__name__)
    return failed


def test_a_sound_encoder_passes():
    assert failing(Sound()) == set()


@pytest.mark.parametrize(
    ("broken", "checks"),
    [
        (Double, {"check_vectors_are_finite_float32"}),
        (Neighborly, {"check_a_vector_is_of_its_item_alone"}),
        (Forgetful, {"check_state_makes_the_same_vectors"}),
        (Drawn, {"check_same_items_same_vectors"}),
        (Writing, {"check_items_are_not_written"}),
        (Silent, {"check_progress_is_told"}),
        (Eager, {"check_refuses_to_encode_before_it_is_fitted", "check_progress_is_told"}),
        (Nameless, {"check_says_its_name"}),
    ],
)
def test_a_fault_is_found_by_the_check_that_is_about_it(broken, checks):
    assert failing(broken()) == checks
