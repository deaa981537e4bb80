"""Vectors that somebody else has made, as they are."""

from typing import Any, ClassVar

import numpy as np

from sparing._validate import check_features
from sparing.encoders.base import BlockEncoder
from sparing.types import FloatArray


class VectorEncoder(BlockEncoder):
    """Finite vectors stay as they are, as float32.

    Examples
    --------
    >>> VectorEncoder().fit_transform([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """

    name: ClassVar[str] = "vectors"

    def __init__(self) -> None:
        pass

    def _checked(self, X: Any) -> Any:
        return check_features(X, type(self).__name__)

    def _encode(self, block: Any) -> FloatArray:
        return np.asarray(block, np.float32)
