"""Which files are images that can be read: each is decoded once, as a model will see it.

Where that would keep somebody waiting, a look at the folder tells at least which are there.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sparing.datasets.pictures import MAX_BYTES, SUFFIXES, fault_of
from sparing.files import file_fault


def image_faults(paths: Sequence[Path]) -> list[str | None]:
    """Return for each file why it is no readable image, or None if it is one.

    Truncated files are found because the pixels are decoded. A file whose header promises more
    than 90 million pixels is refused before that; no more are decoded at the same time.

    Parameters
    ----------
    paths : (n,) files

    Returns
    -------
    (n,) reasons in words, or None
    """
    with ThreadPoolExecutor() as pool:
        return list(pool.map(fault_of, paths))


def image_file_fault(path: Path) -> str | None:
    """Return why a file can hold no image, without opening it; None if it may be one."""
    return file_fault(path, MAX_BYTES)


def is_image_name(name: Any) -> bool:
    """Tell whether a value is a file name that ends like an image.

    Examples
    --------
    >>> is_image_name("cats/1.JPG"), is_image_name("a cat"), is_image_name(3.0)
    (True, False, False)
    """
    return isinstance(name, str) and Path(name).suffix.lower() in SUFFIXES
