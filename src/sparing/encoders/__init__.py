"""Encoders: from items (images, texts, rows of a table, vectors) to float32 vectors."""

from sparing.encoders.base import BlockEncoder
from sparing.encoders.cache import content_key, encode
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
from sparing.encoders.registry import ENCODERS, encoder_names, get_encoder
from sparing.encoders.table import TableEncoder
from sparing.encoders.text import TextEncoder
from sparing.encoders.text_columns import TextColumnsEncoder
from sparing.encoders.vectors import VectorEncoder
from sparing.types import Tick

__all__ = [
    "ENCODERS",
    "BlockEncoder",
    "EfficientNetEncoder",
    "FastembedEncoder",
    "FastembedImageEncoder",
    "GlyphEncoder",
    "HogEncoder",
    "JoinedEncoder",
    "MiniLmEncoder",
    "OnnxImageEncoder",
    "OnnxTextEncoder",
    "PixelEncoder",
    "SentenceEncoder",
    "SentenceImageEncoder",
    "TableEncoder",
    "TextColumnsEncoder",
    "TextEncoder",
    "Tick",
    "TimmEncoder",
    "VectorEncoder",
    "content_key",
    "encode",
    "encoder_names",
    "get_encoder",
]
