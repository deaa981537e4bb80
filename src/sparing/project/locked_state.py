"""The state of a project behind its lock: there is no other way to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sparing.project.folder import ProjectFolder
from sparing.project.source.items import Item
from sparing.project.state import State


class Guarded:
    """Lets one thread at a time at the state of a project.

    Parameters
    ----------
    state : of the project; nobody else keeps it

    Attributes
    ----------
    folder : of the project, which stays where it is
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.RLock()
        self.folder: ProjectFolder = state.folder

    @contextmanager
    def held(self) -> Iterator[State]:
        """Lend the state to this thread alone; nothing of it that changes is to be kept."""
        with self._lock:
            yield self._state

    def item(self, item_id: str) -> Item:
        """Return an item by its key.

        Raises
        ------
        NotFoundError : there was never such an item
        """
        with self._lock:
            return self._state.item(item_id)

    def item_ids(self) -> tuple[str, ...]:
        """Return the keys of all items, in the order of their rows."""
        with self._lock:
            return tuple(self._state.row_of)
