"""Unit and Value: an answer of any kind is a sorted tuple of units, each a class at a place."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from sparing.errors import InvalidInputError

DRAWN, ACCEPTED, EDITED = "drawn", "accepted", "edited"
ORIGINS = (DRAWN, ACCEPTED, EDITED)
MOST_VERSION = 2**31 - 1  # of a model: that every database can hold
MOST_SECONDS = 86400  # that an item is on a screen: a page that was left open tells nothing


@dataclass(frozen=True, order=True, slots=True)
class Unit:
    """One thing that an answer says.

    Where it came from is kept beside it, and makes no difference to what it says.

    Parameters
    ----------
    place : where in the item: ``()`` is all of it, ``(start, end)`` a span in code points, the end
        exclusive, ``(x0, y0, x1, y1)`` a box in 1/16 pixel of the upright picture
    class_id : of which class
    by : ``"drawn"`` by a person, ``"accepted"`` from the model, or ``"edited"`` after it
    version : of the model that suggested it; None if none did

    Examples
    --------
    >>> Unit((0, 3), 1) == Unit((0, 3), 1, by="accepted", version=4)
    True
    """

    place: tuple[int, ...]
    class_id: int
    by: str = field(default=DRAWN, compare=False)
    version: int | None = field(default=None, compare=False)


Value = tuple[Unit, ...]
"""What one answer says of one item: distinct units, sorted. Hashable: a label like any other."""


def value_of(units: Iterable[Unit]) -> Value:
    """Return the units as a value: sorted, each once.

    Examples
    --------
    >>> value_of([Unit((), 2), Unit((), 0), Unit((), 2)])
    (Unit(place=(), class_id=0, by='drawn', version=None),
     Unit(place=(), class_id=2, by='drawn', version=None))
    """
    return tuple(sorted(dict.fromkeys(units)))


def resolved(value: Value, alias: tuple[int, ...]) -> Value:
    """Return a value after classes were merged; what has become the same unit is one.

    Examples
    --------
    >>> [unit.class_id for unit in resolved((Unit((), 0), Unit((), 1), Unit((), 2)), (0, 0, 2))]
    [0, 2]
    """
    return value_of(replace(unit, class_id=alias[unit.class_id]) for unit in value)


def digest(value: Value) -> str:
    """Return a hash of what is said, whoever said it: the same for equal values.

    Examples
    --------
    >>> digest(()) == digest((Unit((), 0),))
    False
    >>> digest((Unit((), 0, by="accepted"),)) == digest((Unit((), 0),))
    True
    """
    said = [[*unit.place, unit.class_id] for unit in value]
    return sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def dump(value: Value) -> str:
    """Return a value as the one JSON text that stands for it, with where its units came from.

    Examples
    --------
    >>> dump((Unit((0, 3), 1), Unit((5, 9), 0, by="edited", version=2)))
    '[{"at":[0,3],"class":1},{"at":[5,9],"by":"edited","class":0,"version":2}]'
    """
    return json.dumps([_plain(unit) for unit in value], separators=(",", ":"), sort_keys=True)


def _plain(unit: Unit) -> dict[str, Any]:
    plain: dict[str, Any] = {"at": list(unit.place), "class": unit.class_id}
    if unit.by != DRAWN:
        plain["by"] = unit.by
    if unit.version is not None:
        plain["version"] = unit.version
    return plain


def load(text: str) -> Value:
    """Return the value that ``dump`` was given.

    Raises
    ------
    InvalidInputError : the text was not written by ``dump``

    Examples
    --------
    >>> load(dump((Unit((0, 3), 1),)))
    (Unit(place=(0, 3), class_id=1, by='drawn', version=None),)
    """
    try:
        return value_of(
            Unit(tuple(unit["at"]), unit["class"], unit.get("by", DRAWN), unit.get("version"))
            for unit in json.loads(text)
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InvalidInputError(f"A stored answer is damaged: {text[:80]!r}.") from error
