"""From what a door says to what the store is asked to keep, and back to what the door is told.

What can be seen by an event alone is checked here; what it means, where it is stored.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sparing.annotations.values import MOST_VERSION
from sparing.datasets.decoding import whole_text
from sparing.errors import InvalidInputError, NotFoundError, UnknownNameError
from sparing.pool.class_names import can_be_shown, kept_name, name_key
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import Event, EventStatus, Kind, NewEvent, Outcome
from sparing.store.contents import LIST
from sparing.store.records import OF_A_CLASS, OF_AN_ITEM, UNDOABLE

MAX_KEY = 64
MAX_NAME = 200
MAX_TEXT = 10_000
FROM_DOORS = (OF_AN_ITEM | OF_A_CLASS | {Kind.UNDO, Kind.GUIDELINES}) - {Kind.OPINION}
STAYS_BLIND = (
    "Somebody has answered this item already, and it is asked without a sign of what was said: that"
    " answer stays."
)


def formed(state: State, events: Iterable[NewEvent]) -> list[NewEvent | Recorded]:
    """Bring events into form; one that can make no sense becomes a refusal."""
    undoing = _Undoing(state)
    done: list[NewEvent | Recorded] = []
    for event in events:
        named = undoing(event)
        try:
            done.append(_formed(state, named))
        except (InvalidInputError, NotFoundError) as error:
            done.append(Recorded(event.key, None, EventStatus.REFUSED, message=str(error)))
    return done


def recorded(state: State, event: NewEvent, outcome: Outcome) -> Recorded:
    """Return the outcome of a stored event as the doors show it."""
    seq = outcome.event.seq if outcome.event else None
    row = state.row_of.get(event.item_id or "")
    is_conflict = outcome.status is EventStatus.CONFLICT
    if is_conflict and row in state.blind_rows(event.annotator):
        return Recorded(event.key, None, EventStatus.REFUSED, message=STAYS_BLIND)
    current = state.answer_of(outcome.current)
    return Recorded(event.key, seq, outcome.status, current, outcome.message)


def known_class(state: State, name: str) -> bool:
    """Tell whether a class has, or ever had, this name."""
    try:
        state.replay.class_id(name.strip())
    except UnknownNameError:
        return False
    return True


def spelled(state: State, names: Iterable[str]) -> dict[str, str]:
    """Return for names of classes how the classes are written that they are taken for."""
    replay = state.replay
    taken = {name: replay.class_name(replay.class_id(name.strip())) for name in names}
    return {name: into for name, into in taken.items() if name_key(name) == name_key(into)}


def _formed(state: State, event: NewEvent) -> NewEvent:
    if not 0 < len(event.key) <= MAX_KEY:
        raise InvalidInputError(f"A key has 1 to {MAX_KEY} characters.")
    if event.kind not in FROM_DOORS:
        raise InvalidInputError(f"'{event.kind}' cannot be said from outside.")
    if len(event.text or "") > MAX_TEXT:
        raise InvalidInputError(f"A text has at most {MAX_TEXT:,} characters.")
    if event.kind is Kind.ADD_CLASS and event.key.startswith(LIST):
        raise InvalidInputError(f"The key of a class does not begin with '{LIST}'.")
    _check_can_be_kept(event)
    if event.kind in OF_AN_ITEM and event.item_id not in state.row_of:
        raise NotFoundError(f"There is no item '{event.item_id}'.")
    return _named(event)


def _check_can_be_kept(event: NewEvent) -> None:
    """Raise InvalidInputError if some database could not hold an event, or no terminal show it."""
    if not 0 <= (event.model_version or 0) <= MOST_VERSION:
        raise InvalidInputError(f"A model version is in [0, {MOST_VERSION:,}].")
    if len(event.annotator) > MAX_NAME or not event.annotator.isprintable():
        raise InvalidInputError(
            f"The name of a person has at most {MAX_NAME} printable characters."
        )
    text = event.text or ""
    if "\0" in text or text != whole_text(text):
        raise InvalidInputError("A text has whole characters, and no zero bytes.")


def _named(event: NewEvent) -> NewEvent:
    """Return an event with the names of new classes as they are kept; others are looked for."""
    if event.kind is Kind.ADD_CLASS:
        return replace(event, class_name=_new_name(event.class_name))
    if event.class_name is not None:
        event = replace(event, class_name=event.class_name.strip())
    if event.kind is Kind.RENAME_CLASS:
        return replace(event, text=_new_name(event.text))
    if event.kind is Kind.MERGE_CLASS:
        return replace(event, text=(event.text or "").strip())
    return event


def _new_name(name: str | None) -> str:
    clean = kept_name(name or "")
    if not 0 < len(clean) <= MAX_NAME or not can_be_shown(clean):
        raise InvalidInputError(
            f"The name of a class has 1 to {MAX_NAME} printable characters. Got {name!r}."
        )
    return clean


class _Undoing:
    """Names what is undone by an undo that names nothing: what the person has said last.

    First what was sent before in the same batch, whatever becomes of it; then what stands.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._sent: list[str] = []
        self._standing: dict[str, Iterator[Event]] = {}

    def __call__(self, event: NewEvent) -> NewEvent:
        if event.kind in UNDOABLE:
            self._sent.append(event.key)
        if event.kind is not Kind.UNDO or event.undoes is not None:
            return event
        return replace(event, undoes=self._sent.pop() if self._sent else self._latest(event))

    def _latest(self, event: NewEvent) -> str | None:
        who = event.annotator
        if who not in self._standing:
            self._standing[who] = self._state.replay.undoable(who)
        may_say = event.may_say
        latest = next((e for e in self._standing[who] if not may_say or e.kind in may_say), None)
        return latest.key if latest else None
