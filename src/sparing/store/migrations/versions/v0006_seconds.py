"""Seconds: how long an item was on the screen before it was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; of answers of before nobody knows it."""
    op.add_column("events", sa.Column("seconds", sa.Float))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("events") as table:
        table.drop_column("seconds")
