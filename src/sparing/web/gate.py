"""The way in by name and password, for servers that other machines can reach."""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable

from sparing.web.address import Address
from sparing.web.brake import Brake, Recent
from sparing.web.cookies import cookie_of, derived, mark_of
from sparing.web.passwords import Passwords
from sparing.web.sessions import Session, Sessions

LASTS = 12 * 3600.0  # seconds without a request after which a session ends
LONGEST = 7 * 24 * 3600.0  # seconds after which it ends in any case
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
        self.sessions = Sessions(LASTS, LONGEST, clock=clock)
        self._passwords = passwords
        self._salt = secrets.token_bytes(16)
        self._by_address = Brake(free=5, longest=300, clock=clock)
        self._by_name = Brake(free=10, longest=30, size=N_BUCKETS, clock=clock)
        self._at_home = Recent(N_BUCKETS)  # where a name has logged in from

    def notes(self) -> list[str]:
        """Return what whoever starts the server should know."""
        return self._passwords.notes()

    def wait(self, name: str, client: str) -> float:
        """Begin a try to log in; return the seconds to wait if it is too early.

        Tries count for the address, and for the name whether anybody has it or not: else the wait
        would tell. What is remembered is bounded: names share a fixed number of buckets. A try
        that comes too early for the name does not count for the address; and from where a name
        has logged in before, it never is: whoever attacks a name must not keep its owner out.
        """
        network, bucket = _network(client), self._bucket(name)
        if (network, bucket) in self._at_home:
            return self._by_address.take(network)
        return self._by_name.left(bucket) or (
            self._by_address.take(network) or self._by_name.take(bucket)
        )

    def log_in(self, name: str, password: str, client: str) -> str | None:
        """Return the cookie of a new session, or None; :meth:`wait` was asked before."""
        if not self._passwords.admit(name, password):
            return None
        network, bucket = _network(client), self._bucket(name)
        self._by_address.forgive(network)
        self._by_name.forgive(bucket, all_of_them=True)
        self._at_home.add((network, bucket))
        return self.sessions.begin(name, self._passwords.role(name))

    def cookie(self, cookies: str) -> str:
        """Return the cookie of this project in a Cookie header; ``""``: there is none."""
        return cookie_of(cookies, self.cookie_name) or ""

    def log_out(self, cookies: str) -> None:
        """End the session that a Cookie header names."""
        self.sessions.end(self.cookie(cookies))

    def find(self, cookies: str) -> Session | None:
        """Return the session whose cookie a Cookie header holds; None: nobody's."""
        return self.sessions.find(self.cookie(cookies))

    def shelf(self, name: str) -> str:
        """Return where the browser keeps unsent answers: those of one person are not another's."""
        return f"{self.mark}-{derived(name, 'shelf')[:12]}"

    def _bucket(self, name: str) -> int:
        digest = hmac.new(self._salt, name.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:4]) % N_BUCKETS


def _network(client: str) -> str:
    """Return the address that tries are counted for; of IPv6 the network, which one host may own.

    A server that listens at ``::`` sees IPv4 addresses as IPv6 ones, all of one network.

    Examples
    --------
    >>> _network("192.0.2.7"), _network("2001:db8:1:2:3::9"), _network("elsewhere")
    ('192.0.2.7', '2001:db8:1:2::', 'elsewhere')
    >>> _network("::ffff:192.0.2.7")
    '192.0.2.7'
    """
    try:
        found = ipaddress.ip_address(client)
    except ValueError:
        return client
    if found.version == 6 and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    if found.version == 4:
        return client
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)
