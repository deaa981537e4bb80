"""Options that say how a source is to be read, where that is not to be found out."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.datasets.rows import RawTable, Reading

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


SHOWN = 30  # characters of a cell
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Read what links lead to outside the folder.")
]


def reading(
    header: bool | None, encoding: str | None, sheet: str | None, *, follow_links: bool = False
) -> "Reading":
    """Return what was said of the reading."""
    from sparing.datasets.rows import Reading

    return Reading(header, encoding, sheet, follow_links)


def asked_reading(path: Path, told: "Reading") -> "Reading":
    """Ask whether line 1 names the columns where it looks like data and somebody can answer.

    Where nobody can, it is decided, and said with the option that overrules it.
    """
    from sparing.datasets.read import data_in_first_row
    from sparing.errors import SparingError

    if told.header is not None or not sys.stdin.isatty() or not path.is_file():
        return told
    try:
        row = data_in_first_row(path, told)
    except SparingError:  # whoever reads the whole file says what is wrong with it
        return told
    if row is None:
        return told
    shown = ", ".join(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}..." for cell in row[:4])
    names = typer.confirm(f"Line 1 of {path.name} looks like data: {shown}. Does it name columns?")
    return replace(told, header=names)


def asked_labels(path: Path, told: "Reading") -> tuple[str | None, tuple[str, ...]]:
    """Ask whether a column that is filled in part has labels, where somebody can answer.

    Of several such columns it is asked which one. Where nobody can answer, they are no part of the
    items, and said with the options that overrule it.

    Returns
    -------
    the column with the labels, if the answer was yes; and the columns of an item, if it was no
    """
    from sparing.datasets.label_columns import begun, is_label_column
    from sparing.datasets.read import read_items
    from sparing.errors import SparingError

    if not sys.stdin.isatty() or not path.is_file():
        return None, ()
    try:
        items = read_items(path, reading=told, opened=False)
    except SparingError:  # whoever reads it next says what is wrong with it
        return None, ()
    name, table = items.label_column, items.table
    if table is None:
        return None, ()
    if name is None:
        return _asked_which(table, items.columns) if table.labels_beside else (None, ())
    if is_label_column(name, table.columns[name]):
        return None, ()
    if typer.confirm(f"{begun(table, name)}. Import them as labels? No: it is a part of the items"):
        return name, ()
    return None, (*items.columns, name)


def _asked_which(table: "RawTable", columns: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Ask which of several columns has the labels, those of one person perhaps."""
    from sparing.datasets.label_columns import begun

    names = table.labels_beside
    for number, name in enumerate(names, 1):
        typer.echo(f"{number}: {begun(table, name)}.")
    typer.echo("0: none of these, they are parts of the items.")
    number = -1
    while number not in range(len(names) + 1):
        number = typer.prompt("Which one is imported", type=int)
    return (names[number - 1], ()) if number else (None, (*columns, *names))
