"""The files that labels come from and go to."""

from os import PathLike
from pathlib import Path

from sparing.datasets.boxes.read import is_of_boxes
from sparing.datasets.label_studio import is_export
from sparing.datasets.marked.checking import POINTS
from sparing.datasets.read import FOUND_OUT
from sparing.datasets.rows import Reading
from sparing.project.export_process import Order, export_apart
from sparing.project.files.export import export
from sparing.project.files.framed import read_boxes
from sparing.project.files.imports import as_predictions, read_labels, read_source_labels
from sparing.project.files.live import Studio
from sparing.project.files.marked import is_of_texts, read_marked
from sparing.project.files.readings import (
    ImportReport,
    Readings,
    in_one_spelling,
    in_parts,
    what_became,
)
from sparing.project.files.studio import read_predictions, read_studio
from sparing.project.learning.foreign import Foreign, keep_foreign
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.log.meaning import names_said
from sparing.project.options import check_no_part, without_labels
from sparing.project.settings import BOXES, SPANS, offered_labels
from sparing.store import Kind, Store


class Files:
    """Writes the labels of a project to files, and takes labels from files.

    Parameters
    ----------
    store : of the project
    guarded : its state
    log : the way of what is said

    Attributes
    ----------
    last : what became of the labels that were imported last, since the project was opened
    studio : speaks to a Label Studio that works on the same items
    """

    def __init__(self, store: Store, guarded: Guarded, log: EventLog) -> None:
        self._store = store
        self._guarded = guarded
        self._log = log
        self.last: ImportReport | None = None
        self.left_out: tuple[str, ...] = ()  # of the last export, a sentence each
        self.studio = Studio(guarded, log)

    def export(self, path: str | PathLike[str], form: str = "csv", annotator: str = "") -> int:
        """Write all labels with their provenance; return how many items have one.

        While a check of the model is open there is no guess for what it has drawn.

        Parameters
        ----------
        path : the file; for ``"folders"`` and ``"hf"`` a folder that is not there yet, or empty
        form : ``"csv"``, ``"jsonl"``, ``"parquet"``, ``"label-studio"``; ``"hf"``: a data set of
            Hugging Face; ``"folders"``: PATH/provenance/class/file; of spans ``"conll"``,
            ``"doccano"``, ``"prodigy"``, ``"brat"``; of boxes ``"coco"``, ``"yolo"``, ``"voc"``,
            ``"cvat"``
        annotator : who reads it; what they are to answer without knowing what others said comes
            without that

        Raises
        ------
        UnknownNameError : no such form
        SourceError : the path cannot be written
        MissingExtraError : Parquet without pyarrow
        """
        n, self.left_out = export(self._guarded, Path(path), form, annotator)
        return n

    def export_apart(
        self, path: str | PathLike[str], form: str = "csv", annotator: str = ""
    ) -> None:
        """Write all labels as :meth:`export` does, by a process of its own that nobody waits for.

        Raises
        ------
        SparingError : as of :meth:`export`
        """
        folder = self._guarded.folder
        export_apart(folder.path, folder.url, Order(str(path), form, annotator))

    def import_labels(
        self,
        path: str | PathLike[str],
        item_column: str | None = None,
        label_column: str | None = None,
        *,
        reading: Reading = FOUND_OUT,
        offsets: str = POINTS,
        separator: str | None = None,
    ) -> ImportReport:
        """Take labels from a table; none that is there already is overwritten.

        Parameters
        ----------
        path : a CSV, TSV, JSONL or Parquet file, such as an export; ``.json``: one of Label Studio
        item_column : names the items by key, path, name or text; ``item_id``, ``item``, ``path``,
            ... if not given
        label_column : ``label`` or ``class`` if not given
        reading : header, encoding and sheet of the table, where they are not to be found out
        offsets : of marked texts (CoNLL, JSON lines, Label Studio, a folder of brat's), for a
            project of spans: ``"points"``, or ``"utf16"`` where they count UTF-16 units
        separator : of several labels an item: what stands between two in a cell

        Returns
        -------
        how many were taken, and each row that was not, with the reason

        Raises
        ------
        SourceError, InvalidInputError : the table cannot be read, or lacks such a column
        """
        with self._guarded.held() as state:
            if is_export(Path(path)):
                readings = read_studio(state, Path(path), offsets)
            elif state.settings.kind == SPANS and is_of_texts(Path(path)):
                readings = read_marked(state, Path(path), offsets)
            elif state.settings.kind == BOXES and is_of_boxes(Path(path)):
                readings = read_boxes(state, Path(path))
            else:
                named = item_column, label_column
                readings = read_labels(state, Path(path), *named, reading, separator=separator)
        return self._import(readings, Path(path).name)

    def import_predictions(
        self,
        path: str | PathLike[str],
        item_column: str | None = None,
        label_column: str | None = None,
        *,
        reading: Reading = FOUND_OUT,
        offsets: str = POINTS,
    ) -> ImportReport:
        """Take what somebody else's model says, in place of what was taken before.

        It is shown as a guess, by choice, as long as it is not known to be worse than the model of
        the project; it is nobody's word, and no evidence. How often it is right is told from the
        answers to items that were drawn at random. The model hears it as far as answers show that
        it knows what the model does not.

        Parameters
        ----------
        path, item_column, label_column, reading, offsets : as of :meth:`import_labels`

        Raises
        ------
        SourceError, InvalidInputError : as of :meth:`import_labels`
        """
        with self._guarded.held() as state:
            kind = state.settings.kind
            if kind == BOXES and is_of_boxes(Path(path)):
                readings = read_boxes(state, Path(path), predictions=True)
            elif is_export(Path(path)):
                readings = read_predictions(state, Path(path), offsets)
            elif kind == SPANS and is_of_texts(Path(path)):
                readings = read_marked(state, Path(path), offsets)
            else:
                named = item_column, label_column
                readings = read_labels(state, Path(path), *named, reading, by_model=True)
            readings = in_one_spelling(state, readings)
            told, found = as_predictions(readings, kind, lambda i: state.item(i).within)
        if not found:
            return told  # what was taken before stays
        self._log.add_classes(n for said in found.values() for n in names_said(kind, said))
        foreign = Foreign(Path(path).name, found)
        keep_foreign(self._guarded.folder.predictions, foreign)
        with self._guarded.held() as state:
            state.take_foreign(foreign)
        self._log.say(Kind.IMPORTED, f"{foreign.name}: {told.said()[0]}")  # to be learned from
        return told

    def import_source_labels(self, column: str) -> ImportReport:
        """Take the labels that the source itself has in a column; as :meth:`import_labels`.

        Raises
        ------
        InvalidInputError : the source is no table, or a model learns from this column
        UnknownNameError : it has no such column
        """
        with self._guarded.held() as state:
            check_no_part(state.settings.layout, column)
            source = Path(state.settings.source).name
            readings = read_source_labels(state, column)
        told = self._import(readings, f"column '{column}' of {source}")
        self.leave_labels(column)
        return told

    @property
    def offered_labels(self) -> str | None:
        """The column of the source with labels that are there already, not dealt with yet."""
        with self._guarded.held() as state:
            return offered_labels(state.settings, state.settings.layout)

    def leave_labels(self, column: str) -> None:
        """Offer the labels of a column of the source no more."""
        with self._guarded.held() as state:
            state.take_settings(self._store, without_labels(state.settings, column))

    def _import(self, readings: Readings, called: str) -> ImportReport:
        with self._guarded.held() as state:
            readings = in_one_spelling(state, readings)
            events = [event for one in readings.found for event in one.events]
            kind = state.settings.kind
        self._log.add_classes(n for e in events for n in names_said(kind, e.class_name))
        self.last = told = what_became(readings, in_parts(events, self._log.record))
        self._log.say(Kind.IMPORTED, f"{called}: {told.said()[0]}")
        return told
