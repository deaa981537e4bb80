"""Which encoder a name stands for: those of this package, and those of others by entry point."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sparing.encoders.base import BlockEncoder
from sparing.encoders.hog import GlyphEncoder, HogEncoder
from sparing.encoders.joined import JoinedEncoder
from sparing.encoders.pixels import PixelEncoder
from sparing.encoders.pretrained.hub import (
    FastembedEncoder,
    FastembedImageEncoder,
    TimmEncoder,
)
from sparing.encoders.pretrained.onnx_pictures import OnnxImageEncoder
from sparing.encoders.pretrained.photos import EfficientNetEncoder
from sparing.encoders.pretrained.sentences import SentenceEncoder, SentenceImageEncoder
from sparing.encoders.pretrained.texts import MiniLmEncoder, OnnxTextEncoder
from sparing.encoders.table import TableEncoder
from sparing.encoders.text import TextEncoder
from sparing.encoders.text_columns import TextColumnsEncoder
from sparing.encoders.vectors import VectorEncoder
from sparing.registry import Registry

_OWN: tuple[type[BlockEncoder], ...] = (
    EfficientNetEncoder,
    FastembedEncoder,
    FastembedImageEncoder,
    GlyphEncoder,
    HogEncoder,
    JoinedEncoder,
    MiniLmEncoder,
    OnnxImageEncoder,
    OnnxTextEncoder,
    PixelEncoder,
    SentenceEncoder,
    SentenceImageEncoder,
    TableEncoder,
    TextColumnsEncoder,
    TextEncoder,
    TimmEncoder,
    VectorEncoder,
)
ENCODERS: Mapping[str, type[BlockEncoder]] = MappingProxyType({c.name: c for c in _OWN})
"""The encoders of this package by name."""
_REGISTRY: Registry[BlockEncoder] = Registry("encoder", ENCODERS, BlockEncoder, "sparing.encoders")


def encoder_names() -> list[str]:
    """Return all names, sorted.

    Examples
    --------
    >>> encoder_names()[:5]
    ['efficientnet', 'fastembed', 'fastembed-images', 'glyph', 'hog']
    """
    return _REGISTRY.names()


def get_encoder(name: str, **params: Any) -> BlockEncoder:
    """Return an unfitted encoder of that name with those parameters.

    Raises
    ------
    UnknownNameError : no such encoder, or no such parameter of it
    CapabilityError : the entry point behind the name does not load, or gives no encoder

    Examples
    --------
    >>> get_encoder("glyph", n_components=32)
    GlyphEncoder(n_components=32)
    >>> get_encoder("glyf")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no encoder 'glyf'. Did you mean 'glyph'? ...
    """
    return _REGISTRY.make(name, params)
