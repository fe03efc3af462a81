"""without full names

Revision ID: d90a57be1f08
Revises: c4419ed8f6a2
Create Date: 2026-03-01 10:00:00
"""
# migrate-db: phase=contract approve=OPS-7
from alembic import op
import sqlalchemy as sa

revision = "d90a57be1f08"
down_revision = "c4419ed8f6a2"


def upgrade() -> None:
    op.drop_column("members", "full_name")


def downgrade() -> None:
    op.add_column("members", sa.Column("full_name", sa.String(120), nullable=False, server_default=""))
