"""Which items two people are asked about, neither knowing what the other said."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sparing.project.log.replay import ItemState
from sparing.store import Event, Kind

PURPOSES = ("train", "audit")


@dataclass(frozen=True, slots=True)
class Overlap:
    """The wanted share of items with two answers; which ones follows from the seed alone.

    Parameters
    ----------
    share : of the items, in [0, 1]
    seed : of the project

    Examples
    --------
    >>> tenth = Overlap(0.1, seed=7)
    >>> sum(tenth.covers(f"item {i}") for i in range(10_000))
    981
    >>> Overlap(0.0).covers("item 1"), Overlap(1.0).covers("item 1")
    (False, True)
    """

    share: float = 0.0
    seed: int = 0

    def covers(self, item_id: str) -> bool:
        """Tell whether an item is to have two answers."""
        if not self.share:
            return False
        drawn = hashlib.blake2b(f"{self.seed} {item_id}".encode(), digest_size=6).digest()
        return int.from_bytes(drawn) < self.share * (1 << 48)


class Sharing:
    """The answered items that wait for the eyes of a second person.

    Only people with names can be told apart: what was answered without one waits for nobody, and
    nobody without a name is asked.

    Parameters
    ----------
    overlap : which items are meant
    """

    def __init__(self, overlap: Overlap) -> None:
        self.overlap = overlap
        self._first: dict[str, Event] = {}

    def note(self, item_id: str, item: ItemState) -> None:
        """Take into account what holds of an item now."""
        first = waiting(item) if self.overlap.covers(item_id) else None
        if first is not None:
            self._first[item_id] = first
        else:
            self._first.pop(item_id, None)

    def wants(self, item_id: str, annotator: str) -> bool:
        """Tell whether a person is to be asked blind about an item that another has answered."""
        first = self._first.get(item_id)
        return first is not None and annotator not in ("", first.annotator)

    def wanted_of(self, annotator: str) -> Iterator[str]:
        """Yield the items on which a person's opinion is wanted, the longest answered first."""
        return (item_id for item_id in self._first if self.wants(item_id, annotator))


def waiting(item: ItemState) -> Event | None:
    """Return the one answer of an item that may wait for a second opinion; None: it does not."""
    first = item.votes[0] if len(item.votes) == 1 else None
    if first is None or first is not item.answer or first.kind is not Kind.LABEL:
        return None
    return first if first.purpose in PURPOSES and first.annotator else None
