"""Connections: how long each may take over what it says, and how many there may be.

A browser says its head at once. Whoever opens connections and says nothing, or a byte now and
then, holds nothing up: such a connection is closed after some seconds, or sooner where the room
is needed.
"""

import asyncio
import errno
import logging
import socket
import time
import weakref
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD, BODY, ANSWER = "head", "body", "answer"
PATIENCE = {HEAD: 20.0, BODY: 60.0, ANSWER: 60.0}  # seconds
MOST = 500  # connections; above that the one goes that has been awaited longest
MOST_SOCKETS = 700  # with those that are still agreeing on a key; above that the oldest of these

_AGREED: set[int] = set()  # numbers of the sockets that a protocol speaks on

log = logging.getLogger("sparing.web")


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with limits for what a client takes its time over."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._awaited = ""
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._number = -1  # of its socket

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the head; make room where there are too many."""
        super().connection_made(transport)
        self._number = transport.get_extra_info("socket").fileno()
        _AGREED.add(self._number)
        self._watch()
        if len(self.connections) > MOST:
            self._longest_waiting().drop("One of too many connections was closed")

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing any more."""
        _AGREED.discard(self._number)
        self._await("")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is awaited now."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Await the next head."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Await that the client takes what was sent."""
        super().pause_writing()
        self._await(ANSWER)

    def resume_writing(self) -> None:
        """Go on where it took it."""
        super().resume_writing()
        self._watch()

    def drop(self, why: str, level: int = logging.WARNING) -> None:
        """Close the connection at once."""
        log.log(level, "%s.", why)
        self.transport.abort()

    def _watch(self) -> None:
        if self.transport.is_closing():
            self._await("")
        elif self.conn.their_state is h11.IDLE:
            self._await(HEAD)
        else:
            self._await(BODY if self.conn.their_state is h11.SEND_BODY else "")

    def _await(self, what: str) -> None:
        """Note what is awaited: a byte now and then is no reason to wait longer."""
        if what == self._awaited:
            return
        self._awaited, self._since = what, time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(PATIENCE[what], self._too_late) if what else None

    def _too_late(self) -> None:
        seconds = PATIENCE[self._awaited]
        # Browsers open connections ahead, and may never need them.
        level = logging.DEBUG if self._awaited == HEAD else logging.WARNING
        why = f"A connection was closed that took over {seconds:g} s for its {self._awaited}"
        self.drop(why, level)

    def _longest_waiting(self) -> "PatientProtocol":
        """Return the connection that has been awaited longest; this one if all are at work.

        Whatever is awaited of it: who says heads and no bodies must not keep newcomers out.
        """
        others = [c for c in self.connections if isinstance(c, PatientProtocol) and c is not self]
        waiting = [c for c in others if c._awaited and not c.transport.is_closing()]
        return min(waiting, key=lambda c: c._since, default=self)


class Listener(socket.socket):
    """A socket that listens, and takes no more connections than there is room for.

    Before a key is agreed on, no protocol knows of a connection: here it counts.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._taken: dict[int, weakref.ref[socket.socket]] = {}  # by their numbers, oldest first

    def accept(self) -> tuple[socket.socket, Any]:
        """Take a connection; where there are too many, the oldest without a key is closed.

        Raises
        ------
        BlockingIOError : there is none, or all others are at work
        """
        try:
            taken, address = super().accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                log.warning("There are no more files for connections.")
            raise
        self._taken.pop(taken.fileno(), None)  # the number was another's before
        if len(self._taken) >= MOST_SOCKETS and not self._makes_room():
            taken.close()
            raise BlockingIOError
        self._taken[taken.fileno()] = weakref.ref(taken)
        return taken, address

    def _makes_room(self) -> bool:
        """Forget what is closed; else close the oldest connection that has agreed on no key."""
        found = {number: ref() for number, ref in self._taken.items()}
        gone = [n for n, one in found.items() if one is None or one.fileno() != n]
        for number in gone:
            del self._taken[number]
        if gone:
            return True
        log.warning("One of too many connections was closed.")
        oldest = next((n for n in found if n not in _AGREED), None)
        if oldest is None:
            return False
        del self._taken[oldest]
        with suppress(OSError):
            found[oldest].shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # it is open
        return True
