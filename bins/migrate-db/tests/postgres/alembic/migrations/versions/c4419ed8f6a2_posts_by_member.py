"""posts by member

Revision ID: c4419ed8f6a2
Revises: b07f3312c9de
Create Date: 2026-02-09 08:30:00
"""
from alembic import op

revision = "c4419ed8f6a2"
down_revision = "b07f3312c9de"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("posts_member", "posts", ["member_id"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("posts_member", table_name="posts", postgresql_concurrently=True)
