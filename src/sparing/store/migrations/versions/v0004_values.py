"""Values: answers that say more than one class."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; answers of one class leave them empty."""
    op.add_column("events", sa.Column("value", sa.Text))
    op.add_column("events", sa.Column("digest", sa.String(64)))


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("events") as table:
        table.drop_column("digest")
        table.drop_column("value")
