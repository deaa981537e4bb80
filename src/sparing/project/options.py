"""What is asked of a project that is there already: obeyed, or refused with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sparing.datasets.rows import Reading
from sparing.errors import CapabilityError, ConflictError, InvalidInputError, UnknownNameError
from sparing.project.settings import BOXES, CLASS, KINDS, LABELS, SPANS, Settings
from sparing.project.source.layout import Layout
from sparing.project.state import State

OF = {LABELS: "several labels", SPANS: "spans", BOXES: "boxes"}


def check_said(settings: Settings, said: Mapping[str, Any]) -> None:
    """Refuse what would make other items of the source.

    Raises
    ------
    InvalidInputError : columns that are not those of the items, or another reading of its file
    """
    if said.get("columns"):
        check_columns(settings, said["columns"])
    if said.get("reading"):
        check_reading(settings, said["reading"])
    if said.get("kind") not in (None, settings.kind):
        raise InvalidInputError(
            f"The answers of this project are of kind '{settings.kind}', and stay so: label with"
            f" --kind {said['kind']} and another --project."
        )


def check_kind(kind: str) -> None:
    """Refuse what no project can be of.

    Raises
    ------
    UnknownNameError : the answers of a project cannot be of this kind
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of answers", kind, KINDS)


def check_one_class(settings: Settings, what: str) -> None:
    """Refuse what makes sense with one class an item alone.

    Raises
    ------
    CapabilityError : items of this project have several labels, spans or boxes
    """
    if settings.kind != CLASS:
        raise CapabilityError(
            f"{what} of one class an item; this project is of {OF[settings.kind]}."
        )


FROZEN = "An audit checks the model as it is: answer it, or give it up, then change the encoder."


def with_encoder(settings: Settings, encoder: str, state: State) -> Settings:
    """Return the settings of a project that is to use another encoder from now on.

    Raises
    ------
    ConflictError : an audit is open
    """
    if encoder == settings.encoder:
        return settings
    if state.drawn_rows:
        raise ConflictError(FROZEN)
    return replace(settings, encoder=encoder, encoder_since=state.version)


def check_columns(settings: Settings, columns: Sequence[str]) -> None:
    """Refuse columns that are not those of the items.

    Raises
    ------
    InvalidInputError : they are others, or this is no table
    """
    if settings.layout is None:
        raise InvalidInputError("--columns is for tables: the source of this project is none.")
    if tuple(columns) in (settings.columns, settings.layout.columns):
        return
    mine, others = ",".join(settings.layout.columns), ",".join(columns)
    raise InvalidInputError(
        f"The items of this project are made of {mine}, and its answers are about these. For"
        f" {others}: 'sparing export' the labels, label with --columns {others} and another"
        " --project, and 'sparing import' them there."
    )


def check_reading(settings: Settings, reading: Reading) -> None:
    """Refuse another reading of the file than that which its items come from.

    Raises
    ------
    InvalidInputError : it is another, or this is no table
    """
    was = settings.layout.reading if settings.layout else Reading(encoding=settings.encoding)
    for name in ("header", "encoding", "sheet"):
        if getattr(reading, name) not in (None, getattr(was, name)):
            raise InvalidInputError(
                f"The items of this project were read with another {name}, and its answers are"
                " about these: label with another --project."
            )


def without_labels(settings: Settings, column: str) -> Settings:
    """Return the settings of a project whose column of labels has been dealt with."""
    layout = settings.layout
    if layout is None or layout.label_column != column:
        return settings
    return replace(settings, layout=replace(layout, label_column=None))


def check_no_part(layout: Layout | None, column: str) -> None:
    """Refuse labels of a column that the model learns from.

    Raises
    ------
    InvalidInputError : the column is a part of the items
    """
    if layout is not None and column in layout.columns:
        raise InvalidInputError(
            f"Column '{column}' is a part of the items of this project, so that a model would learn"
            f" its labels from it. Label with --label-column {column} and another --project."
        )
