"""What becomes of a new event: decided inside the transaction that stores it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select

from sparing.store.records import (
    ANSWERS,
    OF_AN_ITEM,
    UNDOABLE,
    Event,
    EventStatus,
    Kind,
    NewEvent,
    Outcome,
)
from sparing.store.schema import events

SAME = ("item_id", "class_name", "text")  # what the sender says
FOUND_OUT = ("class_id", "into_id", "value", "digest")  # what may be filled in where it is stored
SAID = ("kind", "class_id", "digest", "text")

DECIDED = "Somebody has decided what this item is: a label does not take the place of that."
NOT_THEIRS = "It is for others to say that, and to take it back."

EventCheck = Callable[[NewEvent, Sequence[Event]], NewEvent | Outcome]
"""Says what a new event means after all that was stored before: as what it is to be stored, or
what became of it. It is handed the events that were stored since it was asked last."""


def _newest(*conditions: Any) -> Select[Any]:
    """Return the search for the newest event that meets all conditions."""
    return select(events).where(*conditions).order_by(events.c.seq.desc()).limit(1)


# Made once: to put a statement together takes longer than to execute it.
_UNDO = events.alias()
_LIVE = ~select(_UNDO.c.seq).where(_UNDO.c.undoes == events.c.seq).exists()
_OF_ITEM = events.c.item_id == bindparam("item")
WITH_KEY = _newest(events.c.key == bindparam("its_key"))
UNDO_OF = _newest(events.c.undoes == bindparam("undone"))
GUIDELINES = _newest(events.c.kind == Kind.GUIDELINES)
ANSWER_OF = _newest(_OF_ITEM, events.c.kind.in_(sorted(ANSWERS)), _LIVE)
OPINION_OF = _newest(
    _OF_ITEM, events.c.kind == Kind.OPINION, events.c.annotator == bindparam("person"), _LIVE
)


def append_all(
    connection: Connection, new: Sequence[NewEvent], check: EventCheck | None, after: int
) -> list[Outcome]:
    """Store events in their order, or say why not; see :meth:`sparing.store.Store.append`."""
    since = events_after(connection, after) if check else []
    outcomes = []
    for event in new:
        before = _find(connection, WITH_KEY, its_key=event.key)
        if before is not None:
            outcomes.append(_sent_again(event, before))
            continue
        checked = check(event, since) if check else event
        done = checked if isinstance(checked, Outcome) else _append_one(connection, checked)
        since = [done.event] if done.status is EventStatus.STORED and done.event else []
        outcomes.append(done)
    return outcomes


def events_after(connection: Connection, seq: int) -> list[Event]:
    """Return the events above a number, in order."""
    rows = connection.execute(select(events).where(events.c.seq > seq).order_by("seq"))
    return [event_of(row) for row in rows]


def _append_one(connection: Connection, new: NewEvent) -> Outcome:
    if new.kind is Kind.UNDO:
        return _undo(connection, new)
    if new.kind in ANSWERS:
        return _answer(connection, new)
    if new.kind is Kind.GUIDELINES:
        return _in_place_of(connection, new, _find(connection, GUIDELINES))
    return Outcome(EventStatus.STORED, _insert(connection, new))


def _answer(connection: Connection, new: NewEvent) -> Outcome:
    current = current_answer(connection, new.item_id)
    is_unseen = current is not None and current.key != new.seen
    if current is None or not (is_unseen and new.beside):
        return _in_place_of(connection, new, current)
    if current.annotator in ("", new.annotator):  # nobody knows whether it is another person
        return _in_place_of(connection, new, current)
    opinion = replace(new, kind=Kind.OPINION)
    return _in_place_of(connection, opinion, _opinion(connection, opinion))


def _in_place_of(connection: Connection, new: NewEvent, current: Event | None) -> Outcome:
    """Store an event in place of what holds, if its sender has seen that."""
    if current is not None and current.key != new.seen:
        same = all(getattr(current, name) == getattr(new, name) for name in SAID)
        status = EventStatus.DUPLICATE if same else EventStatus.CONFLICT
        return Outcome(status, current if same else None, current)
    if current is not None and not _may_touch(new, current):
        return Outcome(EventStatus.REFUSED, message=DECIDED)
    return Outcome(EventStatus.STORED, _insert(connection, new))


def current_answer(connection: Connection, item_id: str | None) -> Event | None:
    """Return the item's newest answer that is not undone."""
    return _find(connection, ANSWER_OF, item=item_id)


def _opinion(connection: Connection, new: NewEvent) -> Event | None:
    """Return the opinion that the same person has of the same item."""
    return _find(connection, OPINION_OF, item=new.item_id, person=new.annotator)


def _find(connection: Connection, newest: Select[Any], **names: object) -> Event | None:
    row = connection.execute(newest, names).first()
    return None if row is None else event_of(row)


def event_of(row: Row[Any]) -> Event:
    """Return a row of the table as an event."""
    fields = dict(row._mapping)
    fields["kind"] = Kind(fields["kind"])
    return Event(**fields)


def _sent_again(new: NewEvent, before: Event) -> Outcome:
    # An undo that left open what it undoes was told when it was stored.
    is_undo = new.kind is before.kind is Kind.UNDO
    # What was sent as an answer may have become an opinion.
    same_kind = new.kind is before.kind or (before.kind is Kind.OPINION and new.kind in ANSWERS)
    same_rest = all(getattr(new, name) == getattr(before, name) for name in SAME)
    found = all(getattr(new, name) in (None, getattr(before, name)) for name in FOUND_OUT)
    same = is_undo or (same_kind and same_rest and found)
    if same:
        return Outcome(EventStatus.DUPLICATE, before)
    return Outcome(EventStatus.REFUSED, message=f"The key '{new.key}' belongs to another event.")


def _undo(connection: Connection, new: NewEvent) -> Outcome:
    undone = _find(connection, WITH_KEY, its_key=new.undoes)
    if undone is None:
        return Outcome(EventStatus.REFUSED, message="There is nothing to undo.")
    if undone.kind not in UNDOABLE:
        return Outcome(EventStatus.REFUSED, message=f"'{undone.kind}' cannot be undone.")
    if new.undoes_of is not None and undone.annotator not in new.undoes_of:
        return Outcome(
            EventStatus.REFUSED, message="Somebody else has said that: it is theirs to undo."
        )
    if not _may_touch(new, undone):
        return Outcome(EventStatus.REFUSED, message=NOT_THEIRS)
    before = _find(connection, UNDO_OF, undone=undone.seq)
    if before is not None:
        return Outcome(EventStatus.DUPLICATE, before, undone)
    return Outcome(EventStatus.STORED, _insert(connection, new, undone), undone)


def _may_touch(new: NewEvent, said: Event) -> bool:
    """Tell whether who says something may also say what they undo, or take the place of."""
    return new.may_say is None or said.kind in new.may_say


def _insert(connection: Connection, new: NewEvent, undone: Event | None = None) -> Event:
    values = {
        column.name: getattr(new, column.name)
        for column in events.c
        if column.name not in ("seq", "at", "undoes")
    }
    values["at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    values["undoes"] = None
    if undone is not None:
        values["undoes"] = undone.seq
        values["item_id"] = undone.item_id if undone.kind in OF_AN_ITEM else None
    seq = connection.execute(insert(events), values).inserted_primary_key
    return Event(seq=int(seq[0]), **values)  # type: ignore[index]
