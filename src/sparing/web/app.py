"""The application: a project and its trainer behind one guard."""

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware import Middleware

import sparing
from sparing.project import Project
from sparing.project.learning.process import Trainer
from sparing.web import api, entering, failures, grids, leases, maps, matching, pages, people
from sparing.web.door import Door
from sparing.web.gate import Gate
from sparing.web.lifespan import SILENT, with_trainer
from sparing.web.security import Guard
from sparing.web.studio import Beside, StudioEntry, create_backend

DRAWN_AT_ONCE = 8  # pictures, for all browsers together


def create_app(
    project: Project,
    trainer: Trainer | None = None,
    door: Door | Gate | None = None,
    backend: StudioEntry | None = None,
) -> FastAPI:
    """Make the page of one project.

    Parameters
    ----------
    project : an open :class:`sparing.project.Project`
    trainer : started with the application and stopped with it; None: nothing learns
    door : says who may come in; None: whoever has the link
    backend : lets Label Studio in at the five paths that are its own; None: there are none

    Returns
    -------
    the application; ``app.state.door`` is the door, whose ``token`` the first link has to carry
    """
    door = door or Door(project.where.secret, folder=project.folder)
    app = FastAPI(
        title="sparing",
        version=sparing.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Guard, door=door)],
        lifespan=with_trainer,
        telemetry=SILENT,
    )
    app.state.drawing = CapacityLimiter(DRAWN_AT_ONCE)
    app.state.project, app.state.trainer, app.state.door = project, trainer, door
    failures.install(app)
    app.include_router(entering.router)
    app.include_router(api.router)
    app.include_router(people.router)
    app.include_router(maps.router)
    app.include_router(grids.router)
    app.include_router(leases.router)
    app.include_router(matching.router)
    pages.mount(app)
    if backend is not None:  # outside the guard: it has a password of its own
        app.add_middleware(Beside, backend=create_backend(project, trainer, backend))
    return app
