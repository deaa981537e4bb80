"""The trainer's process: orders come in on standard input, a line of JSON each, and answers go out.

It is run as a module and never imported. ``process`` keeps it alive.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sparing.project.learning.process import DATABASE, TRAINING
from sparing.system import stand_back

TOLD_EVERY = 0.2  # seconds between two lines on progress


def main(folder: str) -> None:
    """Be the trainer of the project in ``folder``: one order a line in, one line out for each."""
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    # First of all: the parent may die while the libraries load.
    threading.Thread(target=_take_orders, args=(orders,), daemon=True).start()
    stand_back()
    from sparing.errors import SparingError
    from sparing.project.opening import open_trainee

    trainee = open_trainee(Path(folder), os.environ.get(DATABASE, ""), _Teller())
    while True:
        order = orders.get()
        try:
            if "look" in order:
                _print({"looked": trainee.look(order["look"])})
                continue
            if trainee.encode():
                _print({"encoded": True})
            if "map" in order:
                _print({"mapped": trainee.map(order["map"])})
                continue
            made = trainee.draft(order["version"]) or trainee.learn(order["version"])
            _print({"trained": [made.version, made.seq, made.facts.dump()]})
        except SparingError as error:
            _print({"failed": str(error)})
            continue
        if made.is_draft:
            continue
        try:
            trainee.arrange()  # while nobody waits
        except SparingError as error:
            sys.stderr.write(f"{error}\n")  # the trainer's log: labeling goes on without clusters


def _take_orders(orders: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(0)  # the parent has gone: whatever is being computed, nobody waits for it


class _Teller:
    """Tells the parent of progress, not too often."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        if done >= total or what == TRAINING or self._clock() >= self._next:
            self._next = self._clock() + TOLD_EVERY
            _print({"progress": [what, done, total]})


def _print(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
