"""``sparing compare``: what active learning is worth on the user's own labeled data."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sparing.cli import INTERRUPTED
from sparing.cli.reading import EncodingOption, FollowLinks, Header, Sheet, asked_reading, reading

if TYPE_CHECKING:
    from sparing.datasets.items import Items
    from sparing.experiment.comparison_report import Report
    from sparing.experiment.grid import TrialGrid
    from sparing.experiment.protocol import Protocol
    from sparing.experiment.runner import GridResult

AUTO = "auto"
DEFAULT = "default"
MOST_BUDGET = 200
ROUNDS = 20


def compare(
    source: Annotated[
        Path,
        typer.Argument(
            help="Labeled data: a folder with a folder a class, CSV, TSV, JSONL, Parquet, .npy.",
            show_default=False,
        ),
    ],
    label_column: Annotated[
        str | None, typer.Option(help="The column with the labels.", show_default=False)
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="The columns that make an item: a,b or a:text. All others.", show_default=False
        ),
    ] = None,
    kind: Annotated[
        Literal["images", "texts", "table", "vectors"] | None,
        typer.Option(help="What the columns hold, if it is guessed wrong.", show_default=False),
    ] = None,
    several: Annotated[
        str | None,
        typer.Option(
            help="Items have several labels: what stands between two, such as ';'.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="The labels of a .npy file.", show_default=False)
    ] = None,
    header: Header = None,
    encoding: EncodingOption = None,
    sheet: Sheet = None,
    follow_links: FollowLinks = False,
    strategies: Annotated[
        str, typer.Option(help="Their names: a,b. 'random' is always among them.")
    ] = "auto,margin",
    model: Annotated[
        str, typer.Option(help="auto, linear, forest, or one of another package.")
    ] = "auto",
    encoder: Annotated[
        str, typer.Option(help="Turns items into vectors; see 'sparing encoders'.")
    ] = DEFAULT,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Vectors that you have: .npy or Parquet.", show_default=False),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            min=2, help="Labels at the end. 200, or half of what there is.", show_default=False
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Labels a round. A 20th of the budget.", show_default=False),
    ] = None,
    initial: Annotated[int, typer.Option(min=0, help="Labels drawn at random to begin.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions, each with its own split.")] = 20,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes. One a core.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("sparing-compare"),
    save_model: Annotated[
        Path | None,
        typer.Option(help="Fit on all labels and save, for predict.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print comparison.json instead of the table.")
    ] = False,
) -> None:
    """Compare strategies on labeled data: what does active learning save here, if anything?

    Hides the labels, asks for them strategy by strategy, and measures on held-out items. Finished
    trials are kept: the same command goes on where it was stopped.

    Example: sparing compare reviews.csv --label-column stars --budget 100
    """
    from sparing.datasets.read import read_labeled
    from sparing.experiment.grid import TrialGrid
    from sparing.experiment.prepared import prepare
    from sparing.files import check_writable
    from sparing.models.registry import get_model

    check_writable(out)
    if several is not None and (save_model or not several):
        reason = (
            "a separator such as ';'" if not several else "alone: such a model is not saved yet"
        )
        raise typer.BadParameter(f"must be {reason}.", param_hint="--several")
    used = _names(columns) if columns else []
    told = reading(header, encoding, sheet, follow_links=follow_links)
    data = read_labeled(
        source,
        label_column,
        columns=used,
        labels=labels,
        reading=asked_reading(source, told),
        kind=kind,
        separator=several,
    )
    if vectors is not None:
        data = replace(data, items=_with_vectors(data.items, vectors))
    chosen = _chosen(encoder, data.items)
    protocol = _protocol(len(data), budget, batch_size, initial)
    grid = TrialGrid(
        {source.stem: prepare(source.stem, data, protocol)},
        _known_strategies(_names(strategies)),
        seeds,
        protocol,
        {model: get_model(model)},
        (chosen,),
    )
    _look(chosen, data.items)
    result = _run(grid, out, jobs)
    report = _report(grid, result)
    page = _write(report, out)
    if as_json:
        typer.echo((out / "comparison.json").read_text("utf-8"))
    else:
        _print(report, page)
    if result.interrupted:
        _say_kept(grid, result, out)
        raise typer.Exit(INTERRUPTED)
    if save_model:
        _save(save_model, grid)


def _with_vectors(items: "Items", path: Path) -> "Items":
    """Return the items with vectors from a file in place of what they hold."""
    from sparing.cli.progress import say
    from sparing.datasets.vectorfile import joined_by_id, read_vector_file, surplus

    given = read_vector_file(path)
    root = Path(items.source).name if items.table is None else None
    if note := surplus(given, items.names, root):
        say(note)
    return replace(items, kind="vectors", values=joined_by_id(given, items.names, root))


def _chosen(encoder: str, items: "Items") -> str:
    """Return the encoder's name, looked up and fetched before long work starts."""
    from sparing.cli.progress import say
    from sparing.encoders.choice import advice, check_encoder, default_name, fetch

    if encoder == DEFAULT:
        if wanted := advice(items.kind, items.values):
            say(wanted)
        return default_name(items.kind, items.values)
    check_encoder(encoder, items.kind)
    fetch(encoder, items.kind)
    return encoder


def _look(encoder: str, items: "Items") -> None:
    """Let the items go through a network once, not in every process of the trials."""
    from sparing.cli.progress import stages
    from sparing.encoders.choice import named_encoder

    with stages() as tick:
        made = named_encoder(encoder, items.kind, items.values)
        made.look(items.values, progress=partial(tick, "encoding"))


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _protocol(n_items: int, budget: int | None, batch_size: int | None, initial: int) -> "Protocol":
    from sparing.experiment.protocol import Protocol

    budget = budget or max(2, min(MOST_BUDGET, n_items // 2))
    return Protocol(budget, batch_size or max(1, round(budget / ROUNDS)), initial)


def _known_strategies(names: list[str]) -> dict[str, str]:
    """Look the names up before long work starts; random comes first."""
    from sparing.experiment.grid import RANDOM
    from sparing.strategies import get_strategy

    if not set(names) - {RANDOM}:
        raise typer.BadParameter("must name one to compare with random.", param_hint="--strategies")
    for name in names:
        if name != AUTO:
            get_strategy(name)
    return {name: name for name in (RANDOM, *names)}


def _run(grid: "TrialGrid", out: Path, jobs: int | None) -> "GridResult":
    from sparing.cli.progress import say, stages
    from sparing.experiment.comparison import seeds_of_all
    from sparing.experiment.runner import run_grid

    with stages() as tick:
        shown = partial(tick, "trials")
        result = run_grid(grid, out / "trials", n_jobs=jobs, tick=shown)
    if result.n_found:
        say(f"{result.n_found:,} trials were there already, in {out / 'trials'}.")
    if result.interrupted and not seeds_of_all(result.results, grid.strategies):
        _say_kept(grid, result, out)
        raise typer.Exit(INTERRUPTED)
    return result


def _report(grid: "TrialGrid", result: "GridResult") -> "Report":
    from sparing.experiment.comparison import compare_results
    from sparing.experiment.comparison_report import Report
    from sparing.experiment.notes import data_notes

    (name,), (encoder,), (model,) = grid.datasets, grid.encoders, grid.models
    prepared = grid.datasets[name]
    data = prepared.data
    facts: dict[str, str | int] = {
        "items": f"{len(data):,} {'rows' if data.items.kind == 'table' else data.items.kind}",
        "classes": len(prepared.classes),
        "encoder": encoder,
        "model": model,
        "budget": f"{grid.protocol.budget:,} labels",
        "test": f"{grid.protocol.test_share:.0%}",
    }
    notes = data_notes(prepared, encoder, grid.protocol)
    several = prepared.present is not None
    return Report(name, facts, notes, grid.protocol, compare_results(result.results), several)


def _write(report: "Report", out: Path) -> Path:
    from sparing.experiment.comparison_report import write_comparison

    return write_comparison(report, out)


def _print(report: "Report", page: Path) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from sparing.cli.progress import say
    from sparing.experiment.comparison_report import head, summary_rows
    from sparing.experiment.verdict import verdict

    for note in report.notes:
        say(note)
    table = Table(
        title=f"{report.name}: {report.measures[0]} on held-out items",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    first, *figures = head(report)
    table.add_column(first, overflow="fold")
    for name in figures:  # in two lines: a terminal of 80 columns would cut the last column off
        table.add_column(name.replace(" ", "\n", 1), justify="right", no_wrap=True)
    for row in summary_rows(report.comparison):
        table.add_row(*row)
    console = Console()
    console.print(table)
    say(f"Report: {page.resolve()}")
    console.print(verdict(report.comparison), highlight=False, soft_wrap=True)


def _save(path: Path, grid: "TrialGrid") -> None:
    from sparing.cli.progress import say
    from sparing.experiment.final import fit_final
    from sparing.models.saved import save_model

    (encoder,), (model,) = grid.encoders, grid.models.values()
    (data,) = (prepared.data for prepared in grid.datasets.values())
    save_model(path, fit_final(data, encoder, model))
    say(f"Model, fitted on all {len(data):,} labels: {path}")


def _say_kept(grid: "TrialGrid", result: "GridResult", out: Path) -> None:
    n_all = len(grid.cells())
    kept = f"{len(result.results)} of {n_all} trials, in {out / 'trials'}"
    typer.echo(f"Kept: {kept}. The same command goes on from there.", err=True)
