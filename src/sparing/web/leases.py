"""The route by which a page keeps what it shows to itself, and lets it go."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sparing.web.api import MAX_EXCLUDED, TheProject, Who
from sparing.web.bodies import Holder, Incoming, ItemId
from sparing.web.failures import FAILURES
from sparing.web.rights import holder_of

router = APIRouter(responses=FAILURES)
ItemIds = Annotated[list[ItemId], Field(max_length=MAX_EXCLUDED)]


class LeasesBody(Incoming):
    """Which items a page still has, and which it has no longer; ``leave``: none any more."""

    holder: Holder
    keep: ItemIds = Field(default_factory=list)
    free: ItemIds = Field(default_factory=list)
    leave: bool = False


class HeldBody(BaseModel):
    """What nobody else is asked, of the items that were to be kept."""

    held: list[str]


@router.post("/api/leases")
def leases(project: TheProject, who: Who, body: LeasesBody) -> HeldBody:
    """Prolong some leases and end others."""
    holder = holder_of(who, body.holder)
    if body.free or body.leave:
        project.lending.let_go(holder, None if body.leave else body.free)
    return HeldBody(held=project.lending.hold(holder, body.keep) if body.keep else [])
