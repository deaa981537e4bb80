"""Making a project from a backup: in a folder, or on a database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from sparing.errors import ConflictError, SourceError
from sparing.files import staging
from sparing.project import opening
from sparing.project.backups.archive import (
    DAMAGES,
    DATABASE,
    Manifest,
    extract,
    manifest_of,
    opened_archive,
)
from sparing.project.belongings import mark
from sparing.project.folder import ProjectFolder
from sparing.project.multiprocess import FOLDER, new_place
from sparing.project.settings import Settings, read_settings
from sparing.project.source_access import found_source, full_source
from sparing.store import open_store
from sparing.store.copying import check_file, fill_store
from sparing.store.engine import is_postgresql, sqlite_url


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    Parameters
    ----------
    place : the folder, or the URL of the database without its password
    manifest : of the backup
    source : where the source is; None if it is not where it was, nor beside the project, or if
        it is elsewhere and nobody has named it on this machine
    """

    place: str
    manifest: Manifest
    source: str | None


def restore(
    path: str | PathLike[str],
    place: str | PathLike[str],
    source: str | PathLike[str] | None = None,
) -> Restored:
    """Make a project from a backup; it is there whole or not at all.

    Parameters
    ----------
    path : of the backup
    place : a folder that is empty or not there yet; or the URL of a database without a project
    source : where the source is now, if not where it was or beside the folder

    Raises
    ------
    SourceError : it is no backup, or damaged; or ``source`` is another source
    ConflictError : something is there already
    SchemaVersionError : it is of a newer version of this package
    """
    if is_postgresql(place):
        return _restore_database(Path(path), str(place), source)
    folder = Path(place).resolve()
    check_empty(folder)
    with _unpacked(Path(path), folder) as (staged, manifest):
        settings = _examined(staged, Path(path), source)
        staged.rename(folder)
    found = found_source(ProjectFolder(folder), settings)
    return Restored(str(place), manifest, found)


def check_empty(folder: Path) -> None:
    """Raise if a folder holds anything, or is none.

    Raises
    ------
    ConflictError : so it is
    """
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise ConflictError(f"{folder} is not an empty folder. Nothing was changed.")


def _restore_database(path: Path, url: str, source: str | PathLike[str] | None) -> Restored:
    if opening.exists(ProjectFolder(Path(), url)):
        raise ConflictError(f"{ProjectFolder(Path(), url).name} is a project already.")
    with opened_archive(path) as archive:
        was = manifest_of(archive, path).source
    folder = new_place(url, full_source(source) if source is not None else was)
    with _unpacked(path, folder.path) as (staged, manifest):
        settings = _examined(staged, path, source, {FOLDER: str(folder.path)})
        database = (staged / DATABASE).rename(staged.parent / DATABASE)
        mark(staged, folder.name)
        staged.rename(folder.path)
        try:
            fill_store(database, url)
        except BaseException:
            shutil.rmtree(folder.path)  # this very call has made it
            raise
    return Restored(folder.name, manifest, found_source(folder, settings))


@contextmanager
def _unpacked(path: Path, target: Path) -> Iterator[tuple[Path, Manifest]]:
    """Unpack a backup into a folder beside where it is to be."""
    with opened_archive(path) as archive, staging(target) as here:
        staged = here / "project"
        staged.mkdir(mode=0o700)
        try:
            manifest = manifest_of(archive, path)
            extract(archive, manifest, staged, path)
        except DAMAGES as error:
            raise SourceError(f"{path} is damaged: {error}.") from error
        yield staged, manifest


def _examined(
    staged: Path,
    path: Path,
    source: str | PathLike[str] | None,
    more: dict[str, str] | None = None,
) -> Settings:
    """Open the database of a backup, bring it up to date, and return its settings."""
    check_file(staged / DATABASE)
    store = open_store(sqlite_url(staged / DATABASE), path.name)
    try:
        if source is not None:
            opening.repoint(ProjectFolder(staged), store, source)
        store.put_settings(more or {})
        store.items(), store.events(), store.versions()  # all of it can be read
        return read_settings(store)
    finally:
        store.close()
