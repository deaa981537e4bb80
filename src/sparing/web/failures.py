"""One error shape for everything that goes wrong: ``{"error": {"kind", "message", "current"}}``."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from sparing.errors import (
    ConflictError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
    PoolExhaustedError,
    SourceError,
    SparingError,
    StoreError,
    TrainingError,
    UnknownNameError,
    VoidAuditError,
)
from sparing.web.roles import NotAllowedError

# The first line that fits decides: the special errors stand above the general ones.
STATUS: tuple[tuple[type[SparingError], int], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (NotAllowedError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (VoidAuditError, HTTPStatus.CONFLICT),
    (PoolExhaustedError, HTTPStatus.CONFLICT),
    (TrainingError, HTTPStatus.CONFLICT),
    (UnknownNameError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (SourceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (MissingExtraError, HTTPStatus.NOT_IMPLEMENTED),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SparingError, HTTPStatus.BAD_REQUEST),
)
BROKEN = "Something in sparing broke; the terminal has the details. Your answers are kept."

log = logging.getLogger("sparing.web")


class Failure(BaseModel):
    """What went wrong: its kind for the page, a sentence for the person, and what holds now."""

    kind: str
    message: str
    current: Any = None


class FailureBody(BaseModel):
    """The body of every answer that is no success."""

    error: Failure


FAILURES: dict[int | str, dict[str, Any]] = {
    code: {"model": FailureBody} for code in (400, 401, 403, 404, 409, 413, 422, 429, 500, 501, 503)
}
"""What any route may answer, for its description."""


def failure(status: int, kind: str, message: str, current: object = None) -> JSONResponse:
    """Return the one error shape as a response.

    Examples
    --------
    >>> failure(404, "not-found", "There is no item 7.").body
    b'{"error":{"kind":"not-found","message":"There is no item 7.","current":null}}'
    """
    body = {"error": {"kind": kind, "message": message, "current": jsonable_encoder(current)}}
    return JSONResponse(body, status)


def status_of(error: SparingError) -> int:
    """Return the HTTP status for an error of this package.

    Examples
    --------
    >>> status_of(NotFoundError("There is no item 7."))
    404
    """
    return next(int(status) for kind, status in STATUS if isinstance(error, kind))


def kind_of(error: SparingError) -> str:
    """Return the name of an error as the page reads it.

    Examples
    --------
    >>> kind_of(VoidAuditError("The labels changed."))
    'void-audit'
    """
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).strip("-")


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error in the one shape."""
    app.add_exception_handler(SparingError, _expected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)


def _expected(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SparingError)  # noqa: S101  # registered for it alone
    status = status_of(error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.error("%s %s: %s", request.method, request.url.path, error)
    return failure(status, kind_of(error), str(error), getattr(error, "current", None))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for it alone
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    answer = failure(error.status_code, kind, f"{error.detail}.")
    answer.headers.update(error.headers or {})
    return answer


def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it alone
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = f"The request cannot be read: {where}: {first['msg']}."
    return failure(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", message)
