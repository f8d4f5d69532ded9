"""What every checked backtest answered."""

from __future__ import annotations

from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Column: TypeAlias = sa.Column[Any]
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "verifications",
        *_text("id", "strategy"),
        *_text("archetype", null=True),
        *_text("symbol", "timeframe", "spec_hash", "dataset_hash"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        *_text("record", "parse_method"),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("rules", _WHOLE, nullable=False),
        sa.Column("fallbacks", _WHOLE, nullable=False),
        sa.Column("robustness", sa.Double(), nullable=True),
        sa.Column("robust", sa.Boolean(), nullable=True),
        sa.Column("points", _WHOLE, nullable=True),
        sa.Column("best_sharpe", sa.Double(), nullable=True),
        sa.Column("overfitting", sa.Double(), nullable=True),
        *_text("evidence_hash", null=True),
        *_text("owner"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verifications"),
    )
    for column in ("at", "owner", "spec_hash"):
        op.create_index(f"ix_verifications_{column}", "verifications", [column])


def downgrade() -> None:
    op.drop_table("verifications")


def _text(*names: str, null: bool = False) -> list[Column]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]
