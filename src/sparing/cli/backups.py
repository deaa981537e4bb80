"""A project as one file and back; several projects as one."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparing.cli.plain import plain
from sparing.cli.projects import Place

if TYPE_CHECKING:
    from sparing.project.backups.archive import Manifest


def backup(
    project: Place,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="File that is not there yet.")],
) -> None:
    """Write all that a project knows to one file, for you alone; the project may be in use.

    The source is not in it, nor anything that lets somebody in.

    Example: sparing backup photos.sparing photos-monday.backup
    """
    from sparing.cli.progress import say
    from sparing.project.backups.backup import backup as write

    told = write(project, out)
    say(f"{_said(told)}, in {out}. The source is not in it: {told.source}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Empty, or not there yet; or a database's URL.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Where the source is now.", show_default=False)
    ] = None,
) -> None:
    """Make a project from a backup, on this or another machine; it is there whole or not at all.

    Example: sparing restore photos-monday.backup photos.sparing --source photos
    """
    from sparing.cli.progress import say
    from sparing.project.backups.restore import restore as unpack

    made = unpack(file, folder, source)
    say(f"{_said(made.manifest)}, in {made.place}.")
    if made.source is None:
        say(
            f"Its source is not there, or not named here yet: {made.manifest.source}. 'sparing"
            f" label {made.place} --source PLACE' says where it is now."
        )


def merge(
    projects: Annotated[
        list[str], typer.Argument(metavar="PROJECT...", help="Two or more; they stay as they are.")
    ],
    into: Annotated[
        Path, typer.Option(help="New folder, or one that was merged before.", show_default=False)
    ],
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="NAME=NAME", help="Take one for the other.", show_default=False
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Where the source is now.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Put projects that were made apart together in a new one; says first what it will do.

    It begins as the first one. What people said in the others comes beside it, with its time. Done
    again, it adds what is new.

    Example: sparing merge ada.sparing ben.sparing --into both.sparing
    """
    from sparing.project.merging.classes import parse_wanted
    from sparing.project.merging.merge import merge as put_together

    def agreed(told: Sequence[str]) -> bool:
        for line in told:
            typer.echo(plain(line))
        return yes or (sys.stdin.isatty() and typer.confirm(f"Write {into}?", err=True))

    wanted = parse_wanted(classes or [])
    if put_together(projects, into, classes=wanted, source=source, agree=agreed):
        typer.echo(f"Done: {into}.", err=True)
    else:
        typer.echo("Nothing was written: --yes does it.", err=True)


def _said(manifest: "Manifest") -> str:
    n_bytes = sum(size for size, _ in manifest.files.values())
    return (
        f"{manifest.n_events:,} events on {manifest.n_items:,} items, {n_bytes / 1e6:,.1f} MB of"
        f" {manifest.made}"
    )
