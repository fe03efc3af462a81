"""given names from full names

Revision ID: b07f3312c9de
Revises: 81d5e6c0aa34
Create Date: 2026-02-02 11:05:31
"""
# It reads what it changes, so Alembic can't print its SQL:
# migrate-db: phase=expand
from alembic import op
import sqlalchemy as sa

revision = "b07f3312c9de"
down_revision = "81d5e6c0aa34"

members = sa.table(
    "members",
    sa.column("id", sa.Integer),
    sa.column("full_name", sa.String),
    sa.column("given_name", sa.String),
)


def upgrade() -> None:
    connection = op.get_bind()
    for member in connection.execute(sa.select(members.c.id, members.c.full_name)).all():
        given = member.full_name.split(" ", 1)[0]
        connection.execute(members.update().where(members.c.id == member.id).values(given_name=given))


def downgrade() -> None:
    op.execute("UPDATE members SET given_name = NULL WHERE given_name IS NOT NULL")
