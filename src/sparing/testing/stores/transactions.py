"""What is decided inside the transaction that stores an event: the checks that are handed in."""

from collections.abc import Sequence
from dataclasses import replace

from sparing.store import Event, EventStatus, NewEvent, Outcome
from sparing.testing.stores.support import (
    N_EACH,
    OpenStore,
    StoreCheck,
    expect,
    in_threads,
    labeled,
)


def check_a_check_is_told_all_that_was_stored_before(open_store: OpenStore) -> None:
    """It is asked of new keys alone, and told of what was stored since ``after`` and since."""
    store = open_store()
    first, second = (store.append([labeled(item)])[0].event for item in "ab")
    expect(first is not None and second is not None, "two events were not stored")
    told: list[tuple[str, list[str]]] = []

    def check(new: NewEvent, since: Sequence[Event]) -> NewEvent:
        told.append((new.key, [event.key for event in since]))
        return replace(new, text="checked")

    batch = [labeled("c"), labeled("a"), replace(labeled("c", "dog"), key="unseen"), labeled("d")]
    store.append(batch, check, first.seq if first else 0)
    texts = [event.text for event in store.events()]
    store.close()
    keys = [event.key for event in batch]
    wanted = [(keys[0], [labeled("b").key]), (keys[2], [keys[0]]), (keys[3], [])]
    expect(told == wanted, f"a check was told {told}, not {wanted}")
    expect(texts == [None, None, "checked", "checked"], f"the texts are {texts}")


def check_what_a_check_refuses_is_not_stored(open_store: OpenStore) -> None:
    """What it returns is the outcome, and the others are stored."""
    store = open_store()
    refusal = Outcome(EventStatus.REFUSED, message="No.")
    outcomes = store.append(
        [labeled("a"), labeled("b")], lambda new, _: refusal if new.item_id == "a" else new
    )
    events = store.events()
    store.close()
    expect(outcomes[0] == refusal, f"a refusal came back as {outcomes[0]}")
    expect([e.item_id for e in events] == ["b"], f"stored were {events}")


def check_a_check_that_fails_stores_nothing(open_store: OpenStore) -> None:
    """What it raises comes back to the caller, and nothing of the batch stays."""

    def check(new: NewEvent, _: Sequence[Event]) -> NewEvent:
        if new.item_id == "b":
            raise LookupError("b")
        return new

    store = open_store()
    try:
        store.append([labeled("a"), labeled("b")], check)
    except LookupError:
        events = store.events()
    else:
        raise AssertionError("what a check raised was lost")
    finally:
        store.close()
    expect(events == [], f"stored were {events}")


def check_nothing_comes_between_a_check_and_its_event(open_store: OpenStore) -> None:
    """Openings that race are each told of all that has a lower number."""
    stores = [open_store() for _ in range(2)]
    told: dict[str, int] = {}

    def run(thread: int) -> None:
        for i in range(N_EACH):
            seen: list[Event] = []

            def check(new: NewEvent, since: Sequence[Event], seen: list[Event] = seen) -> NewEvent:
                seen.extend(since)
                told[new.key] = len(seen)
                return new

            stores[thread % 2].append([labeled(f"{thread}-{i}-{part}") for part in "ab"], check)

    in_threads(run)
    before = {event.key: place for place, event in enumerate(stores[0].events())}
    for store in stores:
        store.close()
    expect(told == before, f"checks were told of {told} events, and before theirs were {before}")


CHECKS: tuple[StoreCheck, ...] = (
    check_a_check_is_told_all_that_was_stored_before,
    check_what_a_check_refuses_is_not_stored,
    check_a_check_that_fails_stores_nothing,
    check_nothing_comes_between_a_check_and_its_event,
)
