"""How a database is opened, and all that is particular to SQLite or to PostgreSQL."""

import re
import sqlite3
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from sparing.errors import MissingExtraError, StoreError

BUSY_SECONDS = 10
CONNECT_SECONDS = 5
WRITES = "sparing_writes"
RELAXED = "sparing_relaxed"
SCHEMA = "sparing_schema"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
PROJECT = "project"  # in the query of a PostgreSQL URL
PROJECT_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # readers and the writer do not wait for each other
    "PRAGMA synchronous=FULL",  # an answer that was confirmed survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-65536",  # kB: the keys of a million items, while they are put in
)
# A folder that came from elsewhere is data: nothing in it is run.
RUNS_BY_ITSELF = "SELECT type FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1"
SETTINGS = (
    "SET synchronous_commit TO on",  # whatever the server's own setting is
    f"SET lock_timeout TO '{BUSY_SECONDS}s'",
    "SET idle_in_transaction_session_timeout TO '30s'",  # a process that hangs holds up nobody
)
NOW = {
    SQLITE: "SELECT (julianday('now') - 2440587.5) * 86400.0",
    POSTGRESQL: "SELECT extract(epoch FROM clock_timestamp())",
}


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def is_postgresql(place: object) -> bool:
    """Tell whether a place is the URL of a PostgreSQL database, not a path.

    Examples
    --------
    >>> is_postgresql("postgresql://me@host/labels"), is_postgresql("photos.sparing")
    (True, False)
    """
    scheme, colon, _ = str(place).partition("://")
    return bool(colon) and scheme in SCHEMES


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: without its password.

    Examples
    --------
    >>> shown_url("postgresql://me:secret@host/labels?project=pets")
    'postgresql://me@host/labels?project=pets'
    """
    parsed = _parsed(url)
    name, user, host = parsed.get_backend_name(), parsed.username, parsed.host
    project = {key: value for key, value in parsed.query.items() if key == PROJECT}
    safe = URL.create(name, user, None, host, parsed.port, parsed.database, project)
    return safe.render_as_string()


def open_engine(url: str) -> Engine:
    """Return an engine for ``url``; nothing is connected yet.

    Raises
    ------
    StoreError : the URL is of no database that is supported
    MissingExtraError : PostgreSQL without psycopg
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == SQLITE:
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return _open_postgresql(parsed)


def _parsed(url: str) -> URL:
    scheme, _, rest = url.partition("://")
    try:
        parsed = make_url(f"{POSTGRESQL}+psycopg://{rest}" if is_postgresql(url) else url)
    except (ArgumentError, ValueError):  # the message of either repeats the URL, and its password
        raise StoreError("This is not the URL of a database.") from None
    if parsed.get_backend_name() not in (SQLITE, POSTGRESQL):
        raise StoreError(f"A project on '{scheme}' is not supported: sqlite, or postgresql://.")
    return parsed


def _open_postgresql(url: URL) -> Engine:
    schema = url.query.get(PROJECT, "sparing")
    if not isinstance(schema, str) or not PROJECT_NAME.fullmatch(schema):
        raise StoreError(
            f"The '{PROJECT}' parameter of the URL must be a lower-case letter, then letters,"
            f" digits or _. Got {schema!r} instead."
        )
    try:
        engine = create_engine(
            url.difference_update_query([PROJECT]),
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "sparing"},
            pool_pre_ping=True,  # the server may have been away
            execution_options={SCHEMA: schema},
        )
    except ImportError:
        raise MissingExtraError("psycopg", "postgres", "Projects on PostgreSQL") from None

    def configure(connection: Any, record: object) -> None:
        connection.autocommit = True
        for setting in (f'SET search_path TO "{schema}"', *SETTINGS):
            connection.execute(setting)
        connection.autocommit = False

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _configure_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    try:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        strange = connection.execute(RUNS_BY_ITSELF).fetchone()
    except UnicodeDecodeError as error:  # it names what is damaged in the bytes that are
        raise sqlite3.DatabaseError("its schema is damaged") from error
    if strange is not None:
        raise sqlite3.DatabaseError(f"it holds a {strange[0]}, which no project has")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITES):
        connection.exec_driver_sql("BEGIN")
        return
    # In WAL, NORMAL leaves the flush to the next commit that is durable.
    level = "NORMAL" if options.get(RELAXED) else "FULL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    # A transaction that reads first and writes later could not wait for another writer.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITES):
        return
    if options.get(RELAXED):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
    # One writes at a time, as in SQLite: what was read before writing still holds, and numbers
    # of events become visible in their order, so that nobody who reads "after 7" misses a 6.
    key = lock_key(connection.engine, WRITES)
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))


def lock_key(engine: Engine, name: str) -> int:
    """Return the number of one of a project's locks; a database has them by number alone."""
    schema = engine.get_execution_options()[SCHEMA]
    digest = blake2b(f"sparing {schema} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def make_place(engine: Engine) -> None:
    """See to it that there is a place for the tables."""
    schema = engine.get_execution_options().get(SCHEMA)
    if schema is None:
        return
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        there = (
            "SELECT 1 FROM pg_namespace WHERE nspname = %s"  # a new one needs a right of its own
        )
        if connection.exec_driver_sql(there, (schema,)).first() is None:
            connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')


def now(connection: Connection) -> float:
    """Return the seconds since 1970 by the clock that all who share the database have."""
    return float(connection.exec_driver_sql(NOW[connection.dialect.name]).scalar_one())


def said(error: Exception) -> str:
    """Return what a database says of an error, in one line."""
    return " ".join(str(getattr(error, "orig", error)).split())
