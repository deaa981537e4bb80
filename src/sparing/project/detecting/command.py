"""A detector that is a command: it is given a folder with a round, and leaves its results there.

The command is known to the process that was started with it, and to nobody else: it is never
stored, and no message that a page shows says a word of it, or of what it prints.
"""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from sparing.errors import InvalidInputError, SparingError
from sparing.system import WINDOWS, split_command, start_apart

MODULE = "sparing.project.detecting.guard_main"  # nobody imports it: it is run
LOG = "log.txt"
LOOK_SECONDS = 0.1  # between two looks at a command that is at work
MOST_LOG = 4096  # bytes from the end of a log, among which its last line is
MOST_SAID = 300  # characters of it
SIGNALS = 128  # an exit status above it says by which signal a process ended
NO_PROGRAM = "The '--detector' option of label must name a program that is here. Got '{}' instead."


class CommandError(SparingError):
    """A detector's command has failed.

    Parameters
    ----------
    message : what happened, for everybody who labels
    detail : what it printed last, for who has started it
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class DetectorCommand:
    """What is run.

    Parameters
    ----------
    arguments : the program and what it is given, the folder of a round excepted
    minutes : it may take; then it is ended
    """

    arguments: tuple[str, ...]
    minutes: float = 60.0

    @classmethod
    def parse(cls, line: str, minutes: float = 60.0) -> "DetectorCommand":
        """Return the command of a line as one types it in a terminal.

        Raises
        ------
        InvalidInputError : a quote is not closed, it is empty, or there is no such program
        """
        try:
            arguments = split_command(line)
        except ValueError as error:
            raise InvalidInputError(
                f"The '--detector' option of label must be a command line: {error}."
            ) from None
        if not arguments or which(arguments[0]) is None:
            raise InvalidInputError(NO_PROGRAM.format(arguments[0] if arguments else ""))
        return cls(tuple(arguments), minutes)

    def run(self, folder: Path, stopping: threading.Event) -> None:
        """Run it to its end, with the folder as its last argument; what it prints goes to a log.

        Parameters
        ----------
        folder : where its round lies
        stopping : ends it when set

        Raises
        ------
        CommandError : it could not be started, failed, took too long or was ended
        """
        # -P: a module in the current folder must not be taken for one of this package.
        guard = [sys.executable, "-P", "-m", MODULE, *self.arguments, str(folder)]
        with (folder / LOG).open("wb") as log:
            process = start_apart(guard, stdin=subprocess.PIPE, stdout=log, stderr=log)
        assert process.stdin is not None  # noqa: S101  # it is a pipe
        end = time.monotonic() + 60 * self.minutes
        while process.poll() is None and time.monotonic() < end:
            if stopping.wait(LOOK_SECONDS):
                break
        was_ended = process.poll() is None
        process.stdin.close()
        status = process.wait()
        if was_ended:
            why = "was ended with the server" if stopping.is_set() else self._too_long()
            raise CommandError(f"The detector {why}")
        if status:
            raise CommandError(f"The detector {_ending(status)}", last_line(folder / LOG))

    def _too_long(self) -> str:
        return f"took longer than {self.minutes:g} minutes and was ended"


def _ending(status: int) -> str:
    if not WINDOWS and status > SIGNALS:
        return f"was ended by signal {status - SIGNALS}"
    return f"ended with exit status {status}"


def last_line(log: Path) -> str:
    """Return the last line that a command has printed; ``""`` where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - MOST_LOG))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:MOST_SAID] if lines else ""
