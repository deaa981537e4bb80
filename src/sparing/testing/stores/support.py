"""What the checks of stores share: the store's type, short events, several threads."""

import threading
from collections.abc import Callable

from sparing.store import Event, ItemRow, Kind, NewEvent, Outcome, Store, Version

OpenStore = Callable[[], Store]
StoreCheck = Callable[[OpenStore], None]
N_THREADS = 4
N_EACH = 5


def expect(condition: bool, message: str) -> None:
    """Fail with that message where the condition does not hold."""
    if not condition:
        raise AssertionError(message)


def labeled(item_id: str, class_id: str = "cat") -> NewEvent:
    """Return an answer, of one key for each item."""
    return NewEvent(key=f"label-{item_id}", kind=Kind.LABEL, item_id=item_id, class_id=class_id)


def undone(item_id: str, attempt: str = "1") -> NewEvent:
    """Return the undo of an item's answer."""
    return NewEvent(key=f"undo-{item_id}-{attempt}", kind=Kind.UNDO, undoes=f"label-{item_id}")


def item_row(row: int) -> ItemRow:
    """Return an item."""
    return ItemRow(row, f"item-{row}", f"folder/{row}.png", 10 * row, 10**18 + row)


def seq_of(outcome: Outcome) -> int:
    """Return the number that an event was stored under; -1 if none was."""
    return outcome.event.seq if outcome.event else -1


def all_of(store: Store) -> tuple[list[Event], list[ItemRow], list[Version], dict[str, str]]:
    """Return all that a store keeps."""
    return store.events(), store.items(), store.versions(), store.settings()


def in_threads(work: Callable[[int], None]) -> None:
    """Run work in several threads at once, each told its number, until all are done."""
    threads = [threading.Thread(target=work, args=(i,)) for i in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
