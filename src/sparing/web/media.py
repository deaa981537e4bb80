"""Pictures for the browser: found by id, checked whole, and only in forms that browsers show.

A picture is opened with Pillow before a byte of it is sent: what is no picture, is truncated, or
promises more pixels than a decompression bomb is refused with a reason. What comes out is a file
as it was, or a transcoded copy; never SVG, never HTML, whatever the name says.
"""

import stat
import threading
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparing.errors import NotFoundError, SourceError

if TYPE_CHECKING:
    from PIL.Image import Image

BROWSERS_SHOW = {"GIF": "image/gif", "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
FORMATS = (*BROWSERS_SHOW, "BMP", "TIFF")  # all that Pillow may try
MAX_BYTES = 64 << 20  # of a file; a scan of an A4 page at 600 dpi has 100 MB uncompressed
AS_IT_IS_BYTES = 8 << 20
AS_IT_IS_PIXELS = 16_000_000  # more is scaled down: a phone decodes it, and zoom still has enough
SIDE = 2560  # pixels, of the longer side of a scaled copy
SMALL_SIDE = 128
DEEP_MODES = frozenset({"F", "I", "I;16", "I;16B", "I;16L", "I;16N"})
_DECODERS = threading.BoundedSemaphore(2)  # 90 million pixels are 360 MB each
MEDIA_POLICY = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes that a browser shows, and their type."""

    content: bytes
    media_type: str


def inside(root: Path, path: Path) -> Path:
    """Return ``path`` with links resolved, if it is a file inside ``root``.

    Raises
    ------
    NotFoundError : it is outside, no regular file, or not there
    """
    try:
        resolved = path.resolve(strict=True)
        is_file = stat.S_ISREG(resolved.stat().st_mode)  # a pipe would wait for ever
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a loop of links
        raise NotFoundError("The file of this item is not there any more.") from None
    if not is_file or not resolved.is_relative_to(root.resolve()):
        raise NotFoundError("The file of this item lies outside its folder.")
    return resolved


def picture(path: Path, *, small: bool = False) -> Picture:
    """Return a file as a picture for the browser, as it is or transcoded; ``small`` for lists.

    Raises
    ------
    SourceError : it is no picture, truncated, damaged or too big; the message says which
    """
    found = path.stat()
    if found.st_size > MAX_BYTES:
        raise SourceError(f"The file has more than {MAX_BYTES >> 20} MB.")
    return _picture(path, found.st_size, found.st_mtime_ns, small)


@lru_cache(maxsize=8)  # the page asks once a picture; a second tab soon after
def _picture(path: Path, size: int, changed_ns: int, small: bool) -> Picture:
    from PIL import Image, UnidentifiedImageError

    content = path.read_bytes()
    Image.init()  # of the decoders that are asked for by name, Pillow only finds loaded ones
    try:
        with _DECODERS, Image.open(BytesIO(content), formats=FORMATS) as image:
            _check_size(image.width * image.height)
            return _transcoded(image, SMALL_SIDE) if small else _shown(image, content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise SourceError("The picture has too many pixels.") from None
    except UnidentifiedImageError:
        raise SourceError("The file is not a picture that can be read.") from None
    except Exception as error:  # noqa: BLE001  # a decoder may raise anything on broken bytes
        raise SourceError(f"The picture is {_fault(error)}.") from None


def _check_size(n_pixels: int) -> None:
    from PIL import Image

    # Pillow only warns of this, and catch_warnings is not for threads.
    if n_pixels > (Image.MAX_IMAGE_PIXELS or n_pixels):
        raise Image.DecompressionBombError


def _fault(error: Exception) -> str:
    return "truncated" if "truncated" in str(error).lower() else "damaged"


def _shown(image: "Image", content: bytes) -> Picture:
    media_type = BROWSERS_SHOW.get(image.format or "")
    small = len(content) <= AS_IT_IS_BYTES and image.width * image.height <= AS_IT_IS_PIXELS
    if media_type and small:
        image.draft("L", (SMALL_SIDE, SMALL_SIDE))  # a JPEG is read whole, but decoded coarsely
        image.load()  # finds what is truncated
        return Picture(content, media_type)
    return _transcoded(image, SIDE)


def _transcoded(image: "Image", side: int) -> Picture:
    from PIL import ImageOps

    image.draft("RGB", (side, side))
    image.load()
    image = _eight_bits(image)
    image.thumbnail((side, side))
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("1", "L", "LA", "P", "PA", "RGBA"):
        return encoded(upright, "PNG")
    return encoded(upright.convert("RGB"), "JPEG", quality=92)


def _eight_bits(image: "Image") -> "Image":
    """Stretch the grey values of microscopes and scanners to what a screen has."""
    if image.mode not in DEEP_MODES:
        return image
    wide = image.convert("F")
    extremes: Any = wide.getextrema()  # of one band: two numbers
    low, high = extremes
    scale = 255 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")


def encoded(image: "Image", kind: str, **options: Any) -> Picture:
    """Return an image as a file of ``kind``."""
    stream = BytesIO()
    image.save(stream, kind, **options)
    return Picture(stream.getvalue(), BROWSERS_SHOW[kind])


def drawn(pixels: Any) -> Picture:
    r"""Return an array (h, w) or (h, w, 3) of uint8 as a PNG.

    Examples
    --------
    >>> import numpy as np
    >>> drawn(np.zeros((28, 28), np.uint8)).content[:4]
    b'\x89PNG'
    """
    from PIL import Image

    return encoded(Image.fromarray(pixels), "PNG")
