"""A shortlist: some items of a pool of shards as a table and a file of vectors, which only grow.

A project is made of these two as of any others; what is brought in later stands at their ends.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.items import Items
from sparing.datasets.vectorfile import beside_ids
from sparing.errors import SourceError
from sparing.files import atomic_stream, check_writable, write_atomically
from sparing.types import FloatArray

ID, IMAGE, TEXT = "id", "image", "text"
SUFFIX, PICTURES = ".shortlist", "pictures"


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Where a shortlist lies.

    Parameters
    ----------
    folder : of its two files
    """

    folder: Path

    @classmethod
    def of(cls, project: Path) -> "Shortlist":
        """Return the shortlist of a project, beside it.

        Examples
        --------
        >>> Shortlist.of(Path("some/vectors.sparing")).folder.as_posix()
        'some/vectors.shortlist'
        """
        return cls(project.with_name(project.name.removesuffix(".sparing") + SUFFIX))

    @property
    def table(self) -> Path:
        """The items: a line of JSON each, with its id and what a person sees of it."""
        return self.folder / f"{self.folder.stem}.jsonl"

    @property
    def vectors(self) -> Path:
        """Their vectors, in the same order; the ids stand beside them."""
        return self.folder / "vectors.npy"

    def exists(self) -> bool:
        """Tell whether there is one."""
        return self.table.is_file()

    def rows(self) -> list[dict[str, Any]]:
        """Return the items that are in it.

        Raises
        ------
        SourceError : its table cannot be read
        """
        try:
            # Not splitlines: it also breaks at separators that are part of a text.
            lines = self.table.read_text("utf-8").removesuffix("\n").split("\n")
            rows = [json.loads(line) for line in lines]
            return [{**row, ID: str(row[ID])} for row in rows]
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise SourceError(
                f"{self.table} is not what 'sparing label' made of shards."
            ) from error

    def shown(self) -> tuple[str, ...]:
        """Return which columns a person sees of its items; none: their ids alone.

        Raises
        ------
        SourceError : its table cannot be read
        """
        rows = self.rows()
        columns = tuple(name for name in rows[0] if name != ID)
        is_bare = columns == (TEXT,) and all(row.get(TEXT) == row[ID] for row in rows)
        return () if is_bare else columns

    def extend(self, rows: Sequence[Mapping[str, Any]], X: FloatArray) -> None:
        """Put items at the end; the table comes last, so that it names none without a vector.

        Parameters
        ----------
        rows : of the table, each with an id that is not in it
        X : (n_rows, n_features) their vectors

        Raises
        ------
        SourceError : the folder cannot be written, or holds vectors of another length
        """
        before = self.rows() if self.exists() else []
        if before:
            X = np.concatenate([self._vectors_of(len(before), X.shape[1]), X])
        check_writable(self.folder)
        everything = [
            *before,
            *map(self._with_link, rows, range(len(before), len(before) + len(rows))),
        ]
        write_atomically(
            beside_ids(self.vectors), "\n".join(row[ID] for row in everything).encode()
        )
        with atomic_stream(self.vectors) as stream:
            np.save(stream, X)
        lines = BytesIO()
        for row in everything:
            lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        write_atomically(self.table, lines.getvalue())

    def _with_link(self, row: Mapping[str, Any], place: int) -> dict[str, Any]:
        """Return a row whose picture, if it has one, is in the folder: by a link, not a copy."""
        if not isinstance(row.get(IMAGE), Path):
            return {**row}
        link = self.folder / PICTURES / f"{place:08}{row[IMAGE].suffix}"
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)  # of a run that was killed
            link.symlink_to(row[IMAGE])
        except OSError as error:
            raise SourceError(f"{link} cannot be made: {error.strerror}.") from error
        return {**row, IMAGE: link.relative_to(self.folder).as_posix()}

    def _vectors_of(self, n: int, columns: int) -> FloatArray:
        """Return the vectors of the items in the table: the first, whatever a killed run added."""
        try:
            X = np.load(self.vectors, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.vectors} cannot be read: {error}.") from error
        if X.ndim != 2 or len(X) < n or X.shape[1] != columns:
            raise SourceError(
                f"{self.vectors} holds numbers of shape {X.shape}; the shortlist has {n:,} items,"
                f" and the shards have {columns} columns."
            )
        return np.asarray(X[:n], np.float32)


def shown_of(items: Items | None) -> tuple[str, ...]:
    """Return which columns :func:`seen_of` makes of a source, as :meth:`Shortlist.shown` does.

    Examples
    --------
    >>> shown_of(Items("texts", ["some words"], ["a"], "words.csv")), shown_of(None)
    (('text',), ())
    """
    if items is None:
        return ()
    columns = {"images": (IMAGE,), "texts": (TEXT,)}.get(items.kind, tuple(items.columns))
    return tuple(name for name in columns if name != ID)


def seen_of(names: Sequence[str], items: Items | None) -> list[dict[str, Any]]:
    """Return rows of the table: the id of each item, and what a person sees of it.

    Parameters
    ----------
    names : ids of the shards
    items : of the source that they were encoded from; None: only the ids are seen

    Raises
    ------
    SourceError : an item is not in the source, or it is none of images, texts or rows of a table
    """
    if items is None:
        return [{ID: name, TEXT: name} for name in names]
    place_of = {name: place for place, name in enumerate(items.names)}
    lacking = [name for name in names if name not in place_of]
    if lacking:
        raise SourceError(
            f"{items.source} has no item for {len(lacking):,} of {len(names):,} ids of the shards,"
            f" such as '{lacking[0]}'."
        )
    return [{**_seen(items, place_of[name]), ID: name} for name in names]


def _seen(items: Items, place: int) -> dict[str, Any]:
    value = items.values[place]
    if isinstance(value, Path):
        return {IMAGE: value.resolve()}
    if isinstance(value, str):
        return {TEXT: value}
    if items.kind != "table":
        raise SourceError(f"{items.source} holds {items.kind} that cannot be shown: leave it out.")
    return dict(zip(items.columns, value, strict=True))
