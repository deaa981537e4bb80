"""Picture files, opened in bounds and brought to what a screen shows: 8 bits, opaque, upright.

The one path from a file to pixels: models, lists and the page all see what comes out of here.
"""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sparing.datasets.gray import black_and_white, eight_bits
from sparing.errors import SourceError
from sparing.files import open_regular
from sparing.types import ByteArray

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("GIF", "JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF")  # all that Pillow may try
HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
SUFFIXES = HEIF_SUFFIXES | {
    ".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp",
}  # fmt: skip
NO_HEIF = "HEIC is read with pillow-heif: pip install 'sparing[heic]'"
MAX_PIXELS = 90_000_000  # at once, in one picture or in several that are decoded side by side
AT_A_STROKE = frozenset({"WEBP", "AVIF", "HEIF"})  # decoded in one call, which nothing interrupts
MAX_AT_A_STROKE = 50_000_000  # pixels of these: 7 seconds at worst (decision 13)
MAX_BYTES = 300 << 20  # of a file: as many pixels, uncompressed
MAX_SECONDS = 30.0  # of work of one processor on one picture; a camera's takes a tenth of one
MAX_SCANS = 25  # of a JPEG of full size; a camera's has one, a progressive one ten
BAND_PIXELS = 1 << 21  # brought to 8 bits at a time: no second copy of a big picture
GRAY_MODES = frozenset({"1", "L"})
DEEP_MODES = frozenset({"F", "I", "I;16", "I;16B", "I;16L", "I;16N"})
PLAIN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
ORIENTATION = 0x0112  # the EXIF tag
BRIGHT = 0.75  # ink that is brighter lies on black, all other on white
LOOKED_AT = (256, 256)  # pixels by which the ink is judged
TRANSPARENT_BELOW = 255


class PictureError(SourceError):
    """A file is no picture that can be shown; the message is the reason, in a few words."""


class _Timed(io.BufferedReader):
    """A file that decoders read piece by piece, until they have worked on it for too long.

    What this thread works counts, not what it waits. Decoders that take a file at once (WebP, AVIF,
    HEIC, TIFF) are bounded by its pixels alone: decision 13 says how long that takes at worst.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._until = time.thread_time() + MAX_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._until:
            raise PictureError("takes too long to decode")
        return super().read(size)


@contextmanager
def open_picture(path: Path) -> "Iterator[Image]":
    """Open a file and read its head; what goes wrong inside the block is named too.

    Parameters
    ----------
    path : a regular file; what it is called does not matter

    Raises
    ------
    PictureError : it is no picture, truncated, damaged or too big
    """
    with (
        _faults_named(path),
        _Timed(open_regular(path, MAX_BYTES).detach()) as stream,
        _pillow().open(stream, formats=_formats()) as image,
    ):
        most = MAX_AT_A_STROKE if image.format in AT_A_STROKE else MAX_PIXELS
        if image.width * image.height > most:
            raise PictureError("too many pixels")
        _check_scans(image, path)
        yield image


@contextmanager
def decoded(image: "Image", side: int) -> "Iterator[Image]":
    """Decode the first frame of an opened picture, in bounds of memory for all threads together.

    After the block its pixels are gone.

    Parameters
    ----------
    image : of ``open_picture``
    side : pixels that are needed along each side; a JPEG is decoded at a fraction of its size
    """
    n_whole = image.width * image.height
    image.draft("RGB", (side, side))
    is_whole_first = image.info.get("progressive")
    with _ROOM.taken(n_whole if is_whole_first else image.width * image.height):
        try:
            image.load()
            yield image
        finally:
            image.close()  # frees the pixels while the room is still taken


def shown(image: "Image", side: int) -> "Image":
    """Return a loaded picture as a screen shows it: mode ``L`` or ``RGB``, opaque, upright.

    Gray values of more than 8 bits are stretched from the darkest to the brightest, transparent
    pixels are laid on white, or on black where the ink is nearly white. EXIF that cannot be read
    turns nothing.

    Parameters
    ----------
    image : as of Pillow
    side : pixels that are needed along each side: far larger pictures come out smaller

    Examples
    --------
    >>> from PIL import Image
    >>> deep = Image.fromarray(np.array([[0, 30_000], [60_000, 60_000]], np.uint16))
    >>> shown(deep, 64).getpixel((1, 0))
    127
    """
    factor = max(1, min(image.size) // (2 * side))
    to_plain = _plain(image)
    if factor == 1 and image.width * image.height <= BAND_PIXELS:
        return _upright(to_plain(image), _turn(image))
    size = -(-image.width // factor), -(-image.height // factor)
    small: Image | None = None
    for top, bottom in _bands(image, factor):
        part = to_plain(image.crop((0, top, image.width, bottom))).reduce(factor)
        small = small or _pillow().new(part.mode, size)
        small.paste(part, (0, top // factor))
    return _upright(small, _turn(image))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False, slots=True)
class WholePicture:
    """All of a picture as a screen shows it, so that parts of it are seen in full resolution.

    Parameters
    ----------
    pixels : (height, width) or (height, width, 3) of uint8, read-only, as they lie in the file
    turn : how they are turned; None: not at all
    is_photo : whether the file has colors of 8 bits and nothing transparent

    Examples
    --------
    >>> from PIL import Image
    >>> WholePicture.of(Image.new("1", (30, 20), 1)).part((10, 0, 14, 3)).size
    (4, 3)
    """

    pixels: ByteArray
    turn: "_Turn | None"
    is_photo: bool

    @classmethod
    def of(cls, image: "Image") -> "WholePicture":
        """Return all of a loaded picture, brought to 8 bits a band after the other."""
        to_plain = _plain(image)  # what is black, white or behind it is told by the whole
        shape = np.asarray(to_plain(image.crop((0, 0, 1, 1)))).shape[2:]
        pixels = np.empty((image.height, image.width, *shape), np.uint8)
        for top, bottom in _bands(image, 1):
            pixels[top:bottom] = np.asarray(to_plain(image.crop((0, top, image.width, bottom))))
        pixels.flags.writeable = False
        return cls(pixels, _turn(image), image.mode == "RGB")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        height, width = self.pixels.shape[:2]
        return _upright_size((width, height), self.turn)

    def part(self, box: tuple[int, int, int, int]) -> "Image":
        """Return what lies in a box: left, top, right and bottom in pixels of the upright one."""
        x0, y0, x1, y1 = _lying(box, self.size, self.turn)
        return _upright(_pillow().fromarray(self.pixels[y0:y1, x0:x1]), self.turn)


def _lying(
    box: tuple[int, int, int, int], size: tuple[int, int], turn: "_Turn | None"
) -> tuple[int, int, int, int]:
    """Return where a box of an upright picture of that size lies in the file."""
    (width, height), (x0, y0, x1, y1) = size, box
    if turn is None:
        return box
    if turn.from_right:
        x0, x1 = width - x1, width - x0
    if turn.from_below:
        y0, y1 = height - y1, height - y0
    return (y0, x0, y1, x1) if turn.is_on_its_side else (x0, y0, x1, y1)


def may_be_plain(image: "Image") -> bool:
    """Tell whether browsers show a picture as ``shown`` does, but for what is transparent."""
    return image.mode in PLAIN_MODES


def is_turned(image: "Image") -> bool:
    """Tell whether EXIF says that a picture is to be turned."""
    return _turn(image) is not None


def upright_size(image: "Image") -> tuple[int, int]:
    """Return width and height of an opened picture as it is shown, before anything is decoded.

    Examples
    --------
    >>> from PIL import Image
    >>> upright_size(Image.new("L", (30, 20)))
    (30, 20)
    """
    # Pillow turns a TIFF when it decodes it, and has its upright size from the beginning.
    return image.size if image.format == "TIFF" else _upright_size(image.size, _turn(image))


def _upright_size(size: tuple[int, int], turn: "_Turn | None") -> tuple[int, int]:
    return (size[1], size[0]) if turn is not None and turn.is_on_its_side else size


def fault_of(path: Path, side: int = 64) -> str | None:
    """Return why a file is no picture that can be read, or None if it is one.

    It goes all the way that a model's picture goes, so what passes here can be encoded.
    """
    try:
        with open_picture(path) as image, decoded(image, side):
            shown(image, side)
    except SourceError as error:
        return str(error)
    return None


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except SourceError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("too many pixels") from None
    except UnidentifiedImageError:
        is_heif = path.suffix.lower() in HEIF_SUFFIXES and not has_heif()
        raise PictureError(NO_HEIF if is_heif else "not an image that can be read") from None
    except MemoryError:
        raise PictureError("too big for this machine's memory") from None
    except Exception as error:  # a decoder may raise anything on broken bytes
        cut = "truncated" in str(error).lower()
        raise PictureError("truncated" if cut else "damaged") from error


def _check_scans(image: "Image", path: Path) -> None:
    """Refuse a JPEG that is painted over again and again, for hours: each scan costs a whole one.

    Two bytes begin a scan, which the picture's own data never hold.
    """
    if image.format not in ("JPEG", "MPO") or not image.info.get("progressive"):
        return
    scans = path.read_bytes().count(b"\xff\xda")
    if scans * image.width * image.height > MAX_SCANS * MAX_PIXELS:
        raise PictureError("painted over too many times")


def _plain(image: "Image") -> Any:
    """Return what brings this picture, or a band of it, to 8 bits without transparency."""
    if image.mode in DEEP_MODES:
        low, high = black_and_white(_bands_of_values(image), image.width * image.height)
        return lambda part: _pillow().fromarray(eight_bits(np.asarray(part), low, high))
    if is_transparent(image):
        ground = _ground(image)
        return lambda part: _laid(part, ground)
    mode = "L" if image.mode in GRAY_MODES else "RGB"
    return lambda part: part.convert(mode)


def _bands_of_values(image: "Image") -> Any:
    for top, bottom in _bands(image, 1):
        yield np.asarray(image.crop((0, top, image.width, bottom)))


def _bands(image: "Image", factor: int) -> Iterator[tuple[int, int]]:
    """Yield where bands of an image begin and end, each but the last of a multiple of rows."""
    rows = max(1, BAND_PIXELS // (image.width * factor)) * factor
    for top in range(0, image.height, rows):
        yield top, min(top + rows, image.height)


def is_transparent(image: "Image") -> bool:
    """Tell whether anything behind a loaded picture would be seen through it."""
    if image.mode in DEEP_MODES or not image.has_transparency_data:
        return False
    if image.mode in ("RGBA", "LA", "PA"):
        least: Any = image.getchannel("A").getextrema()
        return bool(least[0] < TRANSPARENT_BELOW)
    return True


def _ground(image: "Image") -> int:
    """Return the gray that ink is laid on: white, or black if the ink is nearly white."""
    few = image.resize(tuple(map(min, image.size, LOOKED_AT)), 0)  # type: ignore[arg-type]
    gray, alpha = (
        np.asarray(band, np.float64) for band in few.convert("RGBA").convert("LA").split()
    )
    ink = (gray * alpha).sum() / max(alpha.sum(), 1)
    return 0 if ink > BRIGHT * 255 else 255


def _laid(part: "Image", ground: int) -> "Image":
    is_gray = part.mode in ("L", "LA", "1")
    inked = part.convert("RGBA")
    below = _pillow().new("RGBA", part.size, (ground, ground, ground, 255))
    seen: Image = _pillow().alpha_composite(below, inked)
    return seen.convert("L" if is_gray else "RGB")


class _Turn(NamedTuple):
    """How a picture is turned, as Pillow calls it, and how the upright one lies in the file."""

    name: str
    from_right: bool
    from_below: bool
    is_on_its_side: bool


_TURNS = {
    2: _Turn("FLIP_LEFT_RIGHT", True, False, False),
    3: _Turn("ROTATE_180", True, True, False),
    4: _Turn("FLIP_TOP_BOTTOM", False, True, False),
    5: _Turn("TRANSPOSE", False, False, True),
    6: _Turn("ROTATE_270", True, False, True),
    7: _Turn("TRANSVERSE", True, True, True),
    8: _Turn("ROTATE_90", False, True, True),
}  # by the orientation of EXIF


def _turn(image: "Image") -> _Turn | None:
    """Return how a picture is to be turned; None if it is upright, or nobody can tell."""
    try:
        told = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001  # of bytes that cameras and editors have broken
        return None
    return _TURNS.get(told) if isinstance(told, int) else None


def _upright(image: "Image", turn: _Turn | None) -> "Image":
    from PIL.Image import Transpose

    return image if turn is None else image.transpose(Transpose[turn.name])


class _Room:
    """How many pixels may be decoded at the same time, by all threads together."""

    def __init__(self, n_pixels: int) -> None:
        self._free = n_pixels
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, n_pixels: int) -> Iterator[None]:
        """Wait until there is room, and hold it; what is larger than all waits for all."""
        n_pixels = min(n_pixels, MAX_PIXELS)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= n_pixels)
            self._free -= n_pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += n_pixels
                self._changed.notify_all()


_ROOM = _Room(MAX_PIXELS)


@cache
def _pillow() -> Any:
    """Return Pillow's module of images, with HEIC if that is there."""
    import warnings

    from PIL import Image

    Image.init()  # of the decoders that are asked for by name, Pillow only finds loaded ones
    # What it warns of is refused, or read as it is, here; catch_warnings is not for threads.
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    if has_heif():
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image


@cache
def has_heif() -> bool:
    """Tell whether HEIC pictures can be read."""
    from importlib.util import find_spec

    return find_spec("pillow_heif") is not None


@cache
def _formats() -> tuple[str, ...]:
    return (*FORMATS, "HEIF") if has_heif() else FORMATS
