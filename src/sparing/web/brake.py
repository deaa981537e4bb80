"""Slows down who guesses: each failure makes the next try wait longer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

FORGOTTEN = 15 * 60.0  # seconds after which a failure counts no more


class Brake:
    """Counts tries by key; memory is bounded, and the keys that were quiet longest go first.

    Parameters
    ----------
    free : tries before the first wait; then 1, 2, 4, ... seconds
    longest : seconds that a wait may grow to
    size : keys that are remembered
    clock : seconds that only grow

    Examples
    --------
    >>> now = 0.0
    >>> brake = Brake(free=1, longest=60, clock=lambda: now)
    >>> brake.take("Ada"), brake.take("Ada"), brake.take("Ada"), brake.take("Ben")
    (0.0, 0.0, 1.0, 0.0)
    """

    def __init__(
        self,
        free: int,
        longest: float,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._longest = longest
        self._size = size
        self._clock = clock
        self._tries: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def left(self, key: Hashable) -> float:
        """Return the seconds that a try would have to wait; nothing is counted."""
        with self._lock:
            return max(0.0, self._tries.get(key, (0, 0.0))[1] - self._clock())

    def take(self, key: Hashable) -> float:
        """Begin a try, and count it as failed; return the seconds to wait if it is too early."""
        with self._lock:
            now = self._clock()
            n, until = self._tries.get(key, (0, 0.0))
            if now < until:
                return until - now
            if now - until > FORGOTTEN:
                n = 0
            n += 1
            self._tries[key] = n, now + self._delay(n)
            self._tries.move_to_end(key)
            while len(self._tries) > self._size:
                self._tries.popitem(last=False)
        return 0.0

    def forgive(self, key: Hashable, *, all_of_them: bool = False) -> None:
        """Take back the last try, or all: it was no failure."""
        with self._lock:
            n, _ = self._tries.pop(key, (0, 0.0))
            if n > 1 and not all_of_them:
                self._tries[key] = n - 1, self._clock()

    def __len__(self) -> int:
        return len(self._tries)

    def _delay(self, n: int) -> float:
        # Bounded before the power is taken: the count may grow without end.
        steps = min(n - self._free - 1, 60)
        return 0.0 if steps < 0 else min(float(1 << steps), self._longest)


class Recent:
    """Keys that were met last; the one that was met longest ago goes first.

    Parameters
    ----------
    size : how many are remembered

    Examples
    --------
    >>> recent = Recent(2)
    >>> for key in "abac":
    ...     recent.add(key)
    >>> [key in recent for key in "abc"]
    [True, False, True]
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys: OrderedDict[Hashable, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key: Hashable) -> None:
        """Note that a key was met."""
        with self._lock:
            self._keys[key] = None
            self._keys.move_to_end(key)
            while len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys
