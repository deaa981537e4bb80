"""Who may speak to the page: this machine, this origin, a browser that was let in by the link.

The threats are other web pages in the same browser (cross-site requests, DNS rebinding, framing),
other users of the machine, and hostile names, texts and pictures in the data. Programs that run
as the same user are none: they can read the project folder.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sparing.web.address import Address
from sparing.web.failures import BROKEN, failure
from sparing.web.pages import PAGES
from sparing.web.roles import Role
from sparing.web.sessions import Session, Sessions

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

PROJECT = "sparing-project"  # header of every answer: whose it is
MEANT_FOR = "sparing-for"  # header of a request: the shelf of the page that asks

NOBODY = Session("", Role.ANNOTATOR, 0.0, 0.0)  # where no session is asked for

log = logging.getLogger("sparing.web")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in."""

    status: int
    kind: str
    message: str


class Entrance(Protocol):
    """What tells who may come in: the :class:`~sparing.web.door.Door` or the gate."""

    address: Address
    mark: str
    cookie_name: str
    by_password: bool
    sessions: Sessions

    def find(self, cookies: str) -> Session | None:
        """Return the session that a Cookie header holds; None: nobody who was let in."""

    def log_out(self, cookies: str) -> None:
        """End the session that a Cookie header holds."""

    def shelf(self, name: str) -> str:
        """Return where the browser of a person keeps answers that are not sent yet."""


def refusal(method: str, path: str, headers: Headers, door: Entrance) -> Refusal | None:
    """Return why a request may not come in, or None if it may.

    Parameters
    ----------
    method, path, headers : of the request
    door : knows the cookies

    Examples
    --------
    >>> from sparing.web.door import Door
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
    session = door.find(cookies_of(headers))
    if session is None:
        return _closed(door)
    shelf = door.shelf(session.name)
    return None if headers.get(MEANT_FOR, shelf) == shelf else _elsewhere()


def cookies_of(headers: Headers) -> str:
    """Return all Cookie headers as one."""
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
    door : knows the cookies
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
        scope.setdefault("state", {})["session"] = self.door.find(cookies_of(headers)) or NOBODY
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
