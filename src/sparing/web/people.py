"""The routes of people: how far they agree, where they differ, what they go by."""

from itertools import zip_longest
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from sparing.project.log.commands import MAX_TEXT
from sparing.stats.agreement import Agreement, Figure
from sparing.web.api import TheProject, Who
from sparing.web.bodies import (
    AskedBody,
    GuessBody,
    Incoming,
    Key,
    MarkedBoxBody,
    MarkedSpanBody,
    Outgoing,
)
from sparing.web.failures import FAILURES
from sparing.web.rights import only
from sparing.web.roles import Role

MOST_SHOWN = 200

router = APIRouter(responses=FAILURES)


class FigureBody(Outgoing):
    """A number with its interval."""

    name: str
    value: float
    low: float
    high: float
    n_items: int


class PersonBody(Outgoing):
    """A person, and how many of their answers stand."""

    name: str
    n_answers: int


class PeopleBody(Outgoing):
    """Who answers, and how far they agree; see :class:`sparing.stats.agreement.Agreement`."""

    people: list[PersonBody]
    overlap: float
    n_items: int
    note: str
    overall: FigureBody | None
    by_class: list[FigureBody]
    by_label: list[FigureBody]
    by_person: list[FigureBody]


class VoteBody(Outgoing):
    """What a person said; no class: skipped."""

    annotator: str
    class_name: str | None
    labels: list[str] | None = None
    spans: list[MarkedSpanBody] | None = None
    boxes: list[MarkedBoxBody] | None = None


class DisagreementBody(Outgoing):
    """An item on which people differ."""

    asked: AskedBody
    votes: list[VoteBody]
    suggestion: GuessBody
    is_audited: bool


class DisagreementsBody(Outgoing):
    """How many there are, and the first of them."""

    total: int
    rows: list[DisagreementBody]


class GuidelinesBody(Outgoing):
    """One version of the guidelines."""

    number: int
    key: str
    at: str
    annotator: str
    text: str


class NewGuidelinesBody(Incoming):
    """A new version, and the key of the one that it replaces."""

    text: Annotated[str, Field(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
    seen: Key | None = None


@router.get("/api/people")
def people(project: TheProject) -> PeopleBody:
    """Return who answers, and how far they agree."""
    found, counts = project.team.agreement(), project.team.people()
    return PeopleBody(
        people=[PersonBody(name=name, n_answers=n) for name, n in counts.items()],
        overlap=project.team.overlap,
        **_figures(found),
    )


def _figures(found: Agreement) -> dict[str, Any]:
    return {
        "n_items": found.n_items,
        "note": found.note,
        "overall": _figure("", found.overall) if found.overall else None,
        "by_class": [_figure(str(name), figure) for name, figure in found.classes],
        "by_label": [_figure(str(name), figure) for name, figure in found.labels],
        "by_person": [_figure(str(name), figure) for name, figure in found.people],
    }


def _figure(name: str, figure: Figure) -> FigureBody:
    return FigureBody(
        name=name, value=figure.value, low=figure.low, high=figure.high, n_items=figure.n_items
    )


@router.get("/api/disagreements", dependencies=[only(Role.SETTLER, "Settling")])
def disagreements(project: TheProject) -> DisagreementsBody:
    """Return the items on which people differ, with what each of them said."""
    found = project.team.disagreements()
    rows = [
        DisagreementBody.model_validate(
            {
                "asked": one.asked,
                "votes": [
                    {
                        "annotator": who,
                        "class_name": said,
                        "labels": labels,
                        "spans": spans,
                        "boxes": boxes,
                    }
                    for (who, said), labels, spans, boxes in zip_longest(
                        one.votes, one.said, one.spans, one.boxes
                    )
                ],
                "suggestion": one.suggestion,
                "is_audited": one.is_audited,
            }
        )
        for one in found[:MOST_SHOWN]
    ]
    return DisagreementsBody(total=len(found), rows=rows)


@router.get("/api/guidelines")
def guidelines(project: TheProject) -> list[GuidelinesBody]:
    """Return all versions of the guidelines, the newest first."""
    return [GuidelinesBody.model_validate(one) for one in reversed(project.team.guidelines())]


@router.post(
    "/api/guidelines",
    status_code=204,
    response_class=Response,
    dependencies=[only(Role.OWNER, "Writing guidelines")],
)
def set_guidelines(project: TheProject, who: Who, body: NewGuidelinesBody) -> Response:
    """Keep a new version; refused where somebody else has written one meanwhile."""
    project.team.set_guidelines(body.text, who, body.seen)
    return Response(status_code=204)


class RightsBody(Incoming):
    """What an owner lets annotators do."""

    may_add_classes: bool


@router.post(
    "/api/rights",
    status_code=204,
    response_class=Response,
    dependencies=[only(Role.OWNER, "Saying what annotators may do")],
)
def set_rights(project: TheProject, body: RightsBody) -> Response:
    """Let annotators add classes, or not."""
    project.team.set_may_add_classes(body.may_add_classes)
    return Response(status_code=204)
