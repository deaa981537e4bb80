"""Project: items, encoder, events and model versions behind one door."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from sparing._validate import check_int
from sparing.datasets.read import FOUND_OUT
from sparing.datasets.rows import Reading
from sparing.errors import ConflictError, InvalidInputError
from sparing.project import opening, options
from sparing.project.apart import Order, export_apart
from sparing.project.asking import (
    audited_items,
    handed_back_items,
    looked_up,
    mask_of,
    next_items,
    second_opinions,
)
from sparing.project.files import imports
from sparing.project.files.export import export
from sparing.project.files.imports import ImportReport
from sparing.project.log.commands import formed, known_class, recorded
from sparing.project.log.judge import Judge
from sparing.project.reporting import history, look_again, status
from sparing.project.settings import Settings
from sparing.project.team.team import TeamProject
from sparing.project.views import Asked, HistoryRow, Recorded
from sparing.project.views import Status as ProjectStatus
from sparing.store import Kind, NewEvent


class Project(TeamProject):
    r"""A labeling project on disk: what is asked, what was answered, what the model makes of it.

    Made by :meth:`create` and :meth:`open`; a context manager. All methods may be called from
    several threads. Only one process may have a project open for writing, but any number where it
    lies on PostgreSQL. What an answer changes is on the disk before :meth:`record` returns;
    everything else is made again from the events.

    Parameters
    ----------
    folder : of the project
    store, state, lock : as :mod:`sparing.project.opening` makes them

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> table = place / "pets.csv"
    >>> _ = table.write_text("animal,legs\ncat,4\nbird,2\nhen,2\ndog,4\n")
    >>> with Project.create(table, classes=["fur", "feathers"]) as project:
    ...     project.teach({project.query(1)[0].item.item_id: "fur"})
    ...     project.status().n_labeled
    1
    >>> with Project.open(place / "pets.csv.sparing") as project:
    ...     project.status().class_counts
    {'fur': 1, 'feathers': 0}
    """

    @classmethod
    def create(
        cls,
        source: str | PathLike[str],
        folder: str | PathLike[str] | None = None,
        classes: Sequence[str] = (),
        encoder: str = "auto",
        seed: int = 0,
        *,
        columns: Sequence[str] = (),
        label_column: str | None = None,
        reading: Reading = FOUND_OUT,
    ) -> Self:
        """Make a project for a source; the source itself is never changed.

        Parameters
        ----------
        source : a folder of images or .txt files, a CSV, TSV, JSONL, Parquet or .npy file, or
            ``"mnist"``
        folder : where the project lies; beside the source with ``.sparing`` at its end; or the URL
            of a PostgreSQL database, ``postgresql://me@host/labels?project=photos``
        classes : names of the classes to begin with
        encoder : ``"auto"``, the name of an encoder, several joined by ``+``, one with a model such
            as ``"onnx:FOLDER"``, or ``"vectors:FILE"`` of vectors that are there
        seed : of all that is drawn
        columns : of a table: those that make an item; none: all but those that identify rows, such
            as ``id``, which name the items, and one with labels that are there already
        label_column : of a table: the column with such labels, which are imported
        reading : of a table: its header, encoding and sheet, where they are not to be found out

        Raises
        ------
        ConflictError : there is a project already, or another process is making it
        SourceError : the source cannot be read
        UnknownNameError : there is no such encoder or column
        MissingExtraError : SQLAlchemy is not installed
        """
        place = opening.place_of(source, folder)
        if opening.exists(place):
            raise ConflictError(f"{place.name} is a project already: open it.")
        check_int("seed", "Project", seed, 0)
        settings = Settings(str(source), encoder, seed, tuple(columns))
        with opening.uninterrupted():
            project = cls._of(opening.make(place, settings, label_column, reading))
        project.add_classes(classes)
        if label_column is not None:
            project.import_source_labels(label_column)
        return project

    @classmethod
    def open(
        cls,
        folder: str | PathLike[str],
        *,
        writable: bool = True,
        source: str | PathLike[str] | None = None,
    ) -> Self:
        """Open a project; what has changed in its source is noticed and told.

        Parameters
        ----------
        folder : of the project; or the URL of its database
        writable : False: look only, while another process may be writing
        source : where its source is now, if that has moved; it is kept

        Raises
        ------
        NotFoundError : there is no project
        ConflictError : another process writes to it; the message names it
        SchemaVersionError : it was written by a newer version of this package
        SourceError : its source is not there any more, or ``source`` is another one
        """
        with opening.uninterrupted():
            place = opening.place_at(folder)
            return cls._of(opening.reopen(place, writable=writable, source=source))

    @classmethod
    def _of(cls, opened: opening.Opened) -> Self:
        try:
            return cls(*opened)
        except BaseException:
            opening.let_go(opened)
            raise

    @classmethod
    def at(cls, source: str | PathLike[str], **said: Any) -> Self:
        """Open the project of a source, or the project itself, or make a new one.

        Parameters
        ----------
        source : a source as of :meth:`create`, or the folder of a project
        said : options of :meth:`create`, None for those that nobody has said. Of a project that is
            there already the encoder changes, classes are added and labels imported; the columns of
            its items stay

        Raises
        ------
        InvalidInputError : other columns for a project that is there
        ConflictError : another encoder while an audit is open
        """
        said = {name: value for name, value in said.items() if value is not None}
        place = opening.place_of(source, said.get("folder"))
        if not opening.exists(place):
            return cls.create(source, **said)
        project = cls.open(place.url or place.path)
        try:
            project._obey(said)
        except BaseException:
            project.close()
            raise
        return project

    def query(self, n: int = 1, exclude: Iterable[str] = (), annotator: str = "") -> list[Asked]:
        """Return up to ``n`` items to label next; never waits for a model.

        Parameters
        ----------
        n : how many
        exclude : keys of items that are asked already
        annotator : who asks; may be asked blind about an item that another person has answered
        """
        check_int("n", "query", n, 1)
        self.catch_up()
        with self._state.lock:
            without = mask_of(self._state, exclude)
            second = second_opinions(self._state, self._handed, n, without, annotator)
            n_first = n - min(len(second), 1)  # one at a time, so that nobody meets them in a heap
            seed = self._settings.seed
            first = next_items(self._state, self._handed, n_first, without, seed)
        return [*second[: n - len(first)], *first]

    def audit_next(
        self, n: int = 1, exclude: Iterable[str] = (), annotator: str = ""
    ) -> list[Asked]:
        """Return up to ``n`` items of the open audit, blind; none if no audit is open."""
        self.catch_up()
        with self._state.lock:
            return audited_items(
                self._state, self._handed, n, mask_of(self._state, exclude), annotator
            )

    def handback_next(
        self, n: int = 1, exclude: Iterable[str] = (), annotator: str = ""
    ) -> list[Asked]:
        """Return up to ``n`` items that the certificate leaves to people."""
        self.catch_up()
        with self._state.lock:
            return handed_back_items(self._state, self._handed, n, mask_of(self._state, exclude))

    def asked(self, item_id: str, annotator: str = "") -> Asked:
        """Return one item with its answer so far, to look at or correct.

        Parameters
        ----------
        item_id : of the item
        annotator : who looks; sees no answer where an opinion of theirs is wanted

        Raises
        ------
        NotFoundError : there is no such item
        """
        with self._state.lock:
            return looked_up(self._state, item_id, annotator)

    def record(self, events: Sequence[NewEvent]) -> list[Recorded]:
        """Store what somebody says; it is on the disk when this returns.

        Sent again, an event counts once. The fate of one does not touch the others.

        Parameters
        ----------
        events : in the order in which they were said

        Returns
        -------
        what became of each

        Raises
        ------
        StoreError : the disk refused; nothing was stored
        """
        self.catch_up()
        with self._state.lock:
            said = formed(self._state, events)
            to_store = [event for event in said if isinstance(event, NewEvent)]
            judge = Judge(self._state, self._handed, to_store)
        outcomes = iter(self._append(to_store, judge, judge.after) if to_store else ())
        with self._state.lock:
            return [
                event
                if isinstance(event, Recorded)
                else recorded(self._state, event, next(outcomes))
                for event in said
            ]

    def teach(self, answers: Mapping[str, str], annotator: str = "") -> None:
        """Label items by their keys, whatever label they had; new class names become classes.

        Raises
        ------
        InvalidInputError : an item or a class name makes no sense; the others are stored
        """
        self.add_classes(answers.values())
        with self._state.lock:
            events = [self._label(item_id, label, annotator) for item_id, label in answers.items()]
        refused = [done for done in self.record(events) if done.status in ("refused", "conflict")]
        if refused:
            raise InvalidInputError(refused[0].message or "Somebody else has just answered.")

    def add_classes(self, names: Iterable[str]) -> None:
        """Add the classes that are not there yet.

        Raises
        ------
        InvalidInputError : a name is empty, too long or not printable
        """
        refused = [done for done in self._add_classes(names) if done.status == "refused"]
        if refused:
            raise InvalidInputError(refused[0].message)

    def undo(self, n: int = 1) -> list[Recorded]:
        """Undo the last ``n`` things that were said and not undone."""
        check_int("n", "undo", n, 1)
        return [self._undo_latest() for _ in range(n)]

    def status(self) -> ProjectStatus:
        """Return where the project stands."""
        self.catch_up()
        with self._state.lock:
            return status(self._state, self.trainer_said, self.encoded)

    def history(
        self, search: str = "", offset: int = 0, limit: int = 50, annotator: str = ""
    ) -> tuple[int, list[HistoryRow]]:
        """Return how many answers fit the search, and a page of them, the newest first.

        A person sees what they said themselves where several have answered, and nothing of the
        items on which an opinion of theirs is wanted.
        """
        with self._state.lock:
            return history(self._state, search, offset, limit, annotator)

    def look_again(self, limit: int = 20, annotator: str = "") -> list[tuple[Asked, str]]:
        """Return labeled items that are likely mistakes, each with the reason."""
        with self._state.lock:
            return look_again(self._state, limit, annotator)

    def export(self, path: str | PathLike[str], form: str = "csv", annotator: str = "") -> int:
        """Write all labels with their provenance; return how many items have one.

        While a check of the model is open there is no guess for what it has drawn.

        Parameters
        ----------
        path : the file; for ``"folders"`` a folder that is not there yet, or empty
        form : ``"csv"``, ``"jsonl"``, ``"parquet"``, or ``"folders"``: PATH/provenance/class/file
        annotator : who reads it; what they are to answer without knowing what others said comes
            without that

        Raises
        ------
        UnknownNameError : no such form
        SourceError : the path cannot be written
        MissingExtraError : Parquet without pyarrow
        """
        return export(self._state, Path(path), form, annotator)

    def export_apart(
        self, path: str | PathLike[str], form: str = "csv", annotator: str = ""
    ) -> None:
        """Write all labels as :meth:`export` does, by a process of its own that nobody waits for.

        Raises
        ------
        SparingError : as of :meth:`export`
        """
        export_apart(self.folder, self.url, Order(str(path), form, annotator))

    def import_labels(
        self,
        path: str | PathLike[str],
        item_column: str | None = None,
        label_column: str | None = None,
    ) -> ImportReport:
        """Take labels from a table; none that is there already is overwritten.

        Parameters
        ----------
        path : a CSV, TSV, JSONL or Parquet file, such as an export
        item_column : names the items by key, path, name or text; ``item_id``, ``item``, ``path``,
            ... if not given
        label_column : ``label`` or ``class`` if not given

        Returns
        -------
        how many were taken, and each row that was not, with the reason

        Raises
        ------
        SourceError, InvalidInputError : the table cannot be read, or lacks such a column
        """
        with self._state.lock:
            readings = imports.read_labels(self._state, Path(path), item_column, label_column)
        return self._import(readings, Path(path).name)

    def import_source_labels(self, column: str) -> ImportReport:
        """Take the labels that the source itself has in a column; as :meth:`import_labels`.

        Raises
        ------
        InvalidInputError : the source is no table, or a model learns from this column
        UnknownNameError : it has no such column
        """
        options.check_no_part(self._settings.layout, column)
        with self._state.lock:
            readings = imports.read_source_labels(self._state, column)
        told = self._import(readings, f"column '{column}' of {self.name}")
        self.leave_labels(column)
        return told

    def _obey(self, said: Mapping[str, Any]) -> None:
        self._keep(options.obeyed(self._settings, said, self._state))
        if "encoder" in said:
            self.set_encoder(said["encoder"])
        self.add_classes(said.get("classes", ()))
        if said.get("label_column"):
            self.import_source_labels(said["label_column"])

    def _import(self, readings: imports.Readings, called: str) -> ImportReport:
        labels = (one.label.class_name for one in readings.found if one.label)
        self._add_classes(name for name in labels if name)
        events = [event for one in readings.found for event in one.events]
        told = imports.report(readings, imports.in_parts(events, self.record))
        self._say(Kind.IMPORTED, f"{called}: {told.said()[0]}")
        return told

    def _add_classes(self, names: Iterable[str]) -> list[Recorded]:
        with self._state.lock:
            new = [n for n in dict.fromkeys(names) if not known_class(self._state, n)]
        events = [NewEvent(key=uuid4().hex, kind=Kind.ADD_CLASS, class_name=n) for n in new]
        return self.record(events)

    def _undo_latest(self) -> Recorded:
        with self._state.lock:
            latest = self._state.replay.latest_undoable()
        undoes = latest.key if latest else None
        return self.record([NewEvent(key=uuid4().hex, kind=Kind.UNDO, undoes=undoes)])[0]

    def _label(self, item_id: str, label: str, annotator: str) -> NewEvent:
        row = self._state.row_of.get(item_id, -1)
        current = self._state.replay.of(item_id).answer
        return NewEvent(
            key=uuid4().hex,
            kind=Kind.LABEL,
            item_id=item_id,
            class_name=label,
            model_version=self._handed.version_of(row),
            seen=current.key if current else None,
            annotator=annotator,
        )
