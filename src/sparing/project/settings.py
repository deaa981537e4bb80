"""What a project was made with, and what was said of it as a whole since."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sparing.errors import StoreError
from sparing.project.source.layout import Layout
from sparing.project.team.sharing import Overlap
from sparing.store import Store

SETTINGS = "settings"
OVERLAP = "overlap"
CLASS, LABELS, SPANS = "class", "labels", "spans"
KINDS = (CLASS, LABELS, SPANS)
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
    ``kind`` is that of its answers: one class an item, several labels, or spans of a text.
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


def offered_labels(settings: Settings, layout: Layout | None) -> str | None:
    """Return the column of a source with labels that are there already and can be answers.

    A class is no list of spans: where spans are marked none is offered.
    """
    return None if layout is None or settings.kind == SPANS else layout.label_column


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
        )


def _kind(told: Any) -> str:
    if told not in KINDS:
        raise ValueError(f"There are no answers of kind {told!r}.")
    return str(told)


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
