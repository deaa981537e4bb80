"""The routes of the map: places and colors as arrays of numbers, items by their rows."""

import json
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from sparing.web.api import TheProject, Who
from sparing.web.bodies import AskedBody, Holder, RowNumber
from sparing.web.failures import FAILURES
from sparing.web.rights import holder_of

MOST_ITEMS = 60
FOR_EVER = {
    "cache-control": "private, max-age=31536000, immutable"
}  # the address names the content
OF_NUMBERS = "application/octet-stream"
Rows = Annotated[list[RowNumber], Query(min_length=1, max_length=MOST_ITEMS)]
Mark = Annotated[str, Path(pattern="^[0-9a-f]{8,64}$")]

router = APIRouter(responses=FAILURES)


class ProgressBody(BaseModel):
    """How far the map of the neighbours is."""

    what: str
    done: int
    total: int


class MapBody(BaseModel):
    """Which maps there are; ``mark`` changes with the items."""

    mark: str
    kinds: list[Literal["principal", "neighbors"]]
    progress: ProgressBody | None
    trouble: str


@router.get("/api/map")
def which_maps(project: TheProject) -> MapBody:
    """Return which maps there are, and how far the next one is."""
    maps = project.map
    told = maps.progress
    progress = ProgressBody(what=told[0], done=told[1], total=told[2]) if told else None
    due = maps.is_due()
    return MapBody.model_validate(
        {"mark": maps.mark, "kinds": maps.kinds(), "progress": progress if due else None,
         "trouble": maps.trouble}
    )  # fmt: skip


@router.get("/api/map/places/{kind}/{mark}", response_class=Response)
def places(project: TheProject, kind: Literal["principal", "neighbors"], mark: Mark) -> Response:
    """Send where the items lie: x and y, unsigned 16 bits each, little-endian; 65,535: nowhere."""
    numbers = project.map.places(kind, mark).astype("<u2")
    return Response(numbers.tobytes(), media_type=OF_NUMBERS, headers=FOR_EVER)


@router.get("/api/map/colors/{by}", response_class=Response)
def colors(
    request: Request,
    project: TheProject,
    who: Who,
    by: Literal["label", "guess", "confidence", "source", "annotator"],
) -> Response:
    """Send a color an item: the length of a head, 32 bits, the head in JSON, then a byte an item.

    The head has the names of the numbers from 1 on; 0: nothing to say, 255: not on the map.
    """
    stamp = f'"{project.map.stamp()}-{quote(who)}"'
    headers = {"etag": stamp, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == stamp:
        return Response(status_code=304, headers=headers)
    found = project.map.coloring(by, who)
    head = json.dumps({"names": found.names}).encode()
    content = len(head).to_bytes(4, "little") + head + found.codes.tobytes()
    return Response(content, media_type=OF_NUMBERS, headers=headers)


@router.get("/api/map/search", response_class=Response)
def search(project: TheProject, text: Annotated[str, Query(max_length=200)]) -> Response:
    """Send the rows that have a text in their name or content: unsigned 32 bits, little-endian."""
    rows = project.grid.visible(text).astype("<u4")
    headers = {"cache-control": "private, no-store"}
    return Response(rows.tobytes(), media_type=OF_NUMBERS, headers=headers)


@router.get("/api/map/items")
def items(
    project: TheProject, who: Who, row: Rows, guesses: bool = False, holder: Holder | None = None
) -> list[AskedBody]:
    """Return the items of some rows, as picked by the person.

    What a holder is to answer, nobody else is asked for some minutes; without those that others
    are asked now.
    """
    found = project.map.items(list(dict.fromkeys(row)), who, guesses=guesses)
    if holder is not None:
        mine = project.lending.hold(holder_of(who, holder), [asked.item.item_id for asked in found])
        found = [asked for asked in found if asked.item.item_id in mine]
    return [AskedBody.model_validate(asked) for asked in found]
