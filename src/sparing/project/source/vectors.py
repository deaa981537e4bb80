"""The vectors of a project: made once for a set of items, with what was found on the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from sparing.datasets.images import image_faults
from sparing.datasets.items import take_rows
from sparing.errors import SourceError
from sparing.files import atomic_stream
from sparing.project.folder import ProjectFolder
from sparing.project.source.items import GONE, Listing, hash_file
from sparing.store import ItemRow
from sparing.types import BoolArray, FloatArray, IntArray, StrArray

Progress = Callable[[str, int, int], None]  # (what, done, in all)
AUTO = "auto"
VERSION = 2  # that of encoders.cache, whose import takes seconds; older vectors are made anew
CHECKED_AT_ONCE = 64
HASHED_AT_ONCE = 10_000


@dataclass(frozen=True, eq=False, slots=True)
class Contents:
    """What encoding found out.

    Parameters
    ----------
    fingerprint : of the items and the encoder; other items need other vectors
    encoder : its name
    good : (n_rows,) True where a row has a vector
    hashes : (n_rows,) of the content; ``""`` where it is unknown
    faults : (n_rows,) why a row could not be read; ``""`` where it could
    """

    fingerprint: str
    encoder: str
    good: BoolArray
    hashes: StrArray
    faults: StrArray


def fingerprint(items: Sequence[ItemRow], encoder: str) -> str:
    """Return a hash that changes when an item comes, goes or changes, or with the encoder."""
    digest = blake2b(f"{encoder} {VERSION}".encode(), digest_size=16)
    there = (f"{item.row} {item.item_id} {_stamp(item)}\n" for item in items if item.state != GONE)
    while block := "".join(islice(there, HASHED_AT_ONCE)):
        digest.update(block.encode())
    return digest.hexdigest()


def _stamp(item: ItemRow) -> str:
    """Return what changes with what an item holds: of a file it is not read for this."""
    return f"{item.size}:{item.mtime_ns}" if item.size or item.mtime_ns else f"{item.content_hash}"


def read_contents(folder: ProjectFolder, items: Sequence[ItemRow], encoder: str) -> Contents | None:
    """Return what is known of just these items; None if they are to be encoded (again)."""
    try:
        with np.load(folder.contents, allow_pickle=False) as stored:
            found = Contents(
                str(stored["fingerprint"]),
                str(stored["encoder"]),
                stored["good"],
                stored["hashes"],
                stored["faults"],
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    fits = found.fingerprint == fingerprint(items, encoder) and folder.vectors.is_file()
    return found if fits else None


def read_vectors(folder: ProjectFolder) -> FloatArray:
    """Return (n_rows, n_features) float32, a read-only memory map."""
    try:
        vectors: FloatArray = np.load(folder.vectors, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder.vectors} is not there or damaged.") from error
    return vectors


def encode_items(
    folder: ProjectFolder,
    items: Sequence[ItemRow],
    listing: Listing,
    encoder: str,
    progress: Progress,
) -> Contents:
    """Read and encode all items that are there; write the vectors, then what was found.

    Raises
    ------
    SourceError : no item can be read, or the folder cannot be written
    """
    places = _places(items, listing)
    for is_last in (False, False, True):
        hashes, faults = _examine(places, listing, progress)
        good = (places >= 0) & (faults == "")
        if not good.any():
            is_there = bool((places >= 0).any())
            what = "can be read." if is_there else "is in the source: 'sparing match' lists them."
            raise SourceError(f"None of the items {what}")
        rows = np.flatnonzero(good)
        try:
            name, vectors = _encoded(listing, places[rows], encoder, progress)
            break
        except SourceError:  # a file that was good a moment ago: the next look finds it
            if is_last:
                raise
    contents = Contents(fingerprint(items, encoder), name, good, hashes, faults)
    _write(folder, contents, _spread(vectors, rows, len(items)))
    return contents


def _encoded(
    listing: Listing, places: IntArray, encoder: str, progress: Progress
) -> tuple[str, FloatArray]:
    from sparing.encoders import get_encoder
    from sparing.encoders.choice import default_encoder

    values = take_rows(listing.values, places)
    name = default_encoder(listing.kind, values) if encoder == AUTO else encoder
    tell = partial(progress, "encoding")
    return name, get_encoder(name).fit_transform(values, progress=tell)


def _places(items: Sequence[ItemRow], listing: Listing) -> IntArray:
    """Return for each row its place in the listing, or -1."""
    where = {item_id: i for i, item_id in enumerate(listing.ids)}
    return np.array([where.get(item.item_id, -1) for item in items], dtype=np.int64)


def _examine(places: IntArray, listing: Listing, tell: Progress) -> tuple[StrArray, StrArray]:
    """Return for each row the hash of its content, and why it cannot be read or ``""``."""
    hashes, faults = [""] * len(places), [""] * len(places)
    there = np.flatnonzero(places >= 0).tolist()
    for start in range(0, len(there), CHECKED_AT_ONCE):
        rows = there[start : start + CHECKED_AT_ONCE]
        values = take_rows(listing.values, places[rows])
        known = [listing.hashes[place] for place in places[rows]]
        for row, found in zip(rows, _look_at(values, known), strict=True):
            hashes[row], faults[row] = found
        tell("reading", min(start + CHECKED_AT_ONCE, len(there)), len(there))
    return np.array(hashes), np.array(faults)


def _look_at(values: Any, known: Sequence[str | None]) -> list[tuple[str, str]]:
    if not isinstance(values[0], Path):
        return [(content or "", "") for content in known]
    return [
        ("", fault) if fault else (_hash(path), "")
        for path, fault in zip(values, image_faults(values), strict=True)
    ]


def _hash(path: Path) -> str:
    try:
        return hash_file(path)
    except SourceError:  # it went away just now; the next run says so
        return ""


def _spread(vectors: FloatArray, rows: IntArray, n_rows: int) -> FloatArray:
    if len(rows) == n_rows:
        return vectors
    spread = np.zeros((n_rows, vectors.shape[1]), np.float32)
    spread[rows] = vectors
    return spread


def _write(folder: ProjectFolder, contents: Contents, vectors: npt.NDArray[Any]) -> None:
    with atomic_stream(folder.vectors) as stream:
        np.save(stream, vectors)
    # Last: where this fits the items, the vectors do too.
    with atomic_stream(folder.contents) as stream:
        np.savez(
            stream,
            allow_pickle=False,
            fingerprint=np.array(contents.fingerprint),
            encoder=np.array(contents.encoder),
            good=contents.good,
            hashes=contents.hashes,
            faults=contents.faults,
        )
