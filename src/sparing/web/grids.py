"""The routes of the grid: pages of items that are looked at together."""

from collections.abc import Collection
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from sparing.project.grid.views import GridPage
from sparing.web.api import MAX_EVENTS, TheProject, Who
from sparing.web.bodies import AskedBody, Holder, Incoming, ItemId, Name, Outgoing, RowNumber, Text
from sparing.web.failures import FAILURES
from sparing.web.rights import holder_of

MAX_LEFT_OUT = 5000
MAX_LISTED = 50_000
MAX_CLUSTER = 10**6
Number = Annotated[int, Field(ge=0, le=MAX_CLUSTER)]


class OfClass(Incoming):
    """What the model takes for a class; ``rare``: with what is near to its examples."""

    kind: Literal["class", "rare"]
    class_name: Name


class OfCluster(Incoming):
    """A cluster by its number."""

    kind: Literal["cluster"]
    number: Number


class OfOne(Incoming):
    """What is nearest to an item."""

    kind: Literal["like"]
    item_id: ItemId


class OfText(Incoming):
    """What has a text in its name or content."""

    kind: Literal["search"]
    text: Text


class OfList(Incoming):
    """Items that were chosen elsewhere, such as on a map, by their rows."""

    kind: Literal["list"]
    rows: Annotated[list[RowNumber], Field(max_length=MAX_LISTED)]


class Wanted(Incoming):
    """A page of a grid; ``exclude`` are items that are on the screen, or left for later.

    What a holder sees, nobody else is asked for some minutes.
    """

    of: Annotated[OfClass | OfCluster | OfOne | OfText | OfList, Field(discriminator="kind")]
    n: Annotated[int, Field(ge=1, le=MAX_EVENTS)] = 60
    exclude: Annotated[list[ItemId], Field(max_length=MAX_LEFT_OUT, default_factory=list)]
    holder: Holder | None = None


class PageBody(Outgoing):
    """Items to look at together, what they are, and what most of them should be."""

    about: str
    class_name: str | None
    n_open: int
    items: list[AskedBody]
    n_elsewhere: int


class SaidBody(Outgoing):
    """One answer of a page."""

    key: str
    item_id: str
    class_name: str


class StepBody(Outgoing):
    """What was confirmed with one key press; ``items`` of a page, as if nobody had answered."""

    said: list[SaidBody]
    items: list[AskedBody]


class LineBody(Outgoing):
    """A cluster in the list of them."""

    number: int
    n_items: int
    n_open: int
    example: AskedBody


class OverviewBody(Outgoing):
    """What there are grids of."""

    likely: dict[str, int]
    clusters: list[LineBody] | None


class PurityBody(Outgoing):
    """What a few random items say of a cluster."""

    class_name: str
    n_like: int
    n_tested: int
    low: float
    high: float
    sentence: str


class CheckBody(Outgoing):
    """How far the check of a cluster has come; ``item_ids`` once it is answered."""

    n_drawn: int
    open: list[AskedBody]
    purity: PurityBody | None
    item_ids: list[str]
    n_elsewhere: int


router = APIRouter(responses=FAILURES)


@router.get("/api/grid")
def overview(project: TheProject) -> OverviewBody:
    """Return what there are grids of."""
    return OverviewBody.model_validate(project.grid.overview())


@router.get("/api/grid/latest")
def latest(project: TheProject, who: Who) -> StepBody:
    """Return what the person confirmed last on a grid, if they have said nothing since."""
    return StepBody.model_validate(project.grid.latest(who))


@router.post("/api/grid")
def page(project: TheProject, who: Who, wanted: Wanted) -> PageBody:
    """Return a page of a grid; items of an open check are on none."""

    def ask(n: int, taken: Collection[str]) -> GridPage:
        return _page(project, who, wanted, n, [*wanted.exclude, *taken])

    if wanted.holder is None:
        return PageBody.model_validate(ask(wanted.n, ()))
    return PageBody.model_validate(
        project.lending.lend_page(holder_of(who, wanted.holder), wanted.n, ask)
    )


def _page(
    project: TheProject, who: str, wanted: Wanted, n: int, exclude: Collection[str]
) -> GridPage:
    grid, of = project.grid, wanted.of
    match of:
        case OfClass(kind="class"):
            return grid.likely(of.class_name, n, exclude)
        case OfClass():
            return grid.rare(of.class_name, n, exclude, who)
        case OfCluster():
            return grid.cluster(of.number, n, exclude, who)
        case OfOne():
            return grid.like(of.item_id, n, exclude, who)
        case OfText():
            return grid.holding(of.text, n, exclude)
        case OfList():
            return grid.listed(of.rows, n, exclude)


@router.get("/api/clusters/{number}/check")
def check(project: TheProject, who: Who, number: Number, holder: Holder | None = None) -> CheckBody:
    """Return how far the blind check of a cluster has come; the first call draws it.

    Its items come without those that are on another screen than the holder's.
    """
    mine = None if holder is None else holder_of(who, holder)
    found = project.lending.spare(mine, project.grid.check(number, who))
    return CheckBody.model_validate(found)
