"""Kept: made once for all who ask, kept as far as there is room, never a failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sparing.web.kept import Kept


def test_what_many_want_at_once_is_made_once():
    kept, begun, go_on = Kept(100, len), threading.Event(), threading.Event()
    made = []

    def make():
        begun.set()
        assert go_on.wait(60)
        made.append(1)
        return "thing"

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(kept.get, "key", make)
        assert begun.wait(60)
        others = [pool.submit(kept.get, "key", make) for _ in range(7)]
        assert kept.get("other", lambda: "at once") == "at once"  # nobody waits for another's
        go_on.set()
        assert [one.result() for one in (first, *others)] == ["thing"] * 8
    assert made == [1]


def test_what_was_asked_for_least_lately_makes_room():
    kept, made = Kept(10, len), []

    def get(key, size):
        kept.get(key, lambda: made.append(key) or key * size)

    get("a", 4)
    get("b", 4)
    get("a", 4)  # newer than b now
    get("c", 4)  # b has to go
    get("a", 4)
    get("c", 4)
    assert made == ["a", "b", "c"]
    get("b", 4)
    assert made == ["a", "b", "c", "b"]


def test_what_is_larger_than_the_room_is_handed_out_and_not_kept():
    kept = Kept(3, len)
    assert kept.get("a", lambda: "larger") == "larger"
    assert kept.get("a", lambda: "anew") == "anew"


def test_a_failure_is_told_to_all_who_wait_and_tried_again():
    kept, begun, go_on = Kept(100, len), threading.Event(), threading.Event()

    def fail():
        begun.set()
        assert go_on.wait(60)
        raise ValueError("damaged")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "key", fail)
        assert begun.wait(60)
        (waiting,) = kept._things.values()  # of which the second is told
        second = pool.submit(kept.get, "key", fail)
        go_on.set()
        for one in (first, second):
            with pytest.raises(ValueError, match="damaged"):
                one.result()
    assert isinstance(waiting.exception(), ValueError)
    assert kept.get("key", lambda: "mended") == "mended"
