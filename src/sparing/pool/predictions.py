"""Predictions: what one model version says of every item, frozen under a hash."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import check_proba, invalid
from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.types import BoolArray

BLOCK = 1 << 20  # rows that are numbered at a time


@dataclass(frozen=True, eq=False, slots=True)
class Predictions:
    """What one model version says of every item, and what people have said: frozen, with a hash.

    Parameters
    ----------
    codes : (n_items,) predicted class ids
    confidence : (n_items,) in [0, 1], higher = surer; kept as float32
    y : (n_items,) class ids given by people (the model trained on these, and on no others),
        ``UNLABELED`` or ``SKIPPED``
    classes : the label values behind the ids
    model_version : names the model on every label it gives
    items : digest of what the rows are, see :func:`items_digest`; ``""`` where nobody says

    Examples
    --------
    >>> p = Predictions.from_proba([[0.9, 0.1], [0.4, 0.6]], ClassTable(("cat", "dog")), [-1, 1])
    >>> p.codes, p.confidence, p.eligible
    (array([0, 1], dtype=int32), array([0.9, 0.6], dtype=float32), array([ True, False]))
    """

    codes: npt.NDArray[np.int32]
    confidence: npt.NDArray[np.float32]
    y: npt.NDArray[np.int32]
    classes: ClassTable
    model_version: int = 0
    items: str = ""
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        for name in ("codes", "y"):
            _check_whole(name, getattr(self, name))
        codes = frozen(self.codes, "<i4")
        n = len(codes)
        arrays = {"codes": codes, "confidence": frozen(self.confidence, "<f4")}
        arrays["y"] = frozen(self.y, "<i4")
        for name, values in arrays.items():
            if values.shape != (n,) or not n:
                raise invalid(name, "Predictions", "of shape (n_items,), not empty", values.shape)
            object.__setattr__(self, name, values)
        self._check_values()
        object.__setattr__(self, "digest", self._digest())

    def _check_values(self) -> None:
        c = len(self.classes)
        if self.codes.min() < 0 or self.codes.max() >= c:
            raise invalid("codes", "Predictions", f"class ids in [0, {c - 1}]", self.codes)
        if self.y.min() < SKIPPED or self.y.max() >= c:
            raise invalid("y", "Predictions", "class ids, UNLABELED or SKIPPED", self.y)
        if not (self.confidence.min() >= 0 and self.confidence.max() <= 1.001):  # NaN fails too
            raise invalid("confidence", "Predictions", "numbers in [0, 1]", self.confidence)

    def _digest(self) -> str:
        head: list[Any] = [typed(self.classes.values), self.model_version]
        return self._hashed([*head, self.items] if self.items else head)

    @property
    def draw_key(self) -> str:
        """What an audit is drawn by that nobody gives a key: items, predictions and labels alone.

        Neither a name of a class, nor the number of the model has a part in it: who could choose
        them freely could choose the draw. Classes are numbered as they first come, as their ids
        may follow from their names.
        """
        digest = hashlib.sha256(json.dumps(["draw", self.items]).encode())
        numbers = np.append(self._as_they_come(), [SKIPPED, UNLABELED]).astype("<i4")
        for codes in (self.codes, self.y):
            for first in range(0, len(self), BLOCK):
                digest.update(numbers[codes[first : first + BLOCK]].data)
        digest.update(self.confidence.data)
        return digest.hexdigest()

    @property
    def draw_key_by_names(self) -> str:
        """What audits of version 2 were drawn by: class ids, which may follow from names."""
        return self._hashed(["draw", self.items])

    def _as_they_come(self) -> npt.NDArray[np.int64]:
        """Return (n_classes,) the number of each class: as predicted first, then as labeled."""
        n, place = len(self), np.full(len(self.classes), 2 * len(self))
        for codes, before in ((self.y, n), (self.codes, 0)):
            for first in reversed(range(0, n, BLOCK)):
                # Backwards, as of several places the last that is set stays.
                block = codes[first : first + BLOCK][::-1]
                rows = np.arange(before + first + len(block) - 1, before + first - 1, -1)
                place[block[block >= 0]] = rows[block >= 0]
        return np.argsort(np.argsort(place, kind="stable"))

    def _hashed(self, head: list[Any]) -> str:
        digest = hashlib.sha256(json.dumps(head).encode())
        for values in (self.codes, self.confidence, self.y):
            digest.update(values.data)
        return digest.hexdigest()

    @classmethod
    def from_proba(
        cls,
        proba: npt.ArrayLike,
        classes: ClassTable,
        y: npt.ArrayLike,
        model_version: int = 0,
        items: str = "",
    ) -> "Predictions":
        """Take the likeliest class of each row, and its probability as the confidence."""
        P = check_proba(proba, "Predictions", len(np.asarray(y)))
        codes = P.argmax(axis=1)
        confidence = np.clip(P[np.arange(len(P)), codes], 0, 1)
        return cls(codes, confidence, y, classes, model_version, items)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def eligible(self) -> BoolArray:
        """(n_items,) True where nobody has labeled or skipped the item: what may be audited."""
        return np.equal(self.y, UNLABELED)

    @property
    def n_total(self) -> int:
        """How many items the finished data set has: all but the skipped ones."""
        return len(self) - int(np.count_nonzero(self.y == SKIPPED))


def _check_whole(name: str, values: Any) -> None:
    """Refuse numbers that would be cut off, or would not fit: integers as floats may go on."""
    array = np.asarray(values)
    if array.dtype == np.int32 or not array.size:
        return
    fits = array.dtype.kind in "iuf"
    if fits and array.dtype.kind == "f":
        fits = bool(np.all(np.isfinite(array) & (array == np.floor(array))))
    if not fits or array.min() < -(2**31) or array.max() >= 2**31:
        raise invalid(name, "Predictions", "whole numbers, ids of classes", values)


def typed(values: Iterable[Any]) -> list[list[str]]:
    """Return values as pairs of type and text: 1 is not "1"."""
    return [[type(value).__name__, str(value)] for value in values]


def items_digest(*columns: Iterable[str]) -> str:
    """Return what names the items of a pool for :class:`Predictions`.

    Parameters
    ----------
    columns : each with a text a row: keys of the items, hashes of their contents; or what stands
        for many at once, such as the hashes of a manifest

    Examples
    --------
    >>> items_digest(["a", "b"])[:12], items_digest(["b", "a"])[:12]
    ('cccb00f1aa26', '3eb03d0dfe38')
    """
    return hashlib.sha256(json.dumps([list(column) for column in columns]).encode()).hexdigest()


def frozen(values: Any, dtype: str) -> npt.NDArray[Any]:
    """Return a read-only array: nobody can change it behind the hash.

    It is a copy, but of one that is read-only already and has its memory for itself: a hundred
    million items are not held twice.
    """
    own = isinstance(values, np.ndarray) and values.base is None and not values.flags.writeable
    copy = None if own else True  # None: only if type or order are others
    array = np.array(values, dtype=dtype, order="C", copy=copy)
    array.flags.writeable = False
    return array
