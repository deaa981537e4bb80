"""Which items of two projects are the same."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sparing.store import ItemRow


@dataclass(frozen=True, slots=True)
class Same:
    """Which items of one project are which of another.

    Parameters
    ----------
    ids : key there -> key here
    added : items that are there alone
    differing : items under a key that stands for something else here
    unread : items of there that have a key and a size of here, where one of the two was never read
    """

    ids: Mapping[str, str]
    added: tuple[ItemRow, ...]
    differing: tuple[ItemRow, ...]
    unread: tuple[ItemRow, ...] = ()


def same_items(here: Sequence[ItemRow], there: Sequence[ItemRow]) -> Same:
    """Find the items of one project in another.

    The same content under the same key is the same item; so is the same content under another key,
    such as a file that was renamed, where it is there only once on either side; of the rows of a
    table, so is the same text. One key with two contents is two items: an answer must not move from
    one to the other. Where a content was never read, the key and the size decide, and that is told.

    Parameters
    ----------
    here, there : all items of each

    Examples
    --------
    >>> def items(*keys_and_contents):
    ...     return [ItemRow(i, k, f"{k}.png", content_hash=c) for i, (k, c) in
    ...             enumerate(keys_and_contents)]
    >>> found = same_items(items("a1", "b2"), items("x1", "b9"))
    >>> found.ids, [item.name for item in found.differing]
    ({'x': 'a'}, ['b.png'])
    """
    known = {item.item_id: item for item in here}
    ids = {
        item.item_id: item.item_id
        for item in there
        if item.item_id in known and _is_same(known[item.item_id], item)
    }
    for mark in (_content, _text):
        taken = set(ids.values())
        by_mark = _unique([item for item in here if item.item_id not in taken], mark)
        rest = _unique([item for item in there if item.item_id not in ids], mark)
        ids |= {item_id: by_mark[m] for m, item_id in rest.items() if m in by_mark}
    left = [item for item in there if item.item_id not in ids]
    added = tuple(item for item in left if item.item_id not in known)
    differing = tuple(item for item in left if item.item_id in known)
    unread = tuple(
        item
        for item in there
        if ids.get(item.item_id) == item.item_id and not _are_read(known[item.item_id], item)
    )
    return Same(ids, added, differing, unread)


def _is_same(one: ItemRow, other: ItemRow) -> bool:
    if _are_read(one, other):
        return one.content_hash == other.content_hash
    return one.size == other.size


def _are_read(one: ItemRow, other: ItemRow) -> bool:
    return bool(one.content_hash and other.content_hash)


def _unique(items: Sequence[ItemRow], mark: Callable[[ItemRow], str | None]) -> dict[str, str]:
    """Return mark -> key of the items whose mark no other of them has."""
    n = Counter(mark(item) for item in items)
    return {m: item.item_id for item in items if (m := mark(item)) and n[m] == 1}


def _content(item: ItemRow) -> str | None:
    return item.content_hash


def _text(item: ItemRow) -> str | None:
    """Return what stands for the text of a row; of a file it would be the path."""
    return None if item.mtime_ns else item.anchor
