"""A file of vectors that somebody else has made, one an item, with or without the items' ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.parquet import read_parquet
from sparing.datasets.paths import by_plain_name, plain_path, ways_to_name
from sparing.errors import SourceError
from sparing.types import FloatArray

SHOWN = 3
ID_COLUMNS = ("item_id", "id", "item", "path", "name")


@dataclass(frozen=True, eq=False, slots=True)
class VectorFile:
    """Vectors, and whose they are.

    Parameters
    ----------
    path : of the file
    vectors : (n, n_features)
    ids : (n,) of the items; None: they are in the order of the items
    """

    path: Path
    vectors: FloatArray
    ids: tuple[str, ...] | None


def read_vector_file(path: Path) -> VectorFile:
    """Read a .npy file with its ids, one a line, in ``NAME.ids.txt``; or Parquet.

    A Parquet file has a column of lists of numbers, and one that is called as ``ID_COLUMNS`` are.

    Raises
    ------
    SourceError : the file is missing, damaged, or holds no vectors; two vectors have one id
    MissingExtraError : Parquet without pyarrow
    """
    read = _from_parquet if path.suffix.lower() in (".parquet", ".pq") else _from_numpy
    found = read(path)
    if found.vectors.ndim != 2 or not found.vectors.size or found.vectors.dtype.kind not in "fiu":
        raise SourceError(f"{path} must hold numbers of shape (items, features).")
    with np.errstate(over="ignore"):
        is_good = np.isfinite(np.asarray(found.vectors, np.float32)).all(axis=1)
    if not is_good.all():
        row = int(np.flatnonzero(~is_good)[0]) + 1
        raise SourceError(f"{path} has NaN or infinity in row {row:,}, as numbers of 32 bits.")
    if found.ids is not None and len(set(found.ids)) < len(found.ids):
        twice = next(name for name in found.ids if found.ids.count(name) > 1)
        raise SourceError(f"{path} has two vectors for '{twice}'.")
    return found


def files_of(given: VectorFile) -> list[Path]:
    """Return the file, and that of the ids where it lies beside it."""
    return [path for path in (given.path, beside_ids(given.path)) if path.is_file()]


def joined_by_id(given: VectorFile, ids: Sequence[str], root: str | None = None) -> FloatArray:
    """Return one vector an item, in the order of the items.

    Parameters
    ----------
    given : the file
    ids : (n_items,) of the items
    root : name of the folder that holds them, where they are files: their paths may begin before it

    Raises
    ------
    SourceError : an item has no vector; some are named
    """
    lacking = without_vector(given, ids, root)
    if lacking:
        raise no_vector_for(given, ids, lacking)
    if given.ids is None:
        return np.asarray(given.vectors, np.float32)
    rows = _rows_of(given, ids, root)
    return np.asarray(given.vectors[np.array(rows, np.int64)], np.float32)


def without_vector(given: VectorFile, ids: Sequence[str], root: str | None = None) -> list[int]:
    """Return the places of the items that have no vector; as of ``joined_by_id``.

    Raises
    ------
    SourceError : the vectors have no ids, and are not as many as the items
    """
    if given.ids is None:
        if len(given.vectors) != len(ids):
            raise SourceError(
                f"{given.path} has {len(given.vectors):,} rows without ids, and the source"
                f" {len(ids):,} items: give it ids, one a line in {given.path.stem}.ids.txt."
            )
        return []
    return [place for place, row in enumerate(_rows_of(given, ids, root)) if row is None]


def no_vector_for(given: VectorFile, ids: Sequence[str], lacking: Sequence[int]) -> SourceError:
    """Return what is wrong where items have no vector."""
    names = [ids[place] for place in lacking]
    return SourceError(
        f"{given.path} has no vector for {len(names):,} of {len(ids):,} items: {_shown(names)}."
    )


def surplus(given: VectorFile, ids: Sequence[str], root: str | None = None) -> str | None:
    """Return a sentence on the vectors of a file that no item has; None if there are none."""
    if given.ids is None:
        return None
    used = {*_rows_of(given, ids, root)}
    over = [name for row, name in enumerate(given.ids) if row not in used]
    if not over:
        return None
    return f"{len(over):,} vectors of {given.path.name} are for no item: {_shown(over)}."


def _rows_of(given: VectorFile, ids: Sequence[str], root: str | None) -> list[int | None]:
    """Return the row of each item; of a path also where only the way to write it differs."""
    told = {name: row for row, name in enumerate(given.ids or ())}
    if all(name in told for name in ids):
        return [told[name] for name in ids]
    ways = by_plain_name(
        (way, row) for name, row in told.items() for way in ways_to_name(name, root)
    )
    return [told.get(name, ways.get(plain_path(name))) for name in ids]


def _shown(names: Sequence[Any]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more


def _from_numpy(path: Path) -> VectorFile:
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    beside = beside_ids(path)
    if not beside.is_file():
        return VectorFile(path, vectors, None)
    ids = tuple(beside.read_text("utf-8").removesuffix("\n").split("\n"))
    if len(ids) != len(vectors):
        raise SourceError(f"{beside} has {len(ids):,} ids, and {path.name} {len(vectors):,} rows.")
    return VectorFile(path, vectors, ids)


def beside_ids(path: Path) -> Path:
    """Return the file of the ids of a .npy file of vectors.

    Examples
    --------
    >>> beside_ids(Path("v.npy")).name
    'v.ids.txt'
    """
    return path.with_name(f"{path.stem}.ids.txt")


def _from_parquet(path: Path) -> VectorFile:
    columns = read_parquet(path).columns
    lists = [name for name, values in columns.items() if _are_vectors(values)]
    if len(lists) != 1:
        there = ", ".join(columns)
        raise SourceError(f"{path} must have one column of vectors. It has: {there}.")
    ids = next((columns[name] for name in ID_COLUMNS if name in columns), None)
    if ids is None:
        raise SourceError(f"{path} must name the items in a column {', '.join(ID_COLUMNS)}.")
    vectors = np.array(columns[lists[0]], np.float32)
    return VectorFile(path, vectors, tuple(str(name) for name in ids))


def _are_vectors(values: Any) -> bool:
    """Tell whether a column holds lists of the same number of numbers."""
    is_list = all(isinstance(value, list) for value in values)
    return is_list and len({len(value) for value in values}) == 1
