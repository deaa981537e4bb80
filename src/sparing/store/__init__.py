"""Where a project's state is kept: append-only events, items, model versions, settings."""

from sparing.store.appending import EventCheck
from sparing.store.base import Store
from sparing.store.claims import DutyLock
from sparing.store.facts import VersionFacts
from sparing.store.leasing import Wish
from sparing.store.records import (
    Event,
    EventStatus,
    ItemRow,
    Kind,
    NewEvent,
    Outcome,
    Version,
)
from sparing.store.sql import open_store, stored_setting

__all__ = [
    "DutyLock",
    "Event",
    "EventCheck",
    "EventStatus",
    "ItemRow",
    "Kind",
    "NewEvent",
    "Outcome",
    "Store",
    "Version",
    "VersionFacts",
    "Wish",
    "open_store",
    "stored_setting",
]
