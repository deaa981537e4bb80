"""Strategy: which rule asked for the item of an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; of answers of before nobody knows it."""
    op.add_column("events", sa.Column("strategy", sa.Text))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("events") as table:
        table.drop_column("strategy")
