"""What annotations of Label Studio say, and how answers are shown there, by their kind."""

import json
from typing import Any

from sparing.datasets.label_studio import (
    CHOICES,
    LABELS,
    RECTANGLES,
    Annotation,
    Interface,
    all_choices,
    choice,
    one_choice,
    read_interface,
)
from sparing.datasets.marked.checking import POINTS
from sparing.errors import InvalidInputError
from sparing.project.files.export_columns import OF_BOXES, OF_SEVERAL, OF_SPANS
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.readings import meaning_of
from sparing.project.files.studio_boxes import all_boxes, box_results
from sparing.project.files.studio_spans import all_spans, span_results
from sparing.project.learning.guesses import Guess
from sparing.project.log.meaning import as_said
from sparing.project.settings import BOXES, CLASS, SPANS
from sparing.project.settings import LABELS as SEVERAL
from sparing.project.source.items import Item

OF_KIND = {CLASS: CHOICES, SEVERAL: CHOICES, SPANS: LABELS, BOXES: RECTANGLES}
"""The type of the results in which each kind of answer is given."""
OF_PARTS = (SPANS, BOXES)
COLUMN_OF = {CLASS: "label", SEVERAL: OF_SEVERAL, SPANS: OF_SPANS, BOXES: OF_BOXES}
"""Where an export of ours has the answer of an item, by the kind of the answers."""


def interface_in(config: str, kind: str) -> Interface:
    """Return the control of a labeling interface in which a project is answered.

    Raises
    ------
    InvalidInputError : it has none
    """
    return read_interface(config, several=kind == SEVERAL, spans=kind == SPANS, boxes=kind == BOXES)


def said_by(annotation: Annotation, kind: str, item: Item, offsets: str = POINTS) -> str | None:
    """Return what an annotation says as a door hands it in; None: it was skipped.

    One of parts that was submitted without any says that nothing is to be marked.

    Parameters
    ----------
    annotation : from Label Studio
    kind : of the project's answers
    item : that it is about
    offsets : what those of spans count

    Raises
    ------
    InvalidInputError : it is no answer of this kind; the message is the reason
    """
    if kind == CLASS:
        return one_choice(annotation)
    if kind == SEVERAL:
        chosen = all_choices(annotation)
        return None if chosen is None else as_said(sorted(chosen))
    if annotation.is_skipped:
        return None
    others = sorted({*types_of(annotation)} - {OF_KIND[kind]})
    is_any = annotation.marked if kind == SPANS else annotation.framed
    if not is_any and (others or not annotation.is_submitted):
        raise InvalidInputError(f"no {kind}, but {', '.join(others)}" if others else f"no {kind}")
    return all_spans(annotation, item, offsets) if kind == SPANS else all_boxes(annotation, item)


def types_of(annotation: Annotation) -> tuple[str, ...]:
    """Return the types of all results of an annotation; of choices once."""
    return (*annotation.passed_over, *((CHOICES,) if annotation.choices else ()))


def told_of(kind: str, said: str | None) -> Any:
    """Return what is said as plain values: a name, or a list of names or parts."""
    return said if said is None or kind == CLASS else json.loads(said)


def said_of(kind: str, told: Any) -> str | None:
    """Return plain values as a door hands them in; None where they are none of this kind."""
    if kind == CLASS:
        return None if told is None or isinstance(told, list) else str(told)
    if not isinstance(told, list):
        return None
    if kind == SEVERAL:
        return as_said(sorted(map(str, told)))
    try:
        meaning_of(kind, said := as_said(told))
    except (InvalidInputError, KeyError, TypeError, ValueError):
        return None
    return said


def told_in(row: ExportRow) -> Any:
    """Return the answer of an exported row as plain values."""
    parts = row.boxes if row.spans is None else row.spans
    if parts is not None:
        return [part.said() for part in parts]
    return row.label if row.labels is None else [*row.labels]


def told_by(guess: Guess) -> Any:
    """Return a guess as plain values; of parts with how likely each is right, where it is known."""
    spans, boxes = guess.spans, guess.boxes
    if spans is not None:
        return [s.said() | _sure(s.certainty) for s in spans]
    if boxes is not None:
        return [b.said() | _sure(b.score) for b in boxes]
    return guess.name if guess.labels is None else [*guess.labels]


def _sure(score: float | None) -> dict[str, float]:
    return {} if score is None else {"score": score}


def shown_in(interface: Interface, kind: str, within: Any, told: Any) -> list[dict[str, Any]]:
    """Return an answer as the results of an annotation; of nothing there is none.

    Parameters
    ----------
    interface : names the control
    kind : of the answers
    within : what its places are in: a text, or the size of a picture; None: nobody knows
    told : plain values; None: it was skipped
    """
    if kind in (CLASS, SEVERAL):
        chosen = (told,) if isinstance(told, str) else told or ()
        return [choice(interface, *chosen)] if chosen else []
    if within is None:
        return []
    made = (span_results if kind == SPANS else box_results)(interface, within, told or ())
    scores = [{"score": part["score"]} if "score" in part else {} for part in told or ()]
    return [result | score for result, score in zip(made, scores, strict=False)]
