"""What a BoxLearner is given: pictures, what they are known by, and a detector."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.errors import SourceError
from sparing.learner.saving_units import digest_of
from sparing.models.detection.suggester import BoxSuggester

WHERE = "BoxLearner"
SUGGESTER = "suggester"


def read_pictures(pictures: Any) -> list[Any]:
    """Return pictures as a list.

    Raises
    ------
    InvalidInputError : they are none, or no pictures

    Examples
    --------
    >>> read_pictures(f"{i}.jpg" for i in range(2))
    ['0.jpg', '1.jpg']
    """
    if isinstance(pictures, str | bytes | Mapping) or not isinstance(pictures, Iterable):
        raise invalid("pictures", WHERE, "a list of files, images or arrays", pictures)
    listed = list(pictures)
    if not listed:
        raise invalid("pictures", WHERE, "of one picture at least", listed)
    return listed


def own_detector(detector: Any, seed: int) -> Any:
    """Return a detector of this learner's own.

    Raises
    ------
    InvalidInputError : it has no fit and predict

    Examples
    --------
    >>> own_detector("suggester", 1)
    BoxSuggester(seed=1)
    """
    if isinstance(detector, str) and detector == SUGGESTER:
        return BoxSuggester(seed)
    methods = ("fit", "predict")
    if isinstance(detector, type) or not all(callable(getattr(detector, m, None)) for m in methods):
        expected = f"'{SUGGESTER}' or an object with fit and predict"
        raise invalid("detector", WHERE, expected, detector)
    return deepcopy(detector)


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
