"""What was told of credentials that end: so that no restart and no second daemon tells it again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("ends_at", sa.Double()))
    op.add_column("sources", sa.Column("end_reason", sa.Text()))


def downgrade() -> None:
    op.drop_column("sources", "end_reason")
    op.drop_column("sources", "ends_at")
