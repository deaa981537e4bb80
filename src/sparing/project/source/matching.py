"""Which item each row or file of a source is, whatever was done to the source meanwhile.

An answer must never move to another item. What holds the same as before is the same item. Where
contents differ, an id decides, unless it is a counter in file order, which says where a row stands
and not what it is; without ids the text decides, or the path of a file. Where ids and contents
disagree about more than a few, nothing is attached anew: a person decides.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sparing.project.source.items import GONE, Listing
from sparing.store import ItemRow

TAKEN_UP = "another item took its place"
"""The reason of an item whose row or file turned out to be that of another item."""
NEW, HELD = -1, -2
TOLERATED = 0.01  # share of the contents that may differ under ids that are trusted; or one alone
_PLACE = re.compile(r"(line|row) \d+")
_COUNTED = re.compile(r"(.*?)(\d{1,18})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A place whose id and content speak for different items; rows of these, or None.

    Parameters
    ----------
    place : in the listing
    by_id : the item that bears this id, and held something else
    by_content : the item that held the same, under another id
    """

    place: int
    by_id: int | None
    by_content: int | None


@dataclass(slots=True)
class Matching:
    """Which stored item is at each place of a listing.

    Parameters
    ----------
    rows : (n_places,) row of the item; ``NEW`` or ``HELD`` where there is none
    changed : places of items that hold something else than before
    held : those that wait for a person
    taken_up : rows of items whose place another item has taken
    contents : hashes of the files that were read on the way, by place
    """

    rows: list[int]
    changed: set[int] = field(default_factory=set)
    held: list[Undecided] = field(default_factory=list)
    taken_up: set[int] = field(default_factory=set)
    contents: Mapping[int, str | None] = field(default_factory=dict)

    def attach(self, place: int, item: ItemRow, *, changed: bool = False) -> None:
        """Say which item is at a place."""
        self.rows[place] = item.row
        if changed:
            self.changed.add(place)

    def open_places(self) -> list[int]:
        """Return the places that have no item yet."""
        return [place for place, row in enumerate(self.rows) if row == NEW]

    def free(self, items: Iterable[ItemRow]) -> list[ItemRow]:
        """Return the items that have no place yet."""
        taken = set(self.rows)
        return [item for item in items if item.row not in taken]

    def spoken_for(self) -> set[int]:
        """Return the rows of items that are not gone: they wait, or another took their place."""
        waiting = (row for one in self.held for row in (one.by_id, one.by_content))
        return {*(row for row in waiting if row is not None), *self.taken_up}

    def hold(self, undecided: Iterable[Undecided]) -> None:
        """Leave it to a person what is at these places."""
        for one in undecided:
            self.held.append(one)
            self.rows[one.place] = HELD

    def decide(self, undecided: Sequence[Undecided]) -> None:
        """Let ids decide where only few of them hold something else than before, else a person.

        Where none holds what it held nothing vouches for the ids.
        """
        n_changed = sum(one.by_id is not None for one in undecided)
        n_same = sum(row >= 0 for row in self.rows)
        is_moved = any(one.by_content is not None for one in undecided)
        if is_moved or n_changed > min(n_same, tolerated(n_same + n_changed)):
            self.hold(undecided)
            return
        for one in undecided:
            if one.by_id is not None:
                self.rows[one.place] = one.by_id
                self.changed.add(one.place)


def tolerated(n_compared: int) -> int:
    """Return how many contents may differ under ids that are trusted.

    Examples
    --------
    >>> tolerated(3), tolerated(199), tolerated(5_000)
    (1, 1, 50)
    """
    return max(1, int(TOLERATED * n_compared))


def match_rows(items: Sequence[ItemRow], listing: Listing) -> Matching:
    """Match the rows of a table, or of an array.

    Parameters
    ----------
    items : all that there ever were, by row
    listing : what the source holds now
    """
    found = Matching([NEW] * len(listing))
    known = _known(items)
    have_ids = listing.named_by is not None and listing.passages is None
    if have_ids:
        names, hashes = listing.names, listing.hashes
        _pair(found, known, lambda i: (i.name, i.content_hash), lambda p: (names[p], hashes[p]))
        if not found.open_places():  # nearly always
            return found
        if not (is_counter(names) or is_counter(item.name for item in items)):
            _by_ids(found, known, listing)
            return found
    _pair(found, found.free(known), lambda i: i.content_hash, listing.hashes.__getitem__)
    _by_anchors(found, known, listing)
    return found


def match_files(
    items: Sequence[ItemRow], listing: Listing, content_of: Callable[[int], str | None]
) -> Matching:
    """Match files: a path is an id, and what a file holds says where it was moved to.

    A file whose size and time are the same is taken to be the same.

    Parameters
    ----------
    items, listing : as of :func:`match_rows`
    content_of : reads the file at a place; None if it cannot be read
    """
    found = Matching([NEW] * len(listing))
    known = _known(items)
    by_path = {path_key(item): item for item in reversed(known)}  # one that is there wins
    touched: dict[int, ItemRow] = {}
    for place, (anchor, stamp) in enumerate(zip(listing.anchors, listing.stamps, strict=True)):
        item = by_path.get(anchor or "")
        if item is None:
            continue
        if stamp == (item.size, item.mtime_ns):
            found.attach(place, item)
        else:
            touched[place] = item
    _settle_touched(found, touched, content_of)
    missed = found.free(known)
    rewritten = {item.row for item in touched.values()}
    missed.sort(key=lambda item: item.row in rewritten)  # what is gone was moved, more likely
    _pair_moved(found, missed, listing, content_of)
    left = set(found.rows)
    undecided = [
        Undecided(place, item.row, None)
        for place, item in touched.items()
        if found.rows[place] == NEW and item.row not in left
    ]
    found.decide(undecided)
    return found


def path_key(item: ItemRow) -> str:
    """Return what stands for the path of an item's file."""
    return item.anchor or item.item_id


def is_place(name: str) -> bool:
    """Tell whether a name says where a row stands, and is no id."""
    return _PLACE.fullmatch(name) is not None


def is_counter(names: Iterable[str]) -> bool:
    """Tell whether names only count the rows, such as an index that pandas wrote.

    Examples
    --------
    >>> is_counter(["0", "1", "2"]), is_counter(["row7", "row8"]), is_counter(["1", "3", "2"])
    (True, True, False)
    """
    before: tuple[str, int] | None = None
    for name in names:
        if is_place(name):
            continue
        part = _COUNTED.fullmatch(name)
        now = (part[1], int(part[2])) if part else None
        if now is None or (before is not None and now != (before[0], before[1] + 1)):
            return False
        before = now
    return True


def _known(items: Sequence[ItemRow]) -> list[ItemRow]:
    """Return the items that a place may be, those that are there first."""
    there = [item for item in items if item.state != GONE]
    return [*there, *(i for i in items if i.state == GONE and i.reason != TAKEN_UP)]


def _pair(
    found: Matching,
    free: Sequence[ItemRow],
    key_of_item: Callable[[ItemRow], Hashable],
    key_at: Callable[[int], Hashable],
) -> None:
    """Attach items to the places with the same key; the first to the first where several are."""
    n = 0
    for item, row in zip(free, found.rows, strict=False):  # nearly always all is as it was
        if row != NEW or key_of_item(item) != key_at(n):
            break
        found.rows[n] = item.row
        n += 1
    waiting: dict[Hashable, list[ItemRow]] = defaultdict(list)
    for item in reversed(free[n:]):
        waiting[key_of_item(item)].append(item)
    for place in range(n, len(found.rows)):
        if found.rows[place] == NEW and (same := waiting.get(key_at(place))):
            found.attach(place, same.pop())


def _by_ids(found: Matching, known: Sequence[ItemRow], listing: Listing) -> None:
    """Attach what has the same id: first where the text is the same too, then where few differ."""
    by_name = {i.name: i for i in reversed(found.free(known)) if not is_place(i.name)}
    for place in found.open_places():
        item = by_name.get(listing.names[place])
        if item is not None and item.anchor is not None and item.anchor == listing.anchors[place]:
            found.attach(place, item, changed=True)
    contents = _unique([(i.content_hash, i) for i in known], listing.hashes)
    texts = _unique([(i.anchor, i) for i in known], listing.anchors)
    free = {item.row for item in found.free(known)}
    undecided = []
    for place in found.open_places():
        item = by_name.get(listing.names[place])
        other = contents.get(listing.hashes[place]) or texts.get(listing.anchors[place])
        by_id = item.row if item is not None and item.row in free else None
        by_content = other.row if other is not None and other.row in free else None
        if other is not None and by_content is not None and is_place(listing.names[place]):
            found.attach(place, other, changed=other.content_hash != listing.hashes[place])
            free.discard(other.row)
        elif by_id is not None or by_content is not None:
            undecided.append(Undecided(place, by_id, by_content))
    found.decide(undecided)


def _by_anchors(found: Matching, known: Sequence[ItemRow], listing: Listing) -> None:
    """Attach what has the same text, where no other item or row has it."""
    places = found.open_places()
    if not places:
        return
    texts = _unique([(item.anchor, item) for item in known], listing.anchors)
    free = {item.row for item in found.free(known)}
    for place in places:
        item = texts.get(listing.anchors[place])
        if item is not None and item.row in free:
            found.attach(place, item, changed=True)


def _unique(
    pairs: Sequence[tuple[str | None, ItemRow]], keys: Sequence[str | None]
) -> Mapping[str | None, ItemRow]:
    """Return the items whose key no other item has, and that one place has."""
    of_items, of_places = Counter(key for key, _ in pairs), Counter(keys)
    return {
        key: item for key, item in pairs if key is not None and of_items[key] == of_places[key] == 1
    }


def _settle_touched(
    found: Matching, touched: Mapping[int, ItemRow], content_of: Callable[[int], str | None]
) -> None:
    """Attach files that were written anew and hold the same, or of which nobody can tell."""
    for place, item in touched.items():
        content = content_of(place)
        if content is None or content == item.content_hash:
            found.attach(place, item)
        elif item.content_hash is None:
            found.attach(place, item, changed=True)


def _pair_moved(
    found: Matching,
    free: Sequence[ItemRow],
    listing: Listing,
    content_of: Callable[[int], str | None],
) -> None:
    """Attach files that lie under another path now; read are those of a missed size."""
    missed = [item for item in free if item.content_hash is not None]
    sizes = {item.size for item in missed}
    contents: list[Hashable] = [None] * len(listing)
    for place in found.open_places():
        if missed and listing.stamps[place][0] in sizes:
            contents[place] = content_of(place)
    _pair(found, missed, lambda i: i.content_hash, contents.__getitem__)
