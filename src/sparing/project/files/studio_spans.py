"""Spans in Label Studio's terms: what the model suggests there, and what people there have marked.

Label Studio counts as its browser does, in UTF-16 units, and repeats the text of each span: where
the two disagree an annotation is refused, and a text in which they would differ gets no suggestion.
"""

from typing import Any

from sparing.annotations.values import ACCEPTED, DRAWN, EDITED
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import CHOICES, LABELS, Annotation, Interface
from sparing.datasets.marked.checking import UTF16
from sparing.datasets.marked.label_studio import marked, spans_in
from sparing.errors import InvalidInputError
from sparing.project.learning.guesses import Guess
from sparing.project.log.meaning import as_said

BEYOND = 0xFFFF  # a code point above takes two of a browser's units
ORIGINS = {"prediction": ACCEPTED, "prediction-changed": EDITED}


def suggested(interface: Interface, text: str, guess: Guess, why: str) -> list[dict[str, Any]]:
    """Return what the model sees in a text as results, each with how likely it is right.

    Parameters
    ----------
    interface : names the control, and the labels that it offers
    text : of the item
    guess : of spans
    why : the item was chosen

    Returns
    -------
    none where the interface lacks a label, or a browser counts the text in another way
    """
    spans = guess.spans or ()
    end = max((span.end for span in spans), default=0)
    is_other = any(ord(c) > BEYOND for c in text[:end])
    if is_other or not {span.label for span in spans} <= {*interface.choices}:
        return []
    meta = {"meta": {"text": [why]}} if why else {}
    return [
        marked(interface, text, (s.start, s.end, s.label)) | {"score": s.certainty or 0.0} | meta
        for s in spans
    ]


def all_spans(annotation: Annotation, text: str | None) -> str | None:
    """Return the spans of an annotation as a door hands them in; None: it was skipped.

    One that was submitted without any says that nothing is to be marked. What came from a
    suggestion is said to.

    Raises
    ------
    InvalidInputError : none of its results is a span, or they do not fit; the message is the reason
    """
    if annotation.is_skipped:
        return None
    chosen = {CHOICES} if annotation.choices else set()
    others = sorted({*annotation.passed_over} - {LABELS} | chosen)
    if not annotation.marked and (others or not annotation.is_submitted):
        raise InvalidInputError(f"no spans, but {', '.join(others)}" if others else "no spans")
    found = spans_in(annotation.marked, text, "")
    if isinstance(found, Skipped):
        plain = found
        found = spans_in(annotation.marked, text, "", UTF16)
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
