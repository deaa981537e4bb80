"""``sparing select``: what to label next in a pool of shards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparing.cli.shards import (
    ClusterAddress,
    EngineName,
    Engines,
    SkipBad,
    Workers,
    local_folder,
    not_over,
    say_bad,
    working,
)
from sparing.cli.shortlist import (
    RANDOM,
    ShardSource,
    bring_in,
    items_shown,
    labels_of,
    model_of,
    shortlist_in,
)

if TYPE_CHECKING:
    from sparing.sharded.engine import Engine
    from sparing.sharded.places import ShardPlace
    from sparing.sharded.selecting import PickedRow, ShardedChoice, WantedRows

COLUMNS = ("id", "label", "utility", "source", "propensity", "shard", "row")


def select(
    vectors: Annotated[
        str, typer.Argument(help="Folder of shards, or its URL.", show_default=False)
    ],
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="How many items.")] = 100,
    model: Annotated[
        Path | None,
        typer.Option(help="Saved model of vectors like these.", show_default=False),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="margin, entropy, least_confidence or random, in one pass; auto, or any other that"
            " 'sparing compare' knows, in two.",
        ),
    ] = "margin",
    into: Annotated[
        str | None,
        typer.Option(
            help="Project of a shortlist: what is chosen comes into it, by its own model.",
            show_default=False,
        ),
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(help="With --into: what the shards were encoded from.", show_default=False),
    ] = None,
    labeled: Annotated[
        Path | None,
        typer.Option(
            help="Table with the ids that are labeled already, in a column id; auto learns from"
            " a column label.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Breaks ties; the same, the same items.")] = 0,
    workers: Workers = 1,
    engine: Engines = EngineName.LOCAL,
    address: ClusterAddress = None,
    skip_bad: SkipBad = False,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write, not to print.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines instead of CSV.")] = False,
) -> None:
    """Choose the items to label next among shards of vectors, reading each shard once or twice.

    Strategies that judge an item by itself choose exactly. Others choose among 200,000 candidates:
    half are what --model doubts most, half are drawn.

    With --into they come into the project that 'sparing label VECTORS --shortlist N' has made.

    Example: sparing select vectors/ --model model.npz -n 1000 --out ask.csv
    """
    from sparing.sharded.places import place_of
    from sparing.sharded.selecting import WantedRows

    local_folder(out)
    not_over(out, model, labeled, items)
    pool = place_of(vectors)
    known = {} if labeled is None else labels_of(labeled)
    wanted = WantedRows(strategy, n, model, frozenset(known), seed)
    with working(engine, workers, address) as used:
        choose = partial(_chosen, pool, used, skip_bad=skip_bad)
        if into is not None:
            _bring(choose, wanted, known, ShardSource(pool, items, used), into)
            return
        chosen = choose(wanted, known)
    _write(chosen, out, as_json=as_json)


def _chosen(
    vectors: "ShardPlace",
    engine: "Engine",
    wanted: "WantedRows",
    known: Mapping[str, str],
    *,
    skip_bad: bool,
) -> "ShardedChoice":
    from sparing.cli.progress import stages
    from sparing.sharded.selecting import judges_alone, select_rows
    from sparing.sharded.shardpool import open_shards
    from sparing.sharded.two_passes import select_in_two_passes

    labels = {name: label for name, label in known.items() if label}
    choose = (
        select_rows
        if judges_alone(wanted.strategy)
        else partial(select_in_two_passes, labels=labels)
    )
    with stages() as tick:
        chosen = choose(
            vectors, open_shards(vectors), wanted, engine=engine, skip_bad=skip_bad,
            progress=lambda *now: tick("selecting", *now),
        )  # fmt: skip
    say_bad(chosen.bad)
    return chosen


def _bring(
    choose: Callable[["WantedRows", Mapping[str, str]], "ShardedChoice"],
    wanted: "WantedRows",
    known: Mapping[str, str],
    pool: ShardSource,
    project: str,
) -> None:
    """Choose by the model of a project, and bring what was chosen into it."""
    shortlist, folder = shortlist_in(project)
    items = items_shown(shortlist, pool)
    there = frozenset(row["id"] for row in shortlist.rows())
    wanted = replace(wanted, excluded=wanted.excluded | there)
    if wanted.model is None and wanted.strategy != RANDOM:
        with model_of(folder) as (model, answers):
            chosen = choose(replace(wanted, model=model), {**known, **answers})
    else:
        chosen = choose(wanted, known)
    bring_in(shortlist, folder, pool, chosen, items)


def _write(chosen: "ShardedChoice", out: Path | None, *, as_json: bool) -> None:
    from sparing.cli.progress import say
    from sparing.datasets.formulas import csv_text
    from sparing.files import write_atomically

    rows = [_row(picked) for picked in chosen.rows]
    if as_json:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = csv_text(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text.encode())
        say(f"{len(rows):,} of {chosen.n_candidates:,} items, in {out}.")


def _row(picked: "PickedRow") -> dict[str, Any]:
    told = asdict(picked)
    chance = None if picked.propensity != picked.propensity else picked.propensity
    return {**told, "id": told.pop("item_id"), "label": "", "propensity": chance}
