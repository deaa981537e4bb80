"""Content: what an answer says as one text, whoever says it and however it came about.

Of one class an item it is the key of the class. Of any other kind it is a JSON list of units, each
its place and the key of its class, sorted: equal texts say the same.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

LIST = "["
DAMAGED = '[[""]]'
"""What a value says that nobody can read: a unit of a class that cannot be."""

Units = tuple[tuple[Any, ...], ...]


def content_of(units: Iterable[Iterable[Any]]) -> str:
    """Return the content that some units make: sorted, each once.

    Parameters
    ----------
    units : of each its place, and the key of its class at the end

    Examples
    --------
    >>> content_of([(4, 7, "k2"), (0, 3, "k1"), (0, 3, "k1")])
    '[[0,3,"k1"],[4,7,"k2"]]'
    """
    told = sorted({tuple(unit) for unit in units})
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=100_000)
def units_in(content: str) -> Units:
    """Return the units that a content says; a class stands for all of its item.

    Examples
    --------
    >>> units_in('[[0,3,"k1"]]'), units_in("k1"), units_in("[]")
    (((0, 3, 'k1'),), (('k1',),), ())
    """
    try:
        told = json.loads(content) if content.startswith(LIST) else [[content]]
        return tuple(tuple(unit) for unit in told)
    except (ValueError, TypeError):  # the odd key of a class
        return ((content,),)


def classes_in(content: str | None) -> tuple[str, ...]:
    """Return the keys of the classes that a content names.

    Examples
    --------
    >>> classes_in('[[0,3,"k1"],[4,7,"k1"]]'), classes_in(None)
    (('k1',), ())
    """
    return () if content is None else tuple(dict.fromkeys(u[-1] for u in units_in(content)))


def retold(content: str, told: Callable[[str], str]) -> str:
    """Return a content with other keys of its classes; units that have become the same are one.

    Examples
    --------
    >>> retold('[["k1"],["k2"]]', lambda key: "k3"), retold("k1", lambda key: "k3")
    ('[["k3"]]', 'k3')
    """
    if not content.startswith(LIST):
        return told(content)
    return content_of((*unit[:-1], told(unit[-1])) for unit in units_in(content))


def stored_text(units: Iterable[Mapping[str, Any]]) -> str:
    """Return units with what is known of them as the one text that a store keeps.

    Examples
    --------
    >>> stored_text([{"class": "k1", "at": [0, 3]}])
    '[{"at":[0,3],"class":"k1"}]'
    """
    return json.dumps(list(units), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def value_with(value: str, told: Callable[[str], str]) -> str:
    """Return a stored value with other keys of its classes.

    Examples
    --------
    >>> value_with('[{"at":[],"class":"k1"}]', lambda key: "k2")
    '[{"at":[],"class":"k2"}]'
    """
    return stored_text({**unit, "class": told(unit["class"])} for unit in json.loads(value))


@lru_cache(maxsize=100_000)
def said_by(value: str) -> str:
    """Return the content of a value as it is stored; of one that cannot be read, ``DAMAGED``.

    Examples
    --------
    >>> said_by('[{"at":[4,7],"by":"edited","class":"k2"},{"at":[0,3],"class":"k1"}]')
    '[[0,3,"k1"],[4,7,"k2"]]'
    >>> said_by("nothing") == DAMAGED
    True
    """
    try:
        units = json.loads(value)
        if not isinstance(units, list):
            return DAMAGED
        return content_of((*map(int, u["at"]), str(u["class"])) for u in units)
    except (ValueError, KeyError, TypeError, RecursionError):
        return DAMAGED


def digest_of(content: str) -> str:
    """Return the hash by which a store tells contents apart.

    Examples
    --------
    >>> len(digest_of("[]"))
    64
    """
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
