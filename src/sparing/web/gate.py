"""The way in by name and password, for servers that other machines can reach."""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from sparing.web.address import Address
from sparing.web.brake import Brake
from sparing.web.passwords import Passwords
from sparing.web.security import cookie_of, derived, mark_of

LASTS = 12 * 3600.0  # seconds without a request after which a session ends
MOST_SESSIONS = 1000
N_BUCKETS = 4096


class Gate:
    """Lets in who knows a password; a session is a random number that only this process knows.

    Parameters
    ----------
    secret : of the project; the cookie is named after it
    passwords : of all people
    address : under which the page is asked for
    clock : seconds that only grow
    """

    by_password = True

    def __init__(
        self,
        secret: str,
        passwords: Passwords,
        address: Address,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.mark = mark_of(secret)
        # Under this prefix no other host of the same domain can set the cookie.
        self.cookie_name = f"__Host-{self.mark}" if address.is_safe else self.mark
        self._passwords = passwords
        self._clock = clock
        self._sessions: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._salt = secrets.token_bytes(16)
        self._by_address = Brake(free=5, longest=300, clock=clock)
        self._by_name = Brake(free=10, longest=30, size=N_BUCKETS, clock=clock)

    def wait(self, name: str, client: str) -> float:
        """Begin a try to log in; return the seconds to wait if it is too early.

        Tries count for the address, and for the name whether anybody has it or not: else the wait
        would tell. What is remembered is bounded: names share a fixed number of buckets.
        """
        seconds = self._by_address.take(_network(client))
        return seconds or self._by_name.take(self._bucket(name))

    def log_in(self, name: str, password: str, client: str) -> str | None:
        """Return the cookie of a new session, or None; :meth:`wait` was asked before."""
        if not self._passwords.admit(name, password):
            return None
        self._by_address.forgive(_network(client))
        self._by_name.forgive(self._bucket(name), all_of_them=True)
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(cookie)] = name, self._clock() + LASTS
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return cookie

    def log_out(self, cookies: str) -> None:
        """End the session that a Cookie header names."""
        with self._lock:
            self._sessions.pop(_digest(cookie_of(cookies, self.cookie_name) or ""), None)

    def who(self, cookies: str) -> str | None:
        """Return the name of the person whose session a Cookie header holds; None: nobody's."""
        cookie = cookie_of(cookies, self.cookie_name)
        if cookie is None:
            return None
        key, now = _digest(cookie), self._clock()
        with self._lock:
            name, until = self._sessions.pop(key, ("", 0.0))
            if now >= until:
                return None
            self._sessions[key] = name, now + LASTS
        return name

    def shelf(self, name: str) -> str:
        """Return where the browser keeps unsent answers: those of one person are not another's."""
        return f"{self.mark}-{derived(name, 'shelf')[:12]}"

    def _bucket(self, name: str) -> int:
        digest = hmac.new(self._salt, name.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:4]) % N_BUCKETS


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _network(client: str) -> str:
    """Return the address that tries are counted for; of IPv6 the network, which one host may own.

    Examples
    --------
    >>> _network("192.0.2.7"), _network("2001:db8:1:2:3::9"), _network("elsewhere")
    ('192.0.2.7', '2001:db8:1:2::', 'elsewhere')
    """
    try:
        found = ipaddress.ip_address(client)
    except ValueError:
        return client
    if found.version == 4:
        return client
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)
