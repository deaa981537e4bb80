"""What an item holds is known by the time its answer is stored, so that a rename keeps the answer.

The trainer reads all items, later: of a file that nobody has read only its path is known.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sparing.errors import SourceError
from sparing.project.source.items import PRESENT, hash_file
from sparing.project.state import State
from sparing.store import ItemRow

BYTES_AT_ONCE = 64 * 2**20  # nobody waits for more: the rest is left to the trainer


def unread(state: State, item_ids: Iterable[str | None]) -> list[tuple[ItemRow, Path]]:
    """Return the items whose file nobody has read yet, of a size that is read at once."""
    found, left = [], BYTES_AT_ONCE
    for item_id in dict.fromkeys(one for one in item_ids if one is not None):
        place = state.place_of(item_id)
        if place is None:
            continue
        item, value = state.rows[state.row_of[item_id]], state.listing.values[place]
        is_unread = item.content_hash is None and item.state == PRESENT
        if is_unread and isinstance(value, Path) and item.size <= left:
            found.append((item, value))
            left -= item.size
    return found


def read(items: Iterable[tuple[ItemRow, Path]]) -> list[ItemRow]:
    """Return the items with the hash of their content, of those whose file is still as listed."""
    found = []
    for item, path in items:
        try:
            content, now = hash_file(path), path.stat()
        except (SourceError, OSError):  # told when it is decoded
            continue
        if (now.st_size, now.st_mtime_ns) == (item.size, item.mtime_ns):
            found.append(replace(item, content_hash=content))
    return found


def note(state: State, items: Iterable[ItemRow]) -> None:
    """Take what was read into account, of items that are still as they were."""
    for item in items:
        if state.rows[item.row] == replace(item, content_hash=None):
            state.rows[item.row] = item
