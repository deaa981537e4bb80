"""Whether the folder of an open project is still where it was."""

from pathlib import Path

from sparing.errors import StoreError
from sparing.project.folder import ProjectFolder


class Presence:
    """Notices that the folder of a project, or its database in it, was moved or deleted.

    The system goes on writing to a file that has no name any more: an answer would seem to be
    stored, and be gone with the process.

    Parameters
    ----------
    folder : of a project that is open
    """

    def __init__(self, folder: ProjectFolder) -> None:
        own = () if folder.is_shared else (folder.database, folder.path / "lock")
        self._marks = {path: _mark(path) for path in (folder.path, *own)}

    def check(self) -> None:
        """Raise if something is not there, or if something else is in its place.

        Raises
        ------
        StoreError : so it is; what is back in its place is found again
        """
        for path, mark in self._marks.items():
            if _mark(path) != mark:
                raise StoreError(
                    f"{path} was moved, replaced or deleted while the project is open: no answer"
                    " is accepted until it is back. Put it back, or stop and open the project"
                    " where it is now."
                )


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
