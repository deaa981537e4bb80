"""The contract that every store keeps."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sparing.store.appending import EventCheck
from sparing.store.claims import DutyLock
from sparing.store.leasing import Wish
from sparing.store.records import Event, ItemRow, NewEvent, Outcome, Version


class Store(ABC):
    """Where a project's state is kept.

    Thread safety: every method may be called from several threads at once. Persistence: when a
    method that writes returns, what it wrote survives the death of the process and of the
    machine (a lease, which lasts minutes, may be lost with the machine). Consistency: a call is
    written whole or not at all, and readers see it so; that holds for several processes too, where
    the database serves several. Events are only ever appended, and become visible in the order of
    ``seq``: who has read up to one has missed none below it. Errors of a write come back to who
    called; a database that was away is used again as soon as it is back.

    Every method raises ``StoreError`` where the state cannot be read or written.
    :mod:`sparing.testing.store_checks` tests all of this.
    """

    @abstractmethod
    def append(
        self, events: Sequence[NewEvent], check: EventCheck | None = None, after: int = 0
    ) -> list[Outcome]:
        """Store events in their order; return what became of each.

        What an event means is no business of the store: ``check`` decides it, inside the
        transaction, so that nothing comes between the decision and the event. It is called with
        each event whose key is new, and with what was stored since ``after``, the last event that
        its maker knew of; from the second call on with what was stored since the call before, by
        this very call of ``append``. It returns the event as it is to be stored, or what became of
        it. It must not call the store; what it raises stores nothing of the whole batch.

        A key that is there already makes a duplicate (refused if it says something else). A label
        or skip of an item whose answer is not the one that was ``seen`` is a conflict, unless it
        says the same. Where it may stand ``beside`` the answer of another person, it becomes an
        opinion; a person has one opinion of an item, and the same rule holds for it. Guidelines too
        have to name those that they replace. An undo of what is undone already is a duplicate. One
        event's fate does not touch the others.
        """

    @abstractmethod
    def events(self, after: int = 0) -> list[Event]:
        """Return the events with a ``seq`` above ``after``, in order."""

    @abstractmethod
    def items(self) -> list[ItemRow]:
        """Return all items ever seen, by row."""

    @abstractmethod
    def put_items(self, items: Sequence[ItemRow]) -> None:
        """Insert items, or replace those with the same row."""

    @abstractmethod
    def note_contents(self, items: Sequence[ItemRow]) -> None:
        """Store the content hashes of items that have none, where the file is still the same."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Return all settings."""

    @abstractmethod
    def put_settings(self, settings: dict[str, str]) -> None:
        """Set some settings."""

    @abstractmethod
    def versions(self, after: int = 0) -> list[Version]:
        """Return the model versions above ``after``, in order."""

    @abstractmethod
    def add_version(self, version: Version) -> None:
        """Add a model version.

        Raises
        ------
        ConflictError : there is one of that number
        """

    @abstractmethod
    def lease(self, wish: Wish) -> list[str]:
        """Lease items to a holder; return those that it holds now of all that it named.

        No item has two holders at once. A lease ends when it runs out, is released, or its item
        is answered by anyone. Who holds an item and names it again prolongs the lease.
        """

    @abstractmethod
    def leases(self) -> dict[str, str]:
        """Return the holder of each item that is leased now."""

    @abstractmethod
    def release(self, holder: str, items: Sequence[str] | None = None) -> None:
        """End leases of a holder, all of them or those of some items; those of others stay."""

    @abstractmethod
    def claim(self, duty: str) -> DutyLock | None:
        """Take a duty that one opening of the store has at a time; None if another has it.

        It ends when it is released, and when the process dies.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was begun and let go of everything; may be called twice."""
