"""Pictures into a network: read in several threads while the network works on those before."""

import os
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sparing.encoders.base import Progress
from sparing.encoders.images import Images, check_images, full_scale
from sparing.encoders.pretrained.frame import Frame, Pixels
from sparing.encoders.pretrained.network import NetworkEncoder
from sparing.errors import SourceError
from sparing.types import FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCK_PIXELS = 400_000  # of a block: 32 pictures of 112 x 112, whose maps take about 150 MB


class PictureEncoder(NetworkEncoder):
    """Pictures by a pretrained network; a subclass has the network and says how pictures go in."""

    learned: ClassVar[tuple[str, ...]] = ("scale_",)

    @abstractmethod
    def _frame(self) -> Frame:
        """Return how pictures go in."""

    @abstractmethod
    def _vectors(self, pictures: FloatArray) -> FloatArray:
        """Return what the network makes of (n, 3, height, width)."""

    def _checked(self, X: Any) -> Images:
        return check_images(X, type(self).__name__)

    def _learn(self, items: Images, tell: Progress) -> None:
        self.scale_ = full_scale(items)

    def _block_items(self, items: Images) -> int:
        height, width = self._frame().size
        return max(1, BLOCK_PIXELS // (height * width))

    def _blocks(self, items: Images) -> Iterator[tuple[slice, Pixels]]:
        """Yield block after block, read; the next one is read meanwhile."""
        frame = self._frame()
        spans = list(self._spans(items))
        with ThreadPoolExecutor(os.cpu_count()) as pool:

            def start(span: slice) -> list[Any]:
                return [pool.submit(framed, item, self.scale_, frame) for item in items[span]]

            coming = start(spans[0])
            for i, span in enumerate(spans):
                now, coming = coming, start(spans[i + 1]) if i + 1 < len(spans) else []
                yield span, np.stack([one.result() for one in now])

    def _encode(self, block: Pixels) -> FloatArray:
        return self._vectors(self._frame().network_input(block))


def framed(item: Any, scale: float, frame: Frame) -> Pixels:
    """Return one picture as a network wants it, (height, width, 3) in 0..255.

    Parameters
    ----------
    item : a file, a Pillow image, or an array (height, width[, channels])
    scale : what stands for full brightness in an array
    frame : how it is wanted

    Raises
    ------
    SourceError : the file is missing, empty or no image; it is named
    """
    from PIL import ImageOps
    from PIL.Image import DecompressionBombError, Resampling

    height, width = frame.size
    try:
        image = _opened(item, scale, frame)
        if frame.is_cropped:
            image = _shorter_side(image, frame.shorter)
            return np.asarray(ImageOps.fit(image, (width, height), Resampling.BILINEAR))
        return np.asarray(image.resize((width, height), Resampling.BILINEAR, reducing_gap=2.0))
    except (OSError, ValueError, SyntaxError, AttributeError, DecompressionBombError) as error:
        shown = Path(item) if isinstance(item, str | PathLike) else type(item).__name__
        raise SourceError(f"{shown} is no image that can be read: {error}") from error


def _opened(item: Any, scale: float, frame: Frame) -> "Image":
    """Return an upright picture in color; a JPEG is decoded no larger than it is wanted."""
    from PIL import Image, ImageOps

    if isinstance(item, np.ndarray):
        return _painted(item, scale)
    image = Image.open(item) if isinstance(item, str | PathLike) else item
    wanted = max(*frame.size, frame.shorter)
    if isinstance(item, str | PathLike):
        image.draft("RGB", (wanted, wanted))
    return ImageOps.exif_transpose(image).convert("RGB")


def _painted(array: Any, scale: float) -> "Image":
    from PIL import Image

    values = np.clip(array[..., :3] if array.ndim == 3 else array, 0, None) * (255 / scale)
    gray = values if values.ndim == 2 else values[..., 0] if values.shape[2] == 1 else None
    pixels = np.asarray(values if gray is None else gray).round().astype(np.uint8)
    return Image.fromarray(pixels).convert("RGB")


def _shorter_side(image: "Image", length: int) -> "Image":
    from PIL.Image import Resampling

    ratio = length / min(image.size)
    size = tuple(max(1, round(side * ratio)) for side in image.size)
    return image.resize(size, Resampling.BILINEAR, reducing_gap=2.0)  # type: ignore[arg-type]
