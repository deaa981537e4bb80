"""Spans of a text, each with a class: named entities and the like."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any, ClassVar

from sparing._validate import _Phrase, check_int, invalid
from sparing.annotations.base import AnnotationKind, Examples, checked_unit, origin_of
from sparing.annotations.values import DRAWN, Unit, Value, value_of
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable
from sparing.types import Label

WHERE = "an answer of kind 'spans'"
FORM = "(start, end, label), or a dict with these keys"
Span = tuple[int, int, Any]
"""Start, end (exclusive) in code points of the text, and label."""


class SpanSet(AnnotationKind):
    """Spans of a text that do not cross: ``(start, end, label)`` in code points, end exclusive.

    Examples
    --------
    >>> kind, classes = SpanSet(), ClassTable(("person", "place"))
    >>> value = kind.parse([(0, 3, "person")], classes, "Ada in Paris")
    >>> kind.plain(value, classes)
    [{'start': 0, 'end': 3, 'label': 'person'}]
    """

    name: ClassVar[str] = "spans"
    column: ClassVar[str] = "spans"
    examples: ClassVar[Examples] = Examples(
        ("person", "place"),
        "Ada \U0001f642 in Paris",
        (
            [(0, 3, "person"), {"start": 9, "end": 14, "label": "place"}],
            [],
            [[9, 14, "place"]],
            [{"start": 0, "end": 3, "label": "place", "by": "accepted", "version": 3}],
        ),
        (
            None,
            "person",
            [(0, 3)],
            [(3, 3, "person")],
            [(-1, 3, "person")],
            [(9, 15, "place")],
            [(0, 5, "person"), (3, 8, "place")],
            [(0, 3, "person"), (0, 3, "place")],
            [(0, 3, "animal")],
            [(0.5, 3, "person")],
            [(True, 3, "person")],
        ),
    )

    def parse(self, raw: Any, classes: ClassTable, item: Any = None) -> Value:
        """Return the value of a list of spans; the item is the text that they are in."""
        parts = span_parts(raw)
        value = value_of(_unit(part, classes, item) for part in parts)
        _check_apart(value, item)
        if len(value) < len(parts):
            raise invalid("spans", WHERE, "distinct", raw)
        return value

    def labels_in(self, raw: Any) -> list[Label]:
        """Return the label of each span."""
        return [part["label"] for part in span_parts(raw)]

    def plain(self, value: Value, classes: ClassTable) -> list[dict[str, Any]]:
        """Return the spans as objects with start, end, label, and where they came from."""
        return [_plain(unit, classes) for unit in value]


def text_hash(text: str) -> str:
    """Return the hash of a text that offsets are about: another text has other offsets.

    Examples
    --------
    >>> text_hash("caf\u00e9") == text_hash("cafe\u0301")
    False
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def span_parts(raw: Any) -> list[Mapping[str, Any]]:
    """Return each span as an object with the keys start, end and label.

    Raises
    ------
    InvalidInputError : it is no list of spans

    Examples
    --------
    >>> span_parts([(0, 3, "person")])
    [{'start': 0, 'end': 3, 'label': 'person'}]
    """
    if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Iterable):
        raise invalid("spans", WHERE, f"a list of {FORM}", raw)
    return [_part(part) for part in raw]


def _part(part: Any) -> Mapping[str, Any]:
    if isinstance(part, Mapping) and {"start", "end", "label"} <= set(part):
        return part
    if isinstance(part, tuple | list) and len(part) == 3:
        return dict(zip(("start", "end", "label"), part, strict=True))
    raise invalid("span", WHERE, FORM, part)


def _unit(part: Mapping[str, Any], classes: ClassTable, text: Any) -> Unit:
    start, end = (check_int(key, WHERE, part[key], 0) for key in ("start", "end"))
    if start >= end:
        raise invalid("span", WHERE, "of start < end", _shown(part))
    if text is not None and end > len(text):
        raise invalid("span", WHERE, f"within its text of {len(text)} characters", _shown(part))
    by, version = part.get("by", DRAWN), part.get("version")
    return checked_unit((start, end), part["label"], classes, by, version)


def _check_apart(value: Value, text: Any) -> None:
    for a, b in pairwise(value):
        if b.place[0] < a.place[1]:
            (s, e), (t, f) = a.place, b.place
            shown = "" if text is None else f": {text[s:e][:40]!r} and {text[t:f][:40]!r}"
            raise InvalidInputError(
                f"Spans may not cross or lie in each other: {s}-{e} and {t}-{f}{shown}."
            )


def _shown(part: Mapping[str, Any]) -> _Phrase:
    return _Phrase(f"{part['start']}-{part['end']} '{part['label']}'")


def _plain(unit: Unit, classes: ClassTable) -> dict[str, Any]:
    start, end = unit.place
    label = classes.values[unit.class_id]
    return {"start": start, "end": end, "label": label, **origin_of(unit)}
