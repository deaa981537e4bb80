"""The state that the events make: whoever replays them, in whatever order they come, has it."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType

from sparing.audit.audit import Phase
from sparing.project.log.boxed import alike
from sparing.project.log.classes import DELETED, NO_SUCH_CLASS, Classes, ClassState
from sparing.project.log.names import label_names, shown
from sparing.store import Event, Kind, NewEvent
from sparing.store.contents import LIST, classes_in, retold
from sparing.store.records import ANSWERS, LABELS, OF_A_CLASS, OF_AN_ITEM, OF_THE_PHASE, UNDOABLE

OF_PEOPLE = ANSWERS | {Kind.OPINION}
BESIDE = "beside"
"""The purpose of a flag or a comment whose author was not to know what others say of the item."""
NO_CLASS = "It names no class."
NO_ITEM = "It names no item."
NOT_OF_A_CLASS = "It skips an item, and names a class."


@dataclass(frozen=True, slots=True)
class ItemState:
    """What holds of one item.

    Parameters
    ----------
    answer : the label or skip that was given last, by whoever saw the one before; where that was
        undone, the first of the opinions beside it; None if there is none
    flags, comments : what stands of them; one that was made without a sign of what others say
        stands beside theirs, any other takes their place
    votes : the last word of each person who answered without seeing another's answer, in the
        order of ``seq``; what settles a disagreement is no vote
    """

    answer: Event | None = None
    flags: tuple[Event, ...] = ()
    comments: tuple[Event, ...] = ()
    votes: tuple[Event, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether somebody has marked it."""
        return bool(self.flags)

    @property
    def comment(self) -> str:
        """What stands of the comments, a line each; ``""`` if there is none."""
        return "\n".join(event.text for event in self.comments if event.text)

    def remarked_by(self, annotator: str) -> "ItemState":
        """Return the item with the flags and comments of one person alone."""
        own = (
            tuple(e for e in made if e.annotator == annotator)
            for made in (self.flags, self.comments)
        )
        flags, comments = own
        return replace(self, flags=flags, comments=comments)

    @property
    def is_touched(self) -> bool:
        """Whether anything is said of it."""
        return self.answer is not None or self.flagged or bool(self.comment or self.votes)

    @property
    def said(self) -> tuple[Event, ...]:
        """All answers that stand: what holds, and the last word of each person."""
        return self.votes if self.answer is None else (self.answer, *self.votes)

    @property
    def is_settled(self) -> bool:
        """Whether somebody has decided what holds."""
        return self.answer is not None and self.answer.kind is Kind.SETTLED

    def vote_of(self, annotator: str) -> Event | None:
        """Return what a person said of the item."""
        return next((vote for vote in self.votes if vote.annotator == annotator), None)


UNTOUCHED = ItemState()


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that is stored and cannot hold: its place in the order, its kind, and why not."""

    seq: int
    kind: Kind
    why: str


class Replay:
    """Folds events into the state of items, classes and phase.

    The state is a function of the *set* of events: they may come in any order, so that threads
    need not wait for each other. Whatever is stored can be replayed: an event that cannot hold,
    such as a label of a class that does not exist, changes nothing, and :attr:`ignored` names it.
    Not safe for threads by itself.

    Examples
    --------
    >>> def event(seq, kind, **more):
    ...     return Event(seq=seq, key=f"k{seq}", at="2026-01-01", kind=kind, **more)
    >>> replay = Replay()
    >>> _ = replay.apply(event(1, Kind.ADD_CLASS, class_name="cat"))
    >>> _ = replay.apply(event(2, Kind.LABEL, item_id="a", class_id="k1"))
    >>> replay.class_name(replay.of("a").answer.content)
    'cat'
    >>> _ = replay.apply(event(3, Kind.UNDO, item_id="a", undoes=2))
    >>> replay.of("a").answer is None
    True
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.last_seq = 0
        self.n_events = 0
        self._undone: dict[int, int] = {}  # seq of an event -> seq of its undo
        self._of_item: dict[str, list[Event]] = {}
        self._of_classes: list[Event] = []
        self._classes = Classes()
        self._classes_then: dict[int, Classes] = {}  # by seq, until more is said of classes
        self._ignored: dict[int, Ignored] = {}
        self._of_nothing: dict[str, set[str]] = {}  # class that is not there -> items given it
        self._given: set[str] = set()  # keys of classes that any event gives
        self._of_phase: list[Event] = []
        self._of_guidelines: list[Event] = []
        self._undoable: list[tuple[int, Event]] = []
        self._shared: set[str] = set()
        self._people: set[str] = set()
        self._items: dict[str, ItemState] = {}
        self._touched: set[str] = set()
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> Set[str]:
        """Take one more event into account; return the items of which something else may hold."""
        self._touched = set()
        self.last_seq = max(self.last_seq, event.seq)
        self.n_events += 1
        if event.kind in UNDOABLE:
            insort(self._undoable, (event.seq, event), key=lambda pair: pair[0])
        if event.kind is Kind.UNDO:
            self._undone[event.undoes or 0] = event.seq
            if event.item_id is None:
                self._classes_then.clear()
                self._fold_classes()
        elif event.kind in OF_A_CLASS:
            self._take_class_event(event)
        elif event.kind in OF_THE_PHASE:
            insort(self._of_phase, event, key=lambda e: e.seq)
        elif event.kind is Kind.GUIDELINES:
            insort(self._of_guidelines, event, key=lambda e: e.seq)
        elif event.kind in OF_AN_ITEM:
            self._take_item_event(event)
        if event.item_id is not None:
            self._fold_item(event.item_id)
        return self._touched

    def excerpt(self, item_ids: Iterable[str]) -> "Replay":
        """Return a replay of the classes, the phase and some items alone, to try new events on."""
        part = Replay()
        part.last_seq, part.n_events = self.last_seq, self.n_events
        part._classes, part._of_classes = self._classes.copy(), self._live_of_classes()
        part._of_phase, part._ignored = self._of_phase.copy(), self._ignored.copy()
        part._given = self._given.copy()
        for item_id in item_ids:
            part._of_item[item_id] = self._live_of(item_id)
            part._items[item_id] = self.of(item_id)
        return part

    @property
    def items(self) -> Mapping[str, ItemState]:
        """The items that anything was said of."""
        return MappingProxyType(self._items)

    def of(self, item_id: str) -> ItemState:
        """Return what holds of an item."""
        return self._items.get(item_id, UNTOUCHED)

    def of_then(self, item_id: str, seq: int) -> ItemState:
        """Return what held of an item when the event ``seq`` had just been stored."""
        events = (e for e in self._of_item.get(item_id, ()) if e.seq <= seq)
        live = (e for e in events if not self._undone.get(e.seq, seq + 1) <= seq)
        return _folded(live, self.classes_then(seq))

    @property
    def shared(self) -> Set[str]:
        """The items that several people have answered."""
        return self._shared

    @property
    def people(self) -> Set[str]:
        """The names under which anything was answered; ``""`` among them if one had none."""
        return self._people

    @property
    def guidelines(self) -> Sequence[Event]:
        """All versions of the guidelines, in their order."""
        return self._of_guidelines

    def guidelines_at(self, seq: int) -> int:
        """Return the number of the guidelines that held for an event; 0 where there were none."""
        return bisect_left(self._of_guidelines, seq, key=lambda event: event.seq)

    def labels(self, item: ItemState) -> dict[str, str]:
        """Return what each person has said of an item, merges followed; skips are left out."""
        said = ((vote.annotator, vote.content) for vote in item.votes)
        return {who: self.resolve(content) for who, content in said if content is not None}

    def bearing(self, class_id: str) -> Iterator[str]:
        """Yield the items to which anybody has given a class, merges followed."""
        for item_id, item in self._items.items():
            named = (one for event in item.said for one in classes_in(event.content))
            if any(self.resolve(one) == class_id for one in named):
                yield item_id

    def is_contested(self, item_id: str) -> bool:
        """Tell whether people differ on an item, and nobody has settled it."""
        item = self.of(item_id)
        if len(item.votes) <= 1 or item.is_settled:
            return False
        return len(set(alike(self.labels(item).values()))) > 1

    @property
    def classes(self) -> list[ClassState]:
        """The classes that can be given, in the order they were added."""
        return self._classes.live

    @property
    def all_classes(self) -> list[ClassState]:
        """All classes ever added, merged and deleted ones too: a place in it never changes."""
        return self._classes.all

    def class_id(self, name: str) -> str:
        """Return the key of the class that bears a name, or bore it last, merges followed.

        An answer that was given offline, before somebody renamed the class, is not lost.

        Raises
        ------
        UnknownNameError : no class ever had this name, or it was deleted
        """
        return self._classes.id_of(name)

    def class_named(self, name: str) -> str | None:
        """Return the key of the class that can be given under a name now; None if there is none."""
        return self._classes.bears(name)

    def resolve(self, content: str) -> str:
        """Return what a content stands for, through all merges; the key of a class is one."""
        return retold(content, self._classes.resolve)

    def class_name(self, content: str) -> str:
        """Return the name, as it is now, of what a content stands for."""
        return shown(content, self._classes)

    def label_names(self, content: str) -> tuple[str, ...] | None:
        """Return the names of several labels, as they are now; None where it is anything else."""
        return label_names(content, self._classes) if content.startswith(LIST) else None

    def has_class(self, content: str | None) -> bool:
        """Tell whether all classes that a content names were ever added."""
        return content is not None and _has_classes(content, self._classes)

    def is_deleted(self, content: str) -> bool:
        """Tell whether a class that a content names stands for one that was deleted."""
        return not all(self._classes.stands(one) for one in classes_in(content))

    def voided(self, item_id: str) -> Event | None:
        """Return the newest answer of an item, if that is one that cannot hold."""
        newest = next((e for e in self._live_of(item_id)[::-1] if e.kind in ANSWERS), None)
        return newest if newest is not None and _why_void(newest, self._classes) else None

    def why_not(self, event: NewEvent) -> str:
        """Say why an event about classes cannot hold; ``""`` if it can."""
        return self._classes.why_not(event)

    def class_event(self, key: str | None) -> Event | None:
        """Return the event about classes that bears a key, if it is not undone."""
        return next((e for e in self._live_of_classes() if e.key == key), None)

    def why_not_undone(self, undone: Event) -> str:
        """Say why the classes cannot do without one of their events; ``""`` if they can."""
        before, after = self._classes, Classes()
        for event in self._live_of_classes():
            if event is not undone:
                if (why := after.why_not(event)) and event.seq not in self._ignored:
                    return f"What was done since rests on it. {why}"
                after.apply(event)
        lost = {c.class_id for c in before.live} - {c.class_id for c in after.live}
        names = ", ".join(f"'{before.name_of(class_id)}'" for class_id in sorted(lost))
        return (
            f"There would be two classes named {names}: rename one of them first." if lost else ""
        )

    @property
    def ignored(self) -> list[Ignored]:
        """What is stored and cannot hold, in the order of ``seq``."""
        return [self._ignored[seq] for seq in sorted(self._ignored)]

    def latest_undoable(self, annotator: str | None = None) -> Event | None:
        """Return the newest event that can be undone and is not; of one person, or of anybody."""
        return next(self.undoable(annotator), None)

    def undoable(self, annotator: str | None = None) -> Iterator[Event]:
        """Yield what can be undone and is not, the newest first; of one person, or of anybody."""
        live = (event for seq, event in reversed(self._undoable) if seq not in self._undone)
        return (event for event in live if annotator in (None, event.annotator))

    def latest_step(self, annotator: str) -> list[Event]:
        """Return what a person said last with one key press, as far as it is not undone, in order.

        The keys of such events are alike up to the last hyphen; behind it they are numbered.
        """
        steps = groupby(
            self.undoable(annotator), key=lambda event: event.key.rpartition("-")[0] or event.key
        )
        _, newest = next(steps, ("", ()))
        return list(newest)[::-1]

    @property
    def phase_event(self) -> Event | None:
        """The event that decides the phase; None before the first audit."""
        return self._of_phase[-1] if self._of_phase else None

    @property
    def phase(self) -> Phase:
        """Where the job stands: label, audit or certified; what follows depends on the answers."""
        last = self.phase_event
        if last is None or last.kind is Kind.RESUMED:
            return Phase.LABEL
        return Phase.AUDIT if last.kind is Kind.AUDIT_DRAWN else Phase.CERTIFIED

    @property
    def attempt(self) -> int:
        """How many audits were drawn."""
        return sum(event.kind is Kind.AUDIT_DRAWN for event in self._of_phase)

    @property
    def drawn_digests(self) -> list[str]:
        """The hashes of the audits that were drawn, in their order."""
        return [e.text or "" for e in self._of_phase if e.kind is Kind.AUDIT_DRAWN]

    def drawn_at(self, digest: str) -> int | None:
        """Return the seq of the event that made a draw; None if there is none."""
        found = (e.seq for e in self._of_phase if e.kind is Kind.AUDIT_DRAWN and e.text == digest)
        return next(found, None)

    def followed_by(self, decided: Event) -> Event | None:
        """Return the event that decides the phase next after one; None if that one still does."""
        return next((event for event in self._of_phase if event.seq > decided.seq), None)

    def certified_by(self, digest: str) -> Event | None:
        """Return the event that made a certificate; None if there is none."""
        found = (e for e in self._of_phase if e.kind is Kind.CERTIFIED and e.text == digest)
        return next(found, None)

    def classes_then(self, seq: int | None) -> Classes:
        """Return the classes when the event ``seq`` had just been stored; None: as they are."""
        if seq is None:
            return self._classes
        if seq not in self._classes_then:
            then = self._classes_then[seq] = Classes()
            for event in self._of_classes:
                is_undone = event.kind in UNDOABLE and self._undone.get(event.seq, seq + 1) <= seq
                if event.seq <= seq and not is_undone:
                    then.apply(event)
        return self._classes_then[seq]

    def _live_of(self, item_id: str) -> list[Event]:
        return [e for e in self._of_item.get(item_id, ()) if e.seq not in self._undone]

    def _live_of_classes(self) -> list[Event]:
        undone = self._undone
        return [e for e in self._of_classes if e.seq not in undone or e.kind not in UNDOABLE]

    def _fold_item(self, item_id: str) -> None:
        self._touched.add(item_id)
        for event in self._of_item.get(item_id, ()):
            self._ignored.pop(event.seq, None)
        live = self._live_of(item_id)
        for event in live:
            why = _why_void(event, self._classes)
            if why and not self._is_of_deleted(event):  # that was no mistake
                self._ignore(event, why)
            if why == NO_SUCH_CLASS:
                for one in classes_in(event.content):
                    self._of_nothing.setdefault(one, set()).add(item_id)
        item = self._items[item_id] = _folded(live, self._classes)
        (self._shared.add if len(item.votes) > 1 else self._shared.discard)(item_id)

    def _is_of_deleted(self, event: Event) -> bool:
        content = event.content
        return content is not None and self.has_class(content) and self.is_deleted(content)

    def _ignore(self, event: Event, why: str) -> None:
        self._ignored[event.seq] = Ignored(event.seq, event.kind, why)

    def _take_item_event(self, event: Event) -> None:
        if event.item_id is None:
            self._ignore(event, NO_ITEM)
            return
        insort(self._of_item.setdefault(event.item_id, []), event, key=lambda e: e.seq)
        self._given.update(classes_in(event.content))
        if event.kind in OF_PEOPLE:
            self._people.add(event.annotator)

    def _take_class_event(self, event: Event) -> None:
        self._classes_then.clear()
        is_newest = not self._of_classes or self._of_classes[-1].seq < event.seq
        insort(self._of_classes, event, key=lambda e: e.seq)
        if not is_newest or event.seq in self._undone:
            self._fold_classes()
        elif event.kind is Kind.DELETE_CLASS:
            before = self._gone()
            self._apply_to_classes(event)
            self._fold_items_of(self._gone() - before)
        else:
            self._apply_to_classes(event)
            self._fold_waiting()

    def _fold_classes(self) -> None:
        gone, self._classes = self._gone(), Classes()
        for event in self._of_classes:
            self._ignored.pop(event.seq, None)
        for event in self._live_of_classes():
            self._apply_to_classes(event)
        self._fold_items_of(gone ^ self._gone())
        self._fold_waiting()

    def _apply_to_classes(self, event: Event) -> None:
        if why := self._classes.why_not(event):
            self._ignore(event, why)
        self._classes.apply(event)

    def _fold_waiting(self) -> None:
        """Work out anew what holds of the items that were given a class which is there only now."""
        for key in [key for key in self._of_nothing if key in self._classes]:
            for item_id in self._of_nothing.pop(key):
                self._fold_item(item_id)

    def _gone(self) -> set[str]:
        """Return the keys of given classes that stand for one that was deleted."""
        return {c for c in self._given if self.has_class(c) and self.is_deleted(c)}

    def _fold_items_of(self, class_ids: Set[str]) -> None:
        """Work out anew what holds of the items that anybody ever gave one of these classes."""
        for item_id, events in self._of_item.items() if class_ids else ():
            if any(not class_ids.isdisjoint(classes_in(event.content)) for event in events):
                self._fold_item(item_id)


def _folded(live: Iterable[Event], classes: Classes) -> ItemState:
    return fold_item(event for event in live if not _why_void(event, classes))


def _why_void(event: Event, classes: Classes) -> str:
    """Say why an event of an item cannot hold where these are the classes; ``""`` if it can."""
    if event.content is None:
        return NO_CLASS if event.kind in LABELS else ""
    if not _has_classes(event.content, classes):
        return NO_SUCH_CLASS
    gone = [one for one in classes_in(event.content) if not classes.stands(one)]
    if gone:
        return DELETED.format(name=shown(gone[0], classes))
    return NOT_OF_A_CLASS if event.kind is Kind.SKIP else ""


def _has_classes(content: str, classes: Classes) -> bool:
    return all(one in classes for one in classes_in(content))


def fold_item(events: Iterable[Event]) -> ItemState:
    """Return what some events, none of them undone, say of their item.

    Parameters
    ----------
    events : of one item, in the order of ``seq``
    """
    answer, given = None, None
    beside: dict[str, Event] = {}
    flags: dict[str, Event] = {}
    comments: dict[str, Event] = {}
    for event in events:
        if event.kind in ANSWERS:
            answer = event
            given = given if event.kind is Kind.SETTLED else event
        elif event.kind is Kind.OPINION:
            beside[event.annotator] = event
        else:
            remarks = comments if event.kind is Kind.COMMENT else flags
            if event.purpose != BESIDE:
                remarks.clear()
            remarks.pop(event.annotator, None)
            if event.kind is not Kind.UNFLAG:
                remarks[event.annotator] = event
    if given is None and beside:  # the answer was undone that the opinions stood beside
        first = min(beside.values(), key=lambda event: event.seq)
        given = replace(first, kind=Kind.SKIP if first.content is None else Kind.LABEL)
        answer = answer or given
        del beside[first.annotator]
    remarked = tuple(flags.values()), tuple(comments.values())
    return ItemState(answer, *remarked, _votes(given, beside))


def _votes(given: Event | None, beside: Mapping[str, Event]) -> tuple[Event, ...]:
    """Return the last word of each person."""
    said = [*beside.values(), *([given] if given else [])]
    said.sort(key=lambda event: event.seq)
    return tuple({event.annotator: event for event in said}.values())
