"""Anchors: what tells an item from others where its content has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; opening the project fills it."""
    op.add_column("items", sa.Column("anchor", sa.String(64)))


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("items") as table:
        table.drop_column("anchor")
