"""The way in by a link, for whoever is on this machine."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from sparing.web.address import LOCAL, Address
from sparing.web.cookies import cookies_named, mark_of
from sparing.web.roles import Role
from sparing.web.sessions import Session, Sessions

DAY = 24 * 3600.0
IDLE, LONGEST = 30 * DAY, 180 * DAY
MOST_LINKS = 50
SESSIONS = "sessions.json"


class Door:
    """Turns the token of a link, once, into a session of the browser that brings it.

    Who is in front of the browser is what they say themselves. The first link, and the next one
    each time that it has been used up, makes an owner; an owner makes links for others.

    Parameters
    ----------
    secret : of the project
    opened : told the next token of an owner each time one has been used up
    address : under which the page is asked for
    folder : where sessions are kept; None: they end with the process

    Examples
    --------
    >>> door = Door("a secret of the project")
    >>> token = door.token
    >>> cookie = f"{door.cookie_name}={door.redeem(token)}"
    >>> door.find(cookie).role.value
    'owner'
    >>> door.redeem(token) is None
    True
    >>> other = f"{door.cookie_name}={door.redeem(door.invite(Role.ANNOTATOR))}"
    >>> door.rename(other, "Ada")
    >>> door.find(other).name, door.find(other).role.value
    ('Ada', 'annotator')
    """

    by_password = False

    def __init__(
        self,
        secret: str,
        opened: Callable[[str], None] = lambda token: None,
        address: Address = LOCAL,
        folder: Path | None = None,
    ) -> None:
        self.address = address
        self.mark = mark_of(secret)
        self.cookie_name = self.mark
        self.sessions = Sessions(IDLE, LONGEST, folder and folder / SESSIONS)
        self._opened = opened
        self._lock = threading.Lock()
        self._invited: dict[str, Role] = {}  # by the digest of the token, the oldest first
        self.token = secrets.token_urlsafe(24)

    def invite(self, role: Role) -> str:
        """Return the token of a new link, which lets one browser in, once, in a role."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._invited[_digest(token)] = role
            for key in list(self._invited)[:-MOST_LINKS]:
                del self._invited[key]
        return token

    def redeem(self, token: str, cookies: str = "") -> str | None:
        """Return the cookie for a token that was not used before; else None.

        A browser that was let in before, in the same role, keeps its session: another of its tabs
        may be at work. In another role it gets a new one, keeps its name, and the old one ends.
        """
        role = self._used_up(token)
        if role is None:
            return None
        before = self.find(cookies)
        if before is not None and before.role is role:
            return self.cookie(cookies)
        self.log_out(cookies)
        return self.sessions.begin(before.name if before else "", role)

    def _used_up(self, token: str) -> Role | None:
        with self._lock:
            if not hmac.compare_digest(token.encode(), self.token.encode()):
                return self._invited.pop(_digest(token), None)
            self.token = secrets.token_urlsafe(24)
        self._opened(self.token)
        return Role.OWNER

    def cookie(self, cookies: str) -> str:
        """Return the cookie in a Cookie header that opens; ``""``: there is none."""
        found = cookies_named(cookies, self.cookie_name)
        return next((cookie for cookie in found if self.sessions.find(cookie)), "")

    def find(self, cookies: str) -> Session | None:
        """Return the session whose cookie a Cookie header holds; None: not let in."""
        return self.sessions.find(self.cookie(cookies))

    def rename(self, cookies: str, name: str) -> None:
        """Note what the person in front of a browser is called."""
        self.sessions.rename(self.cookie(cookies), name)

    def log_out(self, cookies: str) -> None:
        """End the session that a Cookie header names."""
        self.sessions.end(self.cookie(cookies))

    def shelf(self, name: str) -> str:  # one for all who sit at this browser
        """Return where the browser keeps answers that are not sent yet."""
        return self.mark


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
