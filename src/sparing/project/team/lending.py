"""Asking an item of one person at a time: it is leased before it is shown."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sparing.project.grid.views import ClusterCheck, GridPage
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.views import Asked
from sparing.store import Store, Wish

LEASE_SECONDS = 300.0
MOST_TRIES = 10  # others may be quicker a few times, not always

Ask = Callable[[int, Collection[str]], Sequence[Asked]]
AskPage = Callable[[int, Collection[str]], GridPage]


@dataclass(frozen=True, slots=True)
class Lent:
    """What somebody may be asked.

    Parameters
    ----------
    items : leased to whoever asked
    n_elsewhere : items that others have on their screens and are yet to answer, where there is
        nothing else to ask
    """

    items: list[Asked]
    n_elsewhere: int = 0


class Lending:
    """Leases items of a project before they are shown, and shows none that was just answered.

    Parameters
    ----------
    store : of the project
    guarded : its state
    log : brings the state up to date
    """

    def __init__(self, store: Store, guarded: Guarded, log: EventLog) -> None:
        self._store = store
        self._guarded = guarded
        self._log = log
        # What others ask for at this moment: else all would look at the same items, and again.
        self._wished: set[str] = set()
        self._turn = threading.Lock()

    def lend(self, holder: str, n: int, held: Collection[str], ask: Ask) -> Lent:
        """Return up to ``n`` items that nobody else is asked.

        Parameters
        ----------
        holder : who asks: one page in one browser
        n : how many
        held : items that the holder has already; their leases are prolonged
        ask : returns up to so many items, without some
        """
        for _ in range(MOST_TRIES):
            with self._turn:
                others = self._elsewhere(holder)
                with self._guarded.held() as state:
                    found = ask(n, {*held, *others, *self._wished})
                    before = {a.item.item_id: state.replay.of(a.item.item_id) for a in found}
                self._wished.update(before)
            mine = self._leased(Wish(holder, list(before), n, LEASE_SECONDS, list(held)))
            items = self._unchanged(found, before, mine)
            if items:
                return Lent(items)
            if not found:
                break
        return Lent([], self._to_answer(others))

    def lend_page(self, holder: str, n: int, ask: AskPage) -> GridPage:
        """Return a page of up to ``n`` open items that nobody else is asked.

        Parameters
        ----------
        holder : who asks: one page in one browser
        n : how many
        ask : returns a page of up to so many items, without some; it may take its time, as nobody
            waits for it
        """
        for _ in range(MOST_TRIES):
            others = self._elsewhere(holder)
            page = ask(n, others)
            wanted = [asked.item.item_id for asked in page.items]
            mine = self._store.lease(Wish(holder, wanted, n, LEASE_SECONDS)) if wanted else []
            items = self._still_open(page.items, mine)
            if items:
                return replace(page, items=items)
            if not wanted:
                break
        return replace(page, items=[], n_elsewhere=ask(1, ()).n_open if others else 0)

    def spare(self, holder: str | None, check: ClusterCheck) -> ClusterCheck:
        """Leave out of a cluster that may be labeled whole what others have on their screens.

        Parameters
        ----------
        holder : who asks: one page in one browser; None: whatever is on a screen is left out
        check : how far its check has come
        """
        others = self._elsewhere(holder)
        mine = [item for item in check.item_ids if item not in others]
        return replace(check, item_ids=mine, n_elsewhere=len(check.item_ids) - len(mine))

    def hold(self, holder: str, items: Collection[str]) -> list[str]:
        """Prolong leases; return the items that the holder still has."""
        return self._store.lease(Wish(holder, (), 0, LEASE_SECONDS, self._there(items)))

    def let_go(self, holder: str, items: Collection[str] | None = None) -> None:
        """Free items that the holder will not answer; None: all that it has."""
        self._store.release(holder, None if items is None else self._there(items))

    def _there(self, items: Collection[str]) -> list[str]:
        """Return those that are items; what pages send may be nothing that a database can hold."""
        with self._guarded.held() as state:
            return [item for item in items if item in state.row_of]

    def _elsewhere(self, holder: str | None) -> set[str]:
        return {item for item, who in self._store.leases().items() if who != holder}

    def _to_answer(self, items: Collection[str]) -> int:
        """Return how many of these items somebody has to answer; the others are looked at."""
        with self._guarded.held() as state:
            row_of = state.row_of
            return sum(state.is_to_answer(row_of[i]) for i in items if i in row_of)

    def _leased(self, wish: Wish) -> list[str]:
        try:
            return self._store.lease(wish)
        finally:
            with self._turn:
                self._wished.difference_update(wish.wanted)

    def _unchanged(
        self, found: Sequence[Asked], before: Mapping[str, object], mine: list[str]
    ) -> list[Asked]:
        """Leave out what somebody has answered between the look at it and the lease of it."""
        self._log.take_events()
        leased = [asked for asked in found if asked.item.item_id in mine]
        with self._guarded.held() as state:
            return [
                asked
                for asked in leased
                if state.replay.of(asked.item.item_id) == before[asked.item.item_id]
            ]

    def _still_open(self, found: Sequence[Asked], mine: Collection[str]) -> list[Asked]:
        self._log.take_events()
        with self._guarded.held() as state:
            is_open, row_of = state.is_open, state.row_of
            return [
                asked
                for asked in found
                if asked.item.item_id in mine and is_open(row_of[asked.item.item_id])
            ]
