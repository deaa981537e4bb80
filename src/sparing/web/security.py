"""Who may speak to the page: this machine, this origin, a browser that was let in by the link.

The threats are other web pages in the same browser (cross-site requests, DNS rebinding, framing),
other users of the machine, and hostile names, texts and pictures in the data. Programs that run
as the same user are none: they can read the project folder.
"""

import base64
import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sparing.web.address import Address
from sparing.web.failures import BROKEN, failure
from sparing.web.pages import PAGES

SAFE_METHODS = frozenset({"GET", "HEAD"})
OPEN_PATHS = frozenset({*PAGES, "/session", "/login", "/favicon.ico"})
OPEN_FOLDER = "/static/"
MAX_BODY = 1 << 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

LOCAL = Address()
PROJECT = "sparing-project"  # header of every answer: whose it is
MEANT_FOR = "sparing-for"  # header of a request: the shelf of the page that asks

log = logging.getLogger("sparing.web")


class Door:
    """Turns the link's token, once, into a cookie that only this project knows.

    Who is in front of the browser is what they say themselves: a second cookie, signed, so that
    other servers of this machine cannot set it.

    Parameters
    ----------
    secret : of the project
    opened : told the next token each time a token has been used up
    address : under which the page is asked for

    Examples
    --------
    >>> door = Door("a secret of the project")
    >>> token = door.token
    >>> cookie = door.redeem(token)
    >>> door.knows(f"{door.cookie_name}={cookie}")
    True
    >>> door.redeem(token) is None
    True
    >>> door.who(f"{door.cookie_name}={cookie}; {door.name_cookie}={door.named('Ada')}")
    'Ada'
    """

    by_password = False

    def __init__(
        self,
        secret: str,
        opened: Callable[[str], None] = lambda token: None,
        address: Address = LOCAL,
    ) -> None:
        self.address = address
        self.mark = mark_of(secret)
        self.cookie_name = self.mark
        self.name_cookie = f"{self.cookie_name}-name"
        self._cookie = derived(secret, "cookie")
        self._name_key = derived(secret, "name")
        self._opened = opened
        self._lock = threading.Lock()
        self.token = secrets.token_urlsafe(24)

    def redeem(self, token: str) -> str | None:
        """Return the cookie for a token that was not used before; else None."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self.token.encode()):
                return None
            self.token = secrets.token_urlsafe(24)
        self._opened(self.token)
        return self._cookie

    def knows(self, cookies: str) -> bool:
        """Tell whether a Cookie header holds this project's cookie."""
        found = _cookies_named(cookies, self.cookie_name)
        return any(hmac.compare_digest(v.encode(), self._cookie.encode()) for v in found)

    def named(self, name: str) -> str:
        """Return the value of the cookie that holds a name."""
        text = base64.urlsafe_b64encode(name.encode()).decode("ascii").rstrip("=")
        return f"{text}.{derived(self._name_key, name)}"

    def who(self, cookies: str) -> str | None:
        """Return who sent a Cookie header, ``""`` if they gave no name; None: not let in."""
        if not self.knows(cookies):
            return None
        text = (cookie_of(cookies, self.name_cookie) or "").partition(".")[0]
        try:
            name = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (ValueError, UnicodeDecodeError):
            return ""
        given = cookie_of(cookies, self.name_cookie) or ""
        return name if hmac.compare_digest(given.encode(), self.named(name).encode()) else ""

    def shelf(self, name: str) -> str:
        """Return where the browser keeps answers that are not sent yet."""
        return self.cookie_name


def mark_of(secret: str) -> str:
    """Return what tells a project from others in a browser; no secret itself."""
    return f"sparing-{derived(secret, 'cookie name')[:12]}"


def derived(secret: str, purpose: str) -> str:
    """Return a secret of its own for each purpose."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def cookie_of(cookies: str, name: str) -> str | None:
    """Return the first value of a cookie in a Cookie header; None if it is not there."""
    return next(iter(_cookies_named(cookies, name)), None)


def _cookies_named(cookies: str, name: str) -> list[str]:
    # By hand: http.cookies drops all of them when another local app has set an odd one.
    parts = (part.strip().partition("=") for part in cookies.split(";"))
    return [value for found, _, value in parts if found == name]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in."""

    status: int
    kind: str
    message: str


class Entrance(Protocol):
    """What tells who may come in: a :class:`Door` or a :class:`sparing.web.gate.Gate`."""

    address: Address
    mark: str
    cookie_name: str
    by_password: bool

    def who(self, cookies: str) -> str | None:
        """Return who sent a Cookie header; None: nobody who was let in."""

    def shelf(self, name: str) -> str:
        """Return where the browser of a person keeps answers that are not sent yet."""


def refusal(method: str, path: str, headers: Headers, door: Entrance) -> Refusal | None:
    """Return why a request may not come in, or None if it may.

    Parameters
    ----------
    method, path, headers : of the request
    door : knows the cookie

    Examples
    --------
    >>> headers = Headers({"host": "evil.example"})
    >>> refusal("GET", "/", headers, Door("secret")).kind
    'foreign-host'
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not door.address.admits(hosts[0]):
        return _forbidden("foreign-host", _answers_to(door.address))
    if not _same_origin(method, hosts[0], headers, door) or not _same_site(method, path, headers):
        return _forbidden("foreign-origin", "Another page in this browser may not speak for you.")
    if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
        return None
    who = door.who(_cookies(headers))
    if who is None:
        return _closed(door)
    if headers.get(MEANT_FOR, door.shelf(who)) != door.shelf(who):
        return _elsewhere()
    return None


def _cookies(headers: Headers) -> str:
    return "; ".join(headers.getlist("cookie"))


def _closed(door: Entrance) -> Refusal:
    if door.by_password:
        return Refusal(HTTPStatus.UNAUTHORIZED, "log-in", "Log in with your name and password.")
    message = "Open the link that 'sparing label' printed in the terminal."
    return Refusal(HTTPStatus.UNAUTHORIZED, "no-session", message)


def _elsewhere() -> Refusal:
    # A page that was open before: what waits there is not to be said in this name.
    message = "Somebody else has come in with this browser: load the page again."
    return Refusal(HTTPStatus.CONFLICT, "not-yours", message)


def _answers_to(address: Address) -> str:
    if address.any_number:
        return "This page does not answer to that name: --name HOST makes it."
    return "This page answers to 127.0.0.1 and localhost alone."


def _forbidden(kind: str, message: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, kind, message)


def _same_origin(method: str, host: str, headers: Headers, door: Entrance) -> bool:
    origins = headers.getlist("origin")
    if not origins:
        return method in SAFE_METHODS  # browsers name the origin of everything else
    return len(origins) == 1 and door.address.is_origin(origins[0], host)


def _same_site(method: str, path: str, headers: Headers) -> bool:
    # "same-site" is another port of this machine: a stranger too.
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return True
    # A link to a page itself, in a terminal that is a web page: it shows nothing by itself.
    is_link = headers.get("sec-fetch-mode") == "navigate" and path in PAGES
    return is_link and method == "GET" and headers.get("sec-fetch-dest") == "document"


class Guard:
    """ASGI middleware: lets in what :func:`refusal` does not refuse, and sets the headers.

    Parameters
    ----------
    app : the application behind it
    door : knows the cookie
    """

    def __init__(self, app: ASGIApp, door: Entrance) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP gets no answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guarded(scope, receive, _with_headers(send, {PROJECT: self.door.mark}))

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refused = refusal(scope["method"], scope["path"], headers, self.door)
        if refused is not None:
            answer = failure(refused.status, refused.kind, refused.message)
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["annotator"] = self.door.who(_cookies(headers)) or ""
        sent = _Started(send)
        try:
            await self.app(scope, _limited(receive), sent)
        except Exception:
            log.exception("%s %s", scope["method"], scope["path"])
            if not sent.begun:
                answer = failure(HTTPStatus.INTERNAL_SERVER_ERROR, "broken", BROKEN)
                await answer(scope, receive, send)


class _Started:
    """Sends on, and remembers whether the answer has begun: then it cannot be replaced."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self.send(message)


def _limited(receive: Receive) -> Receive:
    """Count the bytes that come in, whatever the Content-Length claims."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY:
            raise HTTPException(413, f"A request may have {MAX_BODY:,} bytes at most")
        return message

    return counted


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            _set_missing(MutableHeaders(scope=message), {**HEADERS, **more}.items())
        await send(message)

    return sender


def _set_missing(headers: MutableHeaders, wanted: Iterable[tuple[str, str]]) -> None:
    for name, value in wanted:
        headers.setdefault(name, value)
