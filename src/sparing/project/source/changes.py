"""What has changed in a source since the last run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparing.datasets.items import shown_names
from sparing.errors import SourceError
from sparing.project.source.items import GONE, PRESENT, Listing, hash_file
from sparing.project.source.matching import (
    HELD,
    NEW,
    TAKEN_UP,
    Matching,
    Undecided,
    match_files,
    match_rows,
)
from sparing.store import ItemRow

ITEMS_STAMP = "items_stamp"
"""The setting that changes whenever items do."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the items that are new, gone, back or different; ``changed_ids`` are keys.

    ``held`` are the names of what is there and waits for a person to say which item it is.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    changed_ids: frozenset[str] = frozenset()
    held: tuple[str, ...] = ()

    def said(self) -> list[str]:
        """Return a sentence for each kind of change.

        Examples
        --------
        >>> Changes(added=("a.png", "b.png"), changed=("c.png",)).said()
        ['2 new since the last run: a.png, b.png.',
         '1 changed since the last run: c.png. Its label is kept: look at it again.']
        """
        parts = (
            (self.held, "neither asked nor learned from", HELD_BACK),
            (self.added, "new since the last run", ""),
            (self.removed, "gone since the last run", " Labels are kept."),
            (self.returned, "back again", ""),
            (self.changed, "changed since the last run", _look_again(len(self.changed))),
        )
        return [
            f"{len(names):,} {what}: {shown_names(names)}.{more}"
            for names, what, more in parts
            if names
        ]


HELD_BACK = (
    " Their ids or paths say one thing and what they hold another, so that an answer could move to"
    " a wrong item: 'sparing match' shows them, and lets you choose. No answer is lost."
)


def _look_again(n: int) -> str:
    if n == 1:
        return " Its label is kept: look at it again."
    return " Their labels are kept: look at them again."


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A source and a store brought together.

    Parameters
    ----------
    updates : the rows to put into the store, new ones at the end
    changes : what to tell the person
    listing : the items that are there, under their keys
    held : the places of the listing as it was that wait for a person
    """

    updates: list[ItemRow]
    changes: Changes
    listing: Listing
    held: tuple[Undecided, ...] = ()


def reconcile(stored: Sequence[ItemRow], listing: Listing) -> Reconciled:
    """Compare what the store knows with what is there now."""
    return settled(stored, listing, matched(stored, listing))


def matched(stored: Sequence[ItemRow], listing: Listing) -> Matching:
    """Say which stored item is at each place of a listing."""
    if not listing.is_files:
        return match_rows(stored, listing)
    contents: dict[int, str | None] = {}

    def content_of(place: int) -> str | None:
        if place not in contents:
            contents[place] = content_at(listing, place)
        return contents[place]

    found = match_files(stored, listing, content_of)
    found.contents = contents
    return found


def attached(stored: Sequence[ItemRow], listing: Listing) -> Listing:
    """Return a listing under the keys of a store that has been brought together with it before.

    What the store does not know as it is now is left out: the next run decides what it is.
    """
    there = [item for item in stored if item.state != GONE]
    found = matched(there, listing)
    for place in found.changed:
        if not listing.is_files:
            found.rows[place] = HELD
    keys = {item.row: item.item_id for item in there}
    return _under(listing, [keys.get(row) for row in found.rows])


def settled(stored: Sequence[ItemRow], listing: Listing, found: Matching) -> Reconciled:
    """Return what follows from which item is at which place."""
    fresh = _Fresh(stored)
    updates: list[ItemRow] = []
    keys: list[str | None] = []
    told: dict[str, list[ItemRow]] = {"added": [], "returned": [], "changed": []}
    for place, row in enumerate(found.rows):
        if row == HELD:
            keys.append(None)
            continue
        now = fresh.item(listing, place) if row == NEW else stored[row]
        keys.append(now.item_id)
        if row == NEW:
            told["added"].append(now)
        elif _is_same(now, listing, place):  # nearly all of them: there may be a million
            continue
        else:
            before, now = now, _updated(now, listing, found, place)
            told["returned"] += [now] if before.state == GONE else []
            told["changed"] += [now] if place in found.changed else []
        updates.append(now)
    gone = _gone(stored, found)
    names = {what: tuple(item.name for item in items) for what, items in told.items()}
    changes = Changes(
        **names,
        removed=tuple(item.name for item in gone if item.row not in found.spoken_for()),
        changed_ids=frozenset(item.item_id for item in told["changed"]),
        held=tuple(listing.names[one.place] for one in found.held),
    )
    return Reconciled(
        [*updates, *gone],
        changes if stored else Changes(),
        _under(listing, keys),
        tuple(found.held),
    )


def applied(stored: Sequence[ItemRow], updates: Sequence[ItemRow]) -> list[ItemRow]:
    """Return the rows as the store has them once the updates are in it.

    Examples
    --------
    >>> a, b, c = ItemRow(0, "a", "a.png"), ItemRow(0, "a", "A.png"), ItemRow(1, "c", "c.png")
    >>> applied([a], [b, c]) == [b, c]
    True
    """
    rows = [*stored]
    for item in updates:
        rows[item.row : item.row + 1] = [item]  # new ones come at the end, in order
    return rows


class _Fresh:
    """Makes items of what was never there before, with rows and keys that no other has."""

    def __init__(self, stored: Sequence[ItemRow]) -> None:
        self._n_rows = len(stored)
        self._keys = {item.item_id for item in stored}
        self._last: dict[str, int] = {}

    def item(self, listing: Listing, place: int) -> ItemRow:
        """Return a new item for a place of a listing."""
        key = listing.ids[place]
        stem = key.partition("-")[0]
        while key in self._keys:
            self._last[stem] = self._last.get(stem, 1) + 1
            key = f"{stem}-{self._last[stem]}"
        self._keys.add(key)
        size, mtime = listing.stamps[place]
        row, self._n_rows = self._n_rows, self._n_rows + 1
        name, content, anchor = listing.names[place], listing.hashes[place], listing.anchors[place]
        return ItemRow(row, key, name, size, mtime, content, anchor=anchor)


def _is_same(before: ItemRow, listing: Listing, place: int) -> bool:
    content = listing.hashes[place]
    return (
        before.state != GONE
        and before.name == listing.names[place]
        and (before.size, before.mtime_ns) == listing.stamps[place]
        and before.anchor == listing.anchors[place]
        and (content is None or content == before.content_hash)
    )


def _updated(before: ItemRow, listing: Listing, found: Matching, place: int) -> ItemRow:
    size, mtime = listing.stamps[place]
    is_untouched = (before.size, before.mtime_ns) == (size, mtime) and before.state != GONE
    content = found.contents.get(place, listing.hashes[place])
    return replace(
        before,
        name=listing.names[place],
        size=size,
        mtime_ns=mtime,
        content_hash=content or before.content_hash,
        state=before.state if is_untouched else PRESENT,
        reason=before.reason if is_untouched else None,
        anchor=listing.anchors[place],
    )


def _gone(stored: Sequence[ItemRow], found: Matching) -> list[ItemRow]:
    """Return the items that were there and are not any more."""
    there = set(found.rows)
    lost = [item for item in stored if item.row not in there and item.state != GONE]
    return [
        replace(item, state=GONE, reason=TAKEN_UP, content_hash=None, anchor=None)
        if item.row in found.taken_up
        else replace(item, state=GONE, reason=None)
        for item in lost
    ]


def _under(listing: Listing, keys: Sequence[str | None]) -> Listing:
    """Return a listing under these keys, without the places that have none."""
    kept = [place for place, key in enumerate(keys) if key is not None]
    return replace(listing.take(kept), ids=[key for key in keys if key is not None])


def content_at(listing: Listing, place: int) -> str | None:
    """Return the hash of what is at a place; None if it cannot be read."""
    value = listing.values[place]
    if listing.hashes[place] is not None or not isinstance(value, Path):
        return listing.hashes[place]
    try:
        return hash_file(value)
    except SourceError:  # found again, and told, when it is decoded
        return None
