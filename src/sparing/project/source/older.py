"""Projects of versions that knew the rows of a table by another hash: it is told in today's."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.identifiers import identified
from sparing.datasets.items import ItemKind
from sparing.datasets.read import read_table
from sparing.datasets.rows import RawTable, is_missing
from sparing.project.source.fingerprints import key_of, telling_columns
from sparing.project.source.items import Listing
from sparing.project.source.layout import Layout
from sparing.store import ItemRow

N_SAMPLED = 50  # rows, to find out which columns made them
MOST_NEW, MOST_WAYS = 2, 2_000  # columns that came since, and choices of them that are tried


def hashes_of_today(listing: Listing) -> dict[str, str]:
    """Return today's hash of each row, by the one that it had in projects of older versions."""
    if listing.is_files or listing.layout is None or not listing.layout.is_old:
        return {}
    values = listing.values.view(np.ndarray) if _is_array(listing.values) else listing.values
    pairs = zip(values, listing.hashes, strict=True)
    return {key_of(_content(value)): str(today) for value, today in pairs}


def layout_before(
    path: Path, columns: Sequence[str], left_out: Sequence[str], stored: Sequence[ItemRow]
) -> Layout | None:
    """Return the layout by which an older version knew the rows of a table that has changed since.

    One or two columns that came since are left out, whichever make the rows what they were.

    Parameters
    ----------
    path : of the source
    columns, left_out : as the project has them
    stored : its items

    Returns
    -------
    None if this is no table, or no such columns make these items
    """
    if not path.is_file() or path.suffix.lower() == ".npy" or columns:
        return None
    raw = identified(read_table(path), left_out)
    known = {item.content_hash for item in stored}
    sample = raw.take(range(0, len(raw), max(1, len(raw) // N_SAMPLED)))
    mine = [name for name in raw.columns if name not in raw.left_out]
    ways = [(n, without) for n in range(MOST_NEW + 1) for without in combinations(mine, n)]
    for _, without in ways[:MOST_WAYS]:
        kept = tuple(name for name in mine if name not in without)
        kind = _kind_before(sample, kept, known)
        if kind is not None:
            beside = tuple(without)
            told_by = telling_columns(raw, kept)
            return Layout(kind, kept, raw.left_out, beside, raw.named_by, told_by, is_old=True)
    return None


def _kind_before(raw: RawTable, columns: Sequence[str], known: set[str | None]) -> ItemKind | None:
    """Return what rows of these columns were, if an older version had any of them among its own."""
    rows = [*zip(*(raw.columns[name] for name in columns), strict=True)]
    if any(key_of(_content([*row])) in known for row in rows):
        return "table"
    texts = ("\n".join(str(cell) for cell in row if not is_missing(cell)) for row in rows)
    return "texts" if any(key_of(_content(text)) in known for text in texts) else None


def told_anew(stored: Sequence[ItemRow], today: dict[str, str]) -> list[ItemRow]:
    """Return the items whose hash is of an older version, with today's."""
    return [
        replace(item, content_hash=today[item.content_hash])
        for item in stored
        if item.content_hash in today and today[item.content_hash] != item.content_hash
    ]


def _is_array(values: Any) -> bool:
    return isinstance(values, np.ndarray)


def _content(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.tobytes()
    return repr([None if cell is None else str(cell) for cell in value]).encode()
