"""The store on a SQL database; where databases differ is in ``engine.py`` and ``claims.py``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from sparing.errors import ConflictError, StoreError
from sparing.store import claims, leasing, schema
from sparing.store.appending import EventCheck, append_all, events_after
from sparing.store.base import Store
from sparing.store.claims import DutyLock
from sparing.store.engine import open_engine, said
from sparing.store.facts import VersionFacts
from sparing.store.leasing import Wish
from sparing.store.migrate import check, migrate, schema_version
from sparing.store.records import ANSWERS, Event, ItemRow, NewEvent, Outcome, Version
from sparing.store.writer import Writer


def open_store(url: str, name: str = "The project", *, writable: bool = True) -> Store:
    """Open the store at ``url``; a new one gets its tables, an old one the newest.

    Parameters
    ----------
    url : such as ``sqlite:////home/me/photos.sparing/project.db``, or
        ``postgresql://me@host/labels?project=photos``: a schema of that name is made in the
        database, ``sparing`` if no name is given
    name : of the project, for messages
    writable : False: nothing is created, changed or written

    Raises
    ------
    SchemaVersionError : it was written by a newer version of this package
    StoreError : it cannot be opened
    """
    engine = open_engine(url)
    try:
        (migrate if writable else check)(engine, name)
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"{name} cannot be opened: {said(error)}.") from error
    except StoreError:
        engine.dispose()
        raise
    return SqlStore(engine, Writer(engine) if writable else None)


def stored_setting(url: str, name: str) -> str | None:
    """Return a setting of the store at ``url``, whatever its version; None if there is none.

    Raises
    ------
    StoreError : the database cannot be reached
    """
    engine = open_engine(url)
    setting = select(schema.settings.c.value).where(schema.settings.c.name == name)
    try:
        if schema_version(engine) is None:
            return None
        with engine.connect() as connection:
            return connection.execute(setting).scalar()
    except SQLAlchemyError as error:
        raise StoreError(f"The project cannot be read: {said(error)}.") from error
    finally:
        engine.dispose()


class SqlStore(Store):
    """A store on a database that SQLAlchemy speaks to; made by :func:`open_store`.

    Parameters
    ----------
    engine : for reading
    writer : None if nothing may be written
    """

    def __init__(self, engine: Engine, writer: Writer | None) -> None:
        self._engine = engine
        self._writer = writer

    def append(  # noqa: D102
        self, events: Sequence[NewEvent], check: EventCheck | None = None, after: int = 0
    ) -> list[Outcome]:
        return self._writing.run(lambda connection: _append(connection, events, check, after))

    def events(self, after: int = 0) -> list[Event]:  # noqa: D102
        with self._reading() as connection:
            return events_after(connection, after)

    def items(self) -> list[ItemRow]:  # noqa: D102
        with self._reading() as connection:
            rows = connection.execute(select(schema.items).order_by("row"))
            items = [ItemRow(*row) for row in rows.cursor.fetchall()]
            if items and (items[0].row, items[-1].row) != (0, len(items) - 1):
                raise ValueError("items are missing")
            return items

    def put_items(self, items: Sequence[ItemRow]) -> None:  # noqa: D102
        if items:
            self._writing.run(lambda connection: _put_items(connection, items))

    def note_contents(self, items: Sequence[ItemRow]) -> None:  # noqa: D102
        if items:
            # The answer that comes next waits for the disk, and so for what was written before it.
            self._writing.run(lambda c: _note_contents(c, items), relaxed=True)

    def settings(self) -> dict[str, str]:  # noqa: D102
        with self._reading() as connection:
            return {row.name: row.value for row in connection.execute(select(schema.settings))}

    def put_settings(self, settings: dict[str, str]) -> None:  # noqa: D102
        if settings:
            self._writing.run(lambda connection: _put_settings(connection, settings))

    def versions(self, after: int = 0) -> list[Version]:  # noqa: D102
        table = schema.versions
        query = select(table).where(table.c.version > after).order_by("version")
        with self._reading() as connection:
            return [
                Version(r.version, r.seq, VersionFacts.parse(r.facts))
                for r in connection.execute(query)
            ]

    def add_version(self, version: Version) -> None:  # noqa: D102
        self._writing.run(lambda connection: _add_version(connection, version))

    def lease(self, wish: Wish) -> list[str]:  # noqa: D102
        return self._writing.run(lambda c: leasing.grant(c, wish), relaxed=True)

    def leases(self) -> dict[str, str]:  # noqa: D102
        with self._reading() as connection:
            return leasing.current(connection)

    def release(self, holder: str, items: Sequence[str] | None = None) -> None:  # noqa: D102
        self._writing.run(lambda c: leasing.release(c, holder, items), relaxed=True)

    def claim(self, duty: str) -> DutyLock | None:  # noqa: D102
        try:
            return claims.claim(self._engine, duty)
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"The project cannot be read: {said(error)}.") from error

    def close(self) -> None:  # noqa: D102
        if self._writer is not None:
            self._writer.close()
        self._engine.dispose()

    @property
    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError("The project was opened for reading only.")
        return self._writer

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"The project cannot be read: {said(error)}.") from error
        except (
            ValueError,
            TypeError,
            RecursionError,
        ) as error:  # nothing that this package has written
            raise StoreError(f"The database of the project is damaged: {error}.") from error


def _append(
    connection: Connection, events: Sequence[NewEvent], check: EventCheck | None, after: int
) -> list[Outcome]:
    outcomes = append_all(connection, events, check, after)
    answered = [e.item_id for e in events if e.kind in ANSWERS and e.item_id is not None]
    if answered:
        leasing.end(connection, answered)
    return outcomes


def _put_items(connection: Connection, items: Sequence[ItemRow]) -> None:
    table = schema.items
    found = connection.execute(select(table.c.row)).scalars()
    known = set(found)
    old = [{"old_row": item.row} for item in items if item.row in known]
    if old:
        connection.execute(delete(table).where(table.c.row == bindparam("old_row")), old)
    names = [column.name for column in table.c]
    if connection.dialect.positional:  # straight to the driver: half the time of a million rows
        statement = insert(table).compile(dialect=connection.dialect, column_keys=names)
        values = list(map(attrgetter(*statement.positiontup or names), items))
        connection.exec_driver_sql(str(statement), values)
    else:
        connection.execute(insert(table), [{n: getattr(i, n) for n in names} for i in items])


def _note_contents(connection: Connection, items: Sequence[ItemRow]) -> None:
    table = schema.items
    is_same = [table.c[name] == bindparam(f"its_{name}") for name in ("row", "size", "mtime_ns")]
    statement = update(table).where(*is_same, table.c.content_hash.is_(None))
    noted = [
        {"its_row": i.row, "its_size": i.size, "its_mtime_ns": i.mtime_ns, "hash": i.content_hash}
        for i in items
    ]
    connection.execute(statement.values(content_hash=bindparam("hash")), noted)


def _put_settings(connection: Connection, settings: dict[str, str]) -> None:
    table = schema.settings
    connection.execute(delete(table).where(table.c.name.in_(settings)))
    rows = [{"name": name, "value": value} for name, value in settings.items()]
    connection.execute(insert(table), rows)


def _add_version(connection: Connection, new: Version) -> None:
    table = schema.versions
    query = select(table.c.version).where(table.c.version == new.version)
    if connection.execute(query).first() is not None:
        raise ConflictError(f"There is a model version {new.version} already.")
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    facts = new.facts.dump()
    row = {"version": new.version, "seq": new.seq, "at": at, "facts": facts}
    connection.execute(insert(table).values(row))
