"""Label Studio at work on a project: what it is told of each task, and what is learned from it.

Answers that come from there were asked for by nobody here: they are learned from, and are never
evidence for a check of the model.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from sparing.annotations.spans import text_hash
from sparing.datasets.label_studio import (
    OWN,
    Annotation,
    Interface,
    Task,
    read_annotation,
    read_task,
)
from sparing.errors import InvalidInputError, NotFoundError
from sparing.project.files.studio import TaskFinder
from sparing.project.files.studio_answers import (
    OF_PARTS,
    interface_in,
    said_by,
    said_of,
    shown_in,
    told_by,
)
from sparing.project.learning.guesses import Guess
from sparing.project.learning.sway import is_unswayed
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.log.meaning import names_said
from sparing.project.source.items import Item
from sparing.project.state import State
from sparing.store import Event, Kind, NewEvent
from sparing.store.records import FROM_FILE

LEARNED, UNLEARNED, KNOWN, LATE = "learned", "unlearned", "known already", "late"
NOT_KNOWN = "of no label that is here"
GIVEN = {"ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_CREATED"}
TAKEN_BACK = {"ANNOTATION_DELETED", "ANNOTATIONS_DELETED"}
LAST = 1.0  # the score of what is not to be asked
OURS, DELETED = "ls-", "~"  # how keys of its events begin; a key that no time comes after
LENGTH = len(OURS) + 17  # of a key, as far as it names the annotation


@dataclass(frozen=True, slots=True)
class _Place:
    """When the policy asks a row, counted from the front, and why."""

    share: float
    why: str


class Studio:
    """Speaks to a Label Studio of one project here.

    Parameters
    ----------
    guarded : state of the project
    log : the way of what is said

    Attributes
    ----------
    counts : what became of all that came, since the project was opened
    """

    def __init__(self, guarded: Guarded, log: EventLog) -> None:
        self._guarded = guarded
        self._log = log
        self._lock = threading.Lock()
        self._finder: tuple[Any, TaskFinder] | None = None
        self.counts: Counter[str] = Counter()

    @property
    def version(self) -> str:
        """The newest model version, by the name that predictions bear."""
        with self._guarded.held() as state:
            return f"{OWN}-{state.version}"

    @property
    def versions(self) -> list[str]:
        """All model versions that are kept, the oldest first."""
        with self._guarded.held() as state:
            return [f"{OWN}-{one.version}" for one in state.versions]

    def interface(self, config: str) -> Interface:
        """Return the part of a labeling interface in which this project is answered.

        Raises
        ------
        InvalidInputError : it has none
        """
        with self._guarded.held() as state:
            kind = state.settings.kind
        return interface_in(config, kind)

    def predict(self, tasks: Sequence[Any], config: str) -> list[dict[str, Any]]:
        """Return a prediction for each task, by what the newest snapshot says: nothing is fitted.

        The score orders tasks by what the policy asks next, the lowest first. What is drawn to
        check the model, and what is no item here, gets a prediction without a result.

        Parameters
        ----------
        tasks : as Label Studio sends them
        config : its labeling interface

        Raises
        ------
        InvalidInputError : the interface has no control for the answers of this project
        """
        interface = self.interface(config)
        with self._guarded.held() as state:
            places = _places(state)
            return [self._prediction(state, task, i, interface, places)
                    for i, task in enumerate(tasks)]  # fmt: skip

    def _prediction(
        self, state: State, raw: Any, i: int, interface: Interface, places: Mapping[int, _Place]
    ) -> dict[str, Any]:
        made = {"result": [], "score": LAST, "model_version": f"{OWN}-{state.version}"}
        try:
            row = state.row_of[self._find(state, read_task(raw, i + 1))]
        except (InvalidInputError, NotFoundError) as error:
            self.counts[f"asked of: {error}"] += 1
            return made
        if row in state.drawn_rows:
            return made
        guess, place = state.own_guess(row), places.get(row)
        made["score"] = _score(guess, place)
        if guess is not None:
            item, why = state.item(state.rows[row].item_id), place.why if place else ""
            made["result"] = _suggested(state, interface, item, guess, why)
        return made

    def take(self, told: Mapping[str, Any]) -> dict[str, int]:
        """Learn from what a webhook tells; return how many annotations became what.

        One that comes again counts once, and one that is older than what is known not at all, also
        after the project was closed and opened again.
        """
        action = told.get("action")
        with self._lock:  # of two that tell of the same annotation the second sees the first
            before = Counter(self.counts)
            project = told.get("project")
            mark = str(project.get("id", "")) if isinstance(project, Mapping) else ""
            if action in GIVEN:
                for raw, task in _pairs(told):
                    self._count(self._given(mark, raw, task))
            elif action in TAKEN_BACK:
                for raw in _many(told, "annotations") or _many(told, "annotation"):
                    self._count(self._taken_back(_prefix(mark, raw)))
            return dict(self.counts - before)

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1

    def _given(self, mark: str, raw: Any, raw_task: Any) -> str:
        annotation, prefix = read_annotation(raw), _prefix(mark, raw)
        with self._guarded.held() as state:
            try:
                item_id = self._find(state, read_task(raw_task, 1))
            except (InvalidInputError, NotFoundError) as error:
                return f"not learned: {error}"
            kind, item = state.settings.kind, state.item(item_id)
        key = prefix + _stamp(annotation)
        if self._newest.get(prefix, "") > key:
            return LATE
        try:
            label = said_by(annotation, kind, item)
        except InvalidInputError as error:
            self._unlearn(prefix)  # what was chosen before is chosen no more
            self._note(key, "An annotation of Label Studio says nothing that is a label here.")
            return f"not learned: {error}"
        self._log.add_classes(names_said(kind, label))
        about = None if label is None else _about(item)
        return self._learn(key, item_id, label, annotation.annotator, about)

    def _learn(self, key: str, item_id: str, label: str | None, who: str, about: str | None) -> str:
        with self._guarded.held() as state:
            seen = state.replay.of(item_id).vote_of(who)
        event = NewEvent(
            key=key,
            kind=Kind.SKIP if label is None else Kind.LABEL,
            item_id=item_id,
            class_name=label,
            text=about,
            seen=seen.key if seen else None,
            annotator=who,
            asked_for=FROM_FILE,
            beside=True,
        )
        (done,) = self._log.record([event])
        if done.status in ("stored", "duplicate"):
            self._newest[key[:LENGTH]] = key
            return LEARNED if done.status == "stored" else KNOWN
        return f"not learned: {done.message or 'the item has another label'}"

    def _taken_back(self, prefix: str) -> str:
        self._note(prefix + DELETED, "An annotation of Label Studio was deleted.")
        return self._unlearn(prefix)

    def _note(self, key: str, text: str) -> None:
        """Keep that an annotation said what is no label: what is older comes late."""
        self._log.append([NewEvent(key=key, kind=Kind.IMPORTED, text=text)])
        self._newest[key[:LENGTH]] = key

    @cached_property
    def _newest(self) -> dict[str, str]:
        """The newest key of each annotation that was ever heard of; keys grow with its changes."""
        return {key[:LENGTH]: key for key in sorted(self._log.keys(OURS))}

    def _unlearn(self, prefix: str) -> str:
        """Undo all that an annotation said, the newest first: under it the one before comes up."""
        outcome = NOT_KNOWN
        while known := self._standing(prefix):
            undone = [NewEvent(key=_of(event), kind=Kind.UNDO, undoes=event.key) for event in known]
            refused = [one for one in self._log.record(undone) if one.status != "stored"]
            if refused:
                return f"not unlearned: {refused[0].message or refused[0].status}"
            outcome = UNLEARNED
        return outcome

    def _standing(self, prefix: str) -> list[Event]:
        with self._guarded.held() as state:
            said = (event for item in state.replay.items.values() for event in item.said)
            return [*{e.key: e for e in said if e.key.startswith(prefix)}.values()]

    def _find(self, state: State, task: Task) -> str:
        if self._finder is None or self._finder[0] is not state.listing:
            self._finder = (state.listing, TaskFinder(state))
        return self._finder[1].find(state, task)


def _suggested(
    state: State, interface: Interface, item: Item, guess: Guess, why: str
) -> list[dict[str, Any]]:
    """Return a guess as results, in whose meta stands why the item was chosen.

    There are none where the interface lacks a class, and for the few items that are asked without
    a guess, so that it can be told whether guesses sway.
    """
    kind, told = state.settings.kind, told_by(guess)
    if not {*names_said(kind, said_of(kind, told))} <= {*interface.choices}:
        return []
    if kind in OF_PARTS and is_unswayed(state.settings.seed, item.item_id):
        return []
    meta = {"meta": {"text": [why]}} if why else {}
    return [result | meta for result in shown_in(interface, kind, item.within, told)]


def _places(state: State) -> dict[int, _Place]:
    if state.scores is None:
        return {}
    rows, why = state.scores.rows.tolist(), state.scores.why
    return {row: _Place(i / len(rows), str(why[i])) for i, row in enumerate(rows)}


def _about(item: Item) -> str | None:
    """Return what an answer says of the text or the picture that its parts are in."""
    within = item.within
    if isinstance(within, tuple):
        return "{} x {}".format(*within)
    return None if within is None else text_hash(within)


def _score(guess: Guess | None, place: _Place | None) -> float:
    """Return a number that grows the later an item is asked: first all that the policy asks."""
    if place is not None:
        return place.share / 2
    return 0.5 + (guess.confidence / 2 if guess else 0.0)


def _pairs(told: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each annotation with its task."""
    annotations = _many(told, "annotation") or _many(told, "annotations")
    tasks = _many(told, "task") or _many(told, "tasks")
    by_id = {task.get("id"): task for task in tasks if isinstance(task, Mapping)}
    for i, one in enumerate(annotations):
        of = one.get("task") if isinstance(one, Mapping) else None
        of = of if isinstance(of, int | str) else None
        yield one, by_id.get(of, tasks[min(i, len(tasks) - 1)] if tasks else None)


def _many(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _prefix(mark: str, raw: Any) -> str:
    """Return how the keys of all events begin that an annotation makes."""
    number = raw.get("id") if isinstance(raw, Mapping) else raw
    digest = blake2b(f"{mark}.{number}".encode(), digest_size=8).hexdigest()
    return f"{OURS}{digest}-"


def _stamp(annotation: Annotation) -> str:
    """Return what grows with each change of an annotation, and is the same when it comes again."""
    time = re.sub(r"\D", "", annotation.updated_at)[:20].ljust(20, "0")
    marks = [one.get("value") for one in (*annotation.marked, *annotation.framed)]
    said = repr((annotation.choices, annotation.is_skipped, *marks)).encode()
    return f"{time}-{blake2b(said, digest_size=6).hexdigest()}"


def _of(event: Event) -> str:
    """Return the key of what undoes an event."""
    return f"lx-{blake2b(event.key.encode(), digest_size=16).hexdigest()}"
