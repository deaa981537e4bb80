"""Threads and openings that write at once lose nothing and store nothing twice."""

import threading
from dataclasses import replace

from sparing.store import Event
from sparing.testing.stores.support import (
    N_EACH,
    N_THREADS,
    OpenStore,
    StoreCheck,
    expect,
    in_threads,
    labeled,
)


def check_threads_lose_nothing(open_store: OpenStore) -> None:
    """Threads that write at once store everything, each number once, each batch together."""
    store = open_store()

    def write(thread: int) -> None:
        for i in range(N_EACH):
            store.append([labeled(f"{thread}-{i}-first"), labeled(f"{thread}-{i}-second")])

    in_threads(write)
    events = store.events()
    store.close()
    expect(len(events) == 2 * N_THREADS * N_EACH, f"{len(events)} were stored")
    expect(len({event.seq for event in events}) == len(events), "a number was given twice")
    for first, second in zip(events[::2], events[1::2], strict=True):
        together = [(e.item_id or "").rsplit("-", 1)[0] for e in (first, second)]
        expect(together[0] == together[1], f"a batch was torn apart: {together}")


def check_threads_with_one_key_store_it_once(open_store: OpenStore) -> None:
    """The same event from several threads at once is stored once."""
    store = open_store()
    statuses: list[str] = []
    in_threads(lambda thread: statuses.append(store.append([labeled("a")])[0].status))
    n = len(store.events())
    store.close()
    wanted = ["duplicate"] * (N_THREADS - 1) + ["stored"]
    expect(sorted(statuses) == wanted, f"they are {statuses}")
    expect(n == 1, f"it was stored {n} times")


def check_openings_that_race_store_one_answer(open_store: OpenStore) -> None:
    """Of two answers to one item, from two openings at once, one is stored and one conflicts."""
    stores = [open_store(), open_store()]
    names = [f"item-{i}" for i in range(N_EACH)]
    statuses: dict[str, list[str]] = {name: [] for name in names}

    def answer(thread: int) -> None:
        for name in names:
            new = replace(labeled(name, f"class-{thread}"), key=f"{name}-{thread}")
            statuses[name].append(stores[thread % 2].append([new])[0].status)

    in_threads(answer)
    n = len(stores[0].events())
    for store in stores:
        store.close()
    wanted = ["conflict"] * (N_THREADS - 1) + ["stored"]
    for name, found in statuses.items():
        expect(sorted(found) == wanted, f"answers to {name} are {found}")
    expect(n == N_EACH, f"{n} answers to {N_EACH} items were stored")


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
            stores[thread % 2].append([labeled(f"{thread}-{i}-{part}") for part in range(3)])

    in_threads(write)
    over.set()
    follower.join()
    everything = stores[0].events()
    for store in (reader, *stores):
        store.close()
    expect(read == everything, f"it read {len(read)} of {len(everything)} events")


CHECKS: tuple[StoreCheck, ...] = (
    check_threads_lose_nothing,
    check_threads_with_one_key_store_it_once,
    check_openings_that_race_store_one_answer,
    check_a_reader_misses_nothing,
)
