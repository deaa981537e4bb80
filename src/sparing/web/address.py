"""Under which names and addresses the page may be asked for."""

import ipaddress
from dataclasses import dataclass

HOSTS = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True)
class Address:
    """What a Host header may say, and how an Origin header has to begin.

    A page elsewhere that points a name of its own at this server (DNS rebinding) sends that name;
    it cannot send a number.

    Parameters
    ----------
    names : of hosts, in lower case
    any_number : every IP address is right, because the server listens beyond this machine
    scheme : ``"http"`` or ``"https"``

    Examples
    --------
    >>> here = Address()
    >>> [here.admits(host) for host in ("127.0.0.1:8000", "localhost", "evil.example", "10.0.0.7")]
    [True, True, False, False]
    >>> lan = Address(frozenset({"labels.example"}), any_number=True)
    >>> [lan.admits(h) for h in ("labels.example:8000", "10.0.0.7:8000", "[fd00::7]:8000", "x.com")]
    [True, True, True, False]
    """

    names: frozenset[str] = HOSTS
    any_number: bool = False
    scheme: str = "http"

    @property
    def is_safe(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.scheme == "https"

    def admits(self, host: str) -> bool:
        """Tell whether a Host header is right."""
        name = _without_port(host).lower()
        return name in self.names or (self.any_number and _is_number(name))

    def is_origin(self, origin: str, host: str) -> bool:
        """Tell whether an Origin header is that of the page itself."""
        return origin == f"{self.scheme}://{host}"


LOCAL = Address()


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0][1:]
    return host.partition(":")[0]


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
