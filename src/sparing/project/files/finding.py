"""Which item of a project a row of a table means."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.datasets.paths import by_plain_name, composed, plain_path, ways_to_name
from sparing.datasets.rows import RawTable, plain_text
from sparing.errors import InvalidInputError
from sparing.project.files.export_columns import TEXT_HASH, source_name, source_names
from sparing.project.source.fingerprints import anchors, row_hashes
from sparing.project.source.items import GONE
from sparing.project.source.matching import TAKEN_UP, is_counter, is_place
from sparing.project.source.passages import passage_key
from sparing.project.state import State

BY_CONTENT = "found by what they hold: their keys are not here"
BY_ID = "found by their ids, and hold something else by now"
NOT_THERE = "of items that are not in the source: kept with them"


@dataclass(frozen=True, slots=True)
class Where:
    """The key of an item, and how it was found where that should be known."""

    item_id: str
    way: str = ""


class Finder:
    """Items by all that a person may call them, as long as the listing is the same.

    Parameters
    ----------
    state : of the project; it is not kept
    """

    def __init__(self, state: State) -> None:
        listing = state.listing
        self._root = None if listing.root is None else str(listing.root)
        self._by_name = _by_name(state)
        self._by_plain = by_plain_name(
            self._by_name.items(), composed if self._root is None else plain_path
        )
        self._by_hash: dict[str, list[str]] = defaultdict(list)
        for item_id, content, anchor in zip(
            reversed(listing.ids), reversed(listing.hashes), reversed(listing.anchors), strict=True
        ):
            for known in (content, anchor):
                if known is not None and not listing.is_files:
                    self._by_hash[known].append(item_id)
        self._ids_count = is_counter(listing.names)

    def hashes_of(self, state: State, raw: RawTable) -> "list[tuple[str | None, ...] | None]":
        """Return what the items of an export hold, as far as it has the columns of the source."""
        if state.listing.passages is not None:
            cells = raw.columns.get(TEXT_HASH) or [None] * len(raw)
            return [(passage_key(str(cell)),) if cell else None for cell in cells]
        layout = state.listing.layout
        if layout is None or state.listing.is_files:
            return [None] * len(raw)
        kind, now = state.settings.kind, source_names(state.listing, state.settings.kind)
        called = {column: now.get(column, source_name(column, kind)) for column in layout.columns}
        names = {  # exports of before call a column without a name by its number
            column: name if name in raw.columns else source_name(column, kind)
            for column, name in called.items()
        }
        if not {*names.values()} <= raw.columns.keys():
            return [None] * len(raw)
        contents = row_hashes(raw, list(names.values()))
        told_by = anchors(raw, [names[c] for c in layout.told_by]) if layout.told_by else contents
        return [*zip(contents, told_by, strict=True)]

    def find(
        self,
        state: State,
        cell: Any,
        own: Mapping[str, Any] | None = None,
        hashes: Sequence[str | None] | None = None,
    ) -> Where:
        """Return the item that a row means.

        Parameters
        ----------
        state : of the project, with the listing that the finder was made of
        cell : what names the item
        own : the cells of the row, in an export of ours
        hashes : of what its item held, and of its text alone, where the export has that

        Raises
        ------
        InvalidInputError : there is none, or two of this name
        """
        found = self._called(cell)
        if found is not None and self._is_there(state, found, hashes):
            return Where(found)
        if own is not None:
            again = self._again(state, str(own["item"]), hashes)
            if again is not None:
                return again
        if found is not None:
            return Where(found, NOT_THERE)
        raise InvalidInputError("no such item")

    def _is_there(self, state: State, item_id: str, hashes: Sequence[str | None] | None) -> bool:
        """Tell whether an item is in the source, and no other holds what it held in an export."""
        if state.place_of(item_id) is None:
            return False
        now = state.rows[state.row_of[item_id]]
        is_changed = bool(hashes) and not {now.content_hash, now.anchor} & {*(hashes or ())}
        return not (is_changed and any(self._by_hash.get(known or "") for known in hashes or ()))

    def _again(self, state: State, name: str, hashes: Sequence[str | None] | None) -> Where | None:
        """Return the item that an export means, of a project or a source that was another."""
        for known in hashes or ():
            same = self._by_hash.get(known or "")
            if same:
                return Where(same.pop(), BY_CONTENT)
        has_ids = state.listing.named_by is not None or state.listing.is_files
        if not has_ids or is_place(name) or (hashes and self._ids_count):
            return None
        found = self._called(name)
        return Where(found, BY_ID if hashes else "") if found is not None else None

    def _called(self, cell: Any) -> str | None:
        """Return the key of the item that a cell names; None if there is none, or two."""
        text = cell if isinstance(cell, str) else "" if cell is None else plain_text(cell)
        whole = text.strip().removesuffix(".0")  # an id that was saved as a float
        for name in (text, text.strip(), self._inside(text), whole):
            if name in self._by_name:
                return self._by_name[name]
        if self._root is None:
            return self._by_plain.get(composed(text))
        ways = ways_to_name(text, Path(self._root).name)
        return next((found for way in ways if (found := self._by_plain.get(way))), None)

    def _inside(self, name: str) -> str:
        """Return an absolute path as one inside the folder."""
        if self._root is None or not Path(name).is_absolute():
            return name
        return os.path.relpath(os.path.normpath(name), self._root)


def _by_name(state: State) -> dict[str, str | None]:
    """Return the key of each item by its names; None where two that are there share one."""
    listing = state.listing
    by_name: dict[str, str | None] = {}
    for name, item_id in zip(listing.names, listing.ids, strict=True):
        by_name[name] = None if name in by_name else item_id
    for item in state.rows:
        if item.state == GONE and item.reason != TAKEN_UP:
            by_name.setdefault(item.name, item.item_id)
    for text, item_id in zip(_texts(state), listing.ids, strict=False):
        by_name.setdefault(text.strip(), item_id)
    if listing.root is not None and listing.named_by:
        for item_id, path in zip(listing.ids, listing.values, strict=True):
            by_name.setdefault(os.path.relpath(path, listing.root), item_id)
    return by_name | {item.item_id: item.item_id for item in state.rows}


def _texts(state: State) -> Sequence[str]:
    """Return what items can be called by beside their names: their texts."""
    listing = state.listing
    if listing.kind == "texts":
        return list(listing.values)
    if listing.table is not None and listing.layout and len(listing.layout.told_by) == 1:
        return [
            str(cell or "") for cell in listing.table.columns.get(listing.layout.told_by[0], ())
        ]
    return ()
