"""Spans in Label Studio's terms: what the model suggests there, and what people there have marked.

Offsets are code points there as here. The text of each span stands beside them: where the two
disagree an annotation is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sparing.annotations.values import ACCEPTED, DRAWN, EDITED
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import Annotation, Interface
from sparing.datasets.marked.checking import POINTS
from sparing.datasets.marked.label_studio import marked, spans_in
from sparing.errors import InvalidInputError
from sparing.project.log.meaning import as_said
from sparing.project.source.items import Item

ORIGINS = {"prediction": ACCEPTED, "prediction-changed": EDITED}


def span_results(
    interface: Interface, text: str, spans: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return spans as results.

    Parameters
    ----------
    interface : names the control
    text : that they are in
    spans : with ``start``, ``end`` and ``label``
    """
    return [marked(interface, text, (s["start"], s["end"], s["label"])) for s in spans]


def all_spans(annotation: Annotation, item: Item, offsets: str = POINTS) -> str:
    """Return the spans of an annotation as a door hands them in.

    What came from a suggestion is said to.

    Parameters
    ----------
    annotation : not skipped
    item : whose text they are in
    offsets : what they count; where the texts beside them do not fit, UTF-16 units

    Raises
    ------
    InvalidInputError : they do not fit; the message is the reason
    """
    found = spans_in(annotation.marked, item.text, "", offsets)
    if isinstance(found, Skipped):
        raise InvalidInputError(found.reason)
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
