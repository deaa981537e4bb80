"""Which items of two projects are the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    """

    ids: Mapping[str, str]
    added: tuple[ItemRow, ...]
    differing: tuple[ItemRow, ...]


def same_items(here: Sequence[ItemRow], there: Sequence[ItemRow]) -> Same:
    """Find the items of one project in another.

    The same content under the same key is the same item; so is the same content under another key,
    such as a file that was renamed, where it is there only once on either side. One key with two
    contents is two items: an answer must not move from one to the other.

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
    rest = [item for item in there if item.item_id not in ids]
    taken = set(ids.values())
    by_content = _by_content([item for item in here if item.item_id not in taken])
    for content, item_id in _by_content(rest).items():
        if content in by_content:
            ids[item_id] = by_content[content]
    left = [item for item in rest if item.item_id not in ids]
    added = tuple(item for item in left if item.item_id not in known)
    return Same(ids, added, tuple(item for item in left if item.item_id in known))


def _is_same(one: ItemRow, other: ItemRow) -> bool:
    if one.content_hash and other.content_hash:
        return one.content_hash == other.content_hash
    return one.size == other.size


def _by_content(items: Sequence[ItemRow]) -> dict[str, str]:
    """Return content -> key of the items whose content no other of them has."""
    n = Counter(item.content_hash for item in items)
    return {
        item.content_hash: item.item_id
        for item in items
        if item.content_hash and n[item.content_hash] == 1
    }
