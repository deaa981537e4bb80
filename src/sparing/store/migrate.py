"""Bring a database to the newest schema."""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)

from sparing.errors import SchemaVersionError
from sparing.store.schema import HEAD, metadata

SCRIPTS = Path(__file__).with_name("migrations")


def schema_version(engine: Engine) -> str | None:
    """Return the revision of the database; None if it is new."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, name: str) -> None:
    """Create the tables, or change those of an older version; a current database is not touched.

    Parameters
    ----------
    engine : writes
    name : of the project, for the message

    Raises
    ------
    SchemaVersionError : the database is of a newer version; nothing was touched
    """
    found = schema_version(engine)
    if found is None:
        create(engine)
    elif found != HEAD:
        upgrade(engine, found, name)


def create(engine: Engine) -> None:
    """Create the newest tables at once: a new user need not wait for Alembic to load."""
    with engine.begin() as connection:
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
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(SCRIPTS))
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaVersionError(
            f"{name} was written by a newer version of sparing (schema {found}; this one knows"
            f" {HEAD}): update sparing. Nothing was changed."
        )

    def steps(revision: Any, context: Any) -> Any:
        return scripts._upgrade_revs(HEAD, revision)

    # Without Alembic's env.py: the connection is ours, and there is nothing to configure.
    with (
        EnvironmentContext(Config(), scripts, fn=steps, destination_rev=HEAD) as environment,
        engine.begin() as connection,
    ):
        environment.configure(connection=connection)
        environment.run_migrations()
