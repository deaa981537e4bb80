"""What has changed in a source since the last run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparing.datasets.items import shown_names
from sparing.errors import SourceError
from sparing.project.source.items import Listing, hash_file
from sparing.store import ItemRow

PRESENT = "present"
GONE = "gone"
UNREADABLE = "unreadable"
ITEMS_STAMP = "items_stamp"
"""The setting that changes whenever items do."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the items that are new, gone, back or different; ``changed_ids`` are keys."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    changed_ids: frozenset[str] = frozenset()

    def said(self) -> list[str]:
        """Return a sentence for each kind of change.

        Examples
        --------
        >>> Changes(added=("a.png", "b.png"), changed=("c.png",)).said()
        ['2 new since the last run: a.png, b.png.',
         '1 changed since the last run: c.png. Its label is kept: look at it again.']
        """
        parts = (
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


def _look_again(n: int) -> str:
    if n == 1:
        return " Its label is kept: look at it again."
    return " Their labels are kept: look at them again."


def reconcile(stored: Sequence[ItemRow], listing: Listing) -> tuple[list[ItemRow], Changes]:
    """Compare what the store knows with what is there now.

    A file whose size and time are the same is taken to be the same; else its content decides.

    Returns
    -------
    the rows to put into the store, new ones at the end; and what to tell the person
    """
    known = {row.item_id: row for row in stored}
    updates: list[ItemRow] = []
    added, returned, changed, changed_ids = [], [], [], set()
    n_rows = len(stored)
    for i, item_id in enumerate(listing.ids):
        if item_id not in known:
            updates.append(_new_row(n_rows, listing, i))
            added.append(listing.names[i])
            n_rows += 1
            continue
        before = known[item_id]
        if _is_same(before, listing, i):  # nearly all of them: there may be a million
            continue
        now = _updated(before, listing, i)
        updates.append(now)
        if before.state == GONE:
            returned.append(now.name)
        if _is_different(before, now):
            changed.append(now.name)
            changed_ids.add(item_id)
    there = set(listing.ids)
    gone = [row for row in stored if row.item_id not in there and row.state != GONE]
    updates += [replace(row, state=GONE, reason=None) for row in gone]
    names = tuple(row.name for row in gone)
    told = Changes(tuple(added), names, tuple(returned), tuple(changed), frozenset(changed_ids))
    return updates, told if stored else Changes()


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


def _is_same(before: ItemRow, listing: Listing, i: int) -> bool:
    return (
        before.state != GONE
        and before.name == listing.names[i]
        and (before.size, before.mtime_ns) == listing.stamps[i]
    )


def _new_row(row: int, listing: Listing, i: int) -> ItemRow:
    size, mtime = listing.stamps[i]
    return ItemRow(row, listing.ids[i], listing.names[i], size, mtime, listing.hashes[i])


def _updated(before: ItemRow, listing: Listing, i: int) -> ItemRow:
    size, mtime = listing.stamps[i]
    same_file = (before.size, before.mtime_ns) == (size, mtime)
    content = before.content_hash if same_file else _hash_now(listing, i)
    return replace(
        before,
        name=listing.names[i],
        size=size,
        mtime_ns=mtime,
        content_hash=content,
        state=before.state if same_file and before.state != GONE else PRESENT,
        reason=before.reason if same_file and before.state != GONE else None,
    )


def _is_different(before: ItemRow, now: ItemRow) -> bool:
    if (before.size, before.mtime_ns) == (now.size, now.mtime_ns):
        return False
    return before.content_hash is None or before.content_hash != now.content_hash


def _hash_now(listing: Listing, i: int) -> str | None:
    if listing.hashes[i] is not None or not isinstance(listing.values[i], Path):
        return listing.hashes[i]
    try:
        return hash_file(listing.values[i])
    except SourceError:  # found again, and told, when it is decoded
        return None
