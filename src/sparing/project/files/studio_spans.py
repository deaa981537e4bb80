"""Spans in Label Studio's terms: what the model suggests there, and what people there have marked.

Label Studio counts as its browser does, in UTF-16 units, and repeats the text of each span: where
the two disagree an annotation is refused, and a text in which they would differ gets no suggestion.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sparing.annotations.values import ACCEPTED, DRAWN, EDITED
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import Annotation, Interface
from sparing.datasets.marked.checking import POINTS, UTF16
from sparing.datasets.marked.label_studio import marked, spans_in
from sparing.errors import InvalidInputError
from sparing.project.log.meaning import as_said
from sparing.project.source.items import Item

BEYOND = 0xFFFF  # a code point above takes two of a browser's units
ORIGINS = {"prediction": ACCEPTED, "prediction-changed": EDITED}


def span_results(
    interface: Interface, item: Item, spans: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return spans as results.

    Parameters
    ----------
    interface : names the control
    item : whose text they are in
    spans : with ``start``, ``end`` and ``label``
    """
    text = item.text or ""
    return [marked(interface, text, (s["start"], s["end"], s["label"])) for s in spans]


def is_counted_alike(item: Item, spans: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a browser finds these spans where they are."""
    end = max((span["end"] for span in spans), default=0)
    return not any(ord(c) > BEYOND for c in (item.text or "")[:end])


def all_spans(annotation: Annotation, item: Item, offsets: str = POINTS) -> str:
    """Return the spans of an annotation as a door hands them in.

    What came from a suggestion is said to.

    Parameters
    ----------
    annotation : not skipped
    item : whose text they are in
    offsets : what they count; where they do not fit, UTF-16 units

    Raises
    ------
    InvalidInputError : they do not fit; the message is the reason
    """
    found = spans_in(annotation.marked, item.text, "", offsets)
    if isinstance(found, Skipped):
        plain = found
        found = spans_in(annotation.marked, item.text, "", UTF16)
        if isinstance(found, Skipped):
            raise InvalidInputError(plain.reason)
    origins = {_where(result): str(result.get("origin")) for result in annotation.marked}
    keys = sorted(origins)
    spans = zip(sorted(found.spans or ()), keys, strict=True)
    return as_said(
        [
            {"start": s, "end": e, "label": label, "by": ORIGINS.get(origins[key], DRAWN)}
            for (s, e, label), key in spans
        ]
    )


def _where(result: Any) -> tuple[int, int]:
    return int(result["value"]["start"]), int(result["value"]["end"])
