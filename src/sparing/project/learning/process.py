"""Keeps the trainer: a process beside the labeling that retrains whenever answers have come in.

The process itself, ``trainer_main``, only reads the store. What it makes are files, each there
whole or not at all, and one line on its standard output for each; the process that owns the
project does the rest. Labeling never waits for it, and whatever becomes of it, no answer is
touched.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sparing.files import anew

if TYPE_CHECKING:
    from sparing.project.learning.learning import Learning
    from sparing.project.map.maps import Map

LONGEST_PAUSE = 60.0  # seconds before a trainer that keeps dying is started again
STOP_SECONDS = 2.0
LOOK_SECONDS = 1.0  # between two looks at a project that other processes write to
AGAIN_SECONDS = 30.0
DATABASE = "SPARING_DATABASE"  # tells the child the URL: nobody else can read its environment
DUTY = "training"
MODULE = "sparing.project.learning.trainer_main"  # nobody imports it: it is run
MOST_SAID = 300  # characters of an error
MAP_SECONDS = 1.0  # of work on the map at a time: an answer waits no longer to be learned from
MAP_SHARE = 0.25  # of the time that learning took, for the map, where answers never pause
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
              "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT")  # fmt: skip

OFF, IDLE, ENCODING, TRAINING, FAILED = "off", "idle", "encoding", "training", "failed"


@dataclass(frozen=True, slots=True)
class TrainerStatus:
    """What the trainer does.

    Parameters
    ----------
    state : ``"off"``, ``"idle"``, ``"encoding"``, ``"training"`` or ``"failed"``
    message : how far it is, or why it failed, in words
    """

    state: str
    message: str = ""


class Trainer:
    """Keeps one trainer process alive and takes over what it makes.

    Parameters
    ----------
    learning, item_map : of a project that is open for writing
    command : what is started; another one in tests
    pause : seconds before the first restart of a trainer that died; doubled each time
    note : told what made the vectors of the items, and which cannot be read, in sentences

    Examples
    --------
    ``trainer = Trainer(project.learning, project.map); trainer.start()``, then ``trainer.wake()``
    after each answer, and ``trainer.stop()`` at the end.
    """

    def __init__(
        self,
        learning: "Learning",
        item_map: "Map",
        command: list[str] | None = None,
        pause: float = 1.0,
        *,
        note: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._learning = learning
        self._map = item_map
        # -P: a numpy.py in the current folder must not be imported.
        module = [sys.executable, "-P", "-m", MODULE, str(learning.folder.path)]
        self._command = module if command is None else command
        self._first_pause = pause
        self._pause = pause
        self._note = note
        self._again = 0.0  # when what failed is tried again without a new answer
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._status = TrainerStatus(OFF)
        self._is_looking = False  # whether a network of the child is at work beside the learning

    def start(self) -> None:
        """Start; the first thing it does is to encode the items, if that is still to be done."""
        if self._thread is None:
            self._stopping.clear()
            self._awake.set()
            # A daemon: if nobody stops us, the child ends with this process all the same.
            self._thread = threading.Thread(
                target=self._supervise, name="sparing-trainer", daemon=True
            )
            self._say(self._task() if self._learning.is_behind() else IDLE)
            self._thread.start()

    def stop(self) -> None:
        """Stop; what it was at is lost, and made again the next time. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._awake.set()
            child = self._child
            if child is not None:
                child.terminate()
            thread.join()
            self._say(OFF)

    def wake(self) -> None:
        """Say that answers have come in; returns at once."""
        self._awake.set()

    def status(self) -> TrainerStatus:
        """Return what it does."""
        return self._status

    def _say(self, state: str, message: str = "") -> None:
        self._status = TrainerStatus(state, message)
        self._learning.note_trainer(state, message)

    def _task(self) -> str:
        return TRAINING if self._learning.is_encoded else ENCODING

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            try:
                self._keep_one()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is told, and tried again
                traceback.print_exc()
                self._rest(f"Learning stopped at an error that nobody foresaw ({_named(error)})")

    def _keep_one(self) -> None:
        """Keep one trainer for as long as it lives, where that is on us."""
        if not self._learning.duties.has(DUTY):
            self._say(IDLE, "Another process trains.")
            self._stopping.wait(LOOK_SECONDS)
            return
        if not self._is_there():
            return
        self._is_looking = False
        with anew(self._log()) as log, self._started(log) as child:
            try:
                self._serve(child)
            finally:
                _end(child)
        if not self._stopping.is_set() and self._learning.duties.has(DUTY):
            code = child.returncode
            why = signal.Signals(-code).name if code < 0 else _last_line(self._log())
            self._rest(f"The trainer died ({why})")

    def _log(self) -> Path:
        return self._learning.folder.trainer_log

    def _started(self, log: IO[bytes]) -> "subprocess.Popen[str]":
        environment = (
            os.environ | dict.fromkeys(ONE_THREAD, "1") | {DATABASE: self._learning.folder.url}
        )
        self._child = subprocess.Popen(  # noqa: S603  # our own interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        return self._child

    def _serve(self, child: "subprocess.Popen[str]") -> None:
        """Ask for one version after the other until the child dies or we stop; else for the map."""
        while not self._stopping.is_set() and self._learning.duties.has(DUTY):
            pause = LOOK_SECONDS if self._learning.folder.is_shared else None
            is_woken = self._awake.wait(0 if self._map.is_due() or self._is_looking else pause)
            self._awake.clear()
            if self._stopping.is_set():
                return
            if not self._is_there():
                self._awake.set()
                continue
            began = time.monotonic()
            if self._is_behind(is_woken=is_woken):
                self._say(self._task())
                order = {"version": self._learning.version + 1}
                if not (_tell(child, order) and self._listen(child, self._finish)):
                    return
            if self._is_looking:
                if not (_tell(child, {"look": LOOK_SECONDS}) and self._listen(child, self._looked)):
                    return
            elif self._map.is_due():
                seconds = max(MAP_SECONDS, MAP_SHARE * (time.monotonic() - began))
                if not (_tell(child, {"map": seconds}) and self._listen(child, self._mapped)):
                    return

    def _is_there(self) -> bool:
        """Tell whether the project is where it was; if not, say so, and wait a moment."""
        from sparing.errors import SparingError

        try:
            self._learning.log.check_presence()
        except SparingError as error:  # what is made would be written to a new folder
            self._say(FAILED, str(error))
            self._stopping.wait(LOOK_SECONDS)
            return False
        return True

    def _is_behind(self, *, is_woken: bool) -> bool:
        """Tell whether there is something to learn, whoever has said it."""
        from sparing.errors import SparingError

        if not is_woken and not (
            self._learning.folder.is_shared and time.monotonic() >= self._again
        ):
            return False
        try:
            self._learning.log.catch_up()
        except SparingError as error:  # the database is away: it is asked again in a moment
            self._say(FAILED, str(error))
            return False
        return self._learning.is_behind()

    def _listen(
        self, child: "subprocess.Popen[str]", finish: Callable[[dict[str, Any]], None]
    ) -> bool:
        """Take what the child says until it has done its order; False if it died before."""
        for line in _lines(child):
            if "progress" in line:
                self._progress(*line["progress"])
            elif "encoded" in line:
                self._encoded()
            else:
                finish(line)
                return True
        return False

    def _progress(self, what: str, done: int, total: int) -> None:
        if what == TRAINING:
            self._say(TRAINING)
            return
        if what == ENCODING:
            self._learning.note_encoded(done, total)
        self._say(ENCODING, f"{what} {done:,} of {total:,}")

    def _encoded(self) -> None:
        from sparing.errors import SparingError

        try:
            before = self._found()
            self._learning.take_contents()
            for note in self._found():
                if note not in before:
                    self._note(note)
        except SparingError as error:  # what was found is kept the next time
            self._say(FAILED, str(error))

    def _found(self) -> tuple[str, ...]:
        """Return what is known of the items, once they were looked at."""
        return (*self._learning.seen_by, *self._learning.unreadable)

    def _finish(self, line: dict[str, Any]) -> None:
        from sparing.errors import SparingError
        from sparing.store import Version, VersionFacts

        try:
            if "failed" not in line:
                number, seq, facts = line["trained"]
                made = Version(number, seq, VersionFacts.parse(facts))
                self._learning.adopt(made)
                self._is_looking = made.is_draft and not self._learning.is_encoded
                if made.is_draft and not self._is_looking:
                    self._awake.set()
        except SparingError as error:
            line = {"failed": str(error)}
        if "failed" in line:
            self._say(FAILED, line["failed"])
            self._again = time.monotonic() + AGAIN_SECONDS
        else:
            self._pause = self._first_pause
            self._say(IDLE)

    def _looked(self, line: dict[str, Any]) -> None:
        """Note how far a network is with the items; when it is done they are learned from anew."""
        done, total = line["looked"]
        self._progress(ENCODING, done, total)
        if done == total:
            self._is_looking = False
            self._awake.set()

    def _mapped(self, line: dict[str, Any]) -> None:
        """Note how far the map is, or why there is none: learning goes on."""
        self._map.take(line["failed"] if "failed" in line else line["mapped"])

    def _rest(self, what: str) -> None:
        """Say what happened, and wait before a trainer is started again, longer each time."""
        seconds, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        self._say(FAILED, f"{what}; it starts again in {seconds:g} s.")
        self._stopping.wait(seconds)
        self._awake.set()


def _tell(child: "subprocess.Popen[str]", order: dict[str, Any]) -> bool:
    assert child.stdin is not None  # noqa: S101  # it is a pipe
    try:
        child.stdin.write(json.dumps(order) + "\n")
        child.stdin.flush()
    except (BrokenPipeError, ValueError):
        return False
    return True


def _lines(child: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert child.stdout is not None  # noqa: S101  # it is a pipe
    for line in child.stdout:
        with suppress(ValueError):  # a library that prints is no message
            told = json.loads(line)
            if isinstance(told, dict):
                yield told


def _end(child: "subprocess.Popen[str]") -> None:
    """See to it that the child is gone."""
    assert child.stdin is not None  # noqa: S101  # it is a pipe
    with suppress(BrokenPipeError):
        child.stdin.close()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:MOST_SAID]


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return "its log is gone"
    return lines[-1][:MOST_SAID] if lines else "without a word"
