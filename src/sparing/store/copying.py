"""A store copied whole, as it is at one moment, whatever is written to it meanwhile."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from sparing.errors import ConflictError, StoreError
from sparing.store.engine import SQLITE, WRITES, make_place, open_engine, shown_url, sqlite_url
from sparing.store.engine import said as told
from sparing.store.migrate import check, create
from sparing.store.records import Event
from sparing.store.schema import events, leases, metadata, settings

AT_ONCE = 10_000  # rows
LASTING = [table for table in metadata.sorted_tables if table is not leases]
OURS = {"alembic_version", "sqlite_sequence", *metadata.tables}


def copy_store(url: str, path: Path) -> None:
    """Copy the store at ``url`` to a new SQLite file, without the leases of the moment.

    Nobody waits: neither who writes to the store, nor who reads it.

    Parameters
    ----------
    url : of a store that is there
    path : of the copy, which is one file, complete in itself

    Raises
    ------
    StoreError : the store cannot be read, or the copy not be written
    """
    engine = open_engine(url)
    try:
        if engine.dialect.name == SQLITE:
            _copy_file(Path(str(engine.url.database)), path)
        else:
            check(engine, shown_url(url))
            _copy_out(engine, path)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"The project cannot be copied: {told(error)}.") from error
    finally:
        engine.dispose()


def fill_store(path: Path, url: str) -> None:
    """Copy a SQLite file of the newest schema to a PostgreSQL database without a project.

    It is there whole or not at all.

    Raises
    ------
    ConflictError : there is a project already
    StoreError : the database cannot be reached, or refuses
    """
    source, target = open_engine(sqlite_url(path)), open_engine(url)
    try:
        make_place(target)
        create(target)
        check(target, shown_url(url))
        with source.connect() as one, target.execution_options(**{WRITES: True}).begin() as other:
            if other.execute(select(settings.c.name).limit(1)).first() is not None:
                raise ConflictError(f"{shown_url(url)} is a project already.")
            _copy_tables(one, other)
            last = "SELECT setval(pg_get_serial_sequence('events', 'seq'), max(seq)) FROM events"
            if other.execute(select(events.c.seq).limit(1)).first() is not None:
                other.execute(text(last))
    except SQLAlchemyError as error:
        raise StoreError(f"{shown_url(url)} cannot be filled: {told(error)}.") from error
    finally:
        source.dispose()
        target.dispose()


def put_events(url: str, said: Sequence[Event]) -> None:
    """Append events that were said elsewhere, as they are, with their times; all or none.

    Parameters
    ----------
    url : of a store on SQLite
    said : with the numbers that follow the last one of the store

    Raises
    ------
    ConflictError : something else was stored meanwhile
    StoreError : the database refuses
    """
    engine = open_engine(url)
    try:
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            last = connection.execute(select(func.max(events.c.seq))).scalar() or 0
            if [event.seq for event in said] != list(range(last + 1, last + len(said) + 1)):
                raise ConflictError("Something was stored meanwhile: nothing was changed.")
            if said:
                connection.execute(insert(events), [asdict(event) for event in said])
    except SQLAlchemyError as error:
        raise StoreError(f"The project cannot be written: {told(error)}.") from error
    finally:
        engine.dispose()


def check_file(path: Path) -> None:
    """Raise if a SQLite file from elsewhere is damaged, or holds anything but a store's tables.

    Raises
    ------
    StoreError : so it is
    """
    try:
        with closing(_connected(path)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            found = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
            (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{path.name} is no database, or damaged: {error}.") from error
    strange = [name for kind, name, of in found if kind not in ("table", "index") or of not in OURS]
    if strange or sound != "ok":
        raise StoreError(
            f"{path.name} is damaged, or not a project's: {strange[0] if strange else sound}."
        )


def _copy_file(database: Path, path: Path) -> None:
    with closing(_connected(database)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)  # in one step: no page of it is of another moment
        copy.isolation_level = None
        copy.execute("PRAGMA journal_mode=DELETE")  # a file alone, without others beside it
        copy.execute("DELETE FROM leases")
        copy.execute("VACUUM")  # what was deleted is not to be read in it


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)


def _copy_out(engine: Engine, path: Path) -> None:
    target = open_engine(sqlite_url(path))
    try:
        create(target)
        one_moment = engine.execution_options(isolation_level="REPEATABLE READ")
        with one_moment.connect() as one, target.begin() as other:
            _copy_tables(one, other)
        with target.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        target.dispose()
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def _copy_tables(source: Connection, target: Connection) -> None:
    for table in LASTING:
        _copy_rows(source, target, table)


def _copy_rows(source: Connection, target: Connection, table: Table) -> None:
    rows = source.execution_options(stream_results=True).execute(
        select(table).order_by(*table.primary_key.columns)  # an undo comes after what it undoes
    )
    for some in rows.mappings().partitions(AT_ONCE):
        target.execute(insert(table), [dict(row) for row in some])
