"""Where a project's state is kept: append-only events, items, model versions, settings."""

from sparing.store.appending import EventCheck
from sparing.store.base import Store
from sparing.store.claims import Claim
from sparing.store.leasing import Wish
from sparing.store.records import (
    Event,
    ItemRow,
    Kind,
    NewEvent,
    Outcome,
    Status,
    Version,
)
from sparing.store.sql import open_store, stored_setting

__all__ = [
    "Claim",
    "Event",
    "EventCheck",
    "ItemRow",
    "Kind",
    "NewEvent",
    "Outcome",
    "Status",
    "Store",
    "Version",
    "Wish",
    "open_store",
    "stored_setting",
]
