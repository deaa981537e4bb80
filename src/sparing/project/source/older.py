"""Projects of versions that knew the rows of a table by another hash: it is told in today's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sparing.project.source.fingerprints import key_of
from sparing.project.source.items import Listing
from sparing.store import ItemRow


def hashes_of_today(listing: Listing) -> dict[str, str]:
    """Return today's hash of each row, by the one that it had in projects of older versions."""
    if listing.is_files or listing.layout is None or not listing.layout.is_old:
        return {}
    values = listing.values.view(np.ndarray) if _is_array(listing.values) else listing.values
    pairs = zip(values, listing.hashes, strict=True)
    return {key_of(_content(value)): str(today) for value, today in pairs}


def told_anew(stored: Sequence[ItemRow], today: dict[str, str]) -> list[ItemRow]:
    """Return the items whose hash is of an older version, with today's."""
    return [
        replace(item, content_hash=today[item.content_hash])
        for item in stored
        if item.content_hash in today and today[item.content_hash] != item.content_hash
    ]


def _is_array(values: Any) -> bool:
    return isinstance(values, np.ndarray)


def _content(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.tobytes()
    return repr([None if cell is None else str(cell) for cell in value]).encode()
