"""One thread writes; what comes while it writes is committed together."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sparing.errors import SparingError, StoreError
from sparing.store.engine import RELAXED, WRITES, said

T = TypeVar("T")
Work = Callable[[Connection], T]
MOST_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work[Any]
    future: Future[Any]
    is_relaxed: bool


class Writer:
    """The only one in this process that writes to a database.

    The disk confirms a commit in milliseconds; many callers that wait at once share one. Each
    caller's work is a savepoint of its own, so that a failure is that caller's alone.

    Parameters
    ----------
    engine : of the database
    """

    def __init__(self, engine: Engine) -> None:
        self._durable = engine.execution_options(**{WRITES: True})
        self._relaxed = engine.execution_options(**{WRITES: True, RELAXED: True})
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="sparing-writer", daemon=True)
        self._thread.start()

    def run(self, work: Work[T], *, relaxed: bool = False) -> T:
        """Call ``work`` with a connection in a transaction; return its result once committed.

        Parameters
        ----------
        work : reads and writes
        relaxed : a power cut may undo it: it does not wait for the disk

        Raises
        ------
        StoreError : the database refused; nothing of this work was written
        """
        future: Future[T] = Future()
        with self._closing:
            if self._is_closed:
                raise StoreError("The project is closed.")
            self._waiting.put(_Job(work, future, relaxed))
        return future.result()

    def close(self) -> None:
        """Finish all work that was accepted; then stop."""
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        open_ = True
        while open_:
            group = [self._waiting.get(), *self._without_waiting()]
            open_ = None not in group
            self._commit([job for job in group if job is not None])

    def _without_waiting(self) -> list[_Job | None]:
        group: list[_Job | None] = []
        try:
            while len(group) < MOST_TOGETHER:
                group.append(self._waiting.get_nowait())
        except Empty:
            pass
        return group

    def _commit(self, group: list[_Job]) -> None:
        engine = self._relaxed if all(job.is_relaxed for job in group) else self._durable
        try:
            with engine.begin() as connection:
                results = [_attempt(connection, job.work) for job in group]
        except Exception as error:  # noqa: BLE001  # it travels to every caller
            results = [(None, _as_store_error(error))] * len(group)
        for job, (result, failure) in zip(group, results, strict=True):
            if failure is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(failure)


def _attempt(connection: Connection, work: Work[Any]) -> tuple[Any, Exception | None]:
    try:
        with connection.begin_nested():
            return work(connection), None
    except Exception as error:  # noqa: BLE001  # it travels to its caller
        return None, _as_store_error(error)


def _as_store_error(error: Exception) -> Exception:
    """Return an error of the database as one of ours; any other as it is."""
    if isinstance(error, SparingError) or not isinstance(error, SQLAlchemyError):
        return error
    failure = StoreError(f"The project cannot be written: {said(error)}.")
    failure.__cause__ = error
    return failure
