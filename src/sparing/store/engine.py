"""How a database is opened; all that is particular to SQLite stands here."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from sparing.errors import StoreError

BUSY_SECONDS = 10
WRITES = "sparing_writes"
PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers and the writer do not wait for each other
    "PRAGMA synchronous=FULL",  # an answer that was confirmed survives a power cut
    "PRAGMA foreign_keys=ON",
)


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_engine(url: str) -> Engine:
    """Return an engine for ``url``.

    Raises
    ------
    StoreError : the URL is of no database that is supported
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"'{url}' is not the URL of a database.") from error
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"A project on '{parsed.get_backend_name()}' is not supported yet.")
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
