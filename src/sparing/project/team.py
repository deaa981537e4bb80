"""The part of a project that several people share."""

from sparing._validate import check_share
from sparing.project import opening
from sparing.project.checked import CheckedProject
from sparing.project.sharing import Overlap


class TeamProject(CheckedProject):
    """What :class:`sparing.project.Project` knows of people."""

    @property
    def overlap(self) -> float:
        """The share of the items that a second person is asked about."""
        return self._state.sharing.overlap.share

    def set_overlap(self, overlap: float) -> None:
        """Ask a second person about a share of the items, blind; it stays so until it is changed.

        Which items these are follows from the project's seed. Only people with different names
        are asked.

        Parameters
        ----------
        overlap : in [0, 1]
        """
        check_share("overlap", "set_overlap", overlap)
        self._store.put_settings({opening.OVERLAP: str(float(overlap))})
        with self._state.lock:
            self._state.share(Overlap(float(overlap), self._settings.seed))
