"""Images as they are: one number a pixel and channel."""

from typing import Any, ClassVar

import numpy as np

from sparing.encoders.base import BlockEncoder
from sparing.encoders.images import Images, check_images, color_block, full_scale
from sparing.types import FloatArray, Tick


class PixelEncoder(BlockEncoder):
    """Every pixel as a number in [0, 1], row by row: the founding article's features.

    Parameters
    ----------
    size : (height, width) that files are brought to; arrays keep the size they have

    Examples
    --------
    >>> PixelEncoder().fit_transform(np.full((1, 2, 2), 51, np.uint8))
    array([[0.2, 0.2, 0.2, 0.2]], dtype=float32)
    """

    name: ClassVar[str] = "pixels"
    learned: ClassVar[tuple[str, ...]] = ("scale_",)

    def __init__(self, size: tuple[int, int] = (32, 32)) -> None:
        self.size = size

    def _checked(self, X: Any) -> Images:
        return check_images(X, type(self).__name__)

    def _learn(self, items: Images, tell: Tick) -> None:
        self.scale_ = full_scale(items)

    def _encode(self, block: Images) -> FloatArray:
        pixels = color_block(block, self.scale_, self.size)
        return np.asarray(pixels.reshape(len(pixels), -1))
