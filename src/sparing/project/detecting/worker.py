"""Runs a detector's command in the background, again after so many answers."""

import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from sparing.datasets.items import summarize_skipped
from sparing.errors import SparingError
from sparing.project.detecting.command import LOG, CommandError, DetectorCommand, last_line
from sparing.project.detecting.contract import read_results, write_round
from sparing.project.detecting.detecting import Detecting
from sparing.project.detecting.round import DetectorRound

LOOK_SECONDS = 0.5  # between two looks at whether answers have come, whichever way
BUSY = "The detector learns from {:,} pictures, and is to tell of {:,}."
DONE = "The detector has learned from {:,} pictures, and tells of {:,}."
AGAIN = "What it suggested before stays; it runs again after {:,} more answers."


class DetectorWorker:
    """Keeps the suggestions of a detector's command up to date while people label.

    Whatever becomes of the command, no answer is touched, and nobody waits for it.

    Parameters
    ----------
    detecting : of a project that is open for writing
    command : what is run
    after : answers after which it is run, and then again
    note : told what happens, in sentences: the terminal of who has started it
    """

    def __init__(
        self,
        detecting: Detecting,
        command: DetectorCommand,
        after: int,
        note: Callable[[str], None],
    ) -> None:
        self._detecting = detecting
        self._command = command
        self._after = after
        self._note = note
        self._tried = 0  # the last event that a round has known, whatever became of it
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to look for answers."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(
                target=self._watch, name="sparing-detector", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop; a command that is at work is ended. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            thread.join()
            self._detecting.note("")

    def _watch(self) -> None:
        with tempfile.TemporaryDirectory(
            prefix="sparing-detector-", ignore_cleanup_errors=True
        ) as folder:
            while not self._stopping.wait(LOOK_SECONDS):
                try:
                    if self._detecting.is_due(self._after, self._tried):
                        self._take_turn(Path(folder))
                except Exception as error:  # noqa: BLE001  # whatever it is: labeling goes on
                    traceback.print_exc()
                    self._fail(f"The detector met an error that nobody foresaw ({error!r})")

    def _take_turn(self, folder: Path) -> None:
        self._tried = self._detecting.last_seq  # whatever becomes of it: it is not tried at once
        try:
            begun = self._detecting.begin()
            self._detecting.note(BUSY.format(len(begun.known.pictures), len(begun.asked)))
            write_round(folder, begun)
            self._command.run(folder, self._stopping)
            self._publish(begun, folder)
        except CommandError as error:
            if not self._stopping.is_set():
                self._fail(str(error), error.detail, folder / LOG)
        except SparingError as error:
            self._fail(str(error).rstrip("."), last_line(folder / LOG), folder / LOG)

    def _publish(self, begun: DetectorRound, folder: Path) -> None:
        told = self._detecting.publish(begun, read_results(folder))
        said = DONE.format(len(begun.known.pictures), told.n_stored)
        sentence = " ".join([said, *told.notes, *summarize_skipped(told.problems)])
        self._detecting.note(sentence)
        self._note(sentence)

    def _fail(self, why: str, detail: str = "", log: Path | None = None) -> None:
        """Say what happened: on the page nothing of the command, in the terminal all."""
        again = AGAIN.format(self._after)
        self._detecting.note(f"{why}. {again} The terminal of the server says more.")
        more = f" ({detail})" if detail else ""
        where = f" All that it printed: {log}." if log is not None and log.is_file() else ""
        self._note(f"{why}{more}. {again}{where}")
