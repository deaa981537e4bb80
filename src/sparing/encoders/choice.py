"""Which encoder suits items when nobody names one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.encoders.base import BlockEncoder
from sparing.encoders.images import as_shown
from sparing.encoders.registry import get_encoder

DEFAULT = "default"
SMALL_SIDE = 64  # pixels; drawings such as digits and letters are at most so large
LOOKED_AT = 20
PRETRAINED = {"onnx": "folder", "sentences": "model"}
BY_KIND = {"texts": "text", "table": "table", "vectors": "vectors"}


def named_encoder(name: str, kind: str, values: Sequence[Any]) -> BlockEncoder:
    """Return the unfitted encoder that a person named.

    Parameters
    ----------
    name : ``"default"``, a name of the registry, or one with the folder of a pretrained model:
        ``"onnx:models/minilm"``
    kind, values : the items, as in ``default_encoder``

    Raises
    ------
    UnknownNameError : no such encoder
    InvalidInputError : a pretrained one without its model

    Examples
    --------
    >>> named_encoder("default", "texts", ["a"])
    TextEncoder()
    >>> named_encoder("onnx:models/minilm", "texts", ["a"])
    OnnxTextEncoder(folder='models/minilm')
    """
    if name == DEFAULT:
        return get_encoder(default_encoder(kind, values))
    name, _, model = name.partition(":")
    if name not in PRETRAINED:
        return get_encoder(name)
    if not model:
        raise invalid("encoder", "compare", f"'{name}:MODEL', with the model's folder", name)
    return get_encoder(name, **{PRETRAINED[name]: model})


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
    seen = as_shown(image, 4 * SMALL_SIDE)  # not so coarse that all are small
    return seen.mode == "L" and max(seen.size) <= SMALL_SIDE
