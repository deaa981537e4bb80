"""Where a project and its source lie, and where the process that has it open is found."""

from pathlib import Path

from sparing.project.folder import Lock, ProjectFolder
from sparing.project.locked_state import Guarded


class Whereabouts:
    """``project.where``: for those who serve its files, or look for the one who does.

    Parameters
    ----------
    folder : of the project
    guarded : its state
    lock : None if it is only looked at
    """

    def __init__(self, folder: ProjectFolder, guarded: Guarded, lock: Lock | None) -> None:
        self._folder = folder
        self._guarded = guarded
        self._lock = lock

    @property
    def place(self) -> str:
        """Where the project lies, for people: its folder, or its database without a password."""
        return self._folder.name if self.is_shared else str(self._folder.path)

    @property
    def is_shared(self) -> bool:
        """Whether several processes may write to it at once."""
        return self._folder.is_shared

    @property
    def url(self) -> str:
        """The URL of its database, which may have a password; ``""`` if that is in the folder."""
        return self._folder.url

    @property
    def root(self) -> Path | None:
        """The folder that all files lie in; None if the items are none."""
        with self._guarded.held() as state:
            return state.listing.root

    @property
    def follows_links(self) -> bool:
        """Whether files may lie outside :attr:`root`, where links in it lead."""
        with self._guarded.held() as state:
            return state.settings.follow_links

    @property
    def secret(self) -> str:
        """A secret of this project, readable by this user alone."""
        return self._folder.secret()

    def announce(self, url: str) -> None:
        """Write down where this process can be found, for those who meet the lock."""
        if self._lock is not None:
            self._lock.announce(url)
