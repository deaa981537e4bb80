"""Events come back as they were, in their order, each key once."""

from dataclasses import replace
from itertools import pairwise

from sparing.store import EventStatus, Kind, NewEvent, Outcome
from sparing.testing.stores.support import OpenStore, StoreCheck, expect, labeled, undone


def check_new_store_is_empty(open_store: OpenStore) -> None:
    """A new store has no events, items, versions or settings."""
    store = open_store()
    found = (store.events(), store.items(), store.versions(), store.settings())
    store.close()
    expect(found == ([], [], [], {}), f"a new store has {found}")


def check_events_come_back_as_they_were(open_store: OpenStore) -> None:
    """Every field of an event is kept."""
    new = NewEvent(
        key="k1",
        kind=Kind.LABEL,
        item_id="a",
        class_id="c",
        into_id="d",
        value='[{"at":[],"class":"c"}]',
        digest="0" * 64,
        class_name="cat",
        text="a text",
        purpose="train",
        source="uniform",
        propensity=0.125,
        strategy="margin",
        annotator="Ada",
        model_version=3,
        confirmed=True,
        seconds=2.5,
    )
    store = open_store()
    (outcome,) = store.append([new])
    (event,) = store.events()
    store.close()
    expect(outcome == Outcome(EventStatus.STORED, event), f"{outcome} is not {event}")
    for name in ("key", "kind", "item_id", "class_id", "into_id", "value", "digest", "class_name",
                 "text", "purpose", "source", "propensity", "strategy", "annotator",
                 "model_version", "confirmed", "seconds"):  # fmt: skip
        wanted, got = getattr(new, name), getattr(event, name)
        expect(wanted == got, f"'{name}' was {wanted!r} and came back as {got!r}")
    expect(event.at.endswith("+00:00"), f"the time {event.at!r} is not UTC")


def check_events_are_numbered_in_order(open_store: OpenStore) -> None:
    """Numbers ascend in the order of the batch."""
    store = open_store()
    store.append([labeled("a"), labeled("b"), labeled("c")])
    events = store.events()
    store.close()
    expect([e.item_id for e in events] == ["a", "b", "c"], f"the order is {events}")
    expect(all(a.seq < b.seq for a, b in pairwise(events)), f"the numbers are {events}")


def check_events_after(open_store: OpenStore) -> None:
    """Only events above the number are returned."""
    store = open_store()
    store.append([labeled("a"), labeled("b")])
    first, second = store.events()
    rest = store.events(first.seq)
    store.close()
    expect(rest == [second], f"after the first came {rest}")


def check_same_key_counts_once(open_store: OpenStore) -> None:
    """An event that is sent again is a duplicate and names the first."""
    store = open_store()
    (first,) = store.append([labeled("a")])
    (again,) = store.append([labeled("a")])
    n = len(store.events())
    store.close()
    expect(again.status is EventStatus.DUPLICATE, f"sent again it is {again.status}")
    expect(again.event == first.event, f"{again.event} is not {first.event}")
    expect(n == 1, f"it was stored {n} times")


def check_same_key_twice_in_a_batch(open_store: OpenStore) -> None:
    """An event that is twice in a batch is stored once."""
    store = open_store()
    outcomes = store.append([labeled("a"), labeled("a")])
    n = len(store.events())
    store.close()
    expect([o.status for o in outcomes] == ["stored", "duplicate"], f"they are {outcomes}")
    expect(n == 1, f"it was stored {n} times")


def check_key_of_another_event_is_refused(open_store: OpenStore) -> None:
    """A key says one thing for ever."""
    store = open_store()
    store.append([labeled("a")])
    (other,) = store.append([replace(labeled("b"), key=labeled("a").key)])
    store.close()
    expect(other.status is EventStatus.REFUSED and bool(other.message), f"it is {other}")


def check_one_fate_does_not_touch_the_others(open_store: OpenStore) -> None:
    """Refusals and conflicts leave the rest of the batch as it is."""
    store = open_store()
    store.append([labeled("a", "cat")])
    batch = [labeled("b"), replace(labeled("a", "dog"), key="x"), undone("nothing"), labeled("c")]
    statuses = [outcome.status for outcome in store.append(batch)]
    stored = {event.item_id for event in store.events()}
    store.close()
    expect(statuses == ["stored", "conflict", "refused", "stored"], f"they are {statuses}")
    expect(stored == {"a", "b", "c"}, f"stored are {stored}")


def check_any_text_is_kept(open_store: OpenStore) -> None:
    """Texts are texts, whatever they look like."""
    texts = ["'; DROP TABLE events; --", "<b>&amp;</b>", "ключ 鍵 🗝", "a\nb\tc", "%s {} \\", ""]
    store = open_store()
    store.append(
        [NewEvent(key=str(i), kind=Kind.COMMENT, item_id=t, text=t) for i, t in enumerate(texts)]
    )
    found = [(event.item_id, event.text) for event in store.events()]
    store.close()
    expect(found == [(text, text) for text in texts], f"they came back as {found}")


CHECKS: tuple[StoreCheck, ...] = (
    check_new_store_is_empty,
    check_events_come_back_as_they_were,
    check_events_are_numbered_in_order,
    check_events_after,
    check_same_key_counts_once,
    check_same_key_twice_in_a_batch,
    check_key_of_another_event_is_refused,
    check_one_fate_does_not_touch_the_others,
    check_any_text_is_kept,
)
