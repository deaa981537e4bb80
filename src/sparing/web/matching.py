"""The routes by which an owner says what items are that are not in the source as it is now."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sparing.web.api import TheProject
from sparing.web.bodies import Incoming, ItemId, Outgoing, Text
from sparing.web.failures import FAILURES
from sparing.web.rights import only
from sparing.web.roles import Role

MOST_SHOWN = 200
router = APIRouter(responses=FAILURES, dependencies=[only(Role.OWNER, "Saying what items are now")])


class UnmatchedBody(Outgoing):
    """An item that was spoken of and is not in the source, and what it may be now."""

    item_id: str
    name: str
    label: str | None
    is_now: str | None
    why: str
    text: str


class UnmatchedListBody(BaseModel):
    """How many there are, for how many something suggests itself, and the first of them."""

    total: int
    n_suggested: int
    rows: list[UnmatchedBody]


class PairsBody(Incoming):
    """Keys of such items, each with the name of what it is now."""

    pairs: Annotated[dict[ItemId, Text], Field(min_length=1, max_length=MOST_SHOWN)]


class WayBody(Incoming):
    """What decides for all of them."""

    by: Literal["id", "content", "place"]


@router.get("/api/unmatched")
def unmatched(project: TheProject) -> UnmatchedListBody:
    """Return the items that were spoken of and are not in the source."""
    found = project.rematching.unmatched()
    return UnmatchedListBody(
        total=len(found),
        n_suggested=sum(one.is_now is not None for one in found),
        rows=[UnmatchedBody.model_validate(one) for one in found[:MOST_SHOWN]],
    )


@router.post("/api/unmatched/match")
def match(project: TheProject, body: PairsBody) -> UnmatchedListBody:
    """Say what some are now; the others stay as they are."""
    project.rematching.match(body.pairs)
    return unmatched(project)


@router.post("/api/unmatched/match-by")
def match_by(project: TheProject, body: WayBody) -> UnmatchedListBody:
    """Decide for all of them at once; what is not found so stays without a place."""
    project.rematching.match_by(body.by)
    return unmatched(project)
