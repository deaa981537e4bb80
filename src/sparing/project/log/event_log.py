"""The way of what is said: into the store, and from there into the memory of the project."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import uuid4

from sparing.project.attribution import Handed
from sparing.project.folder_check import Presence
from sparing.project.locked_state import Guarded
from sparing.project.log.commands import formed, known_class, recorded
from sparing.project.log.follower import Follower
from sparing.project.log.judge import Judge
from sparing.project.log.log_hash import log_hash, log_hash_like
from sparing.project.multiprocess import alone_on_duty
from sparing.project.source.answered import note, read, unread
from sparing.project.state import State
from sparing.project.views import Recorded
from sparing.store import EventCheck, ItemRow, Kind, NewEvent, Outcome, Store


class EventLog:
    """Stores what is said, and takes into account what others have said meanwhile.

    Parameters
    ----------
    store : of the project
    guarded : its state
    follower : brings the state up to date
    handed : by what each item was asked
    """

    def __init__(self, store: Store, guarded: Guarded, follower: Follower, handed: Handed) -> None:
        self._store = store
        self._guarded = guarded
        self._follower = follower
        self._handed = handed
        self._presence = Presence(guarded.folder)

    def record(self, events: Sequence[NewEvent]) -> list[Recorded]:
        """Store what somebody says; it is on the disk when this returns.

        Raises
        ------
        StoreError : the disk refused; nothing was stored
        """
        self.catch_up()
        with self._guarded.held() as state:
            said = formed(state, events)
            to_store = [event for event in said if isinstance(event, NewEvent)]
            judge = Judge(state, self._handed, to_store)
            of_items = unread(state, (event.item_id for event in to_store))
        self._note_contents(read(of_items))
        outcomes = iter(self.append(to_store, judge, judge.after) if to_store else ())
        with self._guarded.held() as state:
            return [
                event if isinstance(event, Recorded) else recorded(state, event, next(outcomes))
                for event in said
            ]

    def _note_contents(self, items: Sequence[ItemRow]) -> None:
        """Store what items hold that nobody had read before they were spoken of."""
        if items:
            self.check_presence()
            self._store.note_contents(items)
            with self._guarded.held() as state:
                note(state, items)

    def add_classes(self, names: Iterable[str]) -> list[Recorded]:
        """Add the classes that are not there yet; return what became of each."""
        with self._guarded.held() as state:
            new = [n for n in dict.fromkeys(names) if not known_class(state, n)]
        events = [NewEvent(key=uuid4().hex, kind=Kind.ADD_CLASS, class_name=n) for n in new]
        return self.record(events)

    def label(self, answers: Mapping[str, str], annotator: str) -> list[Recorded]:
        """Label items by their keys, whatever label they had; return what became of each."""
        with self._guarded.held() as state:
            events = [self._label(state, *answer, annotator) for answer in answers.items()]
        return self.record(events)

    def _label(self, state: State, item_id: str, label: str, annotator: str) -> NewEvent:
        row = state.row_of.get(item_id, -1)
        current = state.replay.of(item_id).answer
        return NewEvent(
            key=uuid4().hex,
            kind=Kind.LABEL,
            item_id=item_id,
            class_name=label,
            model_version=self._handed.version_of(row),
            seen=current.key if current else None,
            annotator=annotator,
        )

    def undo(self) -> Recorded:
        """Undo the last thing that was said and not undone, whoever said it."""
        with self._guarded.held() as state:
            latest = state.replay.latest_undoable()
        undoes = latest.key if latest else None
        return self.record([NewEvent(key=uuid4().hex, kind=Kind.UNDO, undoes=undoes)])[0]

    def append(
        self, events: Sequence[NewEvent], check: EventCheck | None = None, after: int = 0
    ) -> list[Outcome]:
        """Store events as they are, or as a check in the same transaction says.

        Parameters
        ----------
        events : in their order
        check : asked about each, told what was stored since
        after : seq of the last event that the check knows of

        Raises
        ------
        StoreError : the disk refused, or the folder was moved away
        """
        self.check_presence()
        outcomes = self._store.append(events, check, after)
        self.check_presence()  # else it went to a file that nobody will find again
        told = [e.seq for o in outcomes for e in (o.event, o.current) if e is not None]
        if told:  # what others have stored may be among it, such as an answer in a new class
            self.take_events(max(told))
        return outcomes

    def say(self, kind: Kind, text: str | None) -> None:
        """Store an event that the project itself says."""
        self.append([NewEvent(key=uuid4().hex, kind=kind, text=text)])

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin so of all that was ever stored, also of what was undone."""
        return [event.key for event in self._store.events() if event.key.startswith(prefix)]

    def hash_until(self, last: int) -> str:
        """Name all that was ever stored down to the event ``last``, by hash."""
        return log_hash(self._store.events(), last)

    def hash_like(self, mark: str) -> str:
        """Name anew what a certificate has named by hash."""
        return log_hash_like(self._store.events(), mark)

    @contextmanager
    def alone(self, duty: str) -> Iterator[None]:
        """Do something while no other process does, knowing all that they have done."""
        folder = self._guarded.folder
        with alone_on_duty(self._store, folder, duty):
            self.check_presence()
            if folder.is_shared:
                self.refresh()
            yield

    def take_events(self, at_least: int = 0) -> None:
        """Apply the events that are new; nothing is read if ``at_least`` is known already."""
        self._follower.take_events(at_least)

    def take_contents(self) -> bool:
        """Read what encoding found out, such as files that are damaged; say whether it was new."""
        return self._follower.take_contents()

    def refresh(self) -> None:
        """Take into account what another process has written since.

        Raises
        ------
        StoreError : the database cannot be reached
        """
        self._follower.take_all()

    def catch_up(self) -> None:
        """Do so where others may write, unless it was done a moment ago."""
        if self._guarded.folder.is_shared and self._follower.is_due():
            self.refresh()

    def check_presence(self) -> None:
        """Raise if the folder of the project is not where it was when it was opened.

        Raises
        ------
        StoreError : it was moved, replaced or deleted
        """
        self._presence.check()
