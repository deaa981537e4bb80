"""What a BoxLearner is given: pictures, what they are known by, and boxes in them."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.annotations.boxes import BoxSet
from sparing.annotations.values import Value
from sparing.errors import SourceError
from sparing.learner.saving_units import digest_of
from sparing.models.detection.feature_maps import picture_size
from sparing.pool.classes import ClassTable

WHERE = "BoxLearner"
KIND = BoxSet()


def read_pictures(pictures: Any) -> list[Any]:
    """Return pictures as a list.

    Raises
    ------
    InvalidInputError : they are none, or no pictures
    """
    if isinstance(pictures, str | bytes | Mapping) or not isinstance(pictures, Iterable):
        raise invalid("pictures", WHERE, "a list of files, images or arrays", pictures)
    listed = list(pictures)
    if not listed:
        raise invalid("pictures", WHERE, "of one picture at least", listed)
    return listed


def parsed_boxes(row: int, raw: Any, table: ClassTable, picture: Any) -> Value:
    """Return the boxes of a picture as they are kept.

    Raises
    ------
    InvalidInputError : they are no boxes, or not within their picture; the row is named
    """
    try:
        return KIND.parse(raw, table, picture_size(picture))
    except ValueError as error:
        error.args = (f"Row {row}: {error}",)
        raise


def pictures_digest(pictures: Iterable[Any]) -> str:
    """Return a hash that tells pictures from others, without opening files.

    Of a file its name and size count, so that the folder may move; of the others their pixels.

    Raises
    ------
    SourceError : a file is not there

    Examples
    --------
    >>> one, two = np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)
    >>> [pictures_digest([one]) == pictures_digest([other]) for other in (one.copy(), two)]
    [True, False]
    """
    return digest_of(map(_mark, pictures))


def _mark(picture: Any) -> bytes:
    if isinstance(picture, str | PathLike):
        path = Path(picture)
        try:
            return f"{path.name} {path.stat().st_size}".encode("utf-8", "surrogatepass")
        except OSError as error:
            why = error.strerror or error
            raise SourceError(f"{picture} cannot be read: {why}.") from error
    pixels = np.ascontiguousarray(picture)
    return f"{pixels.shape} {blake2b(pixels.tobytes()).hexdigest()}".encode()
