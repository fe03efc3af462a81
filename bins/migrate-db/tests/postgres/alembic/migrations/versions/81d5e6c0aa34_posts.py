"""posts

Revision ID: 81d5e6c0aa34
Revises: 4f1c0a9d2b7e
Create Date: 2026-01-20 17:40:12
"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

revision: str = "81d5e6c0aa34"
down_revision: Union[str, Sequence[str], None] = "4f1c0a9d2b7e"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("members.id"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
    )
    op.add_column("members", sa.Column("given_name", sa.String(120), nullable=True))


def downgrade() -> None:
    op.drop_column("members", "given_name")
    op.drop_table("posts")
