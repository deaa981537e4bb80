"""The items of a project by their keys."""

from collections.abc import Iterator, Mapping

from sparing.project.locked_state import Guarded
from sparing.project.source.items import Item


class ItemsView(Mapping[str, Item]):
    """The items of a project by their keys; read one at a time.

    Parameters
    ----------
    guarded : the state of the project
    """

    def __init__(self, guarded: Guarded) -> None:
        self._guarded = guarded

    def __getitem__(self, item_id: str) -> Item:
        return self._guarded.item(item_id)

    def get(self, item_id: str) -> Item:  # type: ignore[override]
        """Return an item.

        Raises
        ------
        NotFoundError : there is no such item
        """
        return self._guarded.item(item_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._guarded.item_ids())

    def __len__(self) -> int:
        with self._guarded.held() as state:
            return len(state.row_of)
