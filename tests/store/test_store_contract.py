"""The store passes the public checks; stores that are broken on purpose fail the one about it."""

from dataclasses import replace

import pytest

from sparing.store import EventStatus, Wish, open_store
from sparing.store.engine import sqlite_url
from sparing.store.sql import SqlStore
from sparing.testing.store_checks import PARTS, yield_store_checks

CHECKS = {check.__name__: check for check in yield_store_checks()}


def test_no_check_is_forgotten():
    written = {name for part in PARTS for name in vars(part) if name.startswith("check_")}
    assert set(CHECKS) == written


@pytest.mark.parametrize("name", CHECKS)
def test_sqlite_keeps_the_contract(name, tmp_path):
    CHECKS[name](lambda: open_store(sqlite_url(tmp_path / "project.db")))


@pytest.mark.parametrize("name", CHECKS)
def test_postgresql_keeps_the_contract(name, postgresql):
    url = postgresql.new_url()
    CHECKS[name](lambda: open_store(url))


class Renumbering(SqlStore):
    def events(self, after=0):
        return [replace(e, seq=1) for e in super().events(after)]


class Forgetful(SqlStore):
    def append(self, events, check=None, after=0):
        return [replace(o, status=EventStatus.STORED) for o in super().append(events)]


class Careless(SqlStore):
    """Takes every answer as if the present one had been seen."""

    def append(self, events, check=None, after=0):
        outcomes = []
        for event in events:
            (outcome,) = super().append([event])
            if outcome.status is EventStatus.CONFLICT:
                (outcome,) = super().append([replace(event, seen=outcome.current.key)])
            outcomes.append(outcome)
        return outcomes


class Volatile(SqlStore):
    """Keeps the settings in memory."""

    def settings(self):
        return vars(self).setdefault("kept", {})

    def put_settings(self, settings):
        self.settings().update(settings)


class Lending(SqlStore):
    """Lends to everyone what is free or not."""

    def lease(self, wish):
        return [*wish.keep, *wish.wanted[: wish.n]]


class Undying(SqlStore):
    """Keeps the lease of an item that was answered."""

    def append(self, events, check=None, after=0):
        held = self.leases()
        outcomes = super().append(events)
        for item, holder in held.items():
            self.lease(Wish(holder, [item], 1, 60))
        return outcomes


class Hasty(SqlStore):
    """Checks what was there when it was called, before it stores."""

    def append(self, events, check=None, after=0):
        since = self.events(after)
        if check is None:
            return super().append(events)
        return super().append([check(event, since) for event in events])


class Lossy(SqlStore):
    def put_items(self, items):
        super().put_items([replace(item, content_hash=None) for item in items])


class Overwriting(SqlStore):
    def note_contents(self, items):
        self.put_items(items)


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (Renumbering, "check_events_are_numbered_in_order"),
        (Forgetful, "check_same_key_counts_once"),
        (Careless, "check_second_answer_unseen_is_a_conflict"),
        (Volatile, "check_all_survives_closing"),
        (Lending, "check_an_item_has_one_holder"),
        (Lending, "check_threads_never_share_an_item"),
        (Undying, "check_an_answer_ends_the_lease"),
        (Hasty, "check_a_check_is_told_all_that_was_stored_before"),
        (Hasty, "check_nothing_comes_between_a_check_and_its_event"),
        (Lossy, "check_items_are_replaced_by_row"),
        (Overwriting, "check_contents_are_noted_once"),
    ],
)
def test_a_broken_store_is_found_out(broken, name, tmp_path):
    def open_broken():
        sound = open_store(sqlite_url(tmp_path / "project.db"))
        return broken(sound._engine, sound._writer)

    with pytest.raises(AssertionError):
        CHECKS[name](open_broken)
