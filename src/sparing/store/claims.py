"""Duties that one process at a time has; the system takes them away when that process dies."""

import os
from abc import ABC, abstractmethod
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sparing.store.engine import SQLITE, lock_key
from sparing.system import lock


class DutyLock(ABC):
    """A duty that this process has; made by :meth:`sparing.store.Store.claim`."""

    @abstractmethod
    def holds(self) -> bool:
        """Tell whether it is still ours: a connection may have been lost."""

    @abstractmethod
    def release(self) -> None:
        """Let go; may be called twice."""


def claim(engine: Engine, name: str) -> DutyLock | None:
    """Take a duty, or return None if somebody has it.

    Parameters
    ----------
    engine : of the project's database
    name : of the duty, such as ``"training"``

    Raises
    ------
    SQLAlchemyError, OSError : the database cannot be reached
    """
    if engine.dialect.name == SQLITE:
        return _claim_file(Path(f"{engine.url.database}-{name}.lock"))
    return _claim_session(engine, lock_key(engine, name))


class _FileClaim(DutyLock):
    """A lock on a file: the system's own, so that it ends with the process."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def holds(self) -> bool:
        return self._handle is not None

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _claim_file(path: Path) -> DutyLock | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_ours = lock(handle)
    except OSError:  # the disk knows no locks
        os.close(handle)
        raise
    if is_ours:
        return _FileClaim(handle)
    os.close(handle)
    return None


class _SessionClaim(DutyLock):
    """A lock of one connection to PostgreSQL: it ends when the server sees the connection end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def holds(self) -> bool:
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if not self._connection.closed:
            self._connection.invalidate()  # not back to the pool: the lock would go on
            self._connection.close()


def _claim_session(engine: Engine, key: int) -> DutyLock | None:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        taken = connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (key,)).scalar_one()
    except SQLAlchemyError:
        connection.close()
        raise
    if taken:
        return _SessionClaim(connection)
    connection.close()
    return None
