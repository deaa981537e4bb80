"""Making a project and opening it again: lock, store, items, settings."""

import gc
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sparing.datasets.marked.read import is_marked
from sparing.datasets.read import FOUND_OUT
from sparing.datasets.rows import Reading, is_missing
from sparing.datasets.vectorfile import read_vector_file
from sparing.errors import ConflictError, NotFoundError, SourceError
from sparing.project.audits.draws import retell_contents
from sparing.project.belongings import check_free, check_own, database_of, mark, sweep
from sparing.project.folder import Lock, ProjectFolder, default_folder
from sparing.project.multiprocess import FOLDER, SharedLock, alone_on_duty, new_place, placed
from sparing.project.settings import (
    BOXES,
    CLASS,
    LABELS,
    SETTINGS,
    SPANS,
    Settings,
    as_stored,
    keep_settings,
    read_settings,
)
from sparing.project.source.changes import ITEMS_STAMP, Changes, applied, attached, reconcile
from sparing.project.source.encoding import AUTO, GIVEN, full_name
from sparing.project.source.framed import framed
from sparing.project.source.items import GONE, MNIST, Listing
from sparing.project.source.listing import list_source
from sparing.project.source.older import hashes_of_today, layout_before, told_anew
from sparing.project.source.passages import list_passages
from sparing.project.source.vectors import check_given
from sparing.project.source_access import (
    chosen,
    follows_links,
    found_source,
    full_source,
    listed,
    lister,
)
from sparing.project.state import State
from sparing.project.trust import judged_anew, note_encoder, note_source
from sparing.store import ItemRow, Store, Version, open_store, stored_setting
from sparing.store.engine import is_postgresql, shown_url
from sparing.types import Progress

if TYPE_CHECKING:
    from sparing.project.learning.span_trainee import SpanTrainee
    from sparing.project.learning.trainee import Trainee

KEPT_VERSIONS = 2
Opened = tuple[ProjectFolder, Store, State, Lock | None]


def place_of(source: str | PathLike[str], folder: str | PathLike[str] | None) -> ProjectFolder:
    """Return where the project of a source lies; a project is its own place."""
    if folder is not None or is_postgresql(source):
        return place_at(folder or source)
    there = ProjectFolder(Path(source))
    is_one = there.exists() or database_of(there.path) is not None
    return there if is_one else ProjectFolder(default_folder(str(source)))


def place_at(folder: str | PathLike[str]) -> ProjectFolder:
    """Return a project's place: a folder, or the URL of a database, which names the folder."""
    if is_postgresql(folder):
        return ProjectFolder(Path(), str(folder))
    return ProjectFolder(Path(folder))


def exists(place: ProjectFolder) -> bool:
    """Tell whether there is a project.

    Raises
    ------
    StoreError : the database cannot be reached, or something of the folder is a link
    """
    if place.is_shared:
        return stored_setting(place.url, SETTINGS) is not None
    check_own(place.path)
    # One that was killed while it was made has a database, but no settings in it.
    return place.exists() and stored_setting(place.store_url, SETTINGS) is not None


def existing(place: str | PathLike[str]) -> ProjectFolder:
    """Return where a project lies, named by its folder, its source or its URL.

    Raises
    ------
    NotFoundError : there is none
    StoreError : its database cannot be reached
    """
    there = place_of(place, None)
    if not exists(there):
        raise _no_project(there)
    return there


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Make what stays, a million items perhaps, without searching it for garbage all the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def make(
    place: ProjectFolder,
    settings: Settings,
    label_column: str | None = None,
    reading: Reading = FOUND_OUT,
) -> Opened:
    """Make a project; if that fails, nothing stays that could be opened, nor a folder made for it.

    Parameters
    ----------
    place : where it will be
    settings : of it
    label_column : of a table: the column with labels that are there already, if it was named
    reading : of a table: how it is to be read, where somebody said it

    Raises
    ------
    SourceError : the source cannot be read, or the folder cannot be written
    """
    check_encoder_for(settings.encoder)
    if is_postgresql(settings.source):
        name = shown_url(settings.source)
        raise NotFoundError(
            f"{name} is no project: 'sparing label SOURCE --project URL' makes one."
        )
    settings = replace(
        settings, source=full_source(settings.source), encoder=full_name(settings.encoder)
    )
    settings, listing = _first_listing(settings, label_column, reading)
    check_encoder_for(settings.encoder, listing)
    layout = listing.layout
    settings = replace(
        settings,
        left_out=layout.left_out if layout else (),
        layout=layout,
        follow_links=reading.follow_links,
        encoding=None if layout else reading.encoding,
    )
    folder = new_place(place.url, settings.source) if place.is_shared else place
    check_free(folder.path)
    is_new = not folder.path.exists()
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        folder.path.mkdir(0o700, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder.path} cannot be made: {error.strerror}.") from error
    lock: Lock | None = None
    store: Store | None = None
    try:
        lock = SharedLock() if folder.is_shared else Lock(folder.path)
        folder.secret()
        if folder.is_shared:
            mark(folder.path, folder.name)
        else:
            folder.database.touch(0o600)
        store = open_store(folder.store_url, folder.name)
        with alone_on_duty(store, folder, "opening"):
            if folder.is_shared and SETTINGS in store.settings():
                raise ConflictError(f"{folder.name} is a project already: open it.")
            settings = note_encoder(note_source(settings))
            told = as_stored(settings)
            store.put_settings(told | ({FOLDER: str(folder.path)} if folder.is_shared else {}))
            return folder, store, _state(folder, store, listing, settings), lock
    except BaseException as error:
        if store is not None:
            store.close()
        is_mine = isinstance(error, Exception) and not isinstance(error, ConflictError)
        if is_new and is_mine:  # else another process is there, or this one is to end at once
            shutil.rmtree(folder.path, ignore_errors=True)
        if lock is not None:
            lock.release()
        if isinstance(error, OSError):
            raise SourceError(f"{folder.path} cannot be written: {error.strerror}.") from error
        raise


def _first_listing(
    settings: Settings, label_column: str | None, reading: Reading
) -> tuple[Settings, Listing]:
    """List the source of a new project; return the settings with the kind of its answers, too."""
    path = Path(settings.source)

    def found(columns: Sequence[str]) -> Listing:
        return list_source(settings.source, columns, label_column=label_column, reading=reading)

    if settings.kind == SPANS or (not settings.kind and is_marked(path)):
        listing = list_passages(path, found, settings.columns, reading.encoding)
        return replace(settings, kind=SPANS), listing
    listing = found(settings.columns)
    if settings.kind == BOXES:
        return settings, framed(listing, settings.source)
    return replace(settings, kind=settings.kind or kind_of(listing)), listing


def kind_of(listing: Listing) -> str:
    """Return of which kind answers are, by the labels that a source has already.

    Where all cells are lists, and not each of a single label, items have several or none of them.
    """
    layout, table = listing.layout, listing.table
    column = layout.label_column if layout else None
    if table is None or column is None or column not in table.columns:
        return CLASS
    cells = table.columns[column]
    are_lists = all(isinstance(cell, list) or is_missing(cell) for cell in cells)
    is_several = any(isinstance(cell, list) and len(cell) != 1 for cell in cells)
    return LABELS if are_lists and is_several else CLASS


def reopen(
    place: ProjectFolder,
    *,
    writable: bool,
    source: str | PathLike[str] | None = None,
    argument: str | PathLike[str] | None = None,
    follow_links: bool = False,
) -> Opened:
    """Open a project that is there; where its source has moved, ``source`` says where to.

    Its source counts as named if it is the ``argument`` of a command. Links that lead out of it are
    followed from now on where ``follow_links`` says so.

    Raises
    ------
    NotFoundError, ConflictError, SchemaVersionError, SourceError : as of ``Project.open``
    """
    if not exists(place):
        raise _no_project(place)
    lock = None if place.is_shared or not writable else Lock(place.path)
    store: Store | None = None
    try:
        store = open_store(place.store_url, place.name, writable=writable)
        folder = placed(place, store)
        check_own(folder.path)
        if writable and folder.is_shared:
            mark(folder.path, folder.name)  # projects of older versions have no marker
        lock = SharedLock() if writable and folder.is_shared else lock
        if source is not None:
            repoint(folder, store, source)
        _take_argument(folder, store, argument)
        settings = _settled(folder, store)
        if follow_links:
            settings = _with_links(folder, store, settings)
        listing = lister(folder, settings)()
        if not writable:
            return folder, store, _view(folder, store, listing), lock
        with alone_on_duty(store, folder, "opening"):
            if not folder.is_shared:
                sweep(folder.path)
            settings = _with_key(folder, store, settings)
            return folder, store, _state(folder, store, listing, settings), lock
    except BaseException:
        if store is not None:
            store.close()
        if lock is not None:
            lock.release()
        raise


def _take_argument(
    folder: ProjectFolder, store: Store, argument: str | PathLike[str] | None
) -> None:
    """Take the source for named that a command has for its argument, if it is the project's."""
    settings = read_settings(store)
    if argument is None or full_source(argument) != settings.source:
        return
    follow_links = follows_links(folder, settings)  # naming a source says nothing of links
    taken = note_source(replace(settings, follow_links=follow_links))
    if taken != settings:
        keep_settings(store, taken)


def _with_links(folder: ProjectFolder, store: Store, settings: Settings) -> Settings:
    """Return the settings of a project that follows links from now on, where it has a source."""
    source = found_source(folder, settings)
    if source is None or follows_links(folder, settings):
        return settings
    settings = note_source(replace(settings, source=source, follow_links=True))
    keep_settings(store, settings)
    return settings


def _with_key(folder: ProjectFolder, store: Store, settings: Settings) -> Settings:
    """Return the settings with the key of the project, which one of an older version gets now."""
    stored = read_settings(store)
    follow_links = follows_links(folder, stored)
    judged = replace(judged_anew(folder, stored), follow_links=follow_links)
    if judged != stored:
        keep_settings(store, judged)
    return replace(settings, key=judged.key, follow_links=follow_links)


def let_go(opened: Opened) -> None:
    """Let go of a project that was opened, where nothing could be made of it."""
    _, store, _, lock = opened
    store.close()
    if lock is not None:
        lock.release()


def _settled(folder: ProjectFolder, store: Store) -> Settings:
    """Return the settings; of an older version, with the columns by which it knew its items."""
    settings = read_settings(store)
    source = found_source(folder, settings)
    is_settled = settings.layout is not None or settings.kind == SPANS
    if is_settled or source is None or settings.left_out is None:
        return settings
    path, stored = Path(source), store.items()
    return replace(
        settings, layout=layout_before(path, settings.columns, settings.left_out, stored)
    )


def _no_project(place: ProjectFolder) -> NotFoundError:
    database = None if place.is_shared else database_of(place.path)
    if database is None:
        return NotFoundError(f"{place.name} is no project: 'sparing label SOURCE' makes one.")
    return NotFoundError(
        f"{place.path} holds the files of the project on {database}: open it by that URL."
    )


def _state(folder: ProjectFolder, store: Store, listing: Listing, settings: Settings) -> State:
    stored = _of_today(folder, store, listing)
    found = reconcile(stored, listing)
    if read_settings(store).layout != listing.layout:  # of an older version: now it is settled
        keep_settings(store, replace(settings, layout=listing.layout))
    if found.updates:
        store.put_items(found.updates)
        store.put_settings({ITEMS_STAMP: uuid4().hex})
        stored = applied(stored, found.updates)
    return State(folder, store, stored, found.listing, found.changes)


def _of_today(folder: ProjectFolder, store: Store, listing: Listing) -> list[ItemRow]:
    """Return the items, with today's hashes where an older version has written them."""
    stored, today = store.items(), hashes_of_today(listing)
    anew = told_anew(stored, today)
    if anew:
        retell_contents(folder, today)  # first: an open audit compares with what the items hold
        store.put_items(anew)
    return applied(stored, anew)


def told_today(stored: Sequence[ItemRow], listing: Listing) -> list[ItemRow]:
    """Return items with today's hashes where an older version has written them."""
    return applied(stored, told_anew(stored, hashes_of_today(listing)))


def items_of_today(folder: ProjectFolder, store: Store) -> list[ItemRow]:
    """Return the items with today's hashes, as far as the source is there; nothing is written."""
    stored, settings = store.items(), _settled(folder, store)
    source = found_source(folder, settings)
    is_table = source is not None and Path(source).is_file()  # of others nothing has changed
    if not is_table or (settings.layout is not None and not settings.layout.is_old):
        return stored
    try:
        return told_today(stored, lister(folder, settings)())
    except SourceError:
        return stored


def _view(folder: ProjectFolder, store: Store, listing: Listing) -> State:
    stored = store.items()
    return State(folder, store, stored, attached(stored, listing), Changes())


def repoint(folder: ProjectFolder, store: Store, source: str | PathLike[str]) -> None:
    """Say where the source of a project is now; it has to be the same one.

    Raises
    ------
    SourceError : it cannot be read, or fewer than half of the project's items are in it
    """
    was = read_settings(store)
    follow_links = follows_links(folder, was)
    settings = replace(was, source=full_source(source), follow_links=follow_links)
    if settings.source != MNIST and not Path(settings.source).exists():
        raise SourceError(f"{source} is not there.")
    listing = listed(settings.source, settings, follow_links=follow_links)
    stored = told_today(store.items(), listing)
    there = set(reconcile(stored, listing).listing.ids)
    known = [row.item_id for row in stored if row.state != GONE]
    n_found = sum(item_id in there for item_id in known)
    if 2 * n_found < len(known):
        raise SourceError(
            f"{source} is not the source of {folder.name}: {n_found:,} of its {len(known):,} items"
            " are there. Nothing was changed."
        )
    keep_settings(store, note_source(settings))


def make_trainee(
    folder: ProjectFolder,
    store: Store,
    settings: Settings,
    progress: Progress,
    *,
    patient: bool = True,
) -> "Trainee | SpanTrainee":
    """Return what learns from a project."""
    items = lister(folder, settings)  # the trainees load scikit-learn: seconds
    if settings.kind == SPANS:
        from sparing.project.learning.span_trainee import SpanTrainee

        return SpanTrainee(folder, store, items, settings.seed, progress)
    from sparing.project.learning.box_trainee import BoxTrainee
    from sparing.project.learning.trainee import Trainee

    learns = BoxTrainee if settings.kind == BOXES else Trainee
    return learns(
        folder,
        store,
        items,
        chosen(folder, settings),
        settings.seed,
        progress,
        patient=patient,
        kind=settings.kind,
    )


def open_trainee(path: Path, url: str, progress: Progress) -> "Trainee | SpanTrainee":
    """Return what learns from the project at ``path``, for a process that only reads it.

    Parameters
    ----------
    path : of the folder
    url : of the database, where it is not in the folder; else ``""``
    progress : told how far it is
    """
    folder = ProjectFolder(path, url)
    store = open_store(folder.store_url, folder.name, writable=False)
    return make_trainee(folder, store, read_settings(store), progress, patient=False)


def forget_old_scores(folder: ProjectFolder, versions: Sequence[Version]) -> None:
    """Remove the scores of versions that nobody reads any more: they are megabytes each."""
    for old in versions[-1 - KEPT_VERSIONS : -KEPT_VERSIONS]:
        folder.scores(old).unlink(missing_ok=True)


def is_by_name(encoder: str) -> bool:
    """Tell whether an encoder has a model that is fetched by its name.

    Raises
    ------
    UnknownNameError, InvalidInputError : there is no such encoder
    """
    if ":" not in encoder or encoder.startswith(GIVEN):
        return False
    from sparing.encoders import choice

    choice.check_encoder(encoder)
    return any(part.partition(":")[0] in choice.FETCHING for part in encoder.split("+"))


def check_encoder_for(name: str, listing: Listing | None = None, *, fetch: bool = False) -> None:
    """Check the name of an encoder, and that it can see the items if these are known.

    Parameters
    ----------
    name : what somebody has named
    listing : the items
    fetch : whether a model that is not here may be fetched

    Raises
    ------
    UnknownNameError, InvalidInputError, SourceError : there is no such encoder, model or file, or
        that has no vector for an item
    MissingExtraError : its library is not installed
    CapabilityError : it is for items of another kind
    """
    kind = listing.kind if listing is not None else None
    if name.startswith(GIVEN):
        if listing is None:
            read_vector_file(Path(name.removeprefix(GIVEN)))
        else:
            check_given(name, listing)
    elif name != AUTO:
        from sparing.encoders import choice

        choice.check_encoder(name, kind)
        if fetch and kind is not None:
            choice.fetch(name, kind)
