"""The items of a project by their keys."""

from collections.abc import Iterator, Mapping

from sparing.project.source.items import Item
from sparing.project.state import State


class ItemsView(Mapping[str, Item]):
    """The items of a project by their keys; read one at a time.

    Parameters
    ----------
    state : of the project
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, item_id: str) -> Item:
        return self._state.item(item_id)

    def get(self, item_id: str) -> Item:  # type: ignore[override]
        """Return an item.

        Raises
        ------
        NotFoundError : there is no such item
        """
        return self._state.item(item_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.row_of)

    def __len__(self) -> int:
        return len(self._state.row_of)
