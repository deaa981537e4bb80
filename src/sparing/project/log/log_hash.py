"""A hash of all that was said down to some event: nothing of it can be altered unnoticed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from sparing.store import Event

WITH_ZEROS = "0"
"""Stands in a mark whose hash tells a field that is 0 from one that is not there."""


def log_hash(events: Iterable[Event], last: int, form: str = WITH_ZEROS) -> str:
    """Name the events down to one of them: its place in the order, and a hash of all their fields.

    Fields that say nothing are left out, so that a field that comes later changes no hash.

    Parameters
    ----------
    events : in the order of ``seq``
    last : seq of the last that counts
    form : ``""``: as marks were made before, which left out fields that are 0

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sparing.store import Kind
    >>> one = Event(seq=1, key="a", at="2026-01-01", kind=Kind.ADD_CLASS, class_name="cat")
    >>> mark = log_hash([one, replace(one, seq=2)], 1)
    >>> mark[:4], mark == log_hash([one], 1), mark == log_hash([replace(one, annotator="Eve")], 1)
    ('1 0 ', True, False)
    """
    digest = hashlib.sha256()
    for event in events:
        if event.seq <= last:
            told = {name: v for name, v in asdict(event).items() if _says(v, form)}
            digest.update(json.dumps(told, sort_keys=True).encode() + b"\n")
    return " ".join(part for part in (str(last), form, digest.hexdigest()) if part)


def log_hash_like(events: Iterable[Event], mark: str) -> str:
    """Name the events that a mark is about anew, in its form."""
    return log_hash(events, hashed_until(mark), WITH_ZEROS if mark.count(" ") == 2 else "")


def _says(value: object, form: str) -> bool:
    is_zero = value == 0 and value is not False
    return bool(value) or (is_zero and form == WITH_ZEROS)


def hashed_until(mark: str) -> int:
    """Return the seq of the last event that a mark is about; 0 where it is none.

    Examples
    --------
    >>> hashed_until("17 ab"), hashed_until(""), hashed_until("x")
    (17, 0, 0)
    """
    last = mark.partition(" ")[0]
    return int(last) if last.isdecimal() else 0
