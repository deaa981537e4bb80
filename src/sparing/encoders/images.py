"""Images of any kind, read block by block: arrays, Pillow images, or paths to files."""

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sparing._validate import _Phrase, invalid
from sparing.datasets.pictures import decoded, open_picture, shown
from sparing.errors import SourceError
from sparing.types import FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image

GRAY = np.array([0.299, 0.587, 0.114], np.float32)  # luma of ITU-R BT.601
Images = npt.NDArray[Any] | Sequence[Any]


def check_images(X: Any, where: str) -> Images:
    """Return images as an array (n, height, width[, channels]) or as a list of files.

    Raises
    ------
    InvalidInputError : an array of another shape, or of values that are no finite numbers
    """
    if not isinstance(X, np.ndarray):
        return list(X)
    shape_is_right = X.ndim == 3 or (X.ndim == 4 and X.shape[3] in (1, 3, 4))
    if not shape_is_right or not (np.issubdtype(X.dtype, np.number) or X.dtype == bool):
        got = _Phrase(f"an array of shape {X.shape} and type {X.dtype}")
        raise invalid("X", where, "images (n, height, width[, 1, 3 or 4]) or files", got)
    return X


def full_scale(images: Images) -> float:
    """Return the value that stands for full brightness: that of 8 bits, or the largest seen.

    Examples
    --------
    >>> full_scale(np.zeros((1, 2, 2), np.uint8)), full_scale(np.full((1, 2, 2), 16.0))
    (255.0, 16.0)
    """
    if not isinstance(images, np.ndarray):
        return 1.0  # files are brought to [0, 1] as they are read
    if images.dtype == bool:
        return 1.0
    if images.dtype == np.uint8:
        return 255.0
    return float(max((np.abs(block.astype(float)).max() for block in images), default=0)) or 1.0


def gray_block(images: Images, scale: float, size: tuple[int, int]) -> FloatArray:
    """Return a block of images as (n, height, width) float32 in [0, 1], dark to bright.

    Parameters
    ----------
    images : an array keeps its size; files and Pillow images are brought to ``size``
    scale : what stands for full brightness in an array
    size : (height, width)

    Raises
    ------
    InvalidInputError : NaN or infinity in an array
    SourceError : a file is missing, empty or no image; it is named
    """
    if not isinstance(images, np.ndarray):
        return np.stack([_read(image, "L", size) for image in images])
    block = images.astype(np.float32) / np.float32(scale)
    if not np.isfinite(block).all():
        raise invalid("X", "an encoder", "finite", _Phrase("NaN or infinity in an image"))
    if block.ndim == 4:
        block = block[..., :3] @ GRAY if block.shape[3] >= 3 else block[..., 0]
    return block


def color_block(images: Images, scale: float, size: tuple[int, int]) -> FloatArray:
    """Return a block as ``gray_block`` does, with the channels it has: files have three."""
    if not isinstance(images, np.ndarray):
        return np.stack([_read(image, "RGB", size) for image in images])
    return images.astype(np.float32) / np.float32(scale)


def _read(image: Any, mode: str, size: tuple[int, int]) -> FloatArray:
    """Read one file or Pillow image as the page shows it, on its smallest common canvas."""
    from PIL import ImageOps

    seen = as_shown(image, max(size)).convert(mode)
    fitted = ImageOps.pad(seen, (size[1], size[0]))
    return np.asarray(fitted, np.float32) / 255


def as_shown(image: Any, side: int) -> "Image":
    """Return a file or a Pillow image as the page shows it.

    Raises
    ------
    SourceError : it is none that can be read; it is named
    """
    try:
        if not isinstance(image, str | PathLike):
            return shown(image, side)
        with open_picture(Path(image)) as opened, decoded(opened, 2 * side):
            return shown(opened, side)
    except (SourceError, AttributeError, OSError) as error:
        name = Path(image) if isinstance(image, str | PathLike) else type(image).__name__
        raise SourceError(f"{name} is no image that can be read: {error}.") from error


def border_mean(blocks: Iterable[FloatArray]) -> float:
    """Return the mean brightness of the outermost pixels, which show the background.

    Examples
    --------
    >>> paper = np.ones((2, 5, 5))
    >>> paper[:, 2, 2] = 0
    >>> border_mean([paper])
    1.0
    """
    sums = [
        (
            float(b[:, [0, -1]].sum() + b[:, :, [0, -1]].sum()),
            2 * b.shape[0] * sum(b.shape[1:3]),
        )
        for b in blocks
    ]
    total, count = np.sum(sums, axis=0)
    return float(total / count)
