"""What a project was made with, and what was said of it as a whole since."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sparing.annotations.overlap import LEAST_IOU
from sparing.errors import StoreError
from sparing.project.source.layout import Layout
from sparing.project.team.sharing import Overlap
from sparing.store import Store

SETTINGS = "settings"
OVERLAP = "overlap"
CLASS, LABELS, SPANS, BOXES = "class", "labels", "spans", "boxes"
KINDS = (CLASS, LABELS, SPANS, BOXES)
"""What the answers of a project can be."""
CLASSES_BY = "classes added by"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project was made with; see :meth:`sparing.project.Project.create`.

    ``left_out`` are the columns of a table that were found to identify its rows; None: not looked
    for yet. Projects of older versions left none out, and go on so: their items keep their keys.
    ``layout`` is that of the table as it was when the project was made; None if it is no table.
    ``follow_links`` says whether links that lead out of the source's folder are followed.
    ``encoding`` is that of a folder's texts, where somebody has said it.
    ``kind`` is that of its answers: one class an item, several labels, spans of a text, or
    boxes of a picture; ``least_iou`` is what two boxes at the same place overlap by, at least.
    ``key`` is the project's, and that of its copies and backups; empty of older versions.
    ``encoder_since`` is the model version that was the newest when the encoder was chosen.
    """

    source: str
    encoder: str
    seed: int
    columns: tuple[str, ...]
    left_out: tuple[str, ...] | None = None
    layout: Layout | None = None
    encoder_since: int = 0
    follow_links: bool = False
    encoding: str | None = None
    kind: str = CLASS
    key: str = ""
    least_iou: float = LEAST_IOU


def offered_labels(settings: Settings, layout: Layout | None) -> str | None:
    """Return the column of a source with labels that are there already and can be answers.

    A class is no list of spans or boxes: where these are marked none is offered.
    """
    return None if layout is None or settings.kind in (SPANS, BOXES) else layout.label_column


def read_settings(store: Store) -> Settings:
    """Return what the project was made with.

    Raises
    ------
    StoreError : no version of this package has written this
    """
    with as_written():
        told = json.loads(store.settings()[SETTINGS])
        return Settings(
            str(told["source"]),
            str(told["encoder"]),
            int(told["seed"]),
            tuple(map(str, told["columns"])),
            tuple(map(str, told.get("left_out", ()))),
            Layout.from_json(told.get("layout")),
            int(told.get("encoder_since", 0)),
            bool(told.get("follow_links", False)),
            told.get("encoding"),
            _kind(told.get("kind", CLASS)),
            str(told.get("key", "")),
            _least_iou(told.get("least_iou", LEAST_IOU)),
        )


def _kind(told: Any) -> str:
    if told not in KINDS:
        raise ValueError(f"There are no answers of kind {told!r}.")
    return str(told)


def _least_iou(told: Any) -> float:
    if told != LEAST_IOU:
        raise ValueError(f"Boxes are at the same place from {LEAST_IOU} on, not {told!r}.")
    return LEAST_IOU


@contextmanager
def as_written() -> Iterator[None]:
    """Take what cannot be understood for damage."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError("The settings of the project are damaged.") from error


def keep_settings(store: Store, settings: Settings) -> None:
    """Write down what has changed in them."""
    store.put_settings(as_stored(settings))


def as_stored(settings: Settings) -> dict[str, str]:
    """Return them as a store keeps them."""
    return {SETTINGS: json.dumps(asdict(settings))}


def read_overlap(store: Store, seed: int) -> Overlap:
    """Return which items are to have two answers."""
    with as_written():
        return Overlap(float(store.settings().get(OVERLAP, 0)), seed)
