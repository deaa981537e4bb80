"""Leases: who is asked an item now."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "leases",
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_leases"),
    )


def downgrade() -> None:
    """Forget who holds what: it runs out anyway."""
    op.drop_table("leases")
