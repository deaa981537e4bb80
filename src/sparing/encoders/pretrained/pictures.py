"""Pictures into a network: read in several threads while the network works on those before."""

import os
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sparing.encoders.images import Images, as_shown, check_images, full_scale
from sparing.encoders.pretrained.frame import Frame, Pixels
from sparing.encoders.pretrained.network import NetworkEncoder, unit_vectors
from sparing.numeric.principal import principal_axes
from sparing.types import FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCK_PIXELS = 1 << 20  # of a block: 20 pictures of 224 x 224, whose maps take about 200 MB
N_COMPONENTS = 128
"""Length of the vectors: what a thousand outputs of a network say of one pool of pictures."""
BLOCK_ROWS = 4096
ENOUGH = 192  # models that bring pictures to their size themselves want no more than 384


class PictureEncoder(NetworkEncoder):
    """Pictures by a pretrained network; a subclass has the network and says how pictures go in.

    What all pictures of a pool share is taken out of what the network says, and the leading
    directions of the rest are kept, each picture at length 1: what is left is how they differ.
    """

    learned: ClassVar[tuple[str, ...]] = ("mean_", "directions_")
    version: ClassVar[int] = 2

    @abstractmethod
    def _frame(self) -> Frame:
        """Return how pictures go in."""

    @abstractmethod
    def _vectors(self, pictures: FloatArray) -> FloatArray:
        """Return what the network makes of (n, 3, height, width)."""

    def check(self) -> None:
        """Load the network, and read how pictures go in."""
        super().check()
        self._frame()

    def settle(self, seen: FloatArray) -> Self:
        """Learn what the pictures share, and in which directions they differ most."""
        blocks = (seen[i : i + BLOCK_ROWS] for i in range(0, len(seen), BLOCK_ROWS))
        mean, spread, directions = principal_axes(blocks)
        n_spread = int((spread > np.finfo(np.float32).eps * max(spread[0], 0)).sum())
        self.mean_ = mean.astype(np.float32)
        self.directions_ = directions[:, : min(N_COMPONENTS, max(n_spread, 1))].astype(np.float32)
        return super().settle(seen)

    def reduced(self, seen: FloatArray) -> FloatArray:
        """Return how each picture differs from what all share, at length 1."""
        return unit_vectors((seen - self.mean_) @ self.directions_, type(self).__name__)

    def _checked(self, X: Any) -> Images:
        return pictures_of(X, type(self).__name__)

    def _block_items(self, items: Images) -> int:
        height, width = self._frame().size
        return max(1, BLOCK_PIXELS // (height * width))

    def _blocks(self, items: Images) -> Iterator[tuple[slice, Pixels]]:
        """Yield block after block, read; the next one is read meanwhile."""
        frame = self._frame()
        spans = list(self._spans(items))
        with ThreadPoolExecutor(os.cpu_count()) as pool:

            def start(span: slice) -> list[Any]:
                return [pool.submit(framed, item, frame) for item in items[span]]

            coming = start(spans[0])
            for i, span in enumerate(spans):
                now, coming = coming, start(spans[i + 1]) if i + 1 < len(spans) else []
                yield span, np.stack([one.result() for one in now])

    def _encode(self, block: Pixels) -> FloatArray:
        vectors = self._vectors(self._frame().network_input(block))
        return unit_vectors(vectors, type(self).__name__)


def pictures_of(X: Any, where: str) -> Images:
    """Return files and Pillow images as they are, and arrays of numbers as pixels in 0..255.

    Raises
    ------
    InvalidInputError : an array that holds no images
    """
    images = check_images(X, where)
    return _painted(images) if isinstance(images, np.ndarray) else images


def framed(item: Any, frame: Frame) -> Pixels:
    """Return one picture as a network wants it, (height, width, 3) in 0..255.

    Parameters
    ----------
    item : a file, a Pillow image, or an array (height, width[, channels]) of uint8
    frame : how it is wanted

    Raises
    ------
    SourceError : the file is missing, empty or no image; it is named
    """
    from PIL.Image import Resampling

    height, width = frame.size
    enough = -(-max(*frame.size, frame.shorter) // 2)  # it is read at twice that
    image = rgb(item, enough)
    box = _middle(image.size, frame) if frame.is_cropped else None
    resized = image.resize((width, height), Resampling.BILINEAR, box, reducing_gap=2.0)
    return np.asarray(resized)


def _middle(size: tuple[int, int], frame: Frame) -> tuple[float, float, float, float]:
    """Return what of a picture (width, height) is seen: (left, top, right, bottom).

    Cutting and resizing are one step, since a second one would cost as much as the first.
    """
    height, width = frame.size
    ratio = min(min(size) / frame.shorter, size[0] / width, size[1] / height)
    margins = [
        max(0.0, (side - ratio * part) / 2)
        for side, part in zip(size, (width, height), strict=True)
    ]
    return margins[0], margins[1], size[0] - margins[0], size[1] - margins[1]


def rgb(item: Any, enough: int = ENOUGH) -> "Image":
    """Return a file, a Pillow image or an array of uint8 as a picture in color.

    Parameters
    ----------
    item : the picture
    enough : pixels; a large JPEG is decoded at twice that, or somewhat more
    """
    from PIL.Image import fromarray

    shown = as_shown(fromarray(item) if isinstance(item, np.ndarray) else item, enough)
    return shown.convert("RGB")


def _painted(images: Images) -> Pixels:
    """Return arrays of numbers as pixels 0..255: full brightness is the type's, or the largest."""
    values = np.asarray(images)
    if values.ndim == 4:
        values = values[..., 0] if values.shape[3] == 1 else values[..., :3]
    if values.dtype == np.uint8:
        return np.asarray(values, np.uint8)
    scaled = values.astype(np.float32) * np.float32(255 / full_scale(values))
    return np.asarray(np.clip(scaled, 0, 255).round(), np.uint8)
