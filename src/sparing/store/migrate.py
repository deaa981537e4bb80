"""Bring a database to the newest schema."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)

from sparing.errors import SchemaVersionError, StoreError
from sparing.store.engine import WRITES, make_place
from sparing.store.schema import HEAD, metadata

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

SCRIPTS = Path(__file__).with_name("migrations")


def schema_version(engine: Engine) -> str | None:
    """Return the revision of the database; None if it is new."""
    with engine.connect() as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check(engine: Engine, name: str) -> None:
    """Raise if the database is not of this version; nothing is touched.

    Raises
    ------
    SchemaVersionError : it is of a newer version
    StoreError : it is of an older one, or new
    """
    found = schema_version(engine)
    if found != HEAD:
        _check_known(_scripts(), found, name)
        raise StoreError(f"{name} has another schema: open it once for writing.")


def migrate(engine: Engine, name: str) -> None:
    """Create the tables, or change those of an older version; a current database is not touched.

    Of several processes that begin at once, one does it, and the others wait.

    Parameters
    ----------
    engine : of the database
    name : of the project, for the message

    Raises
    ------
    SchemaVersionError : the database is of a newer version; nothing was touched
    """
    found = schema_version(engine)
    if found == HEAD:
        return
    if found is None:
        make_place(engine)
        create(engine)
    else:
        upgrade(engine, found, name)


def create(engine: Engine) -> None:
    """Create the newest tables at once: a new user need not wait for Alembic to load."""
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if _version(connection) is not None:  # somebody else has made them just now
            return
        metadata.create_all(connection)
        stamp = Column("version_num", String(32), nullable=False)
        key = PrimaryKeyConstraint("version_num", name="alembic_version_pkc")
        Table("alembic_version", MetaData(), stamp, key).create(connection)
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def upgrade(engine: Engine, found: str | None, name: str) -> None:
    """Take the steps from a revision, or from nothing, to the newest.

    Raises
    ------
    SchemaVersionError : no step begins at that revision
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    scripts = _scripts()
    _check_known(scripts, found, name)

    def steps(revision: Any, context: Any) -> Any:
        return scripts._upgrade_revs(HEAD, revision)

    # Without Alembic's env.py: the connection is ours, and there is nothing to configure.
    with (
        EnvironmentContext(Config(), scripts, fn=steps, destination_rev=HEAD) as environment,
        engine.execution_options(**{WRITES: True}).begin() as connection,
    ):
        environment.configure(connection=connection)
        environment.run_migrations()


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))


def _check_known(scripts: "ScriptDirectory", found: str | None, name: str) -> None:
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaVersionError(
            f"{name} was written by a newer version of sparing (schema {found}; this one knows"
            f" {HEAD}): update sparing. Nothing was changed."
        )
