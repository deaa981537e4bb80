"""The pages: static files that hold no word of the project, so that they need no session."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

STATIC = Path(__file__).with_name("static")
PAGES = {
    "/": "index.html",
    "/grid": "grid.html",
    "/map": "map.html",
    "/settle": "settle.html",
}
"""Each page by its path; ``static/pages.js`` names them in the same order."""
FRESH = {"cache-control": "no-cache"}  # asked again each time, sent only if changed

router = APIRouter(include_in_schema=False)


@router.get("/favicon.ico")
async def icon() -> FileResponse:
    """Send the picture of the tab."""
    return FileResponse(STATIC / "icon.png", headers=FRESH)


def _sender(name: str) -> Callable[[], Awaitable[FileResponse]]:
    async def send() -> FileResponse:
        return FileResponse(STATIC / name, headers=FRESH)

    return send


def mount(app: FastAPI) -> None:
    """Add the pages and their files to ``app``."""
    app.include_router(router)
    for path, name in PAGES.items():
        app.add_api_route(path, _sender(name), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
