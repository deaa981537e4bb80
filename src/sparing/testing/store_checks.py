"""What every store has to keep to, as small named checks; the contract is in ``store/base.py``."""

from collections.abc import Iterator

from sparing.testing.stores import conflicts, events, lasting, leases, races, transactions, undoing
from sparing.testing.stores.support import StoreCheck

PARTS = (events, conflicts, undoing, transactions, lasting, races, leases)


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
    for part in PARTS:
        yield from part.CHECKS
