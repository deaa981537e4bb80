"""Options that say how a table is to be read, where that is not to be found out."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.datasets.rows import Reading

Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether line 1 names the columns.",
        show_default="found out",
    ),
]
EncodingOption = Annotated[
    str | None, typer.Option(help="Of a text file: gbk, cp1252, ...", show_default="found out")
]
Sheet = Annotated[str | None, typer.Option(help="Of a workbook.", show_default="its only one")]


def reading(header: bool | None, encoding: str | None, sheet: str | None) -> "Reading":
    """Return what was said of the reading."""
    from sparing.datasets.rows import Reading

    return Reading(header, encoding, sheet)
