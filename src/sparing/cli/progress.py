"""Progress bars with the time left, on stderr, one a stage."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from sparing.cli.plain import plain


class Stages:
    """Shows the progress of named stages; call it with (stage, steps done, steps in all)."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of ``stage`` are done."""
        self._bars.start()  # at the first step: an empty display would print an empty line
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total or None)
        self._bars.update(self._tasks[stage], completed=done)


def say(line: str) -> None:
    """Tell the person something that is not a result."""
    typer.echo(plain(line), err=True)


@contextmanager
def stages(*, in_bytes: bool = False) -> Iterator[Stages]:
    """Show progress while the block runs; where stderr is no terminal, only the finished bars.

    Parameters
    ----------
    in_bytes : the steps are bytes of a download
    """
    count: ProgressColumn = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description:<22}"), BarColumn(), count, TimeRemainingColumn())
    bars = Progress(*columns, console=Console(stderr=True))
    try:
        yield Stages(bars)
    finally:
        if bars.live.is_started:
            bars.stop()
