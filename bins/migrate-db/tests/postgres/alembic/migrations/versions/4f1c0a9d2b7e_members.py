"""members

Revision ID: 4f1c0a9d2b7e
Revises:
Create Date: 2026-01-12 09:14:00
"""
from alembic import op
import sqlalchemy as sa

revision = "4f1c0a9d2b7e"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("full_name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
    )
    op.bulk_insert(
        sa.table("members", sa.column("full_name", sa.String), sa.column("email", sa.String)),
        [
            {"full_name": "Ada Lovelace", "email": "ada@example.com"},
            {"full_name": "Grace Hopper", "email": "grace@example.com"},
        ],
    )


def downgrade() -> None:
    op.drop_table("members")
