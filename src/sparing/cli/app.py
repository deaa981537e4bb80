"""The commands, and what becomes of their errors."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

import sparing
from sparing.cli import INTERRUPTED
from sparing.cli.autolabel import autolabel
from sparing.cli.backend import backend
from sparing.cli.backups import backup, merge, restore
from sparing.cli.certify import certify
from sparing.cli.compare import compare
from sparing.cli.encode import encode
from sparing.cli.encoders import encoders
from sparing.cli.label import label
from sparing.cli.matching import match
from sparing.cli.plain import plain
from sparing.cli.predict import predict
from sparing.cli.projects import agreement, audit, export, import_labels, next_items, status
from sparing.cli.reproduce import reproduce
from sparing.cli.select import select
from sparing.cli.shards import shards
from sparing.cli.team import password
from sparing.errors import SparingError

app = typer.Typer(
    name="sparing",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sparing {sparing.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Active learning: label less, know how good it is, know when to stop."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


COMMANDS: dict[str, Callable[..., None]] = {
    "label": label,
    "backend": backend,
    "next": next_items,
    "status": status,
    "import": import_labels,
    "match": match,
    "audit": audit,
    "certify": certify,
    "export": export,
    "agreement": agreement,
    "backup": backup,
    "restore": restore,
    "merge": merge,
    "password": password,
    "autolabel": autolabel,
    "compare": compare,
    "predict": predict,
    "encode": encode,
    "shards": shards,
    "select": select,
    "encoders": encoders,
    "reproduce": reproduce,
}
for name, command in COMMANDS.items():
    app.command(name)(command)


def run(argv: list[str] | None = None) -> int:
    """Run the command line ``argv``; return the exit code."""
    try:
        code = int(app(argv, standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _fail(_usage(error, sys.argv[1:] if argv is None else argv), error.exit_code)
    except SparingError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        # The reader of our output has gone: say nothing more, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # of a path that nobody can open, such as one that is too long
        return _fail(f"{error}.", 1)
    return _fail("Interrupted.", code) if code == INTERRUPTED else code


def _usage(error: typer.TyperException, argv: list[str]) -> str:
    """Return what was wrong with a command, and where it is told how to say it."""
    said, context = error.format_message().rstrip(), getattr(error, "ctx", None)
    said = said if said.endswith((".", "?", "!")) else f"{said}."
    files = (one for one in argv if one.startswith("-") and _is_there(one))
    named = next((f" '{one}' is there: call it './{one}'." for one in files), "")
    see = f" See '{context.command_path} --help'." if context else ""
    return said + named + see


def _is_there(named: str) -> bool:
    try:
        return Path(named).exists()
    except OSError:  # too long for the name of a file
        return False


def _fail(message: str, code: int) -> int:
    typer.echo(plain(f"sparing: {' '.join(message.split())}"), err=True)
    return code
