"""A detector's command beside the page: ``sparing label photos/ --kind boxes --detector``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.project import Project
    from sparing.project.detecting.command import DetectorCommand

AFTER, MINUTES = 20, 60.0
CommandOption = Annotated[
    str | None,
    typer.Option(
        "--detector",
        metavar="COMMAND",
        help="Of boxes: learns from the answers, and suggests; see the guide of boxes.",
        show_default=False,
    ),
]
AfterOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Run it after so many answers, and again.")
]
MinutesOption = Annotated[
    float, typer.Option(min=0.01, metavar="N", help="Then it is ended, done or not.")
]


def command_of(line: str | None, minutes: float) -> "DetectorCommand | None":
    """Return the command that was typed; None: none was.

    Raises
    ------
    InvalidInputError : it is none
    """
    if line is None:
        return None
    from sparing.project.detecting.command import DetectorCommand

    return DetectorCommand.parse(line, minutes)


@contextmanager
def detecting(project: "Project", command: "DetectorCommand | None", after: int) -> Iterator[None]:
    """Run a command in the background as long as the block does.

    Raises
    ------
    CapabilityError : no boxes are drawn in the project
    """
    if command is None:
        yield
        return
    from sparing.cli.progress import say
    from sparing.project.detecting.worker import DetectorWorker

    project.detecting.check()
    worker = DetectorWorker(project.detecting, command, after, say)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
