"""The tables. A change here needs a migration beside the others, and the new ``HEAD``."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0006"
"""The newest migration; a test compares."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Seq = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only under this name

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("item_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_hash", String(64)),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("anchor", String(64)),
    UniqueConstraint("item_id"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("item_id", String(64)),
    Column("class_id", String(64)),
    Column("into_id", String(64)),
    Column("class_name", Text),
    Column("text", Text),
    Column("purpose", String(16)),
    Column("source", String(16)),
    Column("propensity", Float),
    Column("annotator", Text, nullable=False),
    Column("model_version", Integer),
    Column("confirmed", Boolean, nullable=False),
    Column("undoes", Seq, ForeignKey("events.seq")),
    Column("value", Text),
    Column("digest", String(64)),
    Column("strategy", Text),
    Column("seconds", Float),
    UniqueConstraint("key"),
    UniqueConstraint("undoes"),  # nothing is undone twice
    Index("ix_events_item_id", "item_id"),
    sqlite_autoincrement=True,  # a number is never given again
)

versions = Table(
    "versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    Column("facts", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Float, nullable=False),
)
