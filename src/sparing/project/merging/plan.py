"""What merging one project into another will do, worked out and told before anything is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from sparing.datasets.items import shown_names
from sparing.project.merging.answers import (
    ADDED,
    AGREED,
    BESIDE,
    DIFFERED,
    INSTEAD,
    OLDER,
    THE_SAME,
    Carried,
    Log,
    carry,
    undos,
)
from sparing.project.merging.classes import Join, join_classes
from sparing.project.merging.items import Same, same_items
from sparing.project.source.items import GONE
from sparing.store import Event, ItemRow, Kind
from sparing.store.contents import classes_in


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a project holds, as far as it is merged.

    Parameters
    ----------
    name : for people
    items, events : all of them
    """

    name: str
    items: Sequence[ItemRow]
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one project in another.

    Parameters
    ----------
    name : of the one
    same : which items are the same
    joins : what becomes of its classes
    carried : its answers and remarks
    items : rows that are new
    events : all that is to be stored, in order, with ``seq`` 0
    guidelines : ``""``, or what becomes of its guidelines, in words
    """

    name: str
    same: Same
    joins: list[Join]
    carried: Carried
    items: list[ItemRow]
    events: list[Event]
    guidelines: str

    @property
    def n_answers(self) -> int:
        """How many answers are carried."""
        return sum(self.carried.people.values())

    @property
    def changes_answers(self) -> bool:
        """Whether it adds answers, or takes some back."""
        return self.n_answers > 0 or self.n_undone > 0

    @property
    def n_undone(self) -> int:
        """How many answers and remarks are taken back."""
        return sum(e.kind is Kind.UNDO and e.item_id is not None for e in self.events)

    @property
    def summary(self) -> str:
        """One line for the log."""
        kinds = Counter(event.kind for event in self.carried.events)
        n_flags, n_comments = kinds[Kind.FLAG] + kinds[Kind.UNFLAG], kinds[Kind.COMMENT]
        return (
            f"{self.name}: {self.n_answers:,} answers, {n_comments:,} comments, {n_flags:,} flags,"
            f" {self.n_undone:,} taken back"
        )

    def said(self) -> Iterator[str]:
        """Yield all of it, in sentences."""
        if not (self.items or self.events):
            yield f"{self.name}: nothing that is not there already."
            return
        yield f"{self.summary}."
        yield from self._said_of_items()
        yield from self._said_of_classes()
        yield from self._said_of_answers()
        if self.guidelines:
            yield f"  {self.guidelines}"

    def _said_of_items(self) -> Iterator[str]:
        yield f"  Items: {len(self.same.ids):,} are the same."
        if self.same.added:
            names = shown_names([item.name for item in self.same.added])
            yield (
                f"  {len(self.same.added):,} are in no source here: {names}. Their answers are kept"
                " with them, and count once the source holds them."
            )
        if self.same.unread:
            names = shown_names([item.name for item in self.same.unread])
            yield (
                f"  {len(self.same.unread):,} of them were never read in one of the two, and are"
                f" taken for the same by name and size alone: {names}."
            )
        if self.same.differing:
            names = shown_names([item.name for item in self.same.differing])
            yield (
                f"  {len(self.same.differing):,} bear a name that stands for something else here,"
                f" and are left out: {names}."
            )

    def _said_of_classes(self) -> Iterator[str]:
        joined = [join for join in self.joins if join.into is not None]
        pairs = ", ".join(f"{join.name} = {join.into_name}" for join in joined)
        if pairs:
            yield f"  Classes: {pairs}."
        for join in self.joins:
            if join.into is None:
                yield (
                    f"  Class '{join.name}' is new here. --class '{join.name}=NAME' takes it for"
                    " another."
                )

    def _said_of_answers(self) -> Iterator[str]:
        n = Counter(self.carried.n)
        people = ", ".join(f"{name} {count:,}" for name, count in self.carried.people.items())
        if people:
            yield (
                f"  Answers: {people}; {n[ADDED]:,} where there was none, {n[BESIDE]:,} beside"
                f" another, of which {n[AGREED]:,} agree and {n[DIFFERED]:,} differ."
            )
        if n[INSTEAD]:
            yield (
                f"  {n[INSTEAD]:,} take the place of an earlier one, of the same person or given in"
                f" view of it; {n[THE_SAME]:,} of them say the same."
            )
        if n[OLDER]:
            yield f"  {n[OLDER]:,} left out: the same person has said something later."


def plan_merge(
    here: Holdings,
    there: Holdings,
    wanted: Mapping[str, str],
    known: Mapping[str, str],
    nameless: str,
) -> Plan:
    """Work out what merging one project into another will do.

    Parameters
    ----------
    here, there : the two
    wanted : name of a class there -> of a class here, where a person says so
    known : key of a class there -> here, as it was joined before
    nameless : the name here of who had none there
    """
    own = Log(here.events)
    same = same_items(here.items, there.items)
    taken_back = undos(own, Log(there.events))
    if taken_back:  # as it will be, so that what was said instead comes in its place
        own = Log([*here.events, *numbered(taken_back, here.events)])
    other = Log(there.events)
    joins = join_classes(own.replay, other.replay, wanted, known)
    class_ids = {join.class_id: join.into or join.class_id for join in joins}
    ids = dict(same.ids) | {item.item_id: item.item_id for item in same.added}
    carried = carry(own, other, ids, class_ids, nameless)
    new = {join.class_id for join in joins if join.into is None}
    named = [replace(c, seq=0) for c in _named(other, new)]
    revived = list(
        _revived(own, {one for event in carried.events for one in classes_in(event.content)})
    )
    guidelines, said = _guidelines(own, other)
    items = [
        replace(item, row=len(here.items) + i, state=GONE, reason=None)
        for i, item in enumerate(same.added)
    ]
    events = [*taken_back, *named, *revived, *guidelines, *carried.events]
    return Plan(there.name, same, joins, carried, items, events, said)


def numbered(events: Sequence[Event], after: Sequence[Event]) -> list[Event]:
    """Return events with the numbers that follow those of others."""
    last = after[-1].seq if after else 0
    return [replace(event, seq=last + i) for i, event in enumerate(events, 1)]


def _named(there: Log, new: set[str]) -> list[Event]:
    """Return the events that add some classes, by the names that they have now."""
    return [
        replace(event, class_name=there.replay.class_name(event.key))
        for event in there.events
        if event.kind is Kind.ADD_CLASS and event.key in new
    ]


def _revived(here: Log, given: Set[str | None]) -> Iterator[Event]:
    """Yield what takes back that classes were deleted here: there they have labels."""
    for event in here.events:
        is_gone = event.seq not in here.undone and here.replay.is_deleted(event.class_id or "")
        if event.kind is Kind.DELETE_CLASS and event.class_id in given and is_gone:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            yield Event(seq=0, key=uuid4().hex, at=now, kind=Kind.UNDO, undoes=event.seq)


def _guidelines(here: Log, there: Log) -> tuple[list[Event], str]:
    if not there.replay.guidelines:
        return [], ""
    newest = there.replay.guidelines[-1]
    if newest.key in here.seqs:
        return [], ""
    if not here.replay.guidelines:
        return [replace(newest, seq=0)], "Its guidelines are taken over."
    if here.replay.guidelines[-1].text == newest.text:
        return [], ""
    return [], "Its guidelines are others, and are not taken over: read them there."
