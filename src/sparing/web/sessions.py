"""Who was let in: a session a browser, of a limited age, which can be ended."""

import hashlib
import json
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TypeGuard

from sparing.errors import SourceError
from sparing.files import alone, write_atomically
from sparing.web.roles import Role

MOST_SESSIONS, MOST_OF_ONE = 1000, 50  # in all, and of one person: nobody crowds the others out
STEPS = 100  # how often in its idle time a session that is used is written down again

log = logging.getLogger("sparing.web")


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that was let in.

    Parameters
    ----------
    name : of the person in front of it; ``""``: not told
    role : what they may do
    began, seen : when it was let in, and when it was here last, in seconds
    """

    name: str
    role: Role
    began: float
    seen: float


class Sessions:
    """The sessions of one project, by digests of their cookies, in memory or in a file.

    The file is for this user alone. Several servers may share it: each reads what another wrote.

    Parameters
    ----------
    idle : seconds without a request after which a session ends
    longest : seconds after which it ends in any case
    file : where they are kept; None: they end with the process
    clock : seconds

    Examples
    --------
    >>> sessions = Sessions(idle=60, longest=600, clock=lambda: 0.0)
    >>> cookie = sessions.begin("Ada", Role.OWNER)
    >>> sessions.find(cookie).name
    'Ada'
    >>> sessions.end(cookie)
    >>> sessions.find(cookie) is None
    True
    """

    def __init__(
        self,
        idle: float,
        longest: float,
        file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.idle = idle
        self._longest = longest
        self._file = file
        self._clock = clock
        self._kept: dict[str, Session] = {}  # those that were here longest ago first
        self._stamp: tuple[int, ...] | None = None  # of the file as it was read last
        self._lock = threading.RLock()

    def begin(self, name: str, role: Role) -> str:
        """Let a browser in; return its cookie, which nothing else holds."""
        cookie = secrets.token_urlsafe(32)
        with self._changing() as kept:
            kept[_digest(cookie)] = Session(name, role, self._clock(), self._clock())
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, and prolong it; None if there is none any more."""
        key = _digest(cookie)
        with self._lock:
            self._read()
            found = self._kept.pop(key, None)
            if found is None or not self._is_live(found):
                return None
            self._kept[key] = found
        if self._clock() - found.seen > self.idle / STEPS:
            self._put(key, replace(found, seen=self._clock()))
        return found

    def rename(self, cookie: str, name: str) -> None:
        """Note who is in front of a browser."""
        found = self.find(cookie)
        if found is not None:
            self._put(_digest(cookie), replace(found, name=name))

    def end(self, cookie: str) -> None:
        """End a session; its cookie opens nothing any more."""
        with self._changing() as kept:
            kept.pop(_digest(cookie), None)

    def end_others(self, cookie: str, name: str | None = None) -> int:
        """End all sessions but one, of a person or of everybody; return how many."""
        own = _digest(cookie)
        with self._changing() as kept:
            gone = [k for k, s in kept.items() if k != own and name in (None, s.name)]
            for key in gone:
                del kept[key]
        return len(gone)

    def __len__(self) -> int:
        return len(self._kept)

    def _put(self, key: str, session: Session) -> None:
        with self._changing() as kept:
            if key in kept:  # else it was ended meanwhile
                kept[key] = session

    def _is_live(self, session: Session) -> bool:
        now = self._clock()
        return now - session.seen < self.idle and now - session.began < self._longest

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Session]]:
        with self._lock, self._alone():
            self._read()
            yield self._kept
            self._kept = _newest({k: s for k, s in self._kept.items() if self._is_live(s)})
            self._write()

    def _alone(self) -> AbstractContextManager[None]:
        return alone(self._file.parent) if _has_place(self._file) else nullcontext()

    def _read(self) -> None:
        stamp = _stamp(self._file)
        # A file that is gone, as with a folder that was moved away, ends no session.
        if self._file is not None and stamp not in (None, self._stamp):
            self._kept = _parsed(self._file)
            self._stamp = stamp

    def _write(self) -> None:
        if not _has_place(self._file):
            return
        told = {key: astuple(session) for key, session in self._kept.items()}
        try:
            write_atomically(self._file, json.dumps(told).encode(), private=True)
        except SourceError as error:  # then they end with the process
            log.warning("Who was let in is not kept: %s", error)
        self._stamp = _stamp(self._file)


def _newest(kept: Mapping[str, Session]) -> dict[str, Session]:
    """Return the sessions that were here last, as many as there may be, in the same order."""
    n: Counter[str] = Counter()
    found: dict[str, Session] = {}
    for key, session in reversed(list(kept.items())):
        n[session.name] += 1
        if len(found) < MOST_SESSIONS and not (session.name and n[session.name] > MOST_OF_ONE):
            found[key] = session
    return dict(reversed(list(found.items())))


def _has_place(file: Path | None) -> TypeGuard[Path]:
    """Tell whether there is a folder for it: one that was moved away is not made anew."""
    return file is not None and file.parent.is_dir()


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _stamp(file: Path | None) -> tuple[int, ...] | None:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)


def _parsed(file: Path) -> dict[str, Session]:
    """Return what a file holds; nobody is let in by one that cannot be read."""
    try:
        told = json.loads(file.read_bytes())
        return {k: Session(str(n), Role(r), float(b), float(s)) for k, (n, r, b, s) in told.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
