"""An undo names what it undoes, once, and gives the item back as it was before."""

from dataclasses import replace

from sparing.store import EventStatus, Kind, NewEvent
from sparing.testing.stores.support import OpenStore, StoreCheck, expect, labeled, seq_of, undone


def check_undo_names_what_it_undid(open_store: OpenStore) -> None:
    """An undo has the number and the item of what it undoes."""
    store = open_store()
    (first,) = store.append([labeled("a")])
    (undo,) = store.append([undone("a")])
    stored = store.events()[-1]
    store.close()
    expect(undo.status is EventStatus.STORED and undo.event == stored, f"it is {undo}")
    expect(undo.current == first.event, f"it says that {undo.current} was undone")
    expect(stored.undoes == seq_of(first), f"it undoes {stored.undoes}")
    expect(stored.item_id == "a", f"it is of item {stored.item_id}")


def check_undo_twice_is_a_duplicate(open_store: OpenStore) -> None:
    """What is undone stays undone, whoever asks again, with the same key or another."""
    store = open_store()
    store.append([labeled("a")])
    outcomes = [store.append([event])[0] for event in (undone("a"), undone("a"), undone("a", "2"))]
    n = len(store.events())
    store.close()
    statuses = [outcome.status for outcome in outcomes]
    expect(statuses == ["stored", "duplicate", "duplicate"], f"they are {statuses}")
    expect(n == 2, f"there are {n} events")


def check_undo_of_nothing_is_refused(open_store: OpenStore) -> None:
    """There must be an event, and one that can be undone."""
    store = open_store()
    store.append([NewEvent(key="add", kind=Kind.ADD_CLASS, class_name="cat")])
    outcomes = store.append([undone("a"), NewEvent(key="u", kind=Kind.UNDO, undoes="add")])
    store.close()
    for outcome in outcomes:
        expect(outcome.status is EventStatus.REFUSED and bool(outcome.message), f"it is {outcome}")


def check_undone_answer_does_not_conflict(open_store: OpenStore) -> None:
    """After an undo the item is unanswered, or has the answer before."""
    store = open_store()
    first = labeled("a", "cat")
    second = replace(labeled("a", "dog"), key="second", seen=first.key)
    store.append([first, second, NewEvent(key="undo", kind=Kind.UNDO, undoes="second")])
    (third,) = store.append([replace(labeled("a", "fox"), key="third", seen=first.key)])
    store.append(
        [NewEvent(key=f"undo-{k}", kind=Kind.UNDO, undoes=k) for k in ("third", first.key)]
    )
    (fourth,) = store.append([replace(labeled("a", "owl"), key="fourth")])
    store.close()
    expect(third.status is EventStatus.STORED, f"upon the answer before it is {third.status}")
    expect(fourth.status is EventStatus.STORED, f"upon no answer it is {fourth.status}")


def check_undo_in_the_same_batch(open_store: OpenStore) -> None:
    """What waited offline comes in one batch: an answer, its undo, another answer."""
    store = open_store()
    outcomes = store.append(
        [labeled("a", "cat"), undone("a"), replace(labeled("a", "dog"), key="2")]
    )
    store.close()
    statuses = [outcome.status for outcome in outcomes]
    expect(statuses == ["stored"] * 3, f"they are {statuses}")


def check_nobody_undoes_for_others(open_store: OpenStore) -> None:
    """An undo that is for some people's events leaves those of others."""
    store = open_store()
    store.append([replace(labeled("a"), annotator="Ada")])
    undo = NewEvent(key="undo", kind=Kind.UNDO, undoes=labeled("a").key, undoes_of=("Bob", ""))
    (theirs,) = store.append([undo])
    (own,) = store.append([replace(undo, undoes_of=("Ada",))])
    store.close()
    expect(theirs.status is EventStatus.REFUSED, f"another's event was {theirs.status}")
    expect(own.status is EventStatus.STORED, f"their own was {own.status}")


CHECKS: tuple[StoreCheck, ...] = (
    check_undo_names_what_it_undid,
    check_undo_twice_is_a_duplicate,
    check_undo_of_nothing_is_refused,
    check_undone_answer_does_not_conflict,
    check_undo_in_the_same_batch,
    check_nobody_undoes_for_others,
)
