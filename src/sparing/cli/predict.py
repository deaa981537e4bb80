"""``sparing predict``: labels for new items by a saved model."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparing.cli.reading import EncodingOption, Header, Sheet, reading
from sparing.cli.shards import (
    ClusterAddress,
    EngineName,
    Engines,
    SkipBad,
    Workers,
    local_folder,
    not_over,
    say_bad,
    say_waiting,
    working,
)

if TYPE_CHECKING:
    from sparing.datasets.items import Items
    from sparing.models.saved import SavedModel
    from sparing.sharded.engine import Engine
    from sparing.sharded.places import ShardPlace
    from sparing.types import FloatArray

COLUMNS = ("item", "label", "confidence")
PredictedRow = tuple[str, str, float]


def predict(
    model: Annotated[
        str,
        typer.Argument(help="A saved model; left out where --model names it.", show_default=False),
    ],
    new: Annotated[
        str | None,
        typer.Argument(
            help="New items: a folder, a file as for compare, or shards, also by URL.",
            show_default=False,
        ),
    ] = None,
    named: Annotated[
        str | None,
        typer.Option("--model", help="The model, as 'select' takes it.", show_default=False),
    ] = None,
    header: Header = None,
    encoding: EncodingOption = None,
    sheet: Sheet = None,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV to write, not to print; of shards: a folder.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines instead of CSV.")] = False,
    workers: Workers = 1,
    engine: Engines = EngineName.LOCAL,
    address: ClusterAddress = None,
    skip_bad: SkipBad = False,
) -> None:
    """Label new items: one line an item, with the model's probability of the label.

    Shards of vectors with a manifest ('sparing shards') are labeled into Parquet files in OUT, by
    --workers; a run that was killed goes on where it was.

    Example: sparing predict model.npz new.csv --out labels.csv
    """
    from sparing.cli.progress import say
    from sparing.datasets.formulas import csv_text
    from sparing.datasets.read import read_items
    from sparing.files import write_atomically
    from sparing.models.saved import load_model
    from sparing.sharded.manifest import has_manifest
    from sparing.sharded.places import RemotePath, place_of

    if named is not None and new is None:
        model, new = named, model
    elif named is not None or new is None:
        raise typer.BadParameter("Name a model and new items: MODEL NEW, or NEW --model MODEL.")
    local_folder(out)
    not_over(out, model, new)
    saved_at, items_at = Path(model), place_of(new)
    if isinstance(items_at, RemotePath) or has_manifest(items_at):
        if out is None or as_json:
            raise typer.BadParameter("Of shards the labels are Parquet: name a folder with --out.")
        with working(engine, workers, address) as used:
            _predict_shards(saved_at, items_at, out, used, skip_bad=skip_bad)
        return
    if skip_bad or workers > 1 or engine is not EngineName.LOCAL:
        raise typer.BadParameter("--workers, --engine, --skip-bad are for shards with a manifest.")
    saved = load_model(saved_at)
    items = read_items(
        items_at, columns=saved.columns, reading=reading(header, encoding, sheet), kind=saved.kind
    )
    rows = _rows(saved, items, _proba(saved, items, saved_at))
    text = _json_lines(rows) if as_json else csv_text(COLUMNS, rows)
    for note in items.said():
        say(note)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text.encode())
        say(f"{len(items):,} labels, in {out}.")


def _predict_shards(
    model: Path, folder: "ShardPlace", out: Path, engine: "Engine", *, skip_bad: bool
) -> None:
    from sparing.cli.progress import say, stages
    from sparing.sharded.predicting import predict_shards
    from sparing.sharded.shardpool import open_shards

    manifest = open_shards(folder)
    with stages() as tick:
        done = predict_shards(
            folder, manifest, model, out, engine=engine, skip_bad=skip_bad,
            progress=lambda *now: tick("labeling", *now), waits=lambda: say_waiting(out),
        )  # fmt: skip
    say_bad(done.bad)
    kept = sum(not part.is_new for part in done.parts)
    before = f" ({kept:,} of its files were there)" if kept else ""
    say(f"{done.rows:,} labels, in {out}{before}.")


def _proba(saved: "SavedModel", items: "Items", model: Path) -> "FloatArray":
    from sparing.cli.progress import stages
    from sparing.errors import InvalidInputError

    if items.kind != saved.kind:
        raise InvalidInputError(f"{model} labels {saved.kind}; {items.source} has {items.kind}.")
    with stages() as tick:
        return saved.predict_proba(items.values, progress=lambda *n: tick("encoding", *n))


def _rows(saved: "SavedModel", items: "Items", proba: "FloatArray") -> list[PredictedRow]:
    best = proba.argmax(axis=1)
    return [
        (name, saved.classes[code], round(float(p[code]), 4))
        for name, code, p in zip(items.names, best, proba, strict=True)
    ]


def _json_lines(rows: Iterable[PredictedRow]) -> str:
    lines = (json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines)
