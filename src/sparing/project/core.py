"""Project: items, encoder, events and model versions behind one door."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sparing._validate import check_int
from sparing.annotations.boxes import BoxSet, box_parts
from sparing.annotations.labels import LabelSet
from sparing.annotations.spans import span_parts
from sparing.audit.audit import Phase
from sparing.datasets.label_cells import one_label
from sparing.datasets.read import FOUND_OUT
from sparing.datasets.rows import Reading
from sparing.errors import ConflictError, InvalidInputError, UnknownNameError
from sparing.pool.class_names import said_of
from sparing.project import opening, options
from sparing.project.asking import looked_up, mask_of, next_items, second_opinions
from sparing.project.attribution import Handed
from sparing.project.audits.audits import Audits
from sparing.project.belongings import DRAWS
from sparing.project.detecting.detecting import Detecting
from sparing.project.files.files import Files
from sparing.project.folder import Lock, ProjectFolder
from sparing.project.grid.grid import Grid
from sparing.project.learning.learning import Learning
from sparing.project.locations import Whereabouts
from sparing.project.locked_state import Guarded
from sparing.project.log.commands import spelled
from sparing.project.log.event_log import EventLog
from sparing.project.log.follower import Follower
from sparing.project.log.meaning import as_said, names_said
from sparing.project.map.maps import Map
from sparing.project.multiprocess import Duties
from sparing.project.reporting import Search, history, look_again, status
from sparing.project.settings import CLASS, Settings
from sparing.project.source.items_view import ItemsView
from sparing.project.source.rematching import Rematching
from sparing.project.source_access import lister
from sparing.project.state import State
from sparing.project.team.lending import Lending
from sparing.project.team.team import Team
from sparing.project.views import MARKS, Asked, HistoryRow, Recorded
from sparing.project.views import Status as ProjectStatus
from sparing.store import Kind, NewEvent, Store
from sparing.types import Label, Progress


class Project:
    r"""A labeling project on disk: what is asked, what was answered, what the model makes of it.

    Made by :meth:`create` and :meth:`open`; a context manager. All methods may be called from
    several threads. Only one process may have a project open for writing, but any number where it
    lies on PostgreSQL. What an answer changes is on the disk before :meth:`record` returns;
    everything else is made again from the events.

    Parameters
    ----------
    folder : of the project
    store, state, lock : as :mod:`sparing.project.opening` makes them

    Attributes
    ----------
    where : the project and its source lie, and whoever has it open is found
    audits : checks the model and certifies what it says
    team : how far people agree, who answers twice, what they are told
    files : labels to files, and from files
    detecting : suggests the boxes that a detector of somebody's own finds
    grid : pages of items that are looked at together
    map : the items as points on a plane
    learning : the model and its encoder
    log : the way of what is said into the store
    lending : asks each item of one person at a time
    rematching : finds items again that are not in the source as it is now
    duties : what this process does for all that share the project

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> table = place / "pets.csv"
    >>> _ = table.write_text("animal,legs\ncat,4\nbird,2\nhen,2\ndog,4\n")
    >>> with Project.create(table, classes=["fur", "feathers"]) as project:
    ...     _ = project.teach({project.query(1)[0].item.item_id: "fur"})
    ...     project.status().n_labeled
    1
    >>> with Project.open(place / "pets.csv.sparing") as project:
    ...     project.status().class_counts
    {'fur': 1, 'feathers': 0}
    """

    def __init__(
        self, folder: ProjectFolder, store: Store, state: State, lock: Lock | None
    ) -> None:
        self._folder = folder
        self._store = store
        self._guarded = guarded = Guarded(state)
        self._lock = lock
        self._handed = Handed(None if lock is None else folder.path / DRAWS)
        list_items = lister(folder, state.settings)
        follower = Follower(store, guarded, list_items, is_writable=lock is not None)
        self.log = EventLog(store, guarded, follower, self._handed)
        self.where = Whereabouts(folder, guarded, lock)
        self.duties = Duties(store, folder.is_shared)
        self.learning = Learning(store, guarded, self.log, self.duties)
        self.audits = Audits(guarded, self.log, self._handed)
        self.team = Team(store, guarded, self.log)
        self.lending = Lending(store, guarded, self.log)
        self.files = Files(store, guarded, self.log)
        self.detecting = Detecting(guarded, self.log)
        self.grid = Grid(guarded)
        self.map = Map(guarded)
        self.rematching = Rematching(store, guarded, list_items)
        self.learning.take_contents()

    @classmethod
    def create(  # noqa: PLR0913  # all that a project is made of
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
        kind: str | None = None,
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
        reading : of a table: its header, encoding and sheet, where they are not to be found out; of
            a folder: whether links that lead out of it are followed
        kind : of its answers, for ever: ``"class"``, one an item, ``"labels"``, several,
            ``"spans"``, marked in its text, or ``"boxes"``, drawn in its picture; None: as
            what is there already, else one class

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
        options.check_kind(kind or CLASS)
        settings = Settings(str(source), encoder, seed, tuple(columns), kind=kind or "")
        with opening.uninterrupted():
            project = cls._of(opening.make(place, settings, label_column, reading))
        project.add_classes(classes)
        if label_column is not None:
            project.files.import_source_labels(label_column)
        return project

    @classmethod
    def open(
        cls,
        folder: str | PathLike[str],
        *,
        writable: bool = True,
        source: str | PathLike[str] | None = None,
        follow_links: bool = False,
    ) -> Self:
        """Open a project; what has changed in its source is noticed and told.

        Parameters
        ----------
        folder : of the project; or the URL of its database
        writable : False: look only, while another process may be writing
        source : where its source is now, if that has moved; it is kept
        follow_links : whether links that lead out of its source are followed from now on

        Raises
        ------
        NotFoundError : there is no project
        ConflictError : another process writes to it; the message names it
        SchemaVersionError : it was written by a newer version of this package
        SourceError : its source is not there any more, or ``source`` is another one
        """
        with opening.uninterrupted():
            place = opening.place_at(folder)
            opened = opening.reopen(
                place, writable=writable, source=source, follow_links=follow_links
            )
            return cls._of(opened)

    @classmethod
    def _of(cls, opened: opening.Opened) -> Self:
        try:
            return cls(*opened)
        except BaseException:
            opening.let_go(opened)
            raise

    @classmethod
    def at(cls, source: str | PathLike[str], *, fetch: bool = False, **said: Any) -> Self:
        """Open the project of a source, or the project itself, or make a new one.

        Parameters
        ----------
        source : a source as of :meth:`create`, or the folder of a project
        fetch : whether a model that is named, such as ``"fastembed:NAME"``, may be fetched from the
            network if it is not in this user's cache
        said : options of :meth:`create`, None for those that nobody has said. Of a project that is
            there already the encoder changes, classes are added and labels imported; the columns of
            its items stay

        Raises
        ------
        InvalidInputError : other columns for a project that is there
        ConflictError : another encoder while an audit is open
        MissingExtraError, SourceError : a library or a model that is named is not here; a project
            that is there stays as it was
        """
        said = {name: value for name, value in said.items() if value is not None}
        place = opening.place_of(source, said.get("folder"))
        if not opening.exists(place):
            fetched = fetch and opening.is_by_name(said.get("encoder", ""))
            new = {name: value for name, value in said.items() if name != "encoder" or not fetched}
            project = cls.create(source, **new)
            said = {"encoder": said["encoder"]} if fetched else {}
        else:
            reading = said.get("reading", FOUND_OUT)
            with opening.uninterrupted():
                project = cls._of(
                    opening.reopen(
                        place,
                        writable=True,
                        argument=source,
                        follow_links=reading.follow_links,
                    )
                )
        try:
            project._obey(said, fetch=fetch)
        except BaseException:
            project.close()
            raise
        return project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the project; all that was answered is on the disk already."""
        self.duties.release()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def __repr__(self) -> str:
        return f"<Project {self.name}: {len(self.items)} items, {self.folder}>"

    @property
    def is_writable(self) -> bool:
        """Whether this process may write to it."""
        return self._lock is not None

    @property
    def kind(self) -> str:
        """What its answers are: ``"class"``, ``"labels"``, ``"spans"`` or ``"boxes"``."""
        with self._guarded.held() as state:
            return state.settings.kind

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self._folder.path

    @property
    def name(self) -> str:
        """The name of the source, for people."""
        with self._guarded.held() as state:
            return Path(state.settings.source).name

    @property
    def store(self) -> Store:
        """The events, items and model versions."""
        return self._store

    @property
    def items(self) -> ItemsView:
        """The items by their keys."""
        return ItemsView(self._guarded)

    @property
    def classes(self) -> list[tuple[str, str]]:
        """(name, key) of the classes that can be given, in the order they were added."""
        with self._guarded.held() as state:
            return [(c.name, c.class_id) for c in state.replay.classes]

    @property
    def places(self) -> list[tuple[str, int]]:
        """(name, place) of the classes that can be given; nothing ever moves a place."""
        with self._guarded.held() as state:
            everyone = state.replay.all_classes
            return [(c.name, place) for place, c in enumerate(everyone) if c.is_live]

    @property
    def phase(self) -> Phase:
        """Where the job stands."""
        self.log.catch_up()
        with self._guarded.held() as state:
            return state.phase

    def query(self, n: int = 1, exclude: Iterable[str] = (), annotator: str = "") -> list[Asked]:
        """Return up to ``n`` items to label next; never waits for a model.

        Parameters
        ----------
        n : how many
        exclude : keys of items that are asked already
        annotator : who asks; may be asked blind about an item that another person has answered
        """
        check_int("n", "query", n, 1)
        self.log.catch_up()
        with self._guarded.held() as state:
            without = mask_of(state, exclude)
            second = second_opinions(state, self._handed, n, without, annotator)
            n_first = n - min(len(second), 1)  # one at a time, so that nobody meets them in a heap
            seed = state.settings.seed
            first = next_items(state, self._handed, n_first, without, seed)
        return [*second[: n - len(first)], *first]

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
        with self._guarded.held() as state:
            return looked_up(state, item_id, annotator)

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
        return self.log.record(events)

    def teach(self, answers: Mapping[str, Any], annotator: str = "") -> tuple[str, ...]:
        """Label items by their keys, whatever label they had; new class names become classes.

        Parameters
        ----------
        answers : the label of each item; in a project of several labels the list or set of them,
            empty for an item that has none; of spans a list of ``(start, end, label)``, of
            boxes one of ``(x0, y0, x1, y1, label)`` in pixels
        annotator : who says it

        Returns
        -------
        as of :meth:`add_classes`

        Raises
        ------
        InvalidInputError : an item or a class name makes no sense; the others are stored
        """
        kind = self.kind
        labels = {item_id: _said(kind, answer) for item_id, answer in answers.items()}
        notes = self.add_classes(n for one in labels.values() for n in names_said(kind, one))
        said = self.log.label(labels, annotator)
        refused = [done for done in said if done.status in ("refused", "conflict")]
        if refused:
            raise InvalidInputError(refused[0].message or "Somebody else has just answered.")
        return notes

    def add_classes(self, names: Iterable[str]) -> tuple[str, ...]:
        """Add the classes that are not there yet.

        Returns
        -------
        sentences on names that were taken for others, from which only their writing differs

        Raises
        ------
        InvalidInputError : a name is empty, too long or not printable
        """
        names = list(dict.fromkeys(names))
        refused = [done for done in self.log.add_classes(names) if done.status == "refused"]
        if refused:
            raise InvalidInputError(refused[0].message)
        with self._guarded.held() as state:
            return said_of(spelled(state, names))

    def delete_class(self, name: str) -> None:
        """Delete a class that no item bears; :meth:`undo` brings it back.

        Raises
        ------
        InvalidInputError : an item bears it, a check of a model rests on it, or there is none
        """
        event = NewEvent(key=uuid4().hex, kind=Kind.DELETE_CLASS, class_name=name)
        (done,) = self.record([event])
        if done.status == "refused":
            raise InvalidInputError(done.message)

    def undo(self, n: int = 1) -> list[Recorded]:
        """Undo the last ``n`` things that were said and not undone."""
        check_int("n", "undo", n, 1)
        return [self.log.undo() for _ in range(n)]

    def retrain(self, progress: Progress = lambda what, done, total: None) -> int:
        """Learn here and now from all answers; return the model version.

        Where a trainer runs in the background it does this; then there is no need to.

        Raises
        ------
        SparingError : the items cannot be encoded, or the model cannot be fitted
        """
        return self.learning.retrain(progress)

    def status(self, annotator: str = "") -> ProjectStatus:
        """Return where the project stands.

        Parameters
        ----------
        annotator : who looks: what others have said of items that this person is still to answer
            without knowing it is not counted by class
        """
        self.log.catch_up()
        with self._guarded.held() as state:
            return status(state, annotator)

    def history(
        self,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
        annotator: str = "",
        marked: str | None = None,
    ) -> tuple[int, list[HistoryRow]]:
        """Return how many answers fit the search, and a page of them, the newest first.

        A person sees what they said themselves where several have answered, and nothing of the
        items on which an opinion of theirs is wanted.

        Parameters
        ----------
        search : a part of the name, content, class or comment
        offset, limit : which page
        annotator : who looks
        marked : ``"flagged"``, ``"skipped"`` or ``"commented"``: such items in place of all that
            were answered, those without an answer too

        Raises
        ------
        UnknownNameError : there is no such mark
        """
        if marked not in (None, *MARKS):
            raise UnknownNameError("mark", marked, MARKS)
        with self._guarded.held() as state:
            return history(state, Search(search, marked, annotator), offset, limit)

    def look_for(self, class_name: str, words: Sequence[str] = ()) -> int:
        """Begin with a class that is hard to find, at items that have words in their name or text.

        No label is made of a word: what is like these items is asked first, until eight of the
        class are known or thirty answers show that the words lead nowhere. Where no item has one,
        and the encoder reads words as well as it sees pictures, these are the pictures that are
        most like them.

        Parameters
        ----------
        class_name : of the class; added if it is not there yet
        words : any of them, in any case; none: the name of the class itself

        Returns
        -------
        how many items have one of the words; 0: pictures are compared with them

        Raises
        ------
        InvalidInputError : none has and pictures are not found by words, or the name cannot be one
            of a class
        """
        with self._guarded.held() as state:
            options.check_one_class(state.settings, "Words lead to a class in projects")
        wanted = [word.strip() for word in words if word.strip()] or [class_name]
        found = {int(row) for word in wanted for row in self.grid.search(word)}
        if not found and not self.learning.finds_pictures():
            named = "' or '".join(wanted)
            raise InvalidInputError(f"No item has '{named}' in its name or text: take other words.")
        self.add_classes([class_name])
        self.learning.look_for(class_name, wanted)
        return len(found)

    def look_again(self, limit: int = 20, annotator: str = "") -> list[tuple[Asked, str]]:
        """Return labeled items that are likely mistakes, each with the reason."""
        with self._guarded.held() as state:
            return look_again(state, limit, annotator)

    def _obey(self, said: Mapping[str, Any], *, fetch: bool = False) -> None:
        with self._guarded.held() as state:
            options.check_said(state.settings, said)
        if "encoder" in said:
            self.learning.set_encoder(said["encoder"], fetch=fetch)
        self.add_classes(said.get("classes", ()))
        if said.get("label_column"):
            self.files.import_source_labels(said["label_column"])


def _said(kind: str, answer: Any) -> str:
    """Return an answer, with the names of classes, as a door hands it in."""
    if kind == CLASS:
        return _named(answer)
    if kind == LabelSet.name:
        return as_said([_named(label) for label in LabelSet().labels_in(answer)])
    if kind == BoxSet.name:
        return as_said([_plain_box(part) for part in box_parts(answer)])
    return as_said([{**part, "label": _named(part["label"])} for part in span_parts(answer)])


def _plain_box(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a box as JSON has it: numbers of NumPy are numbers."""
    box = part["box"]
    plain = [getattr(x, "item", lambda x=x: x)() for x in box] if isinstance(box, list) else box
    return {**part, "box": plain, "label": _named(part["label"])}


def _named(label: Label) -> str:
    """Return a label as the name of a class; what stands for none in a table is a name here."""
    return one_label(label) or (label if isinstance(label, str) else "")
