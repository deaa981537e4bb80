"""``sparing encode``: items to a folder of shards of vectors."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparing.cli.reading import EncodingOption, FollowLinks, Header, Sheet, reading
from sparing.cli.shards import (
    ClusterAddress,
    EngineName,
    Engines,
    Workers,
    in_words,
    local_folder,
    say_waiting,
    working,
)

if TYPE_CHECKING:
    from sparing.datasets.items import Items


class VectorType(StrEnum):
    """How numbers are written."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"


def encode(
    source: Annotated[Path, typer.Argument(help="Folder or table.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder of the shards.", show_default=False)],
    encoder: Annotated[
        str,
        typer.Option(help="See 'sparing encoders'.", show_default="what sees most of what is here"),
    ] = "default",
    rows: Annotated[int, typer.Option(min=1, help="Of a shard.")] = 65_536,
    dtype: Annotated[
        VectorType, typer.Option(help="Of the numbers: four bytes each, two or one.")
    ] = VectorType.FLOAT32,
    columns: Annotated[
        str, typer.Option(metavar="A,B:KIND", help="Of a table: the columns that make an item.")
    ] = "",
    header: Header = None,
    encoding: EncodingOption = None,
    sheet: Sheet = None,
    follow_links: FollowLinks = False,
    seed: Annotated[int, typer.Option(min=0, help="Draws what the encoder learns from.")] = 0,
    workers: Workers = 1,
    engine: Engines = EngineName.LOCAL,
    address: ClusterAddress = None,
) -> None:
    """Turn items into shards of vectors, for 'select' and 'predict'; a second run goes on.

    Example: sparing encode photos/ --out vectors/
    """
    from sparing.cli.progress import say, stages
    from sparing.datasets.read import read_items
    from sparing.encoders.choice import named_encoder
    from sparing.sharded.encoding import ShardWriting, encode_shards

    local_folder(out)
    if source.is_dir() and source.resolve() in (out.resolve(), *out.resolve().parents):
        raise typer.BadParameter(
            f"{out} lies in {source}, and what is written there would be read as items the next"
            " time: name a folder outside of it by --out."
        )
    parts = [name.strip() for name in columns.split(",") if name.strip()]
    read_as = reading(header, encoding, sheet, follow_links=follow_links)
    items = read_items(source, columns=parts, reading=read_as)
    for note in items.said():
        say(note)
    made_by = named_encoder(_chosen(encoder, items), items.kind, items.values)
    writing = ShardWriting(items, made_by, out, rows, seed, dtype.value)
    alone = engine is EngineName.LOCAL and workers == 1
    with working(engine, workers, address) as used, stages() as tick:
        found = encode_shards(
            writing,
            lambda *now: tick("encoding", *now),
            engine=None if alone else used,
            waits=lambda: say_waiting(out),
        )
    typer.echo(in_words(found))


def _chosen(encoder: str, items: "Items") -> str:
    """Return the encoder's name, fetched if it was typed and is not here."""
    from sparing.encoders.choice import DEFAULT, check_encoder, default_name, fetch

    if encoder == DEFAULT:
        return default_name(items.kind, items.values)
    check_encoder(encoder, items.kind)
    fetch(encoder, items.kind)
    return encoder
