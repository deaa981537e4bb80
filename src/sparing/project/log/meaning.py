"""What an answer means that is more than one class: names become keys, and its form is checked."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sparing.annotations.base import AnnotationKind
from sparing.annotations.boxes import BoxSet
from sparing.annotations.registry import get_kind
from sparing.annotations.single import SingleClass
from sparing.annotations.spans import SpanSet, text_hash
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable
from sparing.project.log.replay import Replay
from sparing.store import NewEvent
from sparing.store.contents import content_of, digest_of, stored_text

MOST_VALUE = 2**16
"""Characters of an answer as it is stored."""
ONE_CLASS, OF_SPANS, OF_BOXES = SingleClass.name, SpanSet.name, BoxSet.name
OTHER_TEXT = (
    "These spans were marked in another text than the item has now: their places do not fit."
)
OTHER_PICTURE = (
    "These boxes were drawn in a picture of {then} pixels, and the item's has {now} now: they do"
    " not fit."
)
NO_PICTURE = "The picture cannot be read now: nobody can tell whether boxes are within it."


def meant(replay: Replay, kind: str, new: NewEvent, item: Any = None) -> NewEvent:
    """Return an answer with what it says in the keys of the classes, as they are now.

    Parameters
    ----------
    replay : knows the classes
    kind : of the project
    new : with ``class_name``: the class, or what is said as JSON with names; of spans with the
        hash of their text, of boxes with the size of their picture, where whoever says them knows
    item : the text in which spans are marked, or width and height of the picture with boxes

    Raises
    ------
    InvalidInputError : it is no answer of this kind, or one about another text
    UnknownNameError : there is no such class
    """
    if kind == ONE_CLASS:
        return replace(new, class_id=replay.class_id(new.class_name or ""))
    new = placed(new, kind, item)
    units = _units(replay, get_kind(kind), _read(kind, new.class_name), item)
    content = content_of((*unit["at"], unit["class"]) for unit in units)
    value = stored_text(units)
    if len(value) > MOST_VALUE:
        raise InvalidInputError(f"An answer has at most {MOST_VALUE:,} characters as it is stored.")
    return replace(new, value=value, digest=digest_of(content))


def placed(new: NewEvent, kind: str, item: Any) -> NewEvent:
    """Return an answer with what its places are in: the hash of a text, the size of a picture.

    Raises
    ------
    InvalidInputError : it says that they are in another one, or nobody can tell
    """
    if kind == OF_SPANS and item is not None:
        return _of_text(new, item)
    return _of_picture(new, item) if kind == OF_BOXES else new


def _of_text(new: NewEvent, text: str) -> NewEvent:
    """Return an answer with the hash of the text that its offsets are about."""
    if new.text not in (None, "", text_hash(text)):
        raise InvalidInputError(OTHER_TEXT)
    return replace(new, text=text_hash(text))


def _of_picture(new: NewEvent, size: tuple[int, int] | None) -> NewEvent:
    """Return an answer with the size of the picture that its boxes are in."""
    if size is None:
        raise InvalidInputError(NO_PICTURE)
    now = "{} x {}".format(*size)
    if new.text not in (None, "", now):
        raise InvalidInputError(OTHER_PICTURE.format(then=str(new.text)[:20], now=now))
    return replace(new, text=now)


def _read(kind: str, said: str | None) -> Any:
    try:
        return json.loads(said or "")
    except (ValueError, RecursionError):
        shown = "nothing" if said is None else repr(said[:40])
        raise InvalidInputError(
            f"The items of this project have answers of kind '{kind}': each is a list. Got {shown}."
        ) from None


def _units(replay: Replay, kind: AnnotationKind, raw: Any, item: Any) -> list[dict[str, Any]]:
    """Return the units of an answer; those that are the same by now, after merges, are one."""
    named = kind.labels_in(raw)
    odd = next((name for name in named if not isinstance(name, str)), None)
    if odd is not None:
        raise InvalidInputError(f"The name of a class is a text. Got {str(odd)[:40]!r}.")
    names = tuple(dict.fromkeys(str(name) for name in named))
    keys = [replay.class_id(name.strip()) for name in names]
    units: dict[tuple[Any, ...], dict[str, Any]] = {}
    for unit in kind.parse(raw, ClassTable(names), item):
        told: dict[str, Any] = {"at": list(unit.place), "class": keys[unit.class_id]}
        beside = (
            {"by": unit.by} if unit.version is None else {"by": unit.by, "version": unit.version}
        )
        units.setdefault((*unit.place, told["class"]), told | beside)
    return [units[place] for place in sorted(units)]


def as_said(raw: Any) -> str:
    """Return an answer with the names of classes as a door hands it in.

    Examples
    --------
    >>> as_said(["sport", "money"])
    '["sport", "money"]'
    """
    return json.dumps(raw, ensure_ascii=False)


def names_said(kind: str, said: str | None) -> list[str]:
    """Return the names of classes in an answer as a door hands it in.

    Examples
    --------
    >>> names_said("labels", '["sport", "money"]'), names_said("class", "sport")
    (['sport', 'money'], ['sport'])
    """
    if said is None:
        return []
    return (
        [said]
        if kind == ONE_CLASS
        else [str(n) for n in get_kind(kind).labels_in(json.loads(said))]
    )


def renamed_in(kind: str, said: str | None, names: Mapping[str, str]) -> str | None:
    """Return an answer as a door hands it in, with other names of its classes.

    Examples
    --------
    >>> renamed_in("labels", '["Sport", "sport", "money"]', {"Sport": "sport"})
    '["sport", "money"]'
    """
    if said is None:
        return None
    if kind in (OF_SPANS, OF_BOXES):
        raw = json.loads(said)
        return as_said([{**one, "label": names.get(one["label"], one["label"])} for one in raw])
    called = [names.get(name, name) for name in names_said(kind, said)]
    return called[0] if kind == ONE_CLASS else as_said(list(dict.fromkeys(called)))
