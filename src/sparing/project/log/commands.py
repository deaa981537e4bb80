"""From what a door says to what is stored: classes, purpose and source are found out here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sparing.audit.audit import Phase
from sparing.errors import InvalidInputError, NotFoundError, UnknownNameError
from sparing.project.asking import Handed
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import Kind, NewEvent, Outcome, Status
from sparing.store.records import (
    ANSWERS,
    AT_A_GLANCE,
    FROM_CLUSTER,
    LABELS,
    OF_A_CLASS,
    OF_AN_ITEM,
    UNDOABLE,
)

MAX_KEY = 64
MAX_NAME = 200
MAX_TEXT = 10_000
FROM_DOORS = (OF_AN_ITEM | OF_A_CLASS | {Kind.UNDO, Kind.GUIDELINES}) - {Kind.OPINION}
TRAIN, AUDIT, HANDBACK = "train", "audit", "handback"
NOT_AT_A_GLANCE = (
    "This item is asked alone and without a guess: the check of the model rests on it."
)
NOT_UNSEEN = (
    "A check of the model covers this item: a label that nobody looked at may not replace it."
)


@dataclass(slots=True)
class Pending:
    """What the events before in the same batch will have made."""

    classes: dict[str, str] = field(default_factory=dict)
    undoable: list[str] = field(default_factory=list)


def complete(state: State, handed: Handed, events: Iterable[NewEvent]) -> list[NewEvent | Recorded]:
    """Fill in what only the project knows; an event that makes no sense becomes a refusal."""
    pending = Pending()
    completed: list[NewEvent | Recorded] = []
    for event in events:
        try:
            done = _complete(state, handed, event, pending)
        except (InvalidInputError, NotFoundError) as error:
            done = Recorded(event.key, None, Status.REFUSED, message=str(error))
        completed.append(done)
    return completed


def recorded(state: State, key: str, outcome: Outcome) -> Recorded:
    """Return the outcome of a stored event as the doors show it."""
    seq = outcome.event.seq if outcome.event else None
    current = state.answer_of(outcome.current)
    return Recorded(key, seq, outcome.status, current, outcome.message)


def _complete(
    state: State, handed: Handed, event: NewEvent, pending: Pending
) -> NewEvent | Recorded:
    if not 0 < len(event.key) <= MAX_KEY:
        raise InvalidInputError(f"A key has 1 to {MAX_KEY} characters.")
    if event.kind not in FROM_DOORS:
        raise InvalidInputError(f"'{event.kind}' cannot be said from outside.")
    if len(event.text or "") > MAX_TEXT:
        raise InvalidInputError(f"A text has at most {MAX_TEXT:,} characters.")
    if event.kind is Kind.UNDO:
        return _undo(state, event, pending)
    if event.kind in OF_A_CLASS:
        return _class_event(state, event, pending)
    if event.kind is Kind.GUIDELINES:
        return event
    if event.kind in UNDOABLE:
        pending.undoable.append(event.key)
    return _item_event(state, handed, event, pending)


def _undo(state: State, event: NewEvent, pending: Pending) -> NewEvent:
    if event.undoes is not None:
        return event
    if pending.undoable:
        return replace(event, undoes=pending.undoable.pop())
    latest = state.replay.latest_undoable(event.annotator)
    return replace(event, undoes=latest.key if latest else None)


def _item_event(state: State, handed: Handed, event: NewEvent, pending: Pending) -> NewEvent:
    if event.item_id not in state.row_of:
        raise NotFoundError(f"There is no item '{event.item_id}'.")
    if event.kind not in ANSWERS:
        return event
    class_id = None
    if event.kind in LABELS:
        class_id = _class_id(state, event.class_name, pending)
    if event.kind is Kind.SETTLED:
        return _settled(state, event, class_id)
    row = state.row_of[event.item_id]
    purpose = _purpose(state, row)
    _check_may_be_at_a_glance(state, event, purpose)
    source, propensity = _source(state, handed, event, row, purpose)
    return replace(
        event,
        class_id=class_id,
        purpose=purpose,
        source=source,
        propensity=propensity,
        beside=_may_stand_beside(state, event, purpose),
    )


def _check_may_be_at_a_glance(state: State, event: NewEvent, purpose: str) -> None:
    """Refuse what was said at a glance where a check of the model rests on the answer."""
    if purpose != TRAIN and (event.source in AT_A_GLANCE or (purpose == AUDIT and event.confirmed)):
        raise InvalidInputError(NOT_AT_A_GLANCE)
    if event.source == FROM_CLUSTER and state.phase is not Phase.LABEL:
        raise InvalidInputError(NOT_UNSEEN)


def _settled(state: State, event: NewEvent, class_id: str | None) -> NewEvent:
    """Return what settles an item; who chose it stays as it was, or random draws would be lost."""
    now = state.replay.of(event.item_id or "").answer
    if now is None:
        raise InvalidInputError("Nobody has answered this item: there is nothing to settle.")
    return replace(
        event,
        class_id=class_id,
        model_version=now.model_version,
        purpose=now.purpose,
        source="person" if now.source in AT_A_GLANCE else now.source,  # it was looked at alone
        propensity=now.propensity,
    )


def _may_stand_beside(state: State, event: NewEvent, purpose: str) -> bool:
    """Say whether two answers are wanted, or both are evidence: those that check a model are."""
    if not event.annotator:
        return False
    return purpose == AUDIT or (
        purpose == TRAIN and state.sharing.overlap.covers(event.item_id or "")
    )


def _class_id(state: State, name: str | None, pending: Pending) -> str:
    clean = (name or "").strip()
    return pending.classes.get(clean) or state.replay.class_id(clean)


def _purpose(state: State, row: int) -> str:
    """Say what an answer is for: the phase and the draw decide, never who asks."""
    if row in state.drawn_rows:
        return AUDIT
    if state.certified is not None and row in state.handback_rows:
        return HANDBACK
    return TRAIN


def _source(
    state: State, handed: Handed, event: NewEvent, row: int, purpose: str
) -> tuple[str, float | None]:
    if event.source in AT_A_GLANCE:
        return str(event.source), None
    if purpose == AUDIT and state.drawn is not None:
        audit = state.drawn.audit
        return "uniform", len(audit.drawn) / max(1, int(audit.eligible.sum()))
    if purpose == HANDBACK:
        return "strategy", None
    return handed.source_of(event.model_version, row)


def _class_event(state: State, event: NewEvent, pending: Pending) -> NewEvent | Recorded:
    if event.kind is Kind.ADD_CLASS:
        return _add_class(state, event, pending)
    class_id = _class_id(state, event.class_name, pending)
    if event.kind is Kind.RENAME_CLASS:
        name = _new_name(event.text)
        if name in pending.classes or name in _names(state):
            raise InvalidInputError(f"There is a class '{name}' already: merge the two instead.")
        return replace(event, class_id=class_id, text=name)
    if state.drawn_rows:
        raise InvalidInputError("Classes cannot be merged while an audit is open.")
    into = _class_id(state, event.text, pending)
    if into == class_id:
        raise InvalidInputError(f"'{event.class_name}' and '{event.text}' are one class already.")
    return replace(event, class_id=class_id, into_id=into)


def _add_class(state: State, event: NewEvent, pending: Pending) -> NewEvent | Recorded:
    name = _new_name(event.class_name)
    if name in pending.classes or name in _names(state):
        return Recorded(event.key, None, Status.DUPLICATE)
    pending.classes[name] = event.key
    return replace(event, class_name=name)


def _names(state: State) -> Sequence[str]:
    return [c.name for c in state.replay.classes]


def _new_name(name: str | None) -> str:
    clean = (name or "").strip()
    if not 0 < len(clean) <= MAX_NAME or not clean.isprintable():
        raise InvalidInputError(
            f"The name of a class has 1 to {MAX_NAME} printable characters. Got {name!r}."
        )
    return clean


def known_class(state: State, name: str) -> bool:
    """Tell whether a class has, or ever had, this name."""
    try:
        state.replay.class_id(name.strip())
    except UnknownNameError:
        return False
    return True
