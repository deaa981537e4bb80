"""What a Ctrl-C does to a command that serves: it asks the server to stop, and breaks into nothing.

An exception out of nowhere may leave a lock behind that a library has just taken: the thread that
writes the answers would wait for it for ever. And where Python cannot raise it, as in the callback
of a weak reference, the Ctrl-C would be lost.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class CtrlC:
    """Remembers that there was a Ctrl-C, and tells whoever can stop."""

    def __init__(self) -> None:
        self._came = False
        self._stop: Callable[[], None] = _nothing

    def __call__(self, *_: object) -> None:
        """Note one, as a handler of the signal."""
        self._came = True
        self._stop()

    def stops(self, stop: Callable[[], None]) -> None:
        """Call ``stop`` at every Ctrl-C from now on, and now if there was one.

        Parameters
        ----------
        stop : may be called more than once, and at any moment
        """
        self._stop = stop
        if self._came:
            stop()


def _nothing() -> None:
    pass


@contextmanager
def ctrl_c_noted() -> Iterator[CtrlC]:
    """Let a Ctrl-C be noted in this block instead of raising ``KeyboardInterrupt``."""
    noted = CtrlC()
    if threading.current_thread() is not threading.main_thread():  # which hears of no signal
        yield noted
        return
    handler = signal.signal(signal.SIGINT, noted)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, handler)
