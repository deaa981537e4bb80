"""Making a project and opening it again: lock, store, items, settings."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from sparing.errors import SourceError, UnknownNameError
from sparing.project.changes import Changes, reconcile
from sparing.project.folder import Lock, ProjectFolder, default_folder
from sparing.project.items import MNIST, Listing, list_source
from sparing.project.sharing import Overlap
from sparing.project.state import State
from sparing.project.vectors import AUTO, Progress
from sparing.store import Store, open_store
from sparing.store.engine import sqlite_url

if TYPE_CHECKING:
    from sparing.project.training import Trainee

KEPT_VERSIONS = 2
SETTINGS = "settings"
OVERLAP = "overlap"
Opened = tuple[ProjectFolder, Store, State, Lock | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project was made with; see :meth:`sparing.project.Project.create`."""

    source: str
    encoder: str
    seed: int
    columns: tuple[str, ...]


def folder_of(source: str | PathLike[str], folder: str | PathLike[str] | None) -> Path:
    """Return where the project of a source lies; a project is its own place."""
    if folder is not None:
        return Path(folder)
    if ProjectFolder(Path(source)).exists():
        return Path(source)
    return default_folder(str(source))


def make(folder: ProjectFolder, settings: Settings) -> Opened:
    """Make a project; if that fails, nothing stays that could be opened.

    Raises
    ------
    SourceError : the source cannot be read, or the folder cannot be written
    """
    _check_encoder(settings.encoder)
    source = settings.source
    if source != MNIST or Path(source).exists():
        settings = replace(settings, source=str(Path(source).resolve()))
    listing = list_source(settings.source, settings.columns)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder.path} cannot be made: {error.strerror}.") from error
    lock = Lock(folder.path)
    try:
        folder.secret()
        store = open_store(sqlite_url(folder.database), folder.path.name)
        store.put_settings({SETTINGS: json.dumps(asdict(settings))})
        return folder, store, _state(folder, store, listing), lock
    except BaseException:
        lock.release()
        raise


def reopen(folder: ProjectFolder, *, writable: bool) -> Opened:
    """Open a project that is there.

    Raises
    ------
    NotFoundError, ConflictError, SchemaVersionError, SourceError : as of ``Project.open``
    """
    folder.check_exists()
    lock = Lock(folder.path) if writable else None
    store: Store | None = None
    try:
        store = open_store(sqlite_url(folder.database), folder.path.name, writable=writable)
        listing = lister(folder, read_settings(store))()
        if writable:
            folder.sweep()
        state = _state(folder, store, listing) if writable else _view(folder, store, listing)
    except BaseException:
        if store is not None:
            store.close()
        if lock is not None:
            lock.release()
        raise
    return folder, store, state, lock


def _state(folder: ProjectFolder, store: Store, listing: Listing) -> State:
    updates, changes = reconcile(store.items(), listing)
    store.put_items(updates)
    return State(folder, store, listing, changes)


def _view(folder: ProjectFolder, store: Store, listing: Listing) -> State:
    return State(folder, store, listing, Changes())


def read_settings(store: Store) -> Settings:
    """Return what the project was made with."""
    told = json.loads(store.settings()[SETTINGS])
    return Settings(told["source"], told["encoder"], told["seed"], tuple(told["columns"]))


def read_overlap(store: Store, seed: int) -> Overlap:
    """Return which items are to have two answers."""
    return Overlap(float(store.settings().get(OVERLAP, 0)), seed)


def lister(folder: ProjectFolder, settings: Settings) -> Callable[[], Listing]:
    """Return what lists the source of a project; it is looked for beside a moved project too."""
    source = settings.source
    beside = folder.path.resolve().with_name(Path(source).name)
    if source != MNIST and not Path(source).exists() and beside.exists():
        source = str(beside)
    return lambda: list_source(source, settings.columns)


def make_trainee(
    folder: ProjectFolder, store: Store, settings: Settings, progress: Progress
) -> "Trainee":
    """Return what learns from a project."""
    from sparing.project.training import Trainee  # loads scikit-learn: seconds

    items = lister(folder, settings)
    return Trainee(folder, store, items, settings.encoder, settings.seed, progress)


def open_trainee(path: Path, progress: Progress) -> "Trainee":
    """Return what learns from the project at ``path``, for a process that only reads it."""
    folder = ProjectFolder(path)
    store = open_store(sqlite_url(folder.database), path.name, writable=False)
    return make_trainee(folder, store, read_settings(store), progress)


def forget_old_scores(folder: ProjectFolder, version: int) -> None:
    """Remove the scores of versions that nobody reads any more: they are megabytes each."""
    folder.scores(version - KEPT_VERSIONS).unlink(missing_ok=True)


def _check_encoder(name: str) -> None:
    if name != AUTO:
        from sparing.encoders import encoder_names

        if name not in encoder_names():
            raise UnknownNameError("encoder", name, [AUTO, *encoder_names()])
