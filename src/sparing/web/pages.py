"""The page itself: static files that hold no word of the project, so that they need no session."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

STATIC = Path(__file__).with_name("static")
FRESH = {"cache-control": "no-cache"}  # asked again each time, sent only if changed

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    """Send the one page."""
    return FileResponse(STATIC / "index.html", headers=FRESH)


@router.get("/favicon.ico")
async def icon() -> FileResponse:
    """Send the picture of the tab."""
    return FileResponse(STATIC / "icon.png", headers=FRESH)


def mount(app: FastAPI) -> None:
    """Add the page and its files to ``app``."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
