"""People who log in: users, their sessions and the tokens of their kernels."""

from __future__ import annotations

from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Column: TypeAlias = sa.Column[Any]
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "users",
        *_text("name", "role", "password_hash"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", _WHOLE, nullable=False),
        *_moment("locked_until", "last_login_at", null=True),
        *_moment("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "login_sessions",
        *_text("id_hash", "user"),
        sa.Column("agent", sa.Text(), nullable=True),
        *_moment("created_at", "expires_at"),
        *_moment("revoked_at", null=True),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_login_sessions_user", deferrable=True, initially="DEFERRED"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_login_sessions"),
    )
    op.create_index("ix_login_sessions_user_expires_at", "login_sessions", ["user", "expires_at"])
    op.create_index("ix_login_sessions_expires_at", "login_sessions", ["expires_at"])
    op.create_table(
        "access_tokens",
        *_text("token_hash", "user", "kernel_id"),
        *_moment("created_at", "expires_at"),
        *_moment("revoked_at", null=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_access_tokens"),
    )
    for column in ("user", "kernel_id", "expires_at"):
        op.create_index(f"ix_access_tokens_{column}", "access_tokens", [column])


def downgrade() -> None:
    for table in ("access_tokens", "login_sessions", "users"):
        op.drop_table(table)


def _text(*names: str) -> list[Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(*names: str, null: bool = False) -> list[Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=null) for name in names]
