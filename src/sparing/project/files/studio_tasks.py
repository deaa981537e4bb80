"""Labels to Label Studio: tasks with what people said, and what the model says.

What a model said is a prediction there and never an annotation; the provenance of a label, who
gave it and how an item was chosen are kept in the task's ``meta``.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sparing.datasets.label_studio import LEAD_TIME, OWN, Interface
from sparing.project.files.export_columns import size_then
from sparing.project.files.export_rows import (
    AUTOMATIC,
    CONFIRMED,
    PERSON,
    SETTLED,
    ExportRow,
    said_in,
)
from sparing.project.files.studio_answers import (
    COLUMN_OF,
    OF_PARTS,
    shown_in,
    told_by,
    told_in,
    told_of,
)
from sparing.project.settings import BOXES
from sparing.project.source.items import Item
from sparing.project.state import State

PLACES = "/data/local-files/?d="  # Label Studio's own address of a file on its disk


def studio_tasks(state: State, rows: Sequence[ExportRow]) -> str:
    """Return all items as Label Studio's tasks.

    Parameters
    ----------
    state : of the project
    rows : what is exported
    """
    return json.dumps([_task(state, row) for row in rows], ensure_ascii=False, indent=1)


def _task(state: State, row: ExportRow) -> dict[str, Any]:
    item, kind = state.item(row.item_id), state.settings.kind
    interface = Interface("label", shown_as(item.kind), ())
    votes = _votes(state, row)
    told = {k: v for k, v in asdict(row).items() if v not in (None, "", False)}
    own = told | {"votes": [list(vote) for vote in votes]}
    if row.label is not None:
        own[COLUMN_OF[kind]] = told_in(row)
    if row.provenance == SETTLED:
        own |= {"settled": [row.annotator, told_in(row)]}
    is_there = kind not in OF_PARTS or item.within is not None
    within = size_then(state, item) if kind == BOXES else item.within
    results = [{"result": shown_in(interface, kind, within, said), "was_cancelled": said is None}
               for _, said in votes if is_there or said is None]  # fmt: skip
    if len(results) == 1 and row.seconds is not None:
        results[0][LEAD_TIME] = row.seconds
    return {
        "data": _data(state, item),
        "meta": {OWN: own},
        "annotations": results,
        "predictions": _predictions(state, interface, row, item) if is_there else [],
    }


def shown_as(kind: str) -> str:
    """Return what an item is in a labeling interface: ``"image"`` or ``"text"``."""
    return "image" if kind == "image" else "text"


def _votes(state: State, row: ExportRow) -> list[tuple[str, Any]]:
    """Return who said what of an item, as far as whoever exports may know it."""
    if row.state not in ("labeled", "skipped", "contested") or row.provenance == AUTOMATIC:
        return []
    kind, own = state.settings.kind, (row.annotator or "", told_in(row))
    said = [(v.annotator, said_in(state, v.content)) for v in state.replay.of(row.item_id).votes]
    if len(said) == 1 and row.provenance in (PERSON, CONFIRMED):
        return [own]  # with whence each part came, which a vote does not say
    return [(who, told_of(kind, what)) for who, what in said] or [own]


def _predictions(
    state: State, interface: Interface, row: ExportRow, item: Item
) -> list[dict[str, Any]]:
    version, kind = f"{OWN}-{row.model_version}", state.settings.kind
    if row.provenance == AUTOMATIC:
        told, score = told_in(row), row.confidence
    elif row.guess is not None:
        guess = state.own_guess(state.row_of[row.item_id])
        told = row.guess if guess is None else told_by(guess)
        score = row.guess_confidence
    else:
        return []
    result = shown_in(interface, kind, item.within, told)
    return [{"result": result, "score": score, "model_version": version}]


def _data(state: State, item: Item) -> dict[str, Any]:
    if item.path is not None:
        root = state.listing.root
        inside = item.path.relative_to(root.parent) if root else Path(item.path.name)
        return {"image": PLACES + quote(inside.as_posix())}
    if item.text is not None:
        return {"text": item.text}
    if item.fields:
        return {"text": "\n".join(f"{k}: {v}" for k, v in item.fields.items()), **item.fields}
    return {"text": item.name}
