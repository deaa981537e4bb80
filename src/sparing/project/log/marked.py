"""Spans as the doors show them: with the names that their classes have now."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.annotations.values import DRAWN
from sparing.project.log.replay import Replay
from sparing.store import Event
from sparing.store.contents import units_in

NO_SPANS = "nothing to mark"


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """A span in the text of an item.

    Parameters
    ----------
    start, end : code points, the end exclusive
    label : name of its class
    by : ``"drawn"`` by a person, ``"accepted"`` from the model, ``"edited"`` after it
    version : of the model that suggested it; None if none did
    certainty : of a suggestion: how likely it is right exactly
    """

    start: int
    end: int
    label: str
    by: str = DRAWN
    version: int | None = None
    certainty: float | None = None

    def said(self) -> dict[str, Any]:
        """Return it as a door hands it in."""
        plain: dict[str, Any] = {"start": self.start, "end": self.end, "label": self.label}
        if self.by != DRAWN:
            plain["by"] = self.by
        return plain if self.version is None else plain | {"version": self.version}


def marked_in(event: Event, replay: Replay) -> tuple[MarkedSpan, ...]:
    """Return the spans of an answer that can hold; those that merges made the same are one."""
    spans: dict[tuple[int, int, str], MarkedSpan] = {}
    for unit in json.loads(event.value or "[]"):
        (start, end), label = unit["at"], replay.class_name(unit["class"])
        by, version = unit.get("by", DRAWN), unit.get("version")
        spans.setdefault((start, end, label), MarkedSpan(start, end, label, by, version))
    return tuple(spans.values())


def is_suggested(value: str | None) -> bool:
    """Tell whether any part of an answer, as it is stored, was suggested by a model.

    Examples
    --------
    >>> is_suggested('[{"at":[0,3],"by":"edited","class":"k1"}]'), is_suggested(None)
    (True, False)
    """
    return any(unit.get("by", DRAWN) != DRAWN for unit in json.loads(value or "[]"))


def spans_of(content: str, replay: Replay) -> tuple[MarkedSpan, ...]:
    """Return the spans that a content says, whoever marked them."""
    units = units_in(replay.resolve(content))
    return tuple(MarkedSpan(start, end, replay.class_name(key)) for start, end, key in units)


def counted(spans: Sequence[MarkedSpan]) -> str:
    """Return how many spans of each class there are.

    Examples
    --------
    >>> counted([MarkedSpan(0, 3, "person"), MarkedSpan(8, 12, "place")])
    '1 person, 1 place'
    """
    number = Counter(span.label for span in spans)
    return ", ".join(f"{n} {label}" for label, n in number.items()) or NO_SPANS


def quoted(spans: Iterable[MarkedSpan], text: str | None) -> str:
    """Return spans as people read them; by their offsets where the text is gone.

    Examples
    --------
    >>> quoted([MarkedSpan(0, 3, "person"), MarkedSpan(8, 12, "place")], "Ada saw Rome")
    'person: Ada; place: Rome'
    >>> quoted([MarkedSpan(0, 3, "person")], None)
    'person: 0-3'
    """
    return "; ".join(
        f"{s.label}: {(text or '')[s.start : s.end] or f'{s.start}-{s.end}'}" for s in spans
    )
