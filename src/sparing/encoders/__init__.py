"""Encoders: from items (images, texts, rows of a table, vectors) to float32 vectors."""

from sparing.encoders.base import BlockEncoder, Progress
from sparing.encoders.cache import content_key, encode
from sparing.encoders.hog import GlyphEncoder, HogEncoder
from sparing.encoders.pixels import PixelEncoder
from sparing.encoders.registry import ENCODERS, encoder_names, get_encoder
from sparing.encoders.sentences import OnnxTextEncoder, SentenceEncoder
from sparing.encoders.table import TableEncoder
from sparing.encoders.text import TextEncoder
from sparing.encoders.vectors import VectorEncoder

__all__ = [
    "ENCODERS",
    "BlockEncoder",
    "GlyphEncoder",
    "HogEncoder",
    "OnnxTextEncoder",
    "PixelEncoder",
    "Progress",
    "SentenceEncoder",
    "TableEncoder",
    "TextEncoder",
    "VectorEncoder",
    "content_key",
    "encode",
    "encoder_names",
    "get_encoder",
]
