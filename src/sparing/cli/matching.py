"""``sparing match``: which item of the source an answer belongs to, where that is not clear."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparing.cli.projects import Out, Place, open_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparing.project.source.rematching import Unmatched

COLUMNS = ("item_id", "item", "label", "is_now", "why", "text")


def match(
    project: Place,
    table: Annotated[
        Path | None,
        typer.Argument(help="What this command printed, with 'is_now' filled in."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="id, content or place: what decides for all of them.", show_default=False
        ),
    ] = None,
    out: Out = None,
) -> None:
    """List answered items that are not in the source as it is now, and say what they are.

    'id': contents were changed. 'content': ids were given anew. 'place': what stands between the
    same neighbors, as many as are gone. Or fill in the column 'is_now' of what is printed, and give
    that table: an empty cell leaves an item as it is.

    Example: sparing match reviews.csv.sparing --by id
    """
    if table is not None and by is not None:
        raise typer.BadParameter("Give a table, or --by: not both.")
    with open_project(project, must_write=table is not None or by is not None) as one:
        if table is None and by is None:
            _print(one.rematching.unmatched(), out)
            return
        n = len(one.rematching.unmatched())
        if table is not None:
            one.rematching.match(_pairs(table))
        elif by is not None:
            one.rematching.match_by(by)
        left = len(one.rematching.unmatched())
    typer.echo(f"Back with their answers: {n - left:,}. Not in the source: {left:,}.")


def _print(items: "Sequence[Unmatched]", out: Path | None) -> None:
    from sparing.datasets.formulas import csv_text
    from sparing.files import write_atomically

    rows = [(i.item_id, i.name, i.label, i.is_now, i.why, i.text) for i in items]
    text = csv_text(COLUMNS, rows)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text.encode())
    n = sum(item.is_now is not None for item in items)
    typer.echo(f"Not in the source: {len(items):,}. Suggestions: {n:,}.", err=True)


def _pairs(path: Path) -> dict[str, str]:
    from sparing.datasets.decoding import read_text
    from sparing.datasets.formulas import armed
    from sparing.errors import InvalidInputError

    rows = list(csv.DictReader(io.StringIO(read_text(path)[0], newline="")))
    if not rows or not {"item_id", "is_now"} <= rows[0].keys():
        raise InvalidInputError(f"{path} has no rows with the columns 'item_id' and 'is_now'.")
    filled = [row for row in rows if row["is_now"]]
    return {armed(row["item_id"]): armed(row["is_now"]) for row in filled}
