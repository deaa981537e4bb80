"""The ways in and out: by the link, by a password; and the name under which a browser answers."""

import math
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from sparing.errors import InvalidInputError
from sparing.web.bodies import Incoming, Token
from sparing.web.door import Door
from sparing.web.failures import FAILURES, failure
from sparing.web.gate import Gate
from sparing.web.passwords import MOST_LENGTH, checked_name
from sparing.web.rights import not_allowed, only
from sparing.web.roles import NotAllowedError, Role
from sparing.web.security import cookies_of

router = APIRouter(responses=FAILURES)


class LoginBody(Incoming):
    """A name and its password."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=MOST_LENGTH)]


class NameBody(Incoming):
    """The name under which a browser answers; empty: none."""

    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class LinkBody(Incoming):
    """Whom a new link is for."""

    role: Role


class EndedBody(BaseModel):
    """How many sessions have ended."""

    ended: int


@router.post("/session", status_code=204, response_class=Response)
async def enter(request: Request, body: Token) -> Response:
    """Exchange the token of a link, once, for a session of this browser."""
    door, cookies = request.app.state.door, cookies_of(request.headers)
    cookie = door.redeem(body.token, cookies) if isinstance(door, Door) else None
    if cookie is None:
        message = "This link was used before. The terminal, or an owner, has one that was not."
        return failure(403, "used-link", message)
    answer = Response(status_code=204)
    _set(answer, door, cookie, door.sessions.idle)
    return answer


@router.post("/login", status_code=204, response_class=Response)
def log_in(request: Request, body: LoginBody) -> Response:
    """Exchange a name and its password for a new session; tries that fail wait ever longer."""
    gate = request.app.state.door
    if not isinstance(gate, Gate):
        return _no_passwords()
    name, client = " ".join(body.name.split()), request.client.host if request.client else ""
    seconds = gate.wait(name, client)
    if seconds:
        return _too_early(math.ceil(seconds))
    cookie = gate.log_in(name, body.password, client)
    if cookie is None:
        return failure(403, "wrong-password", "The name or the password is not right.")
    gate.log_out(cookies_of(request.headers))  # the session that this browser had
    answer = Response(status_code=204)
    _set(answer, gate, cookie, gate.sessions.idle)
    return answer


@router.post("/logout", status_code=204, response_class=Response)
async def log_out(request: Request) -> Response:
    """End the session; its cookie opens nothing any more."""
    door = request.app.state.door
    door.log_out(cookies_of(request.headers))
    answer = Response(status_code=204)
    _set(answer, door, "", 0)
    return answer


@router.post("/api/sessions/end-others")
async def end_others(request: Request) -> EndedBody:
    """End all sessions but this one: those of the person; by the link, where an owner asks, all."""
    door, here = request.app.state.door, request.state.session
    if not door.by_password and here.role is not Role.OWNER:
        raise NotAllowedError(not_allowed(Role.OWNER, "Closing the page for others"))
    own = door.cookie(cookies_of(request.headers))
    return EndedBody(ended=door.sessions.end_others(own, here.name if door.by_password else None))


@router.post("/api/links", dependencies=[only(Role.OWNER, "Making a link for others")])
async def link(request: Request, body: LinkBody) -> Token:
    """Return the token of a new link, which lets one browser in, once."""
    door = request.app.state.door
    if not isinstance(door, Door):
        raise InvalidInputError("Here people come in by their passwords.")
    return Token(token=door.invite(body.role))


@router.post("/api/name", status_code=204, response_class=Response)
async def name(request: Request, body: NameBody) -> Response:
    """Say who is in front of this browser, where no password says it."""
    door = request.app.state.door
    if not isinstance(door, Door):
        raise InvalidInputError("Here your name is the one that you log in with.")
    chosen = checked_name(body.name) if body.name.strip() else ""
    door.rename(cookies_of(request.headers), chosen)
    return Response(status_code=204)


def _set(answer: Response, door: Door | Gate, value: str, lasts: float) -> None:
    answer.set_cookie(
        door.cookie_name,
        value,
        int(lasts),
        httponly=True,
        samesite="strict",
        secure=door.address.is_safe,
    )


def _too_early(seconds: int) -> JSONResponse:
    second = "a second" if seconds == 1 else f"{seconds} seconds"
    answer = failure(429, "too-early", f"Too many tries: wait {second}.")
    answer.headers["retry-after"] = str(seconds)
    return answer


def _no_passwords() -> JSONResponse:
    return failure(404, "not-found", "Nobody logs in here: the link in the terminal lets you in.")
