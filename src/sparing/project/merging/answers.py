"""What people said in one project, as it is to be said in another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sparing.project.log.replay import ItemState, Replay
from sparing.store import Event, Kind
from sparing.store.contents import digest_of, said_by, value_with
from sparing.store.records import ANSWERS, AT_A_GLANCE, OF_AN_ITEM

MARKS = (Kind.FLAG, Kind.UNFLAG)
ADDED, BESIDE, AGREED, DIFFERED, OLDER = "added", "beside", "agreed", "differed", "older"
INSTEAD, THE_SAME = "instead", "the same"


class Log:
    """The events of a project, and what they come to.

    Parameters
    ----------
    events : all of them
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.replay = Replay(events)
        self.events = events
        self.seqs = {event.key: event.seq for event in events}
        self.by_seq = {event.seq: event for event in events}
        self.undone = {e.undoes for e in events if e.kind is Kind.UNDO}
        self._of_item: dict[str, list[Event]] = {}
        for event in events:
            if event.kind in OF_AN_ITEM:
                self._of_item.setdefault(event.item_id or "", []).append(event)

    def keys_of(self, item_id: str) -> set[str]:
        """Return the keys of all that was ever said of an item."""
        return {event.key for event in self._of_item.get(item_id, ())}

    def last(self, item_id: str, kinds: Iterable[Kind]) -> Event | None:
        """Return the newest event of an item of some kinds that is not undone."""
        live = (e for e in reversed(self._of_item.get(item_id, ())) if e.seq not in self.undone)
        return next((e for e in live if e.kind in kinds), None)


@dataclass(frozen=True, slots=True)
class Carried:
    """What is to be said here.

    Parameters
    ----------
    events : with the key and the time that they had; an undo names a ``seq`` of here
    n : how many answers were added, stand beside another, agree or differ with it, take the place
        of an earlier one, say the same as that, or are older than what the same person said here
    people : how many answers of each person are carried
    """

    events: list[Event] = field(default_factory=list)
    n: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    def count(self, *names: str) -> None:
        """Count one more of each name."""
        for name in names:
            self.n[name] = self.n.get(name, 0) + 1


def undos(here: Log, there: Log) -> list[Event]:
    """Return what was undone there and still holds here, as undos of here."""
    found = []
    for undo in there.events:
        undone = there.by_seq.get(undo.undoes or 0)
        if undo.kind is not Kind.UNDO or undone is None or undone.kind not in OF_AN_ITEM:
            continue
        seq = here.seqs.get(undone.key)
        if seq is not None and seq not in here.undone and undo.key not in here.seqs:
            found.append(replace(undo, seq=0, undoes=seq, item_id=here.by_seq[seq].item_id))
    return found


def carry(
    here: Log, there: Log, ids: Mapping[str, str], class_ids: Mapping[str, str], nameless: str
) -> Carried:
    """Return what people say there of the items of here, and is not known here.

    The answers only train: none of them is random evidence here, and none checks a model. An answer
    to an item that has one stands beside it as an opinion, unless it was given in view of it.

    Parameters
    ----------
    here, there : the two projects
    ids : key of an item there -> here
    class_ids : key of a class there -> here
    nameless : the name here of who had none there
    """
    carried = Carried()
    for item_id, state in there.replay.items.items():
        if item_id in ids:
            item = _Item(here, there, item_id, ids[item_id])
            for said in _answers(state):
                item.take(_as_here(said, ids[item_id], class_ids, there, nameless), carried)
            carried.events.extend(item.remarks(nameless))
    return carried


def _answers(state: ItemState) -> Iterator[Event]:
    """Yield the last word of each person: first the answer, then what stands beside, then more."""
    yield from sorted(state.votes, key=lambda vote: vote.kind is Kind.OPINION)
    if state.answer is not None and state.is_settled:
        yield state.answer


def _as_here(
    said: Event, item_id: str, class_ids: Mapping[str, str], there: Log, nameless: str
) -> Event:
    def told(key: str) -> str:
        return class_ids[there.replay.resolve(key)]

    value = None if said.value is None else value_with(said.value, told)
    return replace(
        said,
        seq=0,
        item_id=item_id,
        class_id=told(said.class_id) if said.class_id else None,
        value=value,
        digest=None if value is None else digest_of(said_by(value)),
        annotator=said.annotator or nameless,
        purpose="train",
        source=said.source if said.source in AT_A_GLANCE else "person",
        propensity=None,
        strategy=None,
        model_version=None,
    )


class _Item:
    """One item, as it stands here while more is said of it."""

    def __init__(self, here: Log, there: Log, id_there: str, id_here: str) -> None:
        self._here, self._there = here, there
        self._id_there, self._id_here = id_there, id_here
        self._seen_there = there.keys_of(id_there)
        state = here.replay.of(id_here)
        self._answer = state.answer
        self._votes = {vote.annotator: vote for vote in state.votes}

    def take(self, said: Event, carried: Carried) -> None:
        """Take one more answer, unless it is known here, or the same person has said more since."""
        if said.key in self._here.seqs:
            return
        kind = self._kind_of(said)
        if kind is None:
            carried.count(OLDER)
            return
        event = replace(said, kind=kind)
        carried.count(*self._counts_as(event))
        carried.people[event.annotator] = carried.people.get(event.annotator, 0) + 1
        carried.events.append(event)
        self._votes[event.annotator] = event
        if kind in ANSWERS:
            self._answer = event

    def _kind_of(self, said: Event) -> Kind | None:
        """Say as what an answer comes in; None if the same person has said more since."""
        plain = Kind.SKIP if said.content is None else Kind.LABEL
        if self._answer is None:
            return plain
        if self._answer.key in self._seen_there:  # what it was said in view of, there
            return said.kind
        own = self._votes.get(said.annotator)
        if own is None or own.key in self._seen_there:
            return Kind.OPINION
        if own.at >= said.at:
            return None
        return plain if own.key == self._answer.key else Kind.OPINION

    def _counts_as(self, event: Event) -> tuple[str, ...]:
        if self._answer is None or self._answer.key not in self._here.seqs:  # it came with this one
            return (ADDED,)
        before = self._answer.content and self._here.replay.resolve(self._answer.content)
        if event.kind is not Kind.OPINION:
            return (INSTEAD, THE_SAME) if before == event.content else (INSTEAD,)
        if event.content is None or before is None:
            return (BESIDE,)
        return BESIDE, AGREED if before == event.content else DIFFERED

    def remarks(self, nameless: str) -> Iterator[Event]:
        """Yield the mark and the comment of the item, if they are new here."""
        for event in (self._mark(), self._comment()):
            if event is not None:
                who = event.annotator or nameless
                yield replace(event, seq=0, item_id=self._id_here, annotator=who, purpose=None)

    def _mark(self) -> Event | None:
        mark, own = self._there.last(self._id_there, MARKS), self._last_here(*MARKS)
        if mark is None or mark.key in self._here.seqs:
            return None
        is_flagged = own is not None and own.kind is Kind.FLAG
        if mark.kind is Kind.FLAG:
            return None if is_flagged else mark
        return mark if own is not None and is_flagged and own.key in self._seen_there else None

    def _comment(self) -> Event | None:
        """Return the comment; where there is another one here, both stand in it."""
        comment, own = (
            self._there.last(self._id_there, [Kind.COMMENT]),
            self._last_here(Kind.COMMENT),
        )
        if comment is None or comment.key in self._here.seqs:
            return None
        text = self._there.replay.of(self._id_there).comment
        before = self._here.replay.of(self._id_here).comment
        if own is not None and own.key in self._seen_there:
            return replace(comment, text=text) if text != before else None
        if not text or text in before.split("\n"):
            return None
        return replace(comment, text=f"{before}\n{text}" if before else text)

    def _last_here(self, *kinds: Kind) -> Event | None:
        return self._here.last(self._id_here, kinds)
