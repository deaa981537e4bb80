"""The first schema: settings, items, events, versions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_table(
        "items",
        sa.Column("row", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("row", name="pk_items"),
        sa.UniqueConstraint("item_id", name="uq_items_item_id"),
    )
    _create_events()
    op.create_table(
        "versions",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_versions"),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(64)),
        sa.Column("class_id", sa.String(64)),
        sa.Column("into_id", sa.String(64)),
        sa.Column("class_name", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("purpose", sa.String(16)),
        sa.Column("source", sa.String(16)),
        sa.Column("propensity", sa.Float),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("model_version", sa.Integer),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("undoes", _SEQ),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.ForeignKeyConstraint(["undoes"], ["events.seq"], name="fk_events_undoes"),
        sa.UniqueConstraint("key", name="uq_events_key"),
        sa.UniqueConstraint("undoes", name="uq_events_undoes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_item_id", "events", ["item_id"])


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise NotImplementedError
