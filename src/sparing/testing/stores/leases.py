"""An item has one holder at a time, a duty one opening."""

import time

from sparing.store import Kind, NewEvent, Wish
from sparing.store.leasing import MOST_LEASED
from sparing.testing.stores.support import (
    N_EACH,
    N_THREADS,
    OpenStore,
    StoreCheck,
    expect,
    in_threads,
    labeled,
)

BRIEF = 0.1  # seconds


def check_an_item_has_one_holder(open_store: OpenStore) -> None:
    """The first free items are leased, in the order of the wish, and those of others are not."""
    store = open_store()
    first = store.lease(Wish("Ada", ["c", "a", "b"], 2, 60))
    second = store.lease(Wish("Bob", ["a", "b", "c", "d"], 2, 60))
    mine = store.lease(Wish("Ada", ["d", "a", "e"], 2, 60))
    leases = store.leases()
    store.close()
    expect(first == ["c", "a"], f"the first holder has {first}")
    expect(second == ["b", "d"], f"the second holder has {second}")
    expect(mine == ["a", "e"], f"what one holds itself is no obstacle, but it has {mine}")
    wanted = {"a": "Ada", "c": "Ada", "e": "Ada", "b": "Bob", "d": "Bob"}
    expect(leases == wanted, f"the leases are {leases}")


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
    expect(left == {"b": "Ada"}, f"left are {left}")
    expect(taken == ["a"], f"free was {taken}")
    expect(late == ["b"], f"the first holder still has {late}")


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
    expect(kept == ["b", "a", "c"], f"the holder has {kept}")
    expect(left == dict.fromkeys("abc", "Ada"), f"left are {left}")
    expect(again == ["d"], f"taken again was {again}")


def check_an_answer_ends_the_lease(open_store: OpenStore) -> None:
    """An item that was answered is free, whoever held it; a flag ends nothing."""
    store = open_store()
    store.lease(Wish("Ada", ["a", "b", "c"], 3, 60))
    store.append([labeled("a"), NewEvent(key="skip", kind=Kind.SKIP, item_id="b")])
    store.append([NewEvent(key="flag", kind=Kind.FLAG, item_id="c")])
    leases = store.leases()
    store.close()
    expect(leases == {"c": "Ada"}, f"the leases are {leases}")


def check_nobody_is_leased_more_than_they_can_answer(open_store: OpenStore) -> None:
    """The leases of one person are bounded, on all pages together; those of others are not hurt."""
    store = open_store()
    items = [f"item-{i}" for i in range(MOST_LEASED + 20)]
    first = store.lease(Wish("Ada.1", items[:-20], len(items), 60))
    second = store.lease(Wish("Ada.2", items[-20:], 20, 60))
    again = store.lease(Wish("Ada.1", (), 0, 60, items[:30]))
    others = store.lease(Wish("Adam.1", items[-20:], 20, 60))
    store.close()
    expect(len(first) == MOST_LEASED, f"it leased {len(first)}")
    expect(second == [], f"it leased {len(second)} more")
    expect(again == items[:30], "what is held was not prolonged")
    expect(others == items[-20:], f"another got {len(others)}")


def check_a_holder_lets_go_of_its_own_alone(open_store: OpenStore) -> None:
    """A release ends the leases of its holder, not of others."""
    store = open_store()
    store.lease(Wish("Ada", ["a", "b"], 2, 60))
    store.lease(Wish("Bob", ["c"], 1, 60))
    store.release("Ada", ["a", "c", "never leased"])
    leases = store.leases()
    expect(leases == {"b": "Ada", "c": "Bob"}, f"the leases are {leases}")
    store.lease(Wish("Ada", ["d"], 1, 60))
    store.release("Ada")
    leases = store.leases()
    store.close()
    expect(leases == {"c": "Bob"}, f"the leases are {leases}")


def check_another_door_sees_the_leases(open_store: OpenStore) -> None:
    """A second opening does not lease what the first has leased."""
    one, two = open_store(), open_store()
    one.lease(Wish("Ada", ["a"], 1, 60))
    leased = two.lease(Wish("Bob", ["a", "b"], 1, 60))
    one.close()
    two.close()
    expect(leased == ["b"], f"it leased {leased}")


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

    in_threads(take)
    holders: dict[str, str] = {}
    for store in stores:
        holders |= store.leases()
        store.close()
    for holder, leased in got:
        owners = {holders.get(item) for item in leased}
        expect(owners == {holder}, f"{leased} of {holder} belong to {owners}")


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
    expect(held, "nobody got it")
    expect(second is None, "two have it at once")
    expect(other is not None, "one duty stands in the way of another")
    expect(third is not None, "it was not let go")


CHECKS: tuple[StoreCheck, ...] = (
    check_an_item_has_one_holder,
    check_a_lease_runs_out,
    check_a_lease_is_prolonged,
    check_an_answer_ends_the_lease,
    check_nobody_is_leased_more_than_they_can_answer,
    check_a_holder_lets_go_of_its_own_alone,
    check_another_door_sees_the_leases,
    check_threads_never_share_an_item,
    check_a_duty_is_taken_once,
)
