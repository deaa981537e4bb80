"""What a file of labels says of which items, and what became of its rows."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sparing.annotations.boxes import box_parts, place_of
from sparing.annotations.spans import span_parts
from sparing.datasets.items import Skipped, summarize_skipped
from sparing.pool.class_names import one_spelling, said_of, said_of_slips
from sparing.project.files.export_rows import said_in
from sparing.project.files.opinions import ImportedOpinions, as_events
from sparing.project.log.meaning import names_said, renamed_in
from sparing.project.settings import BOXES, SPANS
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import Kind, NewEvent

TAKEN, KNOWN = "imported", "there already"
NOTED = "no label, and its flag and comment"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of a row of a table: its place, what it calls its item, and the outcome."""

    row: str
    item: str
    became: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a table of labels.

    Parameters
    ----------
    n_stored, n_known : labels that were new, and that were there already
    problems : the rows that could not be taken, and why
    rows : every row, and what became of it
    notes : sentences that the person should know
    what : was taken
    """

    n_stored: int
    n_known: int
    problems: tuple[Skipped, ...]
    rows: tuple[RowReport, ...] = ()
    notes: tuple[str, ...] = ()
    what: str = "labels"

    def said(self) -> list[str]:
        """Return a sentence for what was taken, and one for each reason why a row was not."""
        known = f", {self.n_known:,} were there already" if self.n_known else ""
        taken = f"{self.n_stored:,} {self.what} imported{known}."
        return [taken, *self.notes, *summarize_skipped(self.problems)]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that can be taken.

    Parameters
    ----------
    name, item : where it stands, and what it calls its item
    label : the event of its label or skip; None if it has only what is noted
    noted : those of what others said of the item, of its flag and its comment
    way : how the item was found, where that should be known
    is_known : whether all that people said of it is here already
    """

    name: str
    item: str
    label: NewEvent | None
    noted: tuple[NewEvent, ...] = ()
    way: str = ""
    is_known: bool = False

    @property
    def events(self) -> tuple[NewEvent, ...]:
        """All that it says."""
        return (*((self.label,) if self.label else ()), *self.noted)


@dataclass(frozen=True, slots=True)
class Readings:
    """A table of labels, read: what can be taken, what cannot, and what should be known of it."""

    found: list[Found]
    problems: list[RowReport]
    notes: tuple[str, ...] = ()


def in_one_spelling(state: State, readings: Readings) -> Readings:
    """Return labels with one name for each class, however the table writes it."""
    kind = state.settings.kind
    said = (event.class_name for one in readings.found for event in one.events)
    names = [name for one in said for name in names_said(kind, one)]
    known = [c.name for c in state.replay.classes]
    taken = one_spelling(names, known)
    found = [_called(one, taken, kind) for one in readings.found]
    new = dict.fromkeys(name for name in taken.values() if name not in known)
    notes = (*readings.notes, *said_of(taken), *said_of_slips(new, known))
    return replace(readings, found=found, notes=notes)


def _called(one: Found, taken: Mapping[str, str], kind: str) -> Found:
    label, *noted = (
        event and replace(event, class_name=renamed_in(kind, event.class_name, taken))
        for event in (one.label, *one.noted)
    )
    return replace(one, label=label, noted=tuple(event for event in noted if event))


def in_parts(
    events: Sequence[NewEvent], record: Callable[[Sequence[NewEvent]], list[Recorded]]
) -> list[Recorded]:
    """Record many events, so that nobody else waits long for a turn."""
    starts = range(0, len(events), AT_ONCE)
    return [done for i in starts for done in record(events[i : i + AT_ONCE])]


def what_became(readings: Readings, done: Iterable[Recorded]) -> ImportReport:
    """Say what became of the rows once they were recorded."""
    outcomes = {one.key: one for one in done}
    rows = [_outcome(one, outcomes) for one in readings.found]
    problems = [
        *readings.problems,
        *(r for r in rows if not r.became.startswith((TAKEN, KNOWN, NOTED))),
    ]
    ways = [one.way for one in readings.found if one.way]
    return ImportReport(
        sum(row.became.startswith(TAKEN) for row in rows),
        sum(row.became.startswith(KNOWN) for row in rows),
        tuple(Skipped(one.row, one.became) for one in problems),
        (*readings.problems, *rows),
        (*readings.notes, *(f"{ways.count(way):,} {way}." for way in dict.fromkeys(ways))),
    )


def _outcome(one: Found, outcomes: Mapping[str, Recorded]) -> RowReport:
    first = outcomes[one.events[0].key] if one.events else None
    way = f" ({one.way})" if one.way else ""
    is_known = one.is_known or first is None or first.status == "duplicate"
    if is_known or (first and first.status == "stored"):
        became = KNOWN if is_known else TAKEN
        return RowReport(
            one.name, one.item, (became if one.label or one.is_known else f"{NOTED} {became}") + way
        )
    assert first is not None  # noqa: S101  # else it is known
    return RowReport(one.name, one.item, first.message or "the item has another label")


def found_row(
    state: State, name: str, item: str, item_id: str, said: Mapping[str, Any], way: str = ""
) -> Found:
    """Return a row as events; what is noted already is not noted again.

    Parameters
    ----------
    state : of the project
    name, item : where the row stands, and what it calls its item
    item_id : of that item
    said : fields of an event, and ``opinions``, ``settled``, ``flagged``, ``comment``
    way : how the item was found, where that should be known
    """
    noted, now = [], state.replay.of(item_id)
    if said.get("flagged") and not now.flagged:
        noted.append(NewEvent(key=uuid4().hex, kind=Kind.FLAG, item_id=item_id))
    comment = said.get("comment")
    if comment and comment != now.comment:
        noted.append(NewEvent(key=uuid4().hex, kind=Kind.COMMENT, item_id=item_id, text=comment))
    if "opinions" in said:
        if _are_known(state, item_id, said["opinions"]):
            return Found(name, item, None, tuple(noted), way, is_known=True)
        first, *others = as_events(
            item_id,
            said["opinions"],
            said["asked_for"],
            said.get("settled"),
            said.get("text"),
        )
        return Found(name, item, first, (*others, *noted), way)
    event = {k: v for k, v in said.items() if k not in ("flagged", "comment")}
    if not event:
        return Found(name, item, None, tuple(noted), way)
    kind = Kind.LABEL if event.get("class_name") is not None else Kind.SKIP
    label = NewEvent(key=uuid4().hex, kind=kind, item_id=item_id, **event)
    return Found(name, item, label, tuple(noted), way)


def _are_known(state: State, item_id: str, opinions: ImportedOpinions) -> bool:
    """Tell whether these people have said this of the item already."""
    kind = state.settings.kind
    votes = state.replay.of(item_id).votes
    there = {(vote.annotator, meaning_of(kind, said_in(state, vote.content))) for vote in votes}
    return there >= {(who, meaning_of(kind, said)) for who, said in opinions}


def meaning_of(kind: str, said: str | None) -> frozenset[str] | None:
    """Return what is the same for answers that say the same, in whatever order.

    Parameters
    ----------
    kind : of the answers
    said : as a door hands it in; None: it was skipped

    Raises
    ------
    InvalidInputError : it is no answer of this kind
    """
    if said is None:
        return None
    if kind == SPANS:
        parts = span_parts(json.loads(said))
        return frozenset(f"{p['start']} {p['end']} {p['label']}" for p in parts)
    if kind == BOXES:
        boxes = box_parts(json.loads(said))
        return frozenset(f"{place_of(b['box'])} {b['label']}" for b in boxes)
    return frozenset(names_said(kind, said))
