"""Merging projects that were made apart: they stay as they are, and a new one has what all say."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from os import PathLike
from pathlib import Path
from uuid import uuid4

from sparing.audit.audit import Phase
from sparing.errors import ConflictError, InvalidInputError
from sparing.files import staging
from sparing.project import opening
from sparing.project.backups.backup import backup
from sparing.project.backups.restore import check_empty, restore
from sparing.project.belongings import database_of
from sparing.project.folder import SUFFIX, Lock, ProjectFolder
from sparing.project.log.replay import Replay
from sparing.project.merging.classes import check_all_named
from sparing.project.merging.plan import Holdings, Plan, numbered, plan_merge
from sparing.project.multiprocess import placed
from sparing.project.settings import read_settings
from sparing.project.source.changes import ITEMS_STAMP
from sparing.store import Event, ItemRow, Kind, Store, open_store
from sparing.store.copying import copy_store, put_events
from sparing.store.engine import sqlite_url

MERGED = "merged"
"""The setting that keeps what is remembered of the projects that a project was merged of."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a merged project remembers of those that it was merged of, by their places.

    Parameters
    ----------
    nameless : what people without a name there are called here
    classes : key of a class there -> here
    """

    nameless: dict[str, str]
    classes: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A project that is merged, as it was at one moment.

    Parameters
    ----------
    place : where it lies, told apart from all others
    held : what it holds
    kind : of its answers
    """

    place: str
    held: Holdings
    kind: str


def merge(
    projects: Sequence[str | PathLike[str]],
    into: str | PathLike[str],
    *,
    classes: Mapping[str, str] | None = None,
    source: str | PathLike[str] | None = None,
    agree: Callable[[Sequence[str]], bool] = lambda told: True,
) -> list[Plan]:
    """Merge projects into a new one, or once more into one that was merged of them.

    None of the projects is changed; they may be in use. The new one begins as the first of them,
    with all that it knows. What people said in the others is added: with its time, beside what
    others have said, to train only. What is there already is never added again.

    Parameters
    ----------
    projects : their folders, sources or URLs; two or more
    into : a folder that is empty or not there yet, or that was made by merging
    classes : name of a class in another project -> in the first one; the others go by their names
    source : where the source of the new project is, if not where that of the first one is
    agree : gets what will be done, in sentences, and says whether to do it

    Returns
    -------
    what was done, of each project; nothing where ``agree`` said no

    Raises
    ------
    ConflictError : an audit is open in one of them; ``into`` holds something else
    InvalidInputError : there is nothing to merge, no item is the same, or ``into`` is inside of a
        project
    NotFoundError, StoreError : one of them is not there, or cannot be read
    """
    places = _checked(projects, into)
    target = Path(into).resolve()
    is_new = not opening.exists(ProjectFolder(target))
    with staging(target) as here:
        parts = [_copied(place, here / f"{i}.db") for i, place in enumerate(places)]
        _check_kinds(parts)
        if is_new:
            check_empty(target)
            backup(places[0].url or places[0].path, here / "first")
            restore(here / "first", here / "project", source)
        folder = here / "project" if is_new else target
        with _writing(folder) as store:
            memory = _memory(store, parts, is_new=is_new, name=target.name)
            items = opening.items_of_today(ProjectFolder(folder), store)
            plans, events = _planned(store, items, parts, memory, classes or {})
            told = list(_told(store, parts, plans, target.name, is_new=is_new))
            if not agree(told):
                return []
            _write(store, folder, memory, plans, events)
        if is_new:
            folder.rename(target)
    return plans


def _checked(
    projects: Sequence[str | PathLike[str]], into: str | PathLike[str]
) -> list[ProjectFolder]:
    places = [opening.existing(project) for project in projects]
    names = [_place(place) for place in places]
    if len(set(names)) < max(2, len(names)):
        raise InvalidInputError("Merging needs two projects or more, each of them once.")
    if str(Path(into).resolve()) in names:
        raise InvalidInputError(
            f"{into} is one of the projects, which stay as they are: name a new folder."
        )
    around = next((one for one in Path(into).resolve().parents if _is_project(one)), None)
    if around is not None:
        raise InvalidInputError(
            f"{into} is inside of the project {around.name}, which keeps its own files alone: name"
            " a folder outside of it."
        )
    return places


def _is_project(folder: Path) -> bool:
    return ProjectFolder(folder).exists() or database_of(folder) is not None


def _place(place: ProjectFolder) -> str:
    return place.name if place.is_shared else str(place.path.resolve())


def _copied(place: ProjectFolder, copy: Path) -> Part:
    """Copy what a project holds; nothing of it is touched, whoever is using it.

    Raises
    ------
    ConflictError : an audit is open in it
    """
    copy_store(place.store_url, copy)
    store = open_store(sqlite_url(copy), place.name)
    try:
        events = store.events()
        _check_no_audit(events, place.name)
        items = opening.items_of_today(placed(place, store), store)
        kind = read_settings(store).kind
        return Part(_place(place), Holdings(place.name, items, events), kind)
    finally:
        store.close()


def _check_kinds(parts: Sequence[Part]) -> None:
    """Refuse to put answers of several kinds into one project."""
    kinds = {part.kind: part.place for part in parts}
    if len(kinds) > 1:
        told = ", ".join(f"'{kind}' in {place}" for kind, place in kinds.items())
        raise InvalidInputError(f"The answers of these projects are of different kinds: {told}.")


def _check_no_audit(events: Sequence[Event], name: str) -> None:
    if Replay(events).phase is Phase.AUDIT:
        raise ConflictError(
            f"An audit is open in {name}: answer it and 'sparing certify' it, or give it up, first."
        )


@contextmanager
def _writing(folder: Path) -> Iterator[Store]:
    lock = Lock(folder)
    try:
        store = open_store(ProjectFolder(folder).store_url, folder.name)
        try:
            yield store
        finally:
            store.close()
    finally:
        lock.release()


def _memory(store: Store, parts: Sequence[Part], *, is_new: bool, name: str) -> Memory:
    """Return what is known of earlier merges; of the first one, that it began as the first part.

    Raises
    ------
    ConflictError : the project was not made by merging, or an audit is open in it
    """
    _check_no_audit(store.events(), name)
    kept = store.settings().get(MERGED)
    if kept is None and not is_new:
        raise ConflictError(
            f"{name} is a project that was not made by merging. Nothing was changed: name a new"
            " folder."
        )
    told = json.loads(kept) if kept is not None else {}
    memory = Memory(told.get("nameless", {}), told.get("classes", {}))
    if is_new:
        memory.nameless[parts[0].place] = ""
    for part in parts:
        if part.place not in memory.nameless:
            memory.nameless[part.place] = _free_name(part, memory.nameless.values())
    return memory


def _free_name(part: Part, taken: Iterable[str]) -> str:
    """Return what the nameless people of a project are called in another one."""
    name = part.held.name.rpartition("/")[2].rpartition("=")[2].removesuffix(SUFFIX)
    names = (name if n == 1 else f"{name} {n}" for n in count(1))
    return next(one for one in names if one not in set(taken))


def _planned(
    store: Store,
    items: Sequence[ItemRow],
    parts: Sequence[Part],
    memory: Memory,
    classes: Mapping[str, str],
) -> tuple[list[Plan], list[Event]]:
    """Work out what each project adds, in view of what those before it have added."""
    here = Holdings("", items, store.events())
    n, plans = len(here.events), []
    left = dict(classes)
    for part in parts:
        nameless, known = memory.nameless[part.place], memory.classes.setdefault(part.place, {})
        plan = plan_merge(here, part.held, left if nameless else {}, known, nameless)
        if not plan.same.ids:
            raise InvalidInputError(
                f"{part.held.name} has no item of {parts[0].held.name}: there is nothing to merge."
                " Projects on one table have the same items where they take the same columns."
            )
        plans.append(plan)
        known |= {join.class_id: join.into for join in plan.joins if join.into is not None}
        events = [*here.events, *numbered(plan.events, here.events)]
        here = Holdings("", [*here.items, *plan.items], events)
    check_all_named(left, [part.held.events for part in parts])
    return plans, [*here.events[n:]]


def _told(
    store: Store, parts: Sequence[Part], plans: Sequence[Plan], name: str, *, is_new: bool
) -> Iterator[str]:
    if is_new:
        yield f"{name} begins as a copy of {parts[0].held.name}."
    for plan in plans[1 if is_new else 0 :]:
        yield from plan.said()
    if _voids(store, plans):
        yield (
            f"The certificate that {name} has covers none of this: it does not hold any more, and"
            " labeling goes on. It stays in the project that it is of."
        )
    for part in parts[1 if is_new else 0 :]:
        if Replay(part.held.events).phase is Phase.CERTIFIED:
            yield f"The certificate of {part.held.name} holds there alone, and is not taken over."


def _voids(store: Store, plans: Sequence[Plan]) -> bool:
    is_certified = Replay(store.events()).phase is Phase.CERTIFIED
    return is_certified and any(plan.changes_answers for plan in plans)


def _write(
    store: Store, folder: Path, memory: Memory, plans: Sequence[Plan], events: list[Event]
) -> None:
    """Write what was planned: the events last, all of them or none."""
    items = [item for plan in plans for item in plan.items]
    if items:
        store.put_items(items)
        # What is known of the vectors has a place for each item: it is made again.
        ProjectFolder(folder).contents.unlink(missing_ok=True)
    store.put_settings({MERGED: json.dumps(asdict(memory)), ITEMS_STAMP: uuid4().hex})
    said = [_event(Kind.IMPORTED, plan.summary) for plan in plans if plan.events]
    if _voids(store, plans):
        said.append(_event(Kind.RESUMED, None))
    put_events(
        ProjectFolder(folder).store_url, [*events, *numbered(said, [*store.events(), *events])]
    )


def _event(kind: Kind, text: str | None) -> Event:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Event(seq=0, key=uuid4().hex, at=now, kind=kind, text=text)
