"""Which files are images that can be read: each is opened and decoded once, at a small size.

Where that would keep somebody waiting, a look at the folder tells at least which are there.
"""

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
THUMBNAIL = (64, 64)  # a JPEG decodes at an eighth of its size several times faster


def image_faults(paths: Sequence[Path]) -> list[str | None]:
    """Return for each file why it is no readable image, or None if it is one.

    Truncated files are found because the pixels are decoded. A file whose header promises more
    than Pillow's limit, about 90 million pixels, is refused before that.

    Parameters
    ----------
    paths : (n,) files

    Returns
    -------
    (n,) reasons in words, or None
    """
    from PIL import Image

    with warnings.catch_warnings():
        # An error from here on, in all threads: half a bomb is a bomb.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(_fault, paths))


def file_fault(path: Path) -> str | None:
    """Return why a file can hold no image, without opening it; None if it may be one."""
    try:
        return None if path.stat().st_size else "empty"
    except FileNotFoundError:
        return "not there"
    except (OSError, ValueError):  # ValueError: a zero byte in its name
        return "not readable by you"


def _fault(path: Path) -> str | None:
    from PIL import Image, UnidentifiedImageError

    if fault := file_fault(path):
        return fault
    try:
        with Image.open(path) as image:
            image.draft("RGB", THUMBNAIL)
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "too many pixels"
    except UnidentifiedImageError:
        return "not an image that can be read"
    except PermissionError:
        return "not readable by you"
    except Exception as error:  # noqa: BLE001  # a decoder may raise anything on broken bytes
        return _reason(error)
    return None


def _reason(error: Exception) -> str:
    return "truncated" if "truncated" in str(error).lower() else "damaged"


def is_image_name(name: Any) -> bool:
    """Tell whether a value is a file name that ends like an image.

    Examples
    --------
    >>> is_image_name("cats/1.JPG"), is_image_name("a cat"), is_image_name(3.0)
    (True, False, False)
    """
    return isinstance(name, str) and Path(name).suffix.lower() in SUFFIXES
