"""Serving beyond this machine: who may come in, under which names, and who could read along."""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparing.errors import InvalidInputError, SourceError

if TYPE_CHECKING:
    from sparing.web.address import Address
    from sparing.web.gate import Gate

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Network:
    """Where a page is served, and to whom.

    Parameters
    ----------
    host : address to listen at
    passwords : file that says who may come in; None: who has the link
    names : under which the server is asked for, besides its number
    certificate, key : files for TLS; None: without

    Raises
    ------
    InvalidInputError : the address is no number, others could come in without a password, or only
        one of certificate and key is given
    """

    host: str = HOST
    passwords: Path | None = None
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if not (self.is_local or self.passwords):
            raise InvalidInputError(
                f"At {self.host} other machines can reach the page: pass a file of passwords with"
                " --passwords. 'sparing password NAME' makes a line for it."
            )
        if (self.certificate is None) != (self.key is None):
            raise InvalidInputError("--tls-cert and --tls-key go together.")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the page."""
        return self._number.is_loopback

    @property
    def scheme(self) -> str:
        """The first part of the link."""
        return "http" if self.certificate is None else "https"

    @property
    def shown(self) -> str:
        """The host as it stands in a link."""
        number = self._number
        if number.is_unspecified:
            return socket.gethostname()
        return f"[{number}]" if number.version == 6 else str(number)

    @property
    def family(self) -> socket.AddressFamily:
        """Of the socket."""
        return socket.AF_INET6 if self._number.version == 6 else socket.AF_INET

    def warnings(self) -> list[str]:
        """Return what the person at the terminal should know."""
        if self.is_local or self.certificate is not None:
            return []
        return ["Without --tls-cert whoever is on the way reads all that is sent, passwords too."]

    def check_tls(self) -> None:
        """Raise SourceError if certificate and key cannot be used."""
        if self.certificate is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"The certificate and its key cannot be used: {error}.") from None

    def gate(self, secret: str) -> "Gate | None":
        """Return what lets people in by their passwords; None where the link does."""
        if self.passwords is None:
            return None
        from sparing.web.gate import Gate
        from sparing.web.passwords import read_passwords

        return Gate(secret, read_passwords(self.passwords), self.address)

    @property
    def address(self) -> "Address":
        """Under which names the page may be asked for."""
        from sparing.web.address import HOSTS, Address

        names = HOSTS | {name.lower() for name in self.names}
        if self.is_local:
            return Address(names, scheme=self.scheme)
        return Address(names | {socket.gethostname().lower()}, True, self.scheme)

    @property
    def _number(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        try:
            return ipaddress.ip_address(HOST if self.host == "localhost" else self.host)
        except ValueError:
            raise InvalidInputError(
                f"--host is the number of an interface, such as 0.0.0.0 for all. Got {self.host!r}."
            ) from None
