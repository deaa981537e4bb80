"""How a table is read: settled when a project is made; no later change makes other items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from sparing.datasets.identifiers import called_by
from sparing.datasets.items import ItemKind, Items
from sparing.datasets.read import read_table
from sparing.datasets.rows import AS_BEFORE, RawTable, Reading
from sparing.datasets.table_items import table_items
from sparing.errors import SourceError
from sparing.project.source.fingerprints import telling_columns


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are to a project.

    Parameters
    ----------
    kind : of the items
    columns : those that make an item
    left_out : those that identify rows
    beside : the others, which are no part of an item: one that comes later is pointed out
    named_by : the one that names the items, if one does
    told_by : those of ``columns`` that tell an item from all others
    label_column : the one with labels that were there already
    kinds : what somebody said that each of ``columns`` holds; ``""``: found out
    reading : whether there is a header, which encoding, which sheet
    is_old : the project is of a version that knew rows by another hash
    """

    kind: ItemKind
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    beside: tuple[str, ...]
    named_by: str | None
    told_by: tuple[str, ...]
    label_column: str | None = None
    is_old: bool = False
    kinds: tuple[str, ...] = ()
    reading: Reading = AS_BEFORE

    @classmethod
    def of(cls, items: Items, *, is_old: bool = False) -> Self | None:
        """Return the layout of what was read; None if it is no table."""
        if items.table is None:
            return None
        told_by = telling_columns(items.table, items.columns)
        mine = {*items.columns, *items.left_out}
        return cls(
            items.kind,
            items.columns,
            items.left_out,
            tuple(name for name in items.table.columns if name not in mine),
            items.named_by,
            told_by,
            items.label_column,
            is_old,
            items.kinds if any(items.kinds) else (),
            items.table.reading,
        )

    @classmethod
    def from_json(cls, told: Mapping[str, Any] | None) -> Self | None:
        """Return the layout that ``dataclasses.asdict`` gave."""
        if told is None:
            return None
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in told.items()
        }
        if "reading" in fields:
            fields["reading"] = Reading(**fields["reading"])
        return cls(**fields)


def read_again(path: Path, layout: Layout) -> Items:
    """Read a table whose layout is settled.

    Raises
    ------
    SourceError : none of its columns is there any more, or as of ``read_table``
    """
    raw = called_by(read_table(path, layout.reading), layout.named_by, layout.left_out)
    there = [name for name in layout.columns if name in raw.columns]
    if not there:
        raise SourceError(
            f"{path} has none of the columns that make the items of this project,"
            f" {_named(layout.columns)}. It has: {', '.join(raw.columns)}."
        )
    kinds = dict(zip(layout.columns, layout.kinds, strict=False))
    as_told = [f"{name}:{kinds[name]}" if kinds.get(name) else name for name in there]
    told = replace(raw, label_column=layout.label_column, notes=(*raw.notes, *_news(raw, layout)))
    return table_items(told, as_told, path.parent, layout.kind, opened=False)


def _news(raw: RawTable, layout: Layout) -> list[str]:
    """Return what the person should know of columns that came or went."""
    known = {*layout.columns, *layout.left_out, *layout.beside}
    came = [name for name in raw.columns if name not in known]
    went = [name for name in (*layout.columns, layout.named_by) if name and name not in raw.columns]
    return [
        *([f"{_named(came)} came later: no part of the items."] if came else []),
        *([f"{_named(went)} went: the items are without it."] if went else []),
    ]


def _named(columns: Sequence[str]) -> str:
    return f"Column{'s' if len(columns) > 1 else ''} {' and '.join(map(repr, columns))}"
