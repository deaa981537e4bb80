"""Finished labels as files, in whichever form they are wanted.

A cell of a CSV file that a spreadsheet would take for a formula gets an apostrophe in front;
``sparing import`` takes it away again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sparing.errors import InvalidInputError, UnknownNameError
from sparing.files import is_one_of, write_atomically
from sparing.project.files.class_folders import write_folders
from sparing.project.files.export_columns import as_table, is_as_drawn, said_of_changed
from sparing.project.files.export_rows import ExportRow, export_rows
from sparing.project.files.forms import FORMS
from sparing.project.locked_state import Guarded
from sparing.project.settings import BOXES, SPANS
from sparing.project.source_access import found_source
from sparing.project.state import State

if TYPE_CHECKING:
    from sparing.project.files.hub_columns import Shared

FOLDERS: Literal["folders"] = "folders"
STUDIO, HUB = "label-studio", "hf"
SPAN_FORMS = ("conll", "doccano", "prodigy", "brat")
"""Formats of texts with spans alone."""
BOX_FORMS = ("coco", "yolo", "voc", "cvat")
"""Formats of pictures with boxes alone."""


def export(
    guarded: Guarded, path: Path, form: str, annotator: str = ""
) -> tuple[int, tuple[str, ...]]:
    """Write all labels; return how many items have one, and sentences on what was left out.

    Parameters
    ----------
    guarded : the state of the project
    path : of the file; of a folder that is not there yet or empty, for ``"folders"`` and ``"hf"``
    form : ``"csv"``, ``"jsonl"``, ``"parquet"``, ``"hf"``, ``"label-studio"`` or ``"folders"``; of
        spans one of ``SPAN_FORMS``, of boxes of ``BOX_FORMS``, which have what has an answer alone
    annotator : who reads it

    Raises
    ------
    UnknownNameError : there is no such form
    SourceError : the path cannot be written
    MissingExtraError : Parquet without pyarrow
    InvalidInputError : a folder per class of rows that are no files or texts; the path is that of
        the source
    """
    with guarded.held() as state:
        kind, source = state.settings.kind, found_source(state.folder, state.settings)
    if source is not None and is_one_of(path, [Path(source)]):
        raise InvalidInputError(
            f"{path} is the source of the project, which is never changed: name another file."
        )
    of_parts = {SPANS: SPAN_FORMS, BOXES: BOX_FORMS}.get(kind)
    names = (*FORMS, STUDIO, HUB, *(of_parts or (FOLDERS,)))
    if form not in names:
        raise UnknownNameError("export format", form, names)
    if of_parts and form in of_parts:
        write = _export_spans if kind == SPANS else _export_boxes
        return write(guarded, path, form, annotator)
    with guarded.held() as state:  # the answers wait for the rows, not for the disk
        rows = list(export_rows(state, annotator))
        changed = _changed(state, rows) if form == HUB and kind == BOXES else {}
        rows = [row for row in rows if row.item_id not in changed]
        table = as_table(state, rows)
        tasks = _tasks(state, rows) if form == STUDIO else ""
        shared = _shared(state, rows) if form == HUB else None
        made = state.certified.certificate if state.certified else None
    notes: tuple[str, ...] = (said_of_changed([*changed.values()]),) if changed else ()
    if shared is not None:
        from sparing.project.files.hub import write_hub

        write_hub(path, table, shared, guarded.folder.name, made)
    elif form == FOLDERS:
        notes = write_folders(guarded, path, rows, table)
    elif form == STUDIO:
        write_atomically(path, tasks.encode("utf-8", "replace"))
    else:
        write_atomically(path, FORMS[form].write(table))
    return sum(row.label is not None for row in rows), notes


def _changed(state: State, rows: Sequence[ExportRow]) -> dict[str, str]:
    """Return the names of pictures that had another size when their boxes were drawn, by key."""
    answered = [row for row in rows if row.boxes is not None and row.present]
    return {
        row.item_id: row.item for row in answered if not is_as_drawn(state, state.item(row.item_id))
    }


def _export_spans(
    guarded: Guarded, path: Path, form: str, annotator: str
) -> tuple[int, tuple[str, ...]]:
    from sparing.project.files.marked import CONLL, documents_of, with_tokens, write_marked

    with guarded.held() as state:
        rows = list(export_rows(state, annotator))
        documents = documents_of(state, rows)
    if form == CONLL:
        documents = with_tokens(documents)
    write_marked(path, form, documents)
    n = sum(document.spans is not None for document in documents.documents)
    return n, documents.notes


def _export_boxes(
    guarded: Guarded, path: Path, form: str, annotator: str
) -> tuple[int, tuple[str, ...]]:
    from sparing.project.files.framed import finished, write_framed

    with guarded.held() as state:
        done = finished(state, list(export_rows(state, annotator)))
    write_framed(path, form, done)
    return len(done.pictures), done.notes


def _tasks(state: State, rows: Sequence[ExportRow]) -> str:
    from sparing.project.files.studio_tasks import studio_tasks

    return studio_tasks(state, rows)


def _shared(state: State, rows: Sequence[ExportRow]) -> "Shared":
    from sparing.project.files.hub_columns import Shared

    items = [state.item(row.item_id) for row in rows]
    numbers = [state.row_of[row.item_id] + 1 for row in rows]
    names = [one.name for one in state.replay.classes]
    return Shared(state.settings.kind, rows, items, numbers, names)
