"""The routes: each reads a body, calls the project once, and gives back what came of it."""

import tempfile
import threading
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from sparing.audit.audit import Phase
from sparing.errors import ConflictError, NotFoundError
from sparing.project import Asked, Project
from sparing.project.files.export import FOLDERS, HUB, STUDIO
from sparing.project.files.forms import FORMS
from sparing.project.learning.process import Trainer
from sparing.project.log.meaning import as_said
from sparing.project.team.lending import Lent
from sparing.store.records import Kind, NewEvent
from sparing.web.bodies import (
    AskedBody,
    CertificateBody,
    ClaimBody,
    ClassBody,
    EventBody,
    FoldersBody,
    Fraction,
    HistoryBody,
    HistoryRowBody,
    Holder,
    ItemId,
    LikelyMistakeBody,
    NextBody,
    PlanBody,
    RecordedBody,
    StateBody,
    StatusBody,
)
from sparing.web.failures import FAILURES
from sparing.web.media import MEDIA_POLICY, Picture, drawn, inside, part, picture
from sparing.web.rights import holder_of, may_say, not_allowed, only, role_for, session
from sparing.web.roles import Role
from sparing.web.sessions import Session
from sparing.web.shortened import MOST_CHARACTERS

MAX_EVENTS = 200
MAX_EXCLUDED = 500
PAGE = 50
UNSEEN = (
    f"A page shows the first {MOST_CHARACTERS:,} characters of a text: spans behind them are taught"
    " in Python, or imported."
)
MAX_OFFSET = 10**9
WHAT = {
    Kind.SETTLED: "Settling",
    Kind.ADD_CLASS: "Adding a class",
    Kind.RENAME_CLASS: "Renaming a class",
    Kind.MERGE_CLASS: "Merging classes",
    Kind.DELETE_CLASS: "Deleting a class",
}
SENT = {name: (f"labels.{name}", form.media_type) for name, form in FORMS.items()} | {
    STUDIO: ("labels.json", "application/json"),
    "coco": ("coco.json", "application/json"),
    "cvat": ("annotations.xml", "application/xml"),
    "conll": ("labels.conll", "text/plain; charset=utf-8"),
    "doccano": ("labels.jsonl", FORMS["jsonl"].media_type),
    "prodigy": ("labels.jsonl", FORMS["jsonl"].media_type),
}
"""What an export is called as a file, and its type."""
GATHERED = {
    FOLDERS: ("classes", "One folder for each class is in"),
    HUB: ("hugging-face", "A data set of Hugging Face is in"),
    "yolo": ("yolo", "The pictures with YOLO's text and data.yaml are in"),
    "voc": ("voc", "The files of Pascal VOC are in"),
    "brat": ("brat", "The texts with brat's annotations are in"),
}
"""What an export is called as a folder, and how it is told."""
PartOfPicture = Annotated[str | None, Query(pattern=r"^[0-9]{1,6}(,[0-9]{1,6}){3}$")]
_EXPORTS = threading.BoundedSemaphore(2)  # each is a process with all items in its memory
router = APIRouter(responses=FAILURES)


async def _project(request: Request) -> Project:
    found: Project = request.app.state.project
    return found


async def _trainer(request: Request) -> Trainer | None:
    found: Trainer | None = request.app.state.trainer
    return found


async def _annotator(request: Request) -> str:
    """Return who is in front of the browser: the session says it, never the request itself."""
    found: str = request.state.session.name
    return found


TheProject = Annotated[Project, Depends(_project)]
Who = Annotated[str, Depends(_annotator)]
Here = Annotated[Session, Depends(session)]
TheTrainer = Annotated[Trainer | None, Depends(_trainer)]
Events = Annotated[list[EventBody], Field(min_length=1, max_length=MAX_EVENTS)]
Excluded = Annotated[list[ItemId], Query(max_length=MAX_EXCLUDED)]


@router.get("/api/state")
def state(request: Request, project: TheProject, here: Here) -> StateBody:
    """Return all that stands beside the item."""
    status = project.status(here.name)
    count = status.class_counts.get
    classes = [
        ClassBody(name=name, place=place, count=count(name, 0)) for name, place in project.places
    ]
    told = StatusBody.model_validate(status)
    door = request.app.state.door
    return StateBody(
        id=door.shelf(here.name),
        name=project.name,
        annotator=here.name,
        role=here.role,
        may_add_classes=project.team.may_add_classes,
        by_password=door.by_password,
        classes=classes,
        status=told,
    )


@router.get("/api/here", status_code=204, response_class=Response)
async def here() -> Response:
    """Say nothing: the headers tell whose answer it is, before something is sent."""
    return Response(status_code=204)


@router.get("/api/next")
def next_items(
    project: TheProject,
    who: Who,
    n: Annotated[int, Query(ge=1, le=20)] = 5,
    exclude: Excluded = [],  # noqa: B006  # FastAPI copies it
    guesses: bool = False,
    holder: Holder | None = None,
) -> NextBody:
    """Return what to ask next, as the phase demands; a guess only where it is wanted.

    What a holder is asked, nobody else is for some minutes; ``exclude`` is what it has already.
    """
    phase = project.phase
    lent = _lent(project, phase, n, exclude, holder, who)
    asked = [AskedBody.model_validate(one) for one in lent.items]
    if not guesses or phase == Phase.AUDIT:
        asked = [a.model_copy(update={"guess": None}) for a in asked]
    return NextBody(phase=phase.value, items=asked, n_elsewhere=lent.n_elsewhere)


def _lent(
    project: Project, phase: Phase, n: int, held: list[str], holder: str | None, who: str
) -> Lent:
    ways = {
        Phase.LABEL: project.query,
        Phase.AUDIT: project.audits.query,
        Phase.CERTIFIED: project.audits.query_remainder,
        Phase.HANDBACK: project.audits.query_remainder,
    }
    if phase not in ways:
        return Lent([])

    def ask(n: int, exclude: Collection[str]) -> Sequence[Asked]:
        return ways[phase](n, exclude=exclude, annotator=who)

    if holder is None:
        return Lent(list(ask(n, held)))
    # Not prolonged here: what was just answered is among it, and may wait for another person.
    return project.lending.lend(
        holder_of(who, holder), n, (), lambda n, taken: ask(n, [*taken, *held])
    )


@router.post("/api/events")
def record(
    request: Request, project: TheProject, trainer: TheTrainer, here: Here, events: Events
) -> list[RecordedBody]:
    """Store what the person did; when this returns it is on the disk.

    What is for others to do is refused by its key, and holds up nothing else.
    """
    # By the link people name themselves: what nobody has put a name to may be theirs.
    own = (here.name,) if request.app.state.door.by_password else (here.name, "")
    may_add = here.role is Role.OWNER or project.team.may_add_classes
    mine = may_say(here.role, may_add=may_add)
    new = [
        NewEvent(
            **_said(event),
            annotator=here.name,
            undoes_of=own,
            may_say=mine,
        )
        for event in events
    ]
    unseen = {event.key for event in events if _marks_unseen(project, event)}
    mine_now = [event for event in new if event.kind in mine and event.key not in unseen]
    recorded = iter(project.record(mine_now))
    if trainer is not None:
        trainer.wake()
    return [
        _refused(event, not_allowed(role_for(event.kind, may_add=may_add), WHAT[event.kind]))
        if event.kind not in mine
        else _refused(event, UNSEEN)
        if event.key in unseen
        else RecordedBody.model_validate(next(recorded))
        for event in new
    ]


def _said(event: EventBody) -> dict[str, Any]:
    """Return an event's fields; labels, spans or boxes are said in place of a class."""
    fields = {**event.model_dump(), "kind": Kind(event.kind)}
    several = [fields.pop(name) for name in ("boxes", "spans", "labels")]
    said = next((one for one in several if one is not None), None)
    return fields if said is None else {**fields, "class_name": as_said(said)}


def _marks_unseen(project: Project, event: EventBody) -> bool:
    """Tell whether spans are new that lie behind what the page shows of their text."""
    spans = event.spans or ()
    behind = {(s.start, s.end, s.label) for s in spans if s.end > MOST_CHARACTERS}
    if not behind or event.kind == "settled" or event.item_id is None:
        return False
    if event.item_id not in project.items:
        return False
    answer = project.asked(event.item_id).answer
    known = () if answer is None else answer.spans or ()
    return not behind <= {(one.start, one.end, one.label) for one in known}


def _refused(event: NewEvent, why: str) -> RecordedBody:
    return RecordedBody(key=event.key, seq=None, status="refused", current=None, message=why)


@router.get("/api/items/{item_id:path}")
def item(project: TheProject, who: Who, item_id: str) -> AskedBody:
    """Return one item to look at again."""
    asked = AskedBody.model_validate(project.asked(item_id, who))
    return asked.model_copy(update={"guess": None})


@router.get("/api/history")
def history(
    project: TheProject,
    who: Who,
    search: Annotated[str, Query(max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
    marked: Literal["flagged", "skipped", "commented"] | None = None,
) -> HistoryBody:
    """Return answers, or items that were marked in some way, the newest first."""
    total, rows = project.history(search, offset, PAGE, who, marked)
    return HistoryBody(total=total, rows=[HistoryRowBody.model_validate(row) for row in rows])


@router.get("/api/look-again")
def look_again(project: TheProject, who: Who) -> list[LikelyMistakeBody]:
    """Return answers that look like mistakes; none while a check is running."""
    if project.phase == Phase.AUDIT:
        return []
    return [
        LikelyMistakeBody(asked=AskedBody.model_validate(asked), reason=reason)
        for asked, reason in project.look_again(PAGE, who)
    ]


@router.get("/api/audit/plan")
def plan_audit(project: TheProject, epsilon: Fraction, delta: Fraction = 0.05) -> PlanBody:
    """Return what a check would cost; draws nothing."""
    return PlanBody.model_validate(project.audits.plan(epsilon, delta))


@router.post("/api/audit", dependencies=[only(Role.OWNER, "Checking the model")])
def audit(project: TheProject, claim: ClaimBody) -> PlanBody:
    """Freeze the model and draw the items of the check."""
    return PlanBody.model_validate(project.audits.draw(claim.epsilon, claim.delta))


@router.post("/api/certify", dependencies=[only(Role.OWNER, "Working out a certificate")])
def certify(project: TheProject) -> CertificateBody:
    """Turn the answered check into a certificate."""
    return CertificateBody.model_validate(project.audits.certify())


@router.post(
    "/api/resume",
    status_code=204,
    response_class=Response,
    dependencies=[only(Role.OWNER, "Stopping a check")],
)
def resume(project: TheProject) -> Response:
    """Go back to labeling; a check that was begun is spent."""
    project.audits.resume()
    return Response(status_code=204)


@router.get("/api/certificate", response_class=Response)
def certificate(project: TheProject) -> Response:
    """Send the certificate as a file."""
    made = project.status().certificate
    if made is None:
        raise NotFoundError("There is no certificate yet.")
    name = {"content-disposition": 'attachment; filename="certificate.json"'}
    return Response(made.to_json(), media_type="application/json", headers=name)


@router.get(
    "/api/export", response_class=FileResponse, dependencies=[only(Role.OWNER, "Exporting")]
)
def export(
    project: TheProject,
    who: Who,
    format: Annotated[str, Query(pattern=f"^({'|'.join(SENT)})$")] = "csv",  # noqa: A002
) -> FileResponse:
    """Send all rows with the provenance of every label."""
    folder = tempfile.TemporaryDirectory(prefix="sparing-")
    name, media_type = SENT[format]
    path = Path(folder.name, name)
    try:
        _export(project, path, format, who)
    except BaseException:
        folder.cleanup()
        raise
    done = BackgroundTask(folder.cleanup)
    return FileResponse(path, media_type=media_type, filename=name, background=done)


def _export(project: Project, path: Path, form: str, who: str) -> None:
    if not _EXPORTS.acquire(blocking=False):
        raise ConflictError("Other exports are being written: wait until one of them is done.")
    try:
        project.files.export_apart(path, form, who)
    finally:
        _EXPORTS.release()


@router.post("/api/folders", dependencies=[only(Role.OWNER, "Exporting")])
def folders(
    project: TheProject, who: Who, form: Literal["folders", "hf", "brat", "yolo", "voc"] = FOLDERS
) -> FoldersBody:
    """Write an export that is a folder into the project's folder."""
    name, sentence = GATHERED[form]
    folder = project.folder / f"{name}-{project.status().seq}"
    if not folder.exists():
        _export(project, folder, form, who)
    return FoldersBody(folder=str(folder), sentence=sentence)


@router.get("/media/{item_id:path}", response_class=Response)
async def media(
    request: Request,
    project: TheProject,
    item_id: str,
    small: bool = False,
    part: PartOfPicture = None,
) -> Response:
    """Send the picture of an item, found by its id alone; ``small`` for lists.

    ``part`` (left, top, right, bottom in upright pixels) sends that much, in full resolution.

    Pictures have threads of their own: however many are decoded, answers wait for none of them.
    """
    draw = partial(_picture, project, item_id, small=small, box=part)
    shown = await to_thread.run_sync(draw, limiter=request.app.state.drawing)
    headers = {"content-security-policy": MEDIA_POLICY, "cache-control": "private, max-age=600"}
    return Response(shown.content, media_type=shown.media_type, headers=headers)


def _picture(project: Project, item_id: str, *, small: bool, box: str | None) -> Picture:
    item = project.items.get(item_id)
    if item.kind != "image":
        raise NotFoundError("This item is no picture.")
    if item.pixels is not None:
        return drawn(item.pixels)
    root = project.where.root
    if root is None or item.path is None:
        raise NotFoundError("The file of this item is not there any more.")
    file = inside(root, item.path, follow_links=project.where.follows_links)
    if box is None:
        return picture(file, small=small)
    x0, y0, x1, y1 = map(int, box.split(","))
    return part(file, (x0, y0, x1, y1))
