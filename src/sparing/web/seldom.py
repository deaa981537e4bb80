"""A line of the log a kind and minute: whoever causes many alike must not fill the disk."""

import logging
import threading
import time
from collections.abc import Callable

MINUTE = 60.0  # seconds
MOST_KINDS = 1000
LOGGERS = ("sparing.web", "uvicorn.error", "asyncio")


class Seldom(logging.Filter):
    """Lets a record of each kind pass once a minute; the next one says how many did not.

    Parameters
    ----------
    clock : seconds that only grow

    Examples
    --------
    >>> record = logging.LogRecord("a", logging.WARNING, "", 0, "Too slow: %s", ("Ada",), None)
    >>> seldom = Seldom(clock=lambda: 0.0)
    >>> seldom.filter(record), seldom.filter(record)
    (True, False)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[object, tuple[float, int]] = {}  # when, and how many since

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether it passes."""
        kind, now = _kind(record), self._clock()
        with self._lock:
            last, n = self._told.pop(kind, (now - MINUTE, 0))
            passes = now - last >= MINUTE
            self._told[kind] = (now, 0) if passes else (last, n + 1)
            while len(self._told) > MOST_KINDS:
                del self._told[next(iter(self._told))]
        if passes and n:
            record.msg, record.args = f"{record.getMessage()} ({n:,} more like it before)", ()
        return passes


def _kind(record: logging.LogRecord) -> object:
    error = record.exc_info[1] if record.exc_info else None
    place = None
    if error is not None and error.__traceback__ is not None:
        frame = error.__traceback__
        while frame.tb_next is not None:
            frame = frame.tb_next
        place = (frame.tb_frame.f_code.co_filename, frame.tb_lineno)
    return record.name, str(record.msg).split("\n")[0], type(error), place


def quiet() -> None:
    """Let the loggers of the page say each kind of thing once a minute."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(found, Seldom) for found in logger.filters):
            logger.addFilter(Seldom())
