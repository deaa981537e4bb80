"""Predictions of others as a learner hears them, read anew as their file or the classes change."""

from collections.abc import Sequence

from sparing.project.folder import ProjectFolder
from sparing.project.learning.foreign import meant_by, read_foreign
from sparing.project.log.replay import Replay
from sparing.store import ItemRow


class Consulted:
    """What others say of the items that one learner knows.

    Parameters
    ----------
    folder : of the project
    kind : of its answers
    """

    def __init__(self, folder: ProjectFolder, kind: str) -> None:
        self._path = folder.predictions
        self._kind = kind
        self._known: object = None

    @property
    def are_there(self) -> bool:
        """Whether there are any, as far as was looked."""
        return self._known is not None

    def news(self, items: Sequence[ItemRow], replay: Replay) -> dict[int, str] | None:
        """Return the content that is said of each item, by its place; None if that is as before.

        Parameters
        ----------
        items : in the order of the learner's rows
        replay : knows the classes of today
        """
        try:
            told = self._path.stat()
        except OSError:
            now = None
        else:
            now = told.st_mtime_ns, told.st_size, tuple(c.class_id for c in replay.classes)
        if now == self._known:
            return None
        self._known = now
        foreign = read_foreign(self._path)
        if foreign is None:
            return {}
        meant = (meant_by(foreign, item.item_id, replay, self._kind) for item in items)
        return {place: content for place, content in enumerate(meant) if content is not None}
