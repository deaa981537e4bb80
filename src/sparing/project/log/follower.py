"""Keeping the memory of a project in step with its store, whoever writes to it."""

import time
from collections.abc import Callable

from sparing.errors import SourceError
from sparing.project.learning.scores import read_scores
from sparing.project.locked_state import Guarded
from sparing.project.source.changes import attached
from sparing.project.source.contents import read_contents
from sparing.project.source.items import Listing
from sparing.project.state import State
from sparing.store import Store, Version

EVERY = 0.2  # seconds between two looks at what other processes have written


class Follower:
    """Reads on where it stopped: events come to the memory through it alone, each once, in order.

    The store makes events visible in the order of their numbers, so that none is missed.

    Parameters
    ----------
    store : of the project
    guarded : its state
    list_items : lists the source
    is_writable : whether this process may write to the store
    """

    def __init__(
        self,
        store: Store,
        guarded: Guarded,
        list_items: Callable[[], Listing],
        *,
        is_writable: bool,
    ) -> None:
        self._is_writable = is_writable
        self._folder = guarded.folder
        self._store = store
        self._guarded = guarded
        self._list_items = list_items
        with guarded.held() as state:
            self._read = state.replay.last_seq
        self._looked = time.monotonic()

    def take_events(self, at_least: int = 0) -> None:
        """Apply the events that are new; nothing is read if ``at_least`` is known already."""
        with self._guarded.held() as state:
            if at_least and self._read >= at_least:
                return
            events = self._store.events(self._read)
            state.apply(events)
            self._read = events[-1].seq if events else self._read

    def is_due(self) -> bool:
        """Tell whether the last look at what others have written was more than a moment ago."""
        return time.monotonic() - self._looked >= EVERY

    def take_all(self) -> None:
        """Take over what others have written: model versions, new items, events, vectors."""
        with self._guarded.held() as state:
            self._looked = time.monotonic()
            self.take_versions()
            self.take_events()
            is_waiting = bool(state.versions) and not state.is_encoded
        if is_waiting:
            self.take_contents()

    def take_versions(self) -> None:
        """Adopt the model versions that others have made, by the newest of them."""
        with self._guarded.held() as state:
            versions = self._store.versions(state.version)
            if versions:
                self._adopt(state, versions)

    def take_contents(self) -> bool:
        """Read what encoding found out, such as files that are damaged; say whether it was new."""
        with self._guarded.held() as state:
            encoder = state.settings.encoder
            found = read_contents(self._folder, state.rows, encoder)
            if found is None:
                return False
            updates = state.learned(found)
        if self._is_writable:
            self._store.put_items(updates)
        return bool(updates)

    def _adopt(self, state: State, versions: list[Version]) -> None:
        try:
            scores = read_scores(self._folder.scores(versions[-1]))
        except SourceError:  # a newer one has taken its place: it is read the next time
            return
        if len(scores.proba) > len(state.rows):
            stored = self._store.items()
            state.relist(stored, attached(stored, self._list_items()))
        state.adopt(versions, scores)
