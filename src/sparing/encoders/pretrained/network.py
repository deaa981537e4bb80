"""What all pretrained encoders share: a network that is loaded where it is needed."""

from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from sparing._validate import _Phrase, invalid
from sparing.encoders.base import BlockEncoder
from sparing.types import FloatArray


class NetworkEncoder(BlockEncoder):
    """An encoder whose numbers were learned elsewhere.

    A subclass says how the network is loaded, and what of a block goes in and comes out.
    """

    is_pretrained: ClassVar[bool] = True

    @abstractmethod
    def _load(self) -> Any:
        """Return the network, ready to run."""

    @cached_property
    def _network(self) -> Any:
        return self._load()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network out of copies: it is loaded again where it is needed."""
        return {k: v for k, v in super().__getstate__().items() if k != "_network"}


def unit_rows(vectors: FloatArray, encoder: str) -> FloatArray:
    """Return rows brought to length 1, zero rows as they are.

    Raises
    ------
    InvalidInputError : the network gave NaN or infinity

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), "it")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        got = _Phrase(f"NaN or infinity for item {row} of a block")
        raise invalid("model", encoder, "one that gives finite vectors", got)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)
