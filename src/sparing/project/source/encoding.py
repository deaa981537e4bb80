"""From the items of a source to vectors: by the encoder that is named, or from a file."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparing._validate import check_features
from sparing.datasets.items import take_items
from sparing.datasets.vectorfile import (
    VectorFile,
    files_of,
    joined_by_id,
    read_vector_file,
)
from sparing.errors import SourceError
from sparing.pool.views import Views
from sparing.project.source.items import Listing
from sparing.types import FloatArray, IntArray, Progress, Tick

if TYPE_CHECKING:
    from sparing.encoders.base import BlockEncoder

AUTO = "auto"
GIVEN = "vectors:"  # and the file that has them
GIVEN_MODEL = "vectors"  # under which the hash of that file is kept
FOLDERS = ("onnx:", "sentences:", "timm:local-dir:")  # and a folder; or a name, of sentences


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """The encoder of a project.

    Parameters
    ----------
    name : of it; ``"auto"``, or ``"vectors:FILE"``
    check : called before anything that it names is read; raises ``SourceError`` where that is not
        for the project to say
    """

    name: str
    check: Callable[[], None]


def files_in(encoder: str) -> tuple[str, ...]:
    """Return the files and folders that the name of an encoder names.

    Examples
    --------
    >>> files_in("hog+onnx:models/clip"), files_in("vectors:a+b.npy"), files_in("fastembed:a/b")
    (('models/clip',), ('a+b.npy',), ())
    """
    if encoder.startswith(GIVEN):
        return (encoder.removeprefix(GIVEN),)
    named = [_place_in(part) for part in encoder.split("+")]
    return tuple(place for place in named if place)


def full_name(encoder: str) -> str:
    """Return the name of an encoder with its files as they are called from whatever folder."""
    if encoder.startswith(GIVEN):
        return GIVEN + str(Path(encoder.removeprefix(GIVEN)).resolve())
    return "+".join(map(_full_part, encoder.split("+")))


def _full_part(part: str) -> str:
    place = _place_in(part)
    return part.removesuffix(place) + str(Path(place).resolve()) if place else part


def _place_in(part: str) -> str:
    """Return the folder that one encoder's name names; ``""``: none."""
    for folder in FOLDERS:
        place = part.removeprefix(folder)
        # What is no folder on this machine is looked up in the library's own cache.
        if place != part and (folder != "sentences:" or os.path.exists(place)):  # noqa: PTH110
            return place
    return ""


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """The vectors of a source.

    Parameters
    ----------
    vectors : (n_items, n_features) float32
    encoder : the name of what made them
    views : which columns see the items in which way; None: all in the same
    models : hash of each pretrained model, by the name of its encoder
    made_by : the fitted encoder; None: they are from a file
    advice : what an extra that is not installed would add, and how to get it; ``""``: nothing
    """

    vectors: FloatArray
    encoder: str
    views: Views | None
    models: Mapping[str, str]
    made_by: "BlockEncoder | None" = None
    advice: str = ""


def vectors_of(
    encoder: str,
    listing: Listing,
    places: IntArray,
    progress: Progress,
    before: Made | None = None,
) -> Made:
    """Return the vectors of some items.

    Parameters
    ----------
    encoder : its name, ``"auto"``, or ``"vectors:FILE"``
    listing : of the source
    places : (n,) of the items in it
    progress : told (what, done, in all)
    before : one view of these very items that is there already

    Raises
    ------
    SparingError : the encoder cannot be loaded, or an item cannot be read
    """
    if encoder.startswith(GIVEN):
        given = read_vector_file(Path(encoder.removeprefix(GIVEN)))
        X = check_features(_joined(given, listing, places), "--vectors")
        return Made(X, encoder, None, {GIVEN_MODEL: _hash_of(given)})
    from sparing.encoders.choice import advice, default_name, named_encoder

    values = take_items(listing.values, places)
    name = default_name(listing.kind, values) if encoder == AUTO else encoder
    made_by = named_encoder(name, listing.kind, values)
    known: Any = {}  # only several encoders together have a view that may be there before
    if before is not None and before.made_by is not None:
        known = {"known": {before.encoder: (before.made_by, before.vectors)}}
    X = made_by.fit_transform(values, progress=lambda *now: progress("encoding", *now), **known)
    views = made_by.views
    wanted = advice(listing.kind, values) if views is None else None
    return Made(X, name, views, made_by.model_hashes(), made_by, wanted or "")


def check_models(encoder: str, models: Mapping[str, str], listing: Listing) -> None:
    """Refuse a named model, or file of vectors, that is not the one a project's vectors are from.

    Parameters
    ----------
    encoder : the name by which it was asked for
    models : hash of each pretrained model when the vectors were made, by the name of its encoder
    listing : of the source

    Raises
    ------
    SourceError : its files have changed, or are not there
    MissingExtraError : its library is not installed any more
    """
    if ":" not in encoder or not models:
        return
    if encoder.startswith(GIVEN):
        given = read_vector_file(Path(encoder.removeprefix(GIVEN)))
        if models.get(GIVEN_MODEL) != _hash_of(given):
            raise SourceError(
                f"{given.path} is not the file any more that the vectors of this project are from:"
                f" name it in this command to go on with it as it is now, --vectors {given.path}."
            )
        return
    from sparing.encoders.choice import BY_MODEL, named_encoder

    now = named_encoder(encoder, listing.kind, listing.values).model_hashes()
    if any(now.get(name) != known for name, known in models.items() if name in BY_MODEL):
        raise SourceError(
            f"The model files of {encoder} are not those that made the vectors of this project:"
            f" put those back, or name it in this command to go on with these, --encoder {encoder}."
        )


def _hash_of(given: VectorFile) -> str:
    from sparing.encoders.pretrained.packages import file_hash

    return " ".join(map(file_hash, files_of(given)))


def _joined(given: VectorFile, listing: Listing, places: IntArray) -> FloatArray:
    """Return the vectors of some items, whether the file names its rows or is in their order."""
    keys = keys_of(listing, given)
    if given.ids is None:
        return joined_by_id(given, keys)[places]
    return joined_by_id(given, [keys[place] for place in places.tolist()], listing.folder_name)


def look_at(encoder: str, kind: str, values: Any, progress: Tick) -> None:
    """Let items go through the networks of an encoder; what they make is kept for its fit.

    Raises
    ------
    SparingError : a network cannot be loaded, or an item cannot be read
    """
    from sparing.encoders.choice import default_name, named_encoder

    name = default_name(kind, values) if encoder == AUTO else encoder
    named_encoder(name, kind, values).look(values, progress=progress)


def fitted_on(encoder: str, listing: Listing, places: IntArray) -> "BlockEncoder":
    """Return the encoder of that name, fitted on some items; of vectors from a file, theirs."""
    if encoder.startswith(GIVEN):  # what made them is not known here: a model of it reads vectors
        from sparing.encoders.vectors import VectorEncoder

        return VectorEncoder().set_state({})
    from sparing.encoders.choice import named_encoder

    values = take_items(listing.values, places)
    return named_encoder(encoder, listing.kind, values).fit(values)


def keys_of(listing: Listing, given: VectorFile) -> list[str]:
    """Return what a file of vectors calls the items: by their keys, or as people find them."""
    is_by_key = given.ids is None or not set(listing.ids).isdisjoint(given.ids)
    return listing.ids if is_by_key else listing.names


def quick_name(encoder: str, listing: Listing) -> str | None:
    """Return the view that is made in a moment, where others take a while; None: all are.

    The first questions go by it: nobody waits for a network.
    """
    if encoder.startswith(GIVEN):
        return None
    from sparing.encoders.choice import default_name
    from sparing.encoders.registry import ENCODERS

    name = default_name(listing.kind, listing.values) if encoder == AUTO else encoder
    quick = [part for part in name.split("+") if ":" not in part]
    own = [part for part in quick if not ENCODERS[part].is_pretrained]
    return own[0] if own and own[0] != name else None
