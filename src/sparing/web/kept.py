"""Kept: what was made last, as far as there is room for it; each is made once for all threads."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Things that are costly to make, kept while they are asked for again and again.

    Who asks for what another thread is making waits for it. What failed is not kept: those who
    waited are told why, and the next one tries again. Something that is larger than all the room
    is handed out and not kept.

    Parameters
    ----------
    room : for all that is kept
    size_of : how much of it a thing takes

    Examples
    --------
    >>> kept = Kept(10, len)
    >>> kept.get("a", lambda: "six   "), kept.get("a", lambda: "not made")
    ('six   ', 'six   ')
    >>> kept.get("b", lambda: "five "), kept.get("a", lambda: "anew")
    ('five ', 'anew')
    """

    def __init__(self, room: int, size_of: Callable[[T], int]) -> None:
        self._room, self._size_of = room, size_of
        self._lock = threading.Lock()
        self._things: dict[Hashable, Future[T]] = {}  # what was asked for last comes last

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under ``key``, or else what ``make`` returns."""
        with self._lock:
            known = self._things.pop(key, None)
            thing: Future[T] = Future() if known is None else known
            self._things[key] = thing
        if known is None:
            self._make(key, thing, make)
        return thing.result()

    def _make(self, key: Hashable, thing: "Future[T]", make: Callable[[], T]) -> None:
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._things[key]
            thing.set_exception(error)  # nobody waits for ever
            raise
        thing.set_result(made)
        self._make_room()

    def _make_room(self) -> None:
        with self._lock:
            sizes = {k: self._size_of(t.result()) for k, t in self._things.items() if t.done()}
            taken = sum(sizes.values())
            for key, size in sizes.items():
                if taken <= self._room:
                    break
                del self._things[key]
                taken -= size
