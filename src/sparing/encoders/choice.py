"""Which encoder suits items when nobody names one."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

SMALL_SIDE = 64  # pixels; drawings such as digits and letters are at most so large
LOOKED_AT = 20
BY_KIND = {"texts": "text", "table": "table", "vectors": "vectors"}


def default_encoder(kind: str, values: Sequence[Any]) -> str:
    """Return the name of an encoder for items of this kind.

    Parameters
    ----------
    kind : ``"images"``, ``"texts"``, ``"table"`` or ``"vectors"``
    values : the items; small gray images get ``"glyph"``, all others ``"hog"``

    Examples
    --------
    >>> default_encoder("texts", ["a"])
    'text'
    >>> default_encoder("images", np.zeros((5, 28, 28)))
    'glyph'
    >>> default_encoder("images", np.zeros((5, 96, 96, 3)))
    'hog'
    """
    if kind != "images":
        return BY_KIND[kind]
    return "glyph" if all(map(_is_small_gray, values[:LOOKED_AT])) else "hog"


def _is_small_gray(image: Any) -> bool:
    if isinstance(image, np.ndarray):
        return image.ndim == 2 and max(image.shape) <= SMALL_SIDE
    from PIL import Image

    with Image.open(image) if isinstance(image, str | PathLike) else image as opened:
        return opened.mode in ("1", "L", "I;16") and max(opened.size) <= SMALL_SIDE
