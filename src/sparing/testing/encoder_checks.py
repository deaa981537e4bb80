"""What every encoder has to keep to, as small named checks."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sparing.encoders.base import BlockEncoder

EncoderCheck = Callable[[BlockEncoder, Any], None]


def yield_encoder_checks() -> Iterator[EncoderCheck]:
    """Yield the checks that an encoder has to pass.

    Each is a function of an encoder that was not fitted and of a few items that it takes, at least
    three; it returns None or raises AssertionError.

    Examples
    --------
    >>> from sparing.encoders import get_encoder
    >>> for check in yield_encoder_checks():
    ...     check(get_encoder("text"), ["a word", "a word more", "more", "word"])
    """
    yield check_says_its_name
    yield check_refuses_to_encode_before_it_is_fitted
    yield check_vectors_are_finite_float32
    yield check_a_vector_is_of_its_item_alone
    yield check_state_makes_the_same_vectors
    yield check_same_items_same_vectors
    yield check_items_are_not_written
    yield check_progress_is_told


def check_says_its_name(encoder: BlockEncoder, items: Any) -> None:
    """The registry calls it by a name, and its class says what it sees."""
    _expect(bool(getattr(encoder, "name", "")), "it has no name")
    _expect(bool(type(encoder).__doc__), "its class has no docstring")


def check_refuses_to_encode_before_it_is_fitted(encoder: BlockEncoder, items: Any) -> None:
    """What would depend on nothing is refused, as scikit-learn's transformers do."""
    try:
        clone(encoder).transform(items)
    except NotFittedError:
        return
    raise AssertionError("it encodes before it is fitted")


def check_vectors_are_finite_float32(encoder: BlockEncoder, items: Any) -> None:
    """One row an item, float32, no NaN and no infinity."""
    Z = clone(encoder).fit_transform(items)
    _expect(Z.shape[0] == len(items), f"{Z.shape[0]} vectors of {len(items)} items")
    _expect(Z.dtype == np.float32, f"vectors are {Z.dtype}")
    _expect(bool(np.isfinite(Z).all()), "some numbers are not finite")


def check_a_vector_is_of_its_item_alone(encoder: BlockEncoder, items: Any) -> None:
    """Once fitted, an item's vector depends neither on its block nor on who is beside it."""
    fitted = clone(encoder).fit(items)
    together = fitted.transform(items)
    alone = np.vstack([fitted.transform(items[i : i + 1]) for i in range(len(items))])
    _expect(np.allclose(together, alone, atol=1e-4), "vectors depend on the other items")


def check_state_makes_the_same_vectors(encoder: BlockEncoder, items: Any) -> None:
    """A fresh encoder with the state of a fitted one encodes alike."""
    fitted = clone(encoder).fit(items)
    fresh = clone(encoder).set_state(fitted.get_state())
    _expect(np.array_equal(fitted.transform(items), fresh.transform(items)), "state is not all")


def check_same_items_same_vectors(encoder: BlockEncoder, items: Any) -> None:
    """Encoding twice gives the same numbers: nothing is drawn from the global state."""
    first, second = (clone(encoder).fit_transform(items) for _ in range(2))
    _expect(np.array_equal(first, second), "two runs differ")


def check_items_are_not_written(encoder: BlockEncoder, items: Any) -> None:
    """Items stay as they were."""
    before = copy.deepcopy(items)
    clone(encoder).fit_transform(items)
    same = all(np.array_equal(a, b) for a, b in zip(before, items, strict=True))
    _expect(same, "the items were changed")


def check_progress_is_told(encoder: BlockEncoder, items: Any) -> None:
    """Whoever watches is told how many items are done, and at the end that all are."""
    told: list[tuple[int, int]] = []
    clone(encoder).fit(items).transform(items, progress=lambda *seen: told.append(seen))
    _expect(bool(told) and told[-1] == (len(items), len(items)), f"told {told}")


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
