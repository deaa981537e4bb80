"""The vectors of a project: made once for a set of items, with what was found on the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sparing.datasets.images import image_faults
from sparing.datasets.items import take_items
from sparing.datasets.vectorfile import (
    no_vector_for,
    read_vector_file,
    surplus,
    without_vector,
)
from sparing.errors import SourceError, SparingError
from sparing.files import atomic_stream
from sparing.project.folder import ProjectFolder
from sparing.project.source.contents import (
    Contents,
    fingerprint,
    made_before,
    read_contents,
    write_contents,
)
from sparing.project.source.encoding import (
    AUTO,
    GIVEN,
    Made,
    check_models,
    fitted_on,
    keys_of,
    vectors_of,
)
from sparing.project.source.items import Listing, hash_file
from sparing.project.source.sights import FOUND, LOST, keep_sights
from sparing.store import ItemRow
from sparing.types import FloatArray, IntArray, Progress, StrArray

if TYPE_CHECKING:
    from sparing.encoders.base import BlockEncoder

CHECKED_AT_ONCE = 64


@dataclass(frozen=True, eq=False, slots=True)
class Quick:
    """The view of the items that is made in a moment, while a network is at work.

    Parameters
    ----------
    contents : what encoding found out
    places : (n_good,) of the items in the listing
    made : their vectors; None: they are those of an earlier run
    """

    contents: Contents
    places: IntArray
    made: Made | None = None

    @property
    def read(self) -> tuple[StrArray, StrArray]:
        """For each row the hash of its content, and why it cannot be read or ``""``."""
        return self.contents.hashes, self.contents.faults


def checked(
    folder: ProjectFolder, contents: Contents, listing: Listing, may_read: Callable[[], None]
) -> Contents:
    """Look whether the models are still those that made the vectors; what is wrong is kept.

    The vectors stay as they are, and so does what is learned from them.

    Parameters
    ----------
    folder, contents : of the project, and of its vectors
    listing : of the source
    may_read : raises where the models are not to be read
    """
    try:
        may_read()
        check_models(contents.encoder, dict(contents.models), listing)
        trouble = ""
    except SparingError as error:
        trouble = str(error)
    if trouble != contents.trouble:
        contents = replace(contents, trouble=trouble)
        write_contents(folder, contents)
    return contents


def with_words(
    folder: ProjectFolder, items: Sequence[ItemRow], contents: Contents, listing: Listing
) -> Contents:
    """Keep what words are compared with, where a network of the encoder reads; it is told of.

    Raises
    ------
    SourceError : the folder cannot be written
    """
    places = _places(items, listing)[contents.good]
    if np.any(places < 0):  # the next look at the source makes vectors anew
        return contents
    said = keep_sights(folder, contents.mark, contents.encoder, listing, places, contents.good)
    others = [n for n in contents.notes if n != FOUND and not n.startswith(LOST)]
    notes = (*others, said) if said else tuple(others)
    if notes != contents.notes:
        contents = replace(contents, notes=notes)
        write_contents(folder, contents)
    return contents


def is_same(contents: Contents, listing: Listing) -> bool:
    """Tell whether vectors made today would be made by the same encoder and models."""
    if contents.asked == AUTO:
        from sparing.encoders.choice import default_name

        return contents.encoder == default_name(listing.kind, listing.values)
    if contents.asked.startswith(GIVEN) and not contents.models:  # by an older version
        return False
    try:
        check_models(contents.asked, dict(contents.models), listing)
    except SourceError:
        return False
    return True


def check_given(encoder: str, listing: Listing) -> None:
    """Refuse a file of vectors that are not those of the items, before anything is changed.

    Raises
    ------
    SourceError : an item that can be read has no vector; or the file is none of vectors
    """
    given = read_vector_file(Path(encoder.removeprefix(GIVEN)))
    keys = keys_of(listing, given)
    lacking = without_vector(given, keys, listing.folder_name)
    if lacking and listing.kind == "images":
        faults = image_faults(take_items(listing.values, np.array(lacking)))
        lacking = [place for place, fault in zip(lacking, faults, strict=True) if not fault]
    if lacking:
        raise no_vector_for(given, keys, lacking)


def encode_items(
    folder: ProjectFolder,
    items: Sequence[ItemRow],
    listing: Listing,
    encoder: str,
    progress: Progress,
    quick: Quick | None = None,
) -> Contents:
    """Read and encode all items that are there; write the vectors, then what was found.

    Whoever goes on with ``"auto"`` goes on with the encoder that was chosen before.

    Parameters
    ----------
    folder : of the project
    items : of the store
    listing : of the source
    encoder : its name, or ``"auto"``
    progress : told (what, done, in all)
    quick : one view of these items, for which they were read a while ago

    Raises
    ------
    SourceError : no item can be read, or the folder cannot be written
    """
    return _encoded(folder, items, listing, encoder, progress, quick)[0]


def encode_quickly(
    folder: ProjectFolder,
    items: Sequence[ItemRow],
    listing: Listing,
    encoder: str,
    progress: Progress,
) -> Quick:
    """Do the same by the encoder that is quick, unless that was done before.

    Raises
    ------
    SourceError : as of ``encode_items``
    """
    found = read_contents(folder, items, encoder)
    if found is not None:
        places = _places(items, listing)[found.good]
        if not np.any(places < 0):
            return Quick(found, places)
    contents, made = _encoded(folder, items, listing, encoder, progress)
    return Quick(contents, _places(items, listing)[contents.good], made)


def _encoded(
    folder: ProjectFolder,
    items: Sequence[ItemRow],
    listing: Listing,
    encoder: str,
    progress: Progress,
    quick: Quick | None = None,
) -> tuple[Contents, Made]:
    before = made_before(folder)
    goes_on = encoder == AUTO and before is not None and before.asked == AUTO
    name = before.encoder if goes_on and before is not None else encoder
    if before is not None and before.asked == encoder:
        check_models(name, dict(before.models), listing)
    places = _places(items, listing)
    for is_last in (False, False, True):
        quick = quick if quick is not None and _still_holds(quick, places) else None
        hashes, faults = _examine(places, listing, progress) if quick is None else quick.read
        good = (places >= 0) & (faults == "")
        if not good.any():
            is_there = bool((places >= 0).any())
            what = "can be read." if is_there else "is in the source: 'sparing match' lists them."
            raise SourceError(f"None of the items {what}")
        rows = np.flatnonzero(good)
        try:
            there = None if quick is None else quick.made
            made = vectors_of(name, listing, places[rows], progress, there)
            break
        except SourceError:  # a file that was good a moment ago: the next look finds it
            if is_last:
                raise
            quick = None
    contents = Contents(
        *(fingerprint(items, encoder), made.encoder, good, hashes, faults),
        asked=encoder,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        views=made.views,
        models=tuple(made.models.items()),
        notes=tuple(note for note in (made.advice, _surplus(encoder, listing)) if note),
        digest=blake2b(np.ascontiguousarray(made.vectors).data, digest_size=16).hexdigest(),
    )
    _write(folder, contents, _spread(made.vectors, rows, len(items)))
    return contents, made


def _still_holds(quick: Quick, places: IntArray) -> bool:
    """Tell whether the items that could be read are where they were."""
    return np.array_equal(places[quick.contents.good], quick.places)


def _surplus(encoder: str, listing: Listing) -> str | None:
    if not encoder.startswith(GIVEN):
        return None
    given = read_vector_file(Path(encoder.removeprefix(GIVEN)))
    return surplus(given, keys_of(listing, given), listing.folder_name)


def fit_encoder(items: Sequence[ItemRow], listing: Listing, contents: Contents) -> "BlockEncoder":
    """Return the encoder, fitted on the items that have vectors, as it was when these were made.

    Raises
    ------
    SourceError : some of these items are not there any more
    """
    places = _places(items, listing)[contents.good]
    if np.any(places < 0):
        raise SourceError("Items of the source are gone: open the project anew, so that it learns.")
    return fitted_on(contents.encoder, listing, places)


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
        values = take_items(listing.values, places[rows])
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
    write_contents(folder, contents)  # last: where this fits the items, the vectors do too
