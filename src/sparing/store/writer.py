"""One thread writes; what comes while it writes is committed together."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sparing.errors import SparingError, StoreError

T = TypeVar("T")
Work = Callable[[Connection], T]
MOST_TOGETHER = 256


class Writer:
    """The only one that writes to a database.

    The disk confirms a commit in milliseconds; many callers that wait at once share one. Each
    caller's work is a savepoint of its own, so that a failure is that caller's alone.

    Parameters
    ----------
    engine : begins transactions that may write
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: SimpleQueue[tuple[Work[Any], Future[Any]] | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="sparing-writer", daemon=True)
        self._thread.start()

    def run(self, work: Work[T]) -> T:
        """Call ``work`` with a connection in a transaction; return its result once committed.

        Raises
        ------
        StoreError : the database refused; nothing of this work was written
        """
        future: Future[T] = Future()
        with self._closing:
            if self._is_closed:
                raise StoreError("The project is closed.")
            self._waiting.put((work, future))
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

    def _without_waiting(self) -> list[tuple[Work[Any], Future[Any]] | None]:
        group: list[tuple[Work[Any], Future[Any]] | None] = []
        try:
            while len(group) < MOST_TOGETHER:
                group.append(self._waiting.get_nowait())
        except Empty:
            pass
        return group

    def _commit(self, group: list[tuple[Work[Any], Future[Any]]]) -> None:
        try:
            with self._engine.begin() as connection:
                results = [_attempt(connection, work) for work, _ in group]
        except Exception as error:  # noqa: BLE001  # it travels to every caller
            results = [(None, _as_store_error(error))] * len(group)
        for (_, future), (result, failure) in zip(group, results, strict=True):
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


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
    failure = StoreError(f"The project cannot be written: {getattr(error, 'orig', error)}.")
    failure.__cause__ = error
    return failure
