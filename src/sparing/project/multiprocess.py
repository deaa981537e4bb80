"""Projects on PostgreSQL: several processes share a folder, and do some things one at a time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from platformdirs import user_data_path

from sparing.errors import ConflictError, StoreError
from sparing.project.folder import SUFFIX, Lock, ProjectFolder, default_folder
from sparing.store import DutyLock, Store

FOLDER = "folder"  # the setting that names it
PATIENCE = 60.0  # seconds
PAUSE = 0.05


class SharedLock(Lock):
    """Stands where a project has no lock, as any number of processes may write to it."""

    def __init__(self) -> None:
        self._file = None


def new_place(url: str, source: str) -> ProjectFolder:
    """Return where the files of a new project on a database lie: beside the source.

    The name has a mark of its own, so that no two projects ever share a folder.
    """
    beside = default_folder(source).resolve()
    name = f"{beside.name.removesuffix(SUFFIX)}.{uuid4().hex[:8]}{SUFFIX}"
    if os.access(beside.parent, os.W_OK):
        return ProjectFolder(beside.with_name(name), url)
    return ProjectFolder(user_data_path("sparing") / "projects" / name, url)


def placed(place: ProjectFolder, store: Store) -> ProjectFolder:
    """Return a place with its folder, which a project on a database names itself.

    Raises
    ------
    StoreError : that folder is not there
    """
    if not place.is_shared:
        return place
    path = Path(store.settings()[FOLDER])
    if not path.is_dir():
        raise StoreError(
            f"The files of {place.name} lie in {path}, which is not there: work on the machine"
            " that has this folder, or share it under the same path."
        )
    return ProjectFolder(path, place.url)


class Duties:
    """What one of several processes does for all that share a project.

    Parameters
    ----------
    store : of the project
    is_shared : whether there may be other processes
    """

    def __init__(self, store: Store, is_shared: bool) -> None:
        self._store = store
        self._is_shared = is_shared
        self._claims: dict[str, DutyLock] = {}

    def has(self, duty: str) -> bool:
        """Tell whether it is on this process to do something."""
        if not self._is_shared:
            return True
        if duty in self._claims and self._claims[duty].holds():
            return True
        try:
            claim = self._store.claim(duty)
        except StoreError:  # the database is away: nobody has duties
            return False
        if claim is not None:
            self._claims[duty] = claim
        return claim is not None

    def release(self) -> None:
        """Leave all duties to others."""
        for claim in self._claims.values():
            claim.release()


@contextmanager
def alone_on_duty(store: Store, folder: ProjectFolder, duty: str) -> Iterator[None]:
    """Do something that only one process may do at a time; who comes second waits.

    Raises
    ------
    ConflictError : the other does not come to an end
    """
    if not folder.is_shared:  # the lock of the folder has seen to that
        yield
        return
    claim = _wait_for(store, folder, duty)
    try:
        yield
    finally:
        claim.release()


def _wait_for(store: Store, folder: ProjectFolder, duty: str) -> DutyLock:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        claim = store.claim(duty)
        if claim is not None:
            return claim
        time.sleep(PAUSE)
    raise ConflictError(f"Another process is busy with {folder.name} ({duty}): try again.")
