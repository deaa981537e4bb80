"""Pictures in which boxes are drawn: each has the size that their coordinates are within."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from sparing.datasets.pictures import open_picture, upright_size
from sparing.errors import SourceError
from sparing.project.source.items import Item, Listing

NOT_SEEN = "Its picture cannot be read now, so that nobody can tell whether the boxes are within it"


def framed(listing: Listing, source: str) -> Listing:
    """Return a listing of pictures as one of pictures in which boxes are drawn.

    Parameters
    ----------
    listing : of a source
    source : what it is called

    Raises
    ------
    SourceError : its items are no pictures
    """
    if listing.kind != "images":
        raise SourceError(
            f"Boxes are drawn in pictures, and the items of {Path(source).name} are none: name a"
            " folder of pictures."
        )
    return replace(listing, is_framed=True)


def size_of(item: Item) -> tuple[int, int] | None:
    """Return width and height of an item's upright picture; None where it cannot be read."""
    if item.pixels is not None:
        height, width = item.pixels.shape[:2]
        return int(width), int(height)
    if item.path is None:
        return None
    try:
        told = item.path.stat()
        return _size(item.path, told.st_mtime_ns, told.st_size)
    except (OSError, SourceError):
        return None


@lru_cache(maxsize=10_000)
def _size(path: Path, changed: int, n_bytes: int) -> tuple[int, int]:
    with open_picture(path) as image:
        return upright_size(image)
