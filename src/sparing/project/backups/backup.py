"""Backing a project up while it is used: one moment of it, in one file."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import IO

import sparing
from sparing.errors import ConflictError
from sparing.files import anew, staging
from sparing.project import opening
from sparing.project.backups.archive import DATABASE, Manifest, write_archive
from sparing.project.belongings import check_own
from sparing.project.folder import MARK, NEIGHBORS, PRINCIPAL, ProjectFolder
from sparing.project.multiprocess import placed
from sparing.project.settings import read_settings
from sparing.project.source.contents import made_before
from sparing.store import Kind, Store, open_store
from sparing.store.copying import copy_store
from sparing.store.engine import sqlite_url
from sparing.system import open_itself

CONTENTS, VECTORS, CLUSTERS = "contents.npz", "vectors.npy", "clusters.npz"


def backup(project: str | PathLike[str], path: str | PathLike[str]) -> Manifest:
    r"""Write all that a project knows to one file, readable by this user alone.

    The project may be in use. What is written is what it was at one moment: the database is
    copied first, then the files that it names, which never change once they are written. The
    source is not in it, nor are the project's secret and whatever lets anybody in.

    Parameters
    ----------
    project : its folder, its source, or the URL of its database
    path : of the file, which is not there yet

    Returns
    -------
    what is in it

    Raises
    ------
    NotFoundError : there is no project
    ConflictError : the file is there already
    StoreError, SourceError : the project cannot be read, the file cannot be written

    Examples
    --------
    >>> import tempfile
    >>> from sparing.project import Project
    >>> from sparing.project.backups.restore import restore
    >>> place = Path(tempfile.mkdtemp())
    >>> _ = (place / "pets.csv").write_text("animal,legs\ncat,4\nbird,2\n")
    >>> with Project.create(place / "pets.csv", classes=["fur"]) as project:
    ...     _ = project.teach({project.query(1)[0].item.item_id: "fur"})
    ...     backup(project.folder, place / "pets.backup").n_events
    2
    >>> restored = restore(place / "pets.backup", place / "again")
    >>> with Project.open(place / "again") as project:
    ...     project.status().n_labeled
    1
    """
    target = Path(path)
    if os.path.lexists(target):
        raise ConflictError(f"{target} is there already: name a file that is not.")
    place = opening.existing(project)
    with staging(target) as here:
        copy_store(place.store_url, here / DATABASE)
        with ExitStack() as stack:
            folder, about = _described(place, here / DATABASE)
            files = _files(folder, here / DATABASE, stack)  # open: whoever removes them meanwhile
            with anew(here / "backup") as stream:
                told = write_archive(stream, files, about)
                stream.flush()
                os.fsync(stream.fileno())
        (here / "backup").rename(target)
    return told


def _described(place: ProjectFolder, copy: Path) -> tuple[ProjectFolder, Manifest]:
    store = open_store(
        sqlite_url(copy), place.name
    )  # one of an older version is brought up to date
    try:
        folder = placed(place, store)
        check_own(folder.path)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        source = read_settings(store).source
        n_items, n_events = len(store.items()), len(store.events())
        return folder, Manifest(now, sparing.__version__, source, n_items, n_events, {})
    finally:
        store.close()


def _files(folder: ProjectFolder, copy: Path, stack: ExitStack) -> dict[str, IO[bytes]]:
    """Open the files that a copy of the database names; what is not there can be made again."""
    store = open_store(sqlite_url(copy), writable=False)
    try:
        names = [*_of_audits(folder, store), *_of_the_model(folder, store)]
    finally:
        store.close()
    files: dict[str, IO[bytes]] = {DATABASE: stack.enter_context(copy.open("rb"))}
    for path in [*names, *_of_the_vectors(folder)]:
        with suppress(FileNotFoundError):
            name = path.relative_to(folder.path).as_posix()
            files[name] = stack.enter_context(_opened(path))
    return files if _fit(files) else {n: f for n, f in files.items() if not _is_made_again(n)}


def _opened(path: Path) -> IO[bytes]:
    """Open a file that is there, or whose folder is; no link."""
    return os.fdopen(open_itself(path, os.O_RDONLY), "rb")


def _fit(files: dict[str, IO[bytes]]) -> bool:
    """Tell whether the vectors belong to what is known of them, and are not being written anew.

    They are written first: newer ones than what is known of them are of other items.
    """
    if not {VECTORS, CONTENTS} <= files.keys():
        return False
    vectors, contents = (os.fstat(files[name].fileno()) for name in (VECTORS, CONTENTS))
    return vectors.st_mtime_ns <= contents.st_mtime_ns


def _is_made_again(name: str) -> bool:
    return name in (VECTORS, CONTENTS, CLUSTERS) or name.startswith("maps/")


def _of_audits(folder: ProjectFolder, store: Store) -> Iterator[Path]:
    n = sum(event.kind is Kind.AUDIT_DRAWN for event in store.events())
    for attempt in range(1, n + 1):
        yield from (folder.audit(attempt), folder.frozen(attempt))
        yield from (folder.certificate(attempt), folder.labels(attempt))


def _of_the_model(folder: ProjectFolder, store: Store) -> Iterator[Path]:
    versions = store.versions()
    if versions:
        yield folder.scores(versions[-1])


def _of_the_vectors(folder: ProjectFolder) -> Iterator[Path]:
    """Yield the files on what the items look like, first what is known of the others."""
    yield from (folder.contents, folder.vectors, folder.clusters)
    known = made_before(folder)
    if known is not None and MARK.fullmatch(f"-{known.mark}"):
        yield from (folder.map(kind, known.mark) for kind in (PRINCIPAL, NEIGHBORS))
