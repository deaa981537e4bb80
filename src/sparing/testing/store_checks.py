"""What every store has to keep to, as small named checks; the contract is in ``store/base.py``."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from sparing.errors import ConflictError, StoreError
from sparing.store import (
    Event,
    EventStatus,
    ItemRow,
    Kind,
    NewEvent,
    Outcome,
    Store,
    Version,
    VersionFacts,
    Wish,
)
from sparing.store.leasing import MOST_LEASED

OpenStore = Callable[[], Store]
StoreCheck = Callable[[OpenStore], None]
N_THREADS = 4
N_EACH = 5
BRIEF = 0.1  # seconds


def yield_store_checks() -> Iterator[StoreCheck]:
    """Yield the checks that a store has to pass.

    Each is a function of ``open_store``, which opens the same store each time it is called, empty
    at first; it returns None or raises AssertionError. One check needs one empty store.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sparing.store import open_store
    >>> from sparing.store.engine import sqlite_url
    >>> for check in yield_store_checks():
    ...     url = sqlite_url(Path(tempfile.mkdtemp(), "new.db"))
    ...     check(lambda: open_store(url))
    """
    yield check_new_store_is_empty
    yield check_events_come_back_as_they_were
    yield check_events_are_numbered_in_order
    yield check_events_after
    yield check_same_key_counts_once
    yield check_same_key_twice_in_a_batch
    yield check_key_of_another_event_is_refused
    yield check_second_answer_unseen_is_a_conflict
    yield check_same_answer_again_is_a_duplicate
    yield check_answer_to_what_was_seen_is_stored
    yield check_answer_of_another_person_may_stand_beside
    yield check_a_person_has_one_opinion
    yield check_guidelines_name_those_they_replace
    yield check_undo_names_what_it_undid
    yield check_undo_twice_is_a_duplicate
    yield check_undo_of_nothing_is_refused
    yield check_undone_answer_does_not_conflict
    yield check_undo_in_the_same_batch
    yield check_one_fate_does_not_touch_the_others
    yield check_a_check_is_told_all_that_was_stored_before
    yield check_what_a_check_refuses_is_not_stored
    yield check_a_check_that_fails_stores_nothing
    yield check_nothing_comes_between_a_check_and_its_event
    yield check_all_survives_closing
    yield check_another_door_sees_what_was_stored
    yield check_threads_lose_nothing
    yield check_threads_with_one_key_store_it_once
    yield check_openings_that_race_store_one_answer
    yield check_a_reader_misses_nothing
    yield check_items_are_replaced_by_row
    yield check_settings_are_replaced
    yield check_versions_come_back
    yield check_version_number_is_given_once
    yield check_any_text_is_kept
    yield check_an_item_has_one_holder
    yield check_a_lease_runs_out
    yield check_a_lease_is_prolonged
    yield check_an_answer_ends_the_lease
    yield check_a_holder_lets_go_of_its_own_alone
    yield check_another_door_sees_the_leases
    yield check_threads_never_share_an_item
    yield check_a_duty_is_taken_once
    yield check_close_may_come_twice
    yield check_closed_store_says_so


def check_new_store_is_empty(open_store: OpenStore) -> None:
    """A new store has no events, items, versions or settings."""
    store = open_store()
    found = (store.events(), store.items(), store.versions(), store.settings())
    store.close()
    _expect(found == ([], [], [], {}), f"a new store has {found}")


def check_events_come_back_as_they_were(open_store: OpenStore) -> None:
    """Every field of an event is kept."""
    new = NewEvent(
        key="k1",
        kind=Kind.LABEL,
        item_id="a",
        class_id="c",
        into_id="d",
        class_name="cat",
        text="a text",
        purpose="train",
        source="uniform",
        propensity=0.125,
        annotator="Ada",
        model_version=3,
        confirmed=True,
    )
    store = open_store()
    (outcome,) = store.append([new])
    (event,) = store.events()
    store.close()
    _expect(outcome == Outcome(EventStatus.STORED, event), f"{outcome} is not {event}")
    for name in ("key", "kind", "item_id", "class_id", "into_id", "class_name", "text", "purpose",
                 "source", "propensity", "annotator", "model_version", "confirmed"):  # fmt: skip
        wanted, got = getattr(new, name), getattr(event, name)
        _expect(wanted == got, f"'{name}' was {wanted!r} and came back as {got!r}")
    _expect(event.at.endswith("+00:00"), f"the time {event.at!r} is not UTC")


def check_events_are_numbered_in_order(open_store: OpenStore) -> None:
    """Numbers ascend in the order of the batch."""
    store = open_store()
    store.append([_label("a"), _label("b"), _label("c")])
    events = store.events()
    store.close()
    _expect([e.item_id for e in events] == ["a", "b", "c"], f"the order is {events}")
    _expect(all(a.seq < b.seq for a, b in pairwise(events)), f"the numbers are {events}")


def check_events_after(open_store: OpenStore) -> None:
    """Only events above the number are returned."""
    store = open_store()
    store.append([_label("a"), _label("b")])
    first, second = store.events()
    rest = store.events(first.seq)
    store.close()
    _expect(rest == [second], f"after the first came {rest}")


def check_same_key_counts_once(open_store: OpenStore) -> None:
    """An event that is sent again is a duplicate and names the first."""
    store = open_store()
    (first,) = store.append([_label("a")])
    (again,) = store.append([_label("a")])
    n = len(store.events())
    store.close()
    _expect(again.status is EventStatus.DUPLICATE, f"sent again it is {again.status}")
    _expect(again.event == first.event, f"{again.event} is not {first.event}")
    _expect(n == 1, f"it was stored {n} times")


def check_same_key_twice_in_a_batch(open_store: OpenStore) -> None:
    """An event that is twice in a batch is stored once."""
    store = open_store()
    outcomes = store.append([_label("a"), _label("a")])
    n = len(store.events())
    store.close()
    _expect([o.status for o in outcomes] == ["stored", "duplicate"], f"they are {outcomes}")
    _expect(n == 1, f"it was stored {n} times")


def check_key_of_another_event_is_refused(open_store: OpenStore) -> None:
    """A key says one thing for ever."""
    store = open_store()
    store.append([_label("a")])
    (other,) = store.append([replace(_label("b"), key=_label("a").key)])
    store.close()
    _expect(other.status is EventStatus.REFUSED and bool(other.message), f"it is {other}")


def check_second_answer_unseen_is_a_conflict(open_store: OpenStore) -> None:
    """Who has not seen an answer does not overwrite it, and learns what it is."""
    store = open_store()
    (first,) = store.append([_label("a", "cat")])
    (second,) = store.append([replace(_label("a", "dog"), key="other")])
    (skip,) = store.append([NewEvent(key="skip", kind=Kind.SKIP, item_id="a")])
    n = len(store.events())
    store.close()
    for outcome in (second, skip):
        _expect(outcome.status is EventStatus.CONFLICT, f"it is {outcome.status}")
        _expect(outcome.current == first.event, f"it names {outcome.current}")
    _expect(n == 1, "it was stored")


def check_same_answer_again_is_a_duplicate(open_store: OpenStore) -> None:
    """Two people who say the same do not disagree."""
    store = open_store()
    store.append([_label("a", "cat")])
    (second,) = store.append([replace(_label("a", "cat"), key="other")])
    store.close()
    _expect(second.status is EventStatus.DUPLICATE, f"it is {second.status}")


def check_answer_to_what_was_seen_is_stored(open_store: OpenStore) -> None:
    """Who has seen the answer may change it."""
    store = open_store()
    first = _label("a", "cat")
    store.append([first])
    (second,) = store.append([replace(_label("a", "dog"), key="other", seen=first.key)])
    (third,) = store.append([replace(_label("a", "fox"), key="late", seen=first.key)])
    store.close()
    _expect(second.status is EventStatus.STORED, f"it is {second.status}")
    _expect(third.status is EventStatus.CONFLICT, f"with an old view it is {third.status}")


def check_answer_of_another_person_may_stand_beside(open_store: OpenStore) -> None:
    """Where two answers are wanted, the second becomes an opinion, and its key counts once."""
    store = open_store()
    ada = NewEvent(key="1", kind=Kind.LABEL, item_id="a", class_id="cat", annotator="Ada")
    ben = replace(ada, key="2", class_id="dog", annotator="Ben", beside=True)
    first, second, again = store.append([ada, ben, ben])
    tab = store.append([replace(ada, key="3", class_id="dog", beside=True)])[0]
    unnamed = NewEvent(key="4", kind=Kind.LABEL, item_id="b", class_id="cat")
    named = replace(ben, key="5", item_id="b")
    known = store.append([unnamed, named])[1]
    kinds = [event.kind for event in store.events()]
    store.close()
    _expect(kinds == [Kind.LABEL, Kind.OPINION, Kind.LABEL], f"there are {kinds}")
    _expect(again == Outcome(EventStatus.DUPLICATE, second.event), f"sent again it was {again}")
    _expect(tab == Outcome(EventStatus.CONFLICT, current=first.event), f"the same person got {tab}")
    _expect(known.status is EventStatus.CONFLICT, f"beside an answer without a name it was {known}")


def check_a_person_has_one_opinion(open_store: OpenStore) -> None:
    """An opinion is changed by who has seen it; unseen it is a conflict, the same a duplicate."""
    store = open_store()
    ada = NewEvent(key="1", kind=Kind.LABEL, item_id="a", class_id="cat", annotator="Ada")
    ben = replace(ada, key="2", annotator="Ben", beside=True)
    store.append([ada, ben])
    other, same, changed = store.append(
        [
            replace(ben, key="3", class_id="dog"),
            replace(ben, key="4"),
            replace(ben, key="5", class_id="dog", seen="2"),
        ]
    )
    found = [(event.kind, event.class_id) for event in store.events()]
    store.close()
    _expect(other.status is EventStatus.CONFLICT, f"an opinion unseen was {other}")
    _expect(same.status is EventStatus.DUPLICATE, f"the same opinion was {same}")
    _expect(changed.status is EventStatus.STORED, f"a change of what was seen was {changed}")
    wanted = [(Kind.LABEL, "cat"), (Kind.OPINION, "cat"), (Kind.OPINION, "dog")]
    _expect(found == wanted, f"there are {found}")


def check_guidelines_name_those_they_replace(open_store: OpenStore) -> None:
    """Two people who write guidelines at once do not overwrite each other."""
    store = open_store()
    one = NewEvent(key="1", kind=Kind.GUIDELINES, text="One.")
    first, unseen, seen = store.append(
        [one, replace(one, key="2", text="Two."), replace(one, key="3", text="Two.", seen="1")]
    )
    texts = [event.text for event in store.events()]
    store.close()
    _expect(
        unseen == Outcome(EventStatus.CONFLICT, current=first.event), f"the second was {unseen}"
    )
    _expect(seen.status is EventStatus.STORED, f"one that saw the first was {seen}")
    _expect(texts == ["One.", "Two."], f"there are {texts}")


def check_undo_names_what_it_undid(open_store: OpenStore) -> None:
    """An undo has the number and the item of what it undoes."""
    store = open_store()
    (first,) = store.append([_label("a")])
    (undo,) = store.append([_undo("a")])
    stored = store.events()[-1]
    store.close()
    _expect(undo.status is EventStatus.STORED and undo.event == stored, f"it is {undo}")
    _expect(undo.current == first.event, f"it says that {undo.current} was undone")
    _expect(stored.undoes == _seq(first), f"it undoes {stored.undoes}")
    _expect(stored.item_id == "a", f"it is of item {stored.item_id}")


def check_undo_twice_is_a_duplicate(open_store: OpenStore) -> None:
    """What is undone stays undone, whoever asks again, with the same key or another."""
    store = open_store()
    store.append([_label("a")])
    outcomes = [store.append([event])[0] for event in (_undo("a"), _undo("a"), _undo("a", "2"))]
    n = len(store.events())
    store.close()
    statuses = [outcome.status for outcome in outcomes]
    _expect(statuses == ["stored", "duplicate", "duplicate"], f"they are {statuses}")
    _expect(n == 2, f"there are {n} events")


def check_undo_of_nothing_is_refused(open_store: OpenStore) -> None:
    """There must be an event, and one that can be undone."""
    store = open_store()
    store.append([NewEvent(key="add", kind=Kind.ADD_CLASS, class_name="cat")])
    outcomes = store.append([_undo("a"), NewEvent(key="u", kind=Kind.UNDO, undoes="add")])
    store.close()
    for outcome in outcomes:
        _expect(outcome.status is EventStatus.REFUSED and bool(outcome.message), f"it is {outcome}")


def check_undone_answer_does_not_conflict(open_store: OpenStore) -> None:
    """After an undo the item is unanswered, or has the answer before."""
    store = open_store()
    first = _label("a", "cat")
    second = replace(_label("a", "dog"), key="second", seen=first.key)
    store.append([first, second, NewEvent(key="undo", kind=Kind.UNDO, undoes="second")])
    (third,) = store.append([replace(_label("a", "fox"), key="third", seen=first.key)])
    store.append(
        [NewEvent(key=f"undo-{k}", kind=Kind.UNDO, undoes=k) for k in ("third", first.key)]
    )
    (fourth,) = store.append([replace(_label("a", "owl"), key="fourth")])
    store.close()
    _expect(third.status is EventStatus.STORED, f"upon the answer before it is {third.status}")
    _expect(fourth.status is EventStatus.STORED, f"upon no answer it is {fourth.status}")


def check_undo_in_the_same_batch(open_store: OpenStore) -> None:
    """What waited offline comes in one batch: an answer, its undo, another answer."""
    store = open_store()
    outcomes = store.append([_label("a", "cat"), _undo("a"), replace(_label("a", "dog"), key="2")])
    store.close()
    statuses = [outcome.status for outcome in outcomes]
    _expect(statuses == ["stored"] * 3, f"they are {statuses}")


def check_one_fate_does_not_touch_the_others(open_store: OpenStore) -> None:
    """Refusals and conflicts leave the rest of the batch as it is."""
    store = open_store()
    store.append([_label("a", "cat")])
    batch = [_label("b"), replace(_label("a", "dog"), key="x"), _undo("nothing"), _label("c")]
    statuses = [outcome.status for outcome in store.append(batch)]
    stored = {event.item_id for event in store.events()}
    store.close()
    _expect(statuses == ["stored", "conflict", "refused", "stored"], f"they are {statuses}")
    _expect(stored == {"a", "b", "c"}, f"stored are {stored}")


def check_a_check_is_told_all_that_was_stored_before(open_store: OpenStore) -> None:
    """It is asked of new keys alone, and told of what was stored since ``after`` and since."""
    store = open_store()
    first, second = (store.append([_label(item)])[0].event for item in "ab")
    _expect(first is not None and second is not None, "two events were not stored")
    told: list[tuple[str, list[str]]] = []

    def check(new: NewEvent, since: Sequence[Event]) -> NewEvent:
        told.append((new.key, [event.key for event in since]))
        return replace(new, text="checked")

    batch = [_label("c"), _label("a"), replace(_label("c", "dog"), key="unseen"), _label("d")]
    store.append(batch, check, first.seq if first else 0)
    texts = [event.text for event in store.events()]
    store.close()
    keys = [event.key for event in batch]
    wanted = [(keys[0], [_label("b").key]), (keys[2], [keys[0]]), (keys[3], [])]
    _expect(told == wanted, f"a check was told {told}, not {wanted}")
    _expect(texts == [None, None, "checked", "checked"], f"the texts are {texts}")


def check_what_a_check_refuses_is_not_stored(open_store: OpenStore) -> None:
    """What it returns is the outcome, and the others are stored."""
    store = open_store()
    refusal = Outcome(EventStatus.REFUSED, message="No.")
    outcomes = store.append(
        [_label("a"), _label("b")], lambda new, _: refusal if new.item_id == "a" else new
    )
    events = store.events()
    store.close()
    _expect(outcomes[0] == refusal, f"a refusal came back as {outcomes[0]}")
    _expect([e.item_id for e in events] == ["b"], f"stored were {events}")


def check_a_check_that_fails_stores_nothing(open_store: OpenStore) -> None:
    """What it raises comes back to the caller, and nothing of the batch stays."""

    def check(new: NewEvent, _: Sequence[Event]) -> NewEvent:
        if new.item_id == "b":
            raise LookupError("b")
        return new

    store = open_store()
    try:
        store.append([_label("a"), _label("b")], check)
    except LookupError:
        events = store.events()
    else:
        raise AssertionError("what a check raised was lost")
    finally:
        store.close()
    _expect(events == [], f"stored were {events}")


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

            stores[thread % 2].append([_label(f"{thread}-{i}-{part}") for part in "ab"], check)

    _in_threads(run)
    before = {event.key: place for place, event in enumerate(stores[0].events())}
    for store in stores:
        store.close()
    _expect(told == before, f"checks were told of {told} events, and before theirs were {before}")


def check_all_survives_closing(open_store: OpenStore) -> None:
    """What was stored is there when the store is opened again; numbers go on."""
    store = open_store()
    store.append([_label("a")])
    store.put_items([_item(0)])
    store.put_settings({"seed": "1"})
    store.add_version(Version(1, 1, VersionFacts(1)))
    before = _everything(store)
    store.close()
    store = open_store()
    after = _everything(store)
    (later,) = store.append([_label("b")])
    store.close()
    _expect(after == before, f"{after} is not {before}")
    _expect(_seq(later) > before[0][-1].seq, "a number was given again")


def check_another_door_sees_what_was_stored(open_store: OpenStore) -> None:
    """A second opening reads what the first has stored, while both are open."""
    one, two = open_store(), open_store()
    one.append([_label("a")])
    seen = [event.item_id for event in two.events()]
    one.close()
    two.close()
    _expect(seen == ["a"], f"it sees {seen}")


def check_threads_lose_nothing(open_store: OpenStore) -> None:
    """Threads that write at once store everything, each number once, each batch together."""
    store = open_store()

    def write(thread: int) -> None:
        for i in range(N_EACH):
            store.append([_label(f"{thread}-{i}-first"), _label(f"{thread}-{i}-second")])

    _in_threads(write)
    events = store.events()
    store.close()
    _expect(len(events) == 2 * N_THREADS * N_EACH, f"{len(events)} were stored")
    _expect(len({event.seq for event in events}) == len(events), "a number was given twice")
    for first, second in zip(events[::2], events[1::2], strict=True):
        together = [(e.item_id or "").rsplit("-", 1)[0] for e in (first, second)]
        _expect(together[0] == together[1], f"a batch was torn apart: {together}")


def check_threads_with_one_key_store_it_once(open_store: OpenStore) -> None:
    """The same event from several threads at once is stored once."""
    store = open_store()
    statuses: list[str] = []
    _in_threads(lambda thread: statuses.append(store.append([_label("a")])[0].status))
    n = len(store.events())
    store.close()
    wanted = ["duplicate"] * (N_THREADS - 1) + ["stored"]
    _expect(sorted(statuses) == wanted, f"they are {statuses}")
    _expect(n == 1, f"it was stored {n} times")


def check_items_are_replaced_by_row(open_store: OpenStore) -> None:
    """Items come back by row; one put again replaces the first."""
    store = open_store()
    store.put_items([_item(1), _item(0)])
    gone = replace(_item(1), state="gone", reason="not there", content_hash="abc")
    store.put_items([gone, _item(2)])
    items = store.items()
    store.close()
    _expect(items == [_item(0), gone, _item(2)], f"they are {items}")


def check_settings_are_replaced(open_store: OpenStore) -> None:
    """A setting has the last value that was put."""
    store = open_store()
    store.put_settings({"seed": "1", "name": "x"})
    store.put_settings({"seed": "2"})
    settings = store.settings()
    store.close()
    _expect(settings == {"seed": "2", "name": "x"}, f"they are {settings}")


def check_versions_come_back(open_store: OpenStore) -> None:
    """Versions come back in order with their facts."""
    versions = [
        Version(1, 3, VersionFacts(2)),
        Version(2, 7, VersionFacts(5, (0.5, 0.25, 1.0, 4), asked=((3, "uniform", 0.1),))),
    ]
    store = open_store()
    for version in versions:
        store.add_version(version)
    found = (store.versions(), store.versions(1))
    store.close()
    _expect(found == (versions, versions[1:]), f"they are {found}")


def check_version_number_is_given_once(open_store: OpenStore) -> None:
    """A second version of the same number is a conflict, and changes nothing."""
    store = open_store()
    store.add_version(Version(1, 3, VersionFacts(3)))
    try:
        store.add_version(Version(1, 4, VersionFacts(4)))
    except ConflictError:
        pass
    else:
        raise AssertionError("a number was given twice")
    finally:
        versions = store.versions()
        store.close()
    _expect(versions == [Version(1, 3, VersionFacts(3))], f"they are {versions}")


def check_any_text_is_kept(open_store: OpenStore) -> None:
    """Texts are texts, whatever they look like."""
    texts = ["'; DROP TABLE events; --", "<b>&amp;</b>", "ключ 鍵 🗝", "a\nb\tc", "%s {} \\", ""]
    store = open_store()
    store.append(
        [NewEvent(key=str(i), kind=Kind.COMMENT, item_id=t, text=t) for i, t in enumerate(texts)]
    )
    found = [(event.item_id, event.text) for event in store.events()]
    store.close()
    _expect(found == [(text, text) for text in texts], f"they came back as {found}")


def check_an_item_has_one_holder(open_store: OpenStore) -> None:
    """The first free items are leased, in the order of the wish, and those of others are not."""
    store = open_store()
    first = store.lease(Wish("Ada", ["c", "a", "b"], 2, 60))
    second = store.lease(Wish("Bob", ["a", "b", "c", "d"], 2, 60))
    mine = store.lease(Wish("Ada", ["d", "a", "e"], 2, 60))
    leases = store.leases()
    store.close()
    _expect(first == ["c", "a"], f"the first holder has {first}")
    _expect(second == ["b", "d"], f"the second holder has {second}")
    _expect(mine == ["a", "e"], f"what one holds itself is no obstacle, but it has {mine}")
    wanted = {"a": "Ada", "c": "Ada", "e": "Ada", "b": "Bob", "d": "Bob"}
    _expect(leases == wanted, f"the leases are {leases}")


def check_a_lease_runs_out(open_store: OpenStore) -> None:
    """Who leaves frees the items when the time is over, and no sooner."""
    store = open_store()
    store.lease(Wish("Ada", ["a"], 1, BRIEF))
    store.lease(Wish("Ada", ["b"], 1, 60))
    time.sleep(2 * BRIEF)
    left = store.leases()
    taken = store.lease(Wish("Bob", ["a", "b"], 2, 60))
    late = store.lease(Wish("Ada", [], 0, 60, keep=["a", "b"]))
    store.close()
    _expect(left == {"b": "Ada"}, f"left are {left}")
    _expect(taken == ["a"], f"free was {taken}")
    _expect(late == ["b"], f"the first holder still has {late}")


def check_a_lease_is_prolonged(open_store: OpenStore) -> None:
    """What a holder keeps is prolonged, and taken again if it ran out and is free."""
    store = open_store()
    store.lease(Wish("Ada", ["a", "b"], 2, BRIEF))
    kept = store.lease(Wish("Ada", ["c"], 1, 60, keep=["b", "a"]))
    time.sleep(2 * BRIEF)
    left = store.leases()
    store.lease(Wish("Ada", ["d"], 1, BRIEF))
    time.sleep(2 * BRIEF)
    again = store.lease(Wish("Ada", [], 0, 60, keep=["d"]))
    store.close()
    _expect(kept == ["b", "a", "c"], f"the holder has {kept}")
    _expect(left == dict.fromkeys("abc", "Ada"), f"left are {left}")
    _expect(again == ["d"], f"taken again was {again}")


def check_an_answer_ends_the_lease(open_store: OpenStore) -> None:
    """An item that was answered is free, whoever held it; a flag ends nothing."""
    store = open_store()
    store.lease(Wish("Ada", ["a", "b", "c"], 3, 60))
    store.append([_label("a"), NewEvent(key="skip", kind=Kind.SKIP, item_id="b")])
    store.append([NewEvent(key="flag", kind=Kind.FLAG, item_id="c")])
    leases = store.leases()
    store.close()
    _expect(leases == {"c": "Ada"}, f"the leases are {leases}")


def check_nobody_is_leased_more_than_they_can_answer(open_store: OpenStore) -> None:
    """The leases of one person are bounded, on all pages together; those of others are not hurt."""
    store = open_store()
    items = [f"item-{i}" for i in range(MOST_LEASED + 20)]
    first = store.lease(Wish("Ada.1", items[:-20], len(items), 60))
    second = store.lease(Wish("Ada.2", items[-20:], 20, 60))
    again = store.lease(Wish("Ada.1", (), 0, 60, items[:30]))
    others = store.lease(Wish("Adam.1", items[-20:], 20, 60))
    store.close()
    _expect(len(first) == MOST_LEASED, f"it leased {len(first)}")
    _expect(second == [], f"it leased {len(second)} more")
    _expect(again == items[:30], "what is held was not prolonged")
    _expect(others == items[-20:], f"another got {len(others)}")


def check_nobody_undoes_for_others(open_store: OpenStore) -> None:
    """An undo that is for some people's events leaves those of others."""
    store = open_store()
    store.append([replace(_label("a"), annotator="Ada")])
    undo = NewEvent(key="undo", kind=Kind.UNDO, undoes=_label("a").key, undoes_of=("Bob", ""))
    (theirs,) = store.append([undo])
    (own,) = store.append([replace(undo, undoes_of=("Ada",))])
    store.close()
    _expect(theirs.status is EventStatus.REFUSED, f"another's event was {theirs.status}")
    _expect(own.status is EventStatus.STORED, f"their own was {own.status}")


def check_a_holder_lets_go_of_its_own_alone(open_store: OpenStore) -> None:
    """A release ends the leases of its holder, not of others."""
    store = open_store()
    store.lease(Wish("Ada", ["a", "b"], 2, 60))
    store.lease(Wish("Bob", ["c"], 1, 60))
    store.release("Ada", ["a", "c", "never leased"])
    leases = store.leases()
    _expect(leases == {"b": "Ada", "c": "Bob"}, f"the leases are {leases}")
    store.lease(Wish("Ada", ["d"], 1, 60))
    store.release("Ada")
    leases = store.leases()
    store.close()
    _expect(leases == {"c": "Bob"}, f"the leases are {leases}")


def check_another_door_sees_the_leases(open_store: OpenStore) -> None:
    """A second opening does not lease what the first has leased."""
    one, two = open_store(), open_store()
    one.lease(Wish("Ada", ["a"], 1, 60))
    leased = two.lease(Wish("Bob", ["a", "b"], 1, 60))
    one.close()
    two.close()
    _expect(leased == ["b"], f"it leased {leased}")


def check_threads_never_share_an_item(open_store: OpenStore) -> None:
    """Two openings and several threads that want the same items at once share none."""
    stores = [open_store(), open_store()]
    wanted = [f"item-{i}" for i in range(4 * N_THREADS * N_EACH)]
    got: list[tuple[str, list[str]]] = []

    def take(thread: int) -> None:
        holder = str(thread)
        for _ in range(N_EACH):
            leased = stores[thread % 2].lease(Wish(holder, wanted, 2, 60))
            got.append((holder, leased))
            wanted_now = [item for item in wanted if item not in leased]
            got.append((holder, stores[thread % 2].lease(Wish(holder, wanted_now, 1, 60))))

    _in_threads(take)
    holders: dict[str, str] = {}
    for store in stores:
        holders |= store.leases()
        store.close()
    for holder, leased in got:
        owners = {holders.get(item) for item in leased}
        _expect(owners == {holder}, f"{leased} of {holder} belong to {owners}")


def check_openings_that_race_store_one_answer(open_store: OpenStore) -> None:
    """Of two answers to one item, from two openings at once, one is stored and one conflicts."""
    stores = [open_store(), open_store()]
    names = [f"item-{i}" for i in range(N_EACH)]
    statuses: dict[str, list[str]] = {name: [] for name in names}

    def answer(thread: int) -> None:
        for name in names:
            new = replace(_label(name, f"class-{thread}"), key=f"{name}-{thread}")
            statuses[name].append(stores[thread % 2].append([new])[0].status)

    _in_threads(answer)
    n = len(stores[0].events())
    for store in stores:
        store.close()
    wanted = ["conflict"] * (N_THREADS - 1) + ["stored"]
    for name, found in statuses.items():
        _expect(sorted(found) == wanted, f"answers to {name} are {found}")
    _expect(n == N_EACH, f"{n} answers to {N_EACH} items were stored")


def check_a_reader_misses_nothing(open_store: OpenStore) -> None:
    """Who reads on from the last number, while two openings write, has every event in the end."""
    reader, stores = open_store(), [open_store(), open_store()]
    over = threading.Event()
    read: list[Event] = []

    def follow() -> None:
        done = False
        while not done:
            done = over.is_set()  # before the last look
            read.extend(reader.events(read[-1].seq if read else 0))

    follower = threading.Thread(target=follow)
    follower.start()

    def write(thread: int) -> None:
        for i in range(2 * N_EACH):
            stores[thread % 2].append([_label(f"{thread}-{i}-{part}") for part in range(3)])

    _in_threads(write)
    over.set()
    follower.join()
    everything = stores[0].events()
    for store in (reader, *stores):
        store.close()
    _expect(read == everything, f"it read {len(read)} of {len(everything)} events")


def check_a_duty_is_taken_once(open_store: OpenStore) -> None:
    """One opening has a duty; another gets it when the first lets go."""
    one, two = open_store(), open_store()
    first, second = one.claim("training"), two.claim("training")
    other = two.claim("checking")
    held = first is not None and first.holds()
    if first is not None:
        first.release()
        first.release()
    third = two.claim("training")
    for claim in (third, other):
        if claim is not None:
            claim.release()
    one.close()
    two.close()
    _expect(held, "nobody got it")
    _expect(second is None, "two have it at once")
    _expect(other is not None, "one duty stands in the way of another")
    _expect(third is not None, "it was not let go")


def check_close_may_come_twice(open_store: OpenStore) -> None:
    """Closing a closed store does nothing."""
    store = open_store()
    store.close()
    store.close()


def check_closed_store_says_so(open_store: OpenStore) -> None:
    """Writing to a closed store raises StoreError."""
    store = open_store()
    store.close()
    try:
        store.append([_label("a")])
    except StoreError:
        return
    raise AssertionError("it took an event")


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _label(item_id: str, class_id: str = "cat") -> NewEvent:
    return NewEvent(key=f"label-{item_id}", kind=Kind.LABEL, item_id=item_id, class_id=class_id)


def _undo(item_id: str, attempt: str = "1") -> NewEvent:
    return NewEvent(key=f"undo-{item_id}-{attempt}", kind=Kind.UNDO, undoes=f"label-{item_id}")


def _item(row: int) -> ItemRow:
    return ItemRow(row, f"item-{row}", f"folder/{row}.png", 10 * row, 10**18 + row)


def _seq(outcome: Outcome) -> int:
    return outcome.event.seq if outcome.event else -1


def _everything(store: Store) -> tuple[list[Event], list[ItemRow], list[Version], dict[str, str]]:
    return store.events(), store.items(), store.versions(), store.settings()


def _in_threads(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
