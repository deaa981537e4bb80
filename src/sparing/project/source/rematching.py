"""What a person decides where an item cannot be found in the source by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparing.errors import ConflictError, InvalidInputError, NotFoundError, UnknownNameError
from sparing.project.locked_state import Guarded
from sparing.project.multiprocess import alone_on_duty
from sparing.project.source.changes import Reconciled, matched, settled
from sparing.project.source.items import Listing
from sparing.project.source.matching import HELD, NEW, TAKEN_UP, Matching, is_place
from sparing.store import ItemRow, Store

BY_ID, BY_CONTENT, BY_PLACE = "id", "content", "place"
WAYS = (BY_ID, BY_CONTENT, BY_PLACE)
SAID = {
    BY_ID: "the same id, and something else in it",
    BY_CONTENT: "the same content, under another id",
    BY_PLACE: "where it stood, between the same neighbors",
}
OF_ONE_TEXT = (
    "Spans are places in a text: of another text they would mark other words. It is asked anew."
)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An item that was spoken of and is not in the source.

    Parameters
    ----------
    item_id, name : its key, and its name when it was there
    label : its answer; None if only a flag or a comment is on it
    is_now : name of what it may be now; None where nothing suggests itself
    why : what speaks for that
    text : what is there now under ``is_now``
    """

    item_id: str
    name: str
    label: str | None
    is_now: str | None = None
    why: str = ""
    text: str = ""


class Rematching:
    """Finds items again by hand; of :class:`sparing.project.Project`.

    Parameters
    ----------
    store : of the project
    guarded : its state
    list_items : lists the source
    """

    def __init__(self, store: Store, guarded: Guarded, list_items: Callable[[], Listing]) -> None:
        self._folder = guarded.folder
        self._store = store
        self._guarded = guarded
        self._list_items = list_items

    def unmatched(self) -> list[Unmatched]:
        """Return the items that were spoken of and are not in the source."""
        view = self._view()
        told = {row: (way, place) for way in reversed(WAYS) for row, place in view.pairs(way)}
        return [self._unmatched(view, row, *told.get(row, ("", None))) for row in view.lost()]

    def match(self, pairs: Mapping[str, str]) -> None:
        """Say what items are now; what else waits goes on waiting.

        Parameters
        ----------
        pairs : key of an item that is not there -> name of what it is now, or its key

        Raises
        ------
        NotFoundError : there is no such item, or nothing of that name
        InvalidInputError : spans are marked; or an item is in the source, or two are said to be
            the same, or what it is said to be was answered by itself
        ConflictError : an audit is open
        """
        view = self._view()
        if pairs and view.listing.passages is not None:
            raise InvalidInputError(OF_ONE_TEXT)
        self._take(view, {view.row(key): view.place(now) for key, now in pairs.items()})

    def match_by(self, way: str) -> int:
        """Decide for all that waits and all that is lost; return how many items are back.

        What the way does not find becomes a new item.

        Parameters
        ----------
        way : ``"id"``: contents were changed; ``"content"``: ids were given anew; ``"place"``:
            what stands between the same neighbors

        Raises
        ------
        UnknownNameError, ConflictError
        """
        if way not in WAYS:
            raise UnknownNameError("way to match", way, WAYS)
        view = self._view()
        pairs = dict(view.pairs(way))
        self._take(view, pairs, release=True)
        return len(pairs)

    def _view(self) -> "_View":
        listing = self._list_items()
        with self._guarded.held() as state:
            rows = [*state.rows]
            spoken = {i for i, said in state.replay.items.items() if said.is_touched}
        return _View(rows, listing, matched(rows, listing), spoken)

    def _unmatched(self, view: "_View", row: int, way: str, place: int | None) -> Unmatched:
        item = view.rows[row]
        with self._guarded.held() as state:
            answer = state.answer_of(state.replay.of(item.item_id).answer)
        label = answer.class_name if answer else None
        if place is None:
            return Unmatched(item.item_id, item.name, label)
        there = view.listing.item(place)
        text = there.text or " | ".join((there.fields or {}).values())
        return Unmatched(item.item_id, item.name, label, view.listing.names[place], SAID[way], text)

    def _take(self, view: "_View", pairs: Mapping[int, int], *, release: bool = False) -> None:
        with alone_on_duty(self._store, self._folder, "opening"), self._guarded.held() as state:
            if state.drawn_rows:
                raise ConflictError("An audit is open: answer it, or give it up, then match.")
            found = view.settled(pairs, release=release)
            state.take_source(self._store, found)


@dataclass(frozen=True, eq=False, slots=True)
class _View:
    """What is known, what is there, and how they fit; ``spoken`` are keys of items spoken of."""

    rows: Sequence[ItemRow]
    listing: Listing
    found: Matching
    spoken: set[str]

    def lost(self) -> list[int]:
        """Return the rows of items that were spoken of and have no place."""
        there = set(self.found.rows)
        return [
            item.row
            for item in self.rows
            if item.row not in there and item.item_id in self.spoken and item.reason != TAKEN_UP
        ]

    def row(self, key: str) -> int:
        """Return the row of an item that is not there."""
        found = next((item.row for item in self.rows if item.item_id == key), None)
        if found is None:
            raise NotFoundError(f"There is no item '{key}'.")
        if found in self.found.rows:
            raise InvalidInputError(
                f"'{self.rows[found].name}' is in the source: nothing to match."
            )
        return found

    def place(self, name: str) -> int:
        """Return the place that bears a name, or whose item has this key."""
        keys = {self.rows[row].item_id: p for p, row in enumerate(self.found.rows) if row >= 0}
        names = {one: place for place, one in enumerate(self.listing.names)}
        found = names.get(name, keys.get(name))
        if found is None:
            raise NotFoundError(f"The source has nothing called '{name}'.")
        return found

    def is_free(self, place: int) -> bool:
        """Tell whether another item may take this place: nobody has spoken of what is there."""
        row = self.found.rows[place]
        return row in (NEW, HELD) or self.rows[row].item_id not in self.spoken

    def pairs(self, way: str) -> Iterator[tuple[int, int]]:
        """Yield (row, place) of the lost items that are found in one way."""
        if self.listing.passages is not None:  # the same text is the same item already
            return
        lost = set(self.lost())
        if way == BY_PLACE:
            yield from self._by_place(lost)
            return
        for one in self.found.held:
            row = one.by_id if way == BY_ID else one.by_content
            if row in lost:
                yield row, one.place
                lost.discard(row)
        if way == BY_ID and self.listing.named_by is not None:
            names = {name: p for p, name in enumerate(self.listing.names) if not is_place(name)}
            for row in sorted(lost):
                place = names.get(self.rows[row].name)
                if place is not None and self.is_free(place):
                    yield row, place

    def _by_place(self, lost: set[int]) -> Iterator[tuple[int, int]]:
        """Yield those of a run of gone items in whose place as many new ones stand.

        Rows are given in the order of the source, later ones at the end, so that the row before a
        run is a neighbor that stayed, and the row after it is one too unless it stands in the run's
        own place. At the begin or the end of the source one neighbor is enough, never none.
        """
        place_of = {row: place for place, row in enumerate(self.found.rows) if row >= 0}
        rows = [item.row for item in self.rows if item.reason != TAKEN_UP]
        first = 0
        while first < len(rows):
            last = first
            while last < len(rows) and rows[last] not in place_of:
                last += 1
            run = rows[first:last]
            begin = place_of[rows[first - 1]] + 1 if first else 0
            gap = range(begin, begin + len(run))
            after = place_of[rows[last]] if last < len(rows) else begin
            if has_next := after not in gap:
                is_closed = gap.stop == after
            else:
                is_closed = gap.stop == len(self.listing)
            if run and is_closed and (first or has_next) and self._are_new(gap, run[-1]):
                yield from (pair for pair in zip(run, gap, strict=True) if pair[0] in lost)
            first = last + 1

    def _are_new(self, gap: range, last: int) -> bool:
        """Tell whether all at these places came after a row, and is nobody's answer yet."""
        rows = (self.found.rows[place] for place in gap)
        return all(row in (NEW, HELD) or row > last for row in rows) and all(map(self.is_free, gap))

    def settled(self, pairs: Mapping[int, int], *, release: bool) -> Reconciled:
        """Return what follows once these rows are at these places."""
        if len(set(pairs.values())) < len(pairs):
            raise InvalidInputError("Two items cannot be the same one now.")
        for row, place in pairs.items():
            if not self.is_free(place):
                name = self.listing.names[place]
                raise InvalidInputError(f"'{name}' was answered by itself: undo that first.")
            if self.found.rows[place] >= 0:
                self.found.taken_up.add(self.found.rows[place])
            self.found.rows[place] = row
            self.found.changed.add(place)
        waiting = [one for one in self.found.held if one.place not in pairs.values()]
        self.found.held = [] if release else waiting
        for one in waiting if release else ():
            self.found.rows[one.place] = NEW
        return settled(self.rows, self.listing, self.found)
