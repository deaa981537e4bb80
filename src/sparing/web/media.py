"""Pictures for the browser: found by id, checked whole, and only in forms that browsers show.

A picture is decoded before a byte of it is sent: what is none, is truncated, or promises more
pixels than a decompression bomb is refused with a reason. What comes out is a file as it was, if
every browser shows it as the model sees it, or a transcoded copy; never SVG, never HTML, whatever
the name says.
"""

import stat
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparing.datasets.gray import black_and_white, eight_bits
from sparing.datasets.pictures import (
    WholePicture,
    decoded,
    is_transparent,
    is_turned,
    may_be_plain,
    open_picture,
    shown,
)
from sparing.errors import InvalidInputError, NotFoundError, SourceError
from sparing.web.kept import Kept

if TYPE_CHECKING:
    from PIL.Image import Image

BROWSERS_SHOW = {"GIF": "image/gif", "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
AS_IT_IS_BYTES = 8 << 20
AS_IT_IS_PIXELS = 16_000_000  # more is scaled down: a phone decodes it, and zoom still has enough
SIDE = 2560  # pixels, of the longer side of a scaled copy
SMALL_SIDE = 128
WHOLE_BYTES = 200_000_000  # of decoded pictures: one of 66 megapixels in color, or several
MEDIA_POLICY = "default-src 'none'; sandbox"

# Who zooms in asks for one part after the other: of pictures that take a second to decode.
_WHOLE: Kept[WholePicture] = Kept(WHOLE_BYTES, lambda whole: whole.pixels.nbytes)


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes that a browser shows, and their type."""

    content: bytes
    media_type: str


def inside(root: Path, path: Path, *, follow_links: bool = False) -> Path:
    """Return ``path`` with links resolved, if it is a file inside ``root``.

    Where links are followed they may lead out of it: the path is one that was found in it.

    Raises
    ------
    NotFoundError : it is outside, no regular file, or not there
    """
    try:
        resolved = path.resolve(strict=True)
        is_file = stat.S_ISREG(resolved.stat().st_mode)  # a pipe would wait for ever
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a loop of links
        raise NotFoundError("The file of this item is not there any more.") from None
    if not is_file or not (follow_links or resolved.is_relative_to(root.resolve())):
        raise NotFoundError("The file of this item lies outside its folder.")
    return resolved


def picture(path: Path, *, small: bool = False) -> Picture:
    """Return a file as a picture for the browser, as it is or transcoded; ``small`` for lists.

    Raises
    ------
    SourceError : it is no picture, truncated, damaged or too big; the message says which
    """
    found = path.stat()
    return _picture(path, found.st_size, found.st_mtime_ns, small)


@lru_cache(maxsize=8)  # the page asks once a picture; a second tab soon after
def _picture(path: Path, size: int, changed_ns: int, small: bool) -> Picture:
    try:
        kind = None if small or size > AS_IT_IS_BYTES else _type_as_it_is(path)
        if kind:
            return Picture(path.read_bytes(), kind)
        with open_picture(path) as image:
            return _transcoded(image, SMALL_SIDE if small else SIDE)
    except SourceError as error:
        raise SourceError(f"The picture cannot be shown: {error}.") from None


def _type_as_it_is(path: Path) -> str | None:
    """Return the type of a whole file that browsers show as the model sees it; None for others."""
    with open_picture(path) as image:
        if not _may_go(image):
            return None
        with decoded(image, SMALL_SIDE):  # finds what is truncated
            return None if is_transparent(image) else BROWSERS_SHOW[str(image.format)]


def _may_go(image: "Image") -> bool:
    """Tell by its head whether browsers show a file as the model sees it; they turn a JPEG."""
    if image.format not in BROWSERS_SHOW or image.width * image.height > AS_IT_IS_PIXELS:
        return False
    return may_be_plain(image) and (image.format == "JPEG" or not is_turned(image))


def _transcoded(image: "Image", side: int) -> Picture:
    with decoded(image, side):
        seen, is_photo = shown(image, side // 2), image.mode == "RGB"
    return _sent(seen, side, is_photo=is_photo)


def part(path: Path, box: tuple[int, int, int, int]) -> Picture:
    """Return a part of a picture in full resolution, scaled down only where it is very large.

    Parameters
    ----------
    path : of the picture's file
    box : left, top, right and bottom in pixels of the upright picture; what lies outside is cut off

    Raises
    ------
    InvalidInputError : nothing of the box lies in the picture
    SourceError : it is no picture, truncated, damaged or too big; the message says which
    """
    found = path.stat()
    stamp = (path, found.st_size, found.st_mtime_ns)
    try:
        whole = _WHOLE.get(stamp, lambda: _whole(path))
    except SourceError as error:
        raise SourceError(f"The picture cannot be shown: {error}.") from None
    width, height = whole.size
    x0, y0, x1, y1 = box
    x1, y1 = min(x1, width), min(y1, height)
    if x0 < x1 and y0 < y1:
        return _sent(whole.part((x0, y0, x1, y1)), SIDE, is_photo=whole.is_photo)
    wanted = f"x0, y0, x1, y1 with x0 < x1 and y0 < y1 in a picture of {width} x {height} pixels"
    raise InvalidInputError(f"The 'part' of a picture must be {wanted}. Got {box} instead.")


def _whole(path: Path) -> WholePicture:
    with open_picture(path) as image, decoded(image, max(image.size)):
        return WholePicture.of(image)


def _sent(seen: "Image", side: int, *, is_photo: bool) -> Picture:
    seen.thumbnail((side, side))
    if is_photo:
        return encoded(seen, "JPEG", quality=92)
    return encoded(seen, "PNG")


def encoded(image: "Image", kind: str, **options: Any) -> Picture:
    """Return an image as a file of ``kind``: a name that Pillow and ``BROWSERS_SHOW`` know.

    Examples
    --------
    >>> from PIL import Image
    >>> encoded(Image.new("L", (3, 2)), "PNG").media_type
    'image/png'
    """
    stream = BytesIO()
    image.save(stream, kind, **options)
    return Picture(stream.getvalue(), BROWSERS_SHOW[kind])


def drawn(pixels: Any) -> Picture:
    r"""Return an array (h, w) or (h, w, 3 or 4) of numbers as a PNG.

    Examples
    --------
    >>> import numpy as np
    >>> drawn(np.zeros((28, 28), np.uint8)).content[:4]
    b'\x89PNG'
    """
    from PIL import Image

    values = np.asarray(pixels)
    if values.dtype != np.uint8:
        values = eight_bits(values, *black_and_white([values], values.size))
    return encoded(Image.fromarray(values), "PNG")
