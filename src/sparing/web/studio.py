"""The backend of Label Studio: its five routes, beside the page or alone.

Label Studio waits a second for most of them, and asks for the first two before every prediction:
each answers from what is there, and the trainer learns beside it.

References
----------
The routes and bodies are those that Label Studio 1.23 calls:
https://labelstud.io/guide/ml_create
"""

import base64
import binascii
import hmac
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

import sparing
from sparing.errors import InvalidInputError
from sparing.project import Project
from sparing.project.files.live import LEARNED, UNLEARNED
from sparing.project.learning.process import Trainer
from sparing.web import failures
from sparing.web.address import LOCAL, Address
from sparing.web.cookies import derived
from sparing.web.failures import failure
from sparing.web.lifespan import SILENT, with_trainer

PATHS = frozenset({"/health", "/setup", "/predict", "/webhook", "/versions"})
USER, TOKEN = "sparing", "x-sparing-token"
MAX_BODY = 64 << 20  # bytes: Label Studio sends tasks with all that was ever said of them

_Told = Annotated[dict[str, Any], Body()]


class StudioEntry:
    """Says whether it is the Label Studio of this project that calls.

    Parameters
    ----------
    secret : of the project: the password stays the same when the backend is started again
    address : under which the backend is asked for

    Examples
    --------
    >>> entry = StudioEntry("secret")
    >>> entry.refusal(Headers({"host": "127.0.0.1", TOKEN: entry.password}))
    >>> entry.refusal(Headers({"host": "127.0.0.1"}))
    'The backend asks for its user and password, or for its token.'
    """

    def __init__(self, secret: str, address: Address = LOCAL) -> None:
        self.password = derived(secret, "Label Studio")[:32]
        self._address = address

    def refusal(self, headers: Headers) -> str | None:
        """Return why a request may not come in; None if it may."""
        if not self._address.admits(headers.get("host", "")) or "origin" in headers:
            return "No page in a browser may call the backend, and no other name than its own."
        given = headers.get(TOKEN) or _password(headers.get("authorization", ""))
        if hmac.compare_digest(given.encode(), self.password.encode()):
            return None
        return "The backend asks for its user and password, or for its token."


def _password(authorization: str) -> str:
    """Return the password of a header for basic authentication, if the user is ours."""
    scheme, _, told = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if scheme.lower() == "basic" and user == USER else ""


def create_backend(
    project: Project, trainer: Trainer | None = None, entry: StudioEntry | None = None
) -> FastAPI:
    """Return the backend of a project, to be served alone or beside its page.

    Parameters
    ----------
    project : open for writing
    trainer : told of new answers; started and stopped with the application where it is alone
    entry : says who may come in; None: whoever knows what the project's secret makes
    """
    entry = entry or StudioEntry(project.where.secret)
    app = FastAPI(
        title="sparing", version=sparing.__version__, openapi_url=None, docs_url=None,
        redoc_url=None, redirect_slashes=False, lifespan=with_trainer, telemetry=SILENT,
    )  # fmt: skip
    app.state.project, app.state.trainer, app.state.entry = project, trainer, entry
    failures.install(app)
    for path, methods, route in (
        ("/health", ["GET"], health),
        ("/setup", ["POST"], setup),
        ("/predict", ["POST"], predict),
        ("/webhook", ["POST"], webhook),
        ("/versions", ["GET"], versions),
    ):
        app.add_api_route(path, route, methods=methods, response_model=None)
    app.add_middleware(_OnlyStudio, entry=entry)
    return app


class _OnlyStudio:
    """ASGI middleware: lets in who knows the password, with a body that is not too long."""

    def __init__(self, app: ASGIApp, entry: StudioEntry) -> None:
        self._app = app
        self._entry = entry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._entry.refusal(headers)
        length = headers.get("content-length", "0")
        if refused is None and (not length.isdecimal() or int(length) > MAX_BODY
                                or "transfer-encoding" in headers):  # fmt: skip
            refused = f"A request names its length, and has {MAX_BODY >> 20} MB at most."
        if refused is None:
            await self._app(scope, receive, send)
            return
        answer = failure(HTTPStatus.UNAUTHORIZED, "no-backend", refused)
        answer.headers["www-authenticate"] = 'Basic realm="sparing"'
        await answer(scope, receive, send)


class Beside:
    """ASGI middleware: the backend answers its five paths, and the page all others."""

    def __init__(self, app: ASGIApp, backend: ASGIApp) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_its = scope["type"] == "http" and scope["path"] in PATHS
        await (self._backend if is_its else self._app)(scope, receive, send)


def health(request: Request) -> dict[str, Any]:
    """Say that the backend is there, and what became of all that it was told."""
    project: Project = request.app.state.project
    return {"status": "UP", "model_class": "sparing", "told": dict(project.files.studio.counts)}


def setup(request: Request, told: _Told) -> dict[str, Any]:
    """Say which model is the newest; whatever else is told, such as a token, is not kept."""
    project: Project = request.app.state.project
    project.files.studio.interface(str(told.get("schema") or ""))
    return {"model_version": project.files.studio.version}


def predict(request: Request, told: _Told) -> dict[str, Any]:
    """Say of each task what the newest model says, and when its policy would ask it."""
    project: Project = request.app.state.project
    tasks = told.get("tasks")
    if not isinstance(tasks, list):
        raise InvalidInputError("'tasks' of a request for predictions must be a list.")
    config = str(told.get("label_config") or "")
    return {"results": project.files.studio.predict(tasks, config)}


def webhook(request: Request, told: _Told) -> dict[str, Any]:
    """Take what was annotated or deleted, and let the trainer learn from it."""
    project: Project = request.app.state.project
    became = project.files.studio.take(told)
    trainer: Trainer | None = request.app.state.trainer
    is_new = {LEARNED, UNLEARNED} & became.keys() or told.get("action") == "START_TRAINING"
    if trainer is not None and is_new:
        trainer.wake()
    return {"status": "ok", "result": became}


def versions(request: Request) -> dict[str, Any]:
    """Name the model versions that are kept."""
    project: Project = request.app.state.project
    return {"versions": project.files.studio.versions}
