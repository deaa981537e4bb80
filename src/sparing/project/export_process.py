"""An export made by a process of its own: answers wait neither for its locks nor for its work.

The process, ``apart_main``, reads the project as it is on the disk, which is one moment, and has
every answer that was confirmed before.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from sparing.errors import InvalidInputError, NotFoundError, SourceError, SparingError
from sparing.project.learning.process import DATABASE, ONE_THREAD

# -P: a numpy.py in the current folder must not be imported.
MODULE = ("-P", "-m", "sparing.project.export_process_main")  # nobody imports it: it is run
REFUSED = 3  # exit status: what is wrong stands in one line of JSON
KINDS = {kind.__name__: kind for kind in (InvalidInputError, NotFoundError, SourceError)}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: the arguments of ``project.files.export``."""

    path: str
    form: str
    annotator: str


def export_apart(folder: Path, url: str, order: Order) -> None:
    """Write all labels, as ``project.files.export`` does, from another process.

    Parameters
    ----------
    folder, url : of the project; of its database, ``""`` where that is in the folder
    order : what is to be written

    Raises
    ------
    SparingError : as of the export itself; or the process died
    """
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, *MODULE, str(folder)],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=os.environ | dict.fromkeys(ONE_THREAD, "1") | {DATABASE: url},
        check=False,
    )
    if done.returncode == REFUSED:
        raise _error(json.loads(done.stdout.splitlines()[-1]))
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise SparingError(f"The export died ({last[:300]}); nothing was changed.")


def _error(told: dict[str, str]) -> SparingError:
    return KINDS.get(told["kind"], SparingError)(told["message"])
