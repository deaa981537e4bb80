"""The ways in and out: by the link, by a password; and the name under which a browser answers."""

import math
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sparing.errors import InvalidInputError
from sparing.web.bodies import Incoming, Token
from sparing.web.failures import FAILURES, failure
from sparing.web.gate import LASTS, Gate
from sparing.web.passwords import MOST_LENGTH, checked_name
from sparing.web.security import Door

NAME_LASTS = 400 * 24 * 3600  # seconds; browsers keep nothing longer

router = APIRouter(responses=FAILURES)


class LoginBody(Incoming):
    """A name and its password."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=MOST_LENGTH)]


class NameBody(Incoming):
    """The name under which a browser answers; empty: none."""

    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


@router.post("/session", status_code=204, response_class=Response)
async def enter(request: Request, body: Token) -> Response:
    """Exchange the token of the link, once, for this project's cookie."""
    door = request.app.state.door
    cookie = door.redeem(body.token) if isinstance(door, Door) else None
    if cookie is None:
        message = "This link was used before. The terminal shows one that was not."
        return failure(403, "used-link", message)
    answer = Response(status_code=204)
    _set(answer, door, door.cookie_name, cookie)
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
    gate.log_out(_cookies(request))  # the session that this browser had
    answer = Response(status_code=204)
    _set(answer, gate, gate.cookie_name, cookie, LASTS)
    return answer


@router.post("/logout", status_code=204, response_class=Response)
async def log_out(request: Request) -> Response:
    """End the session; its cookie opens nothing any more."""
    gate = request.app.state.door
    if not isinstance(gate, Gate):
        return _no_passwords()
    gate.log_out(_cookies(request))
    answer = Response(status_code=204)
    _set(answer, gate, gate.cookie_name, "", 0)
    return answer


@router.post("/api/name", status_code=204, response_class=Response)
async def name(request: Request, body: NameBody) -> Response:
    """Say who is in front of this browser, where no password says it."""
    door = request.app.state.door
    if not isinstance(door, Door):
        raise InvalidInputError("Here your name is the one that you log in with.")
    chosen = checked_name(body.name) if body.name.strip() else ""
    answer = Response(status_code=204)
    _set(answer, door, door.name_cookie, door.named(chosen), NAME_LASTS)
    return answer


def _set(
    answer: Response, door: Door | Gate, name: str, value: str, lasts: float | None = None
) -> None:
    seconds = None if lasts is None else int(lasts)
    safe = door.address.is_safe
    answer.set_cookie(name, value, seconds, httponly=True, samesite="strict", secure=safe)


def _cookies(request: Request) -> str:
    return "; ".join(request.headers.getlist("cookie"))


def _too_early(seconds: int) -> JSONResponse:
    second = "a second" if seconds == 1 else f"{seconds} seconds"
    answer = failure(429, "too-early", f"Too many tries: wait {second}.")
    answer.headers["retry-after"] = str(seconds)
    return answer


def _no_passwords() -> JSONResponse:
    return failure(404, "not-found", "Nobody logs in here: the link in the terminal lets you in.")
