"""The first tables: everything from a strategy to a paper-trading bot, and the guards of the audit chain."""

from __future__ import annotations

from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Column: TypeAlias = sa.Column[Any]
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for make in (_strategies, _trials, _bots, _promotions, _orders, _trades, _positions, _sessions, _jobs, _chain):
        make()
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.execute(head.insert().values(id=1, seq=0, hash="0" * 64))
    for statement in _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_GUARDS:
        op.execute(statement)


def downgrade() -> None:
    message = "the first revision cannot be undone: it would drop the audit chain"
    raise NotImplementedError(message)


def _text(*names: str, null: bool = False) -> list[Column]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def _whole(*names: str, null: bool = False, counted: bool = True) -> list[Column]:
    return [sa.Column(name, _WHOLE, nullable=null, autoincrement="auto" if counted else False) for name in names]


def _real(*names: str, null: bool = False) -> list[Column]:
    return [sa.Column(name, sa.Double(), nullable=null) for name in names]


def _flag(*names: str) -> list[Column]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def _moment(*names: str, null: bool = False) -> list[Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=null) for name in names]


def _blob(*names: str) -> list[Column]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", deferrable=True, initially="DEFERRED")


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)


def _strategies() -> None:
    op.create_table(
        "strategies",
        *_text("spec_hash", "name"),
        *_whole("version"),
        *_text("json", "owner"),
        *_moment("created_at"),
        sa.PrimaryKeyConstraint("spec_hash", name="pk_strategies"),
    )
    _index("strategies", "name")
    _index("strategies", "owner")
    op.create_table(
        "datasets",
        *_text("dataset_hash", "symbol", "timeframe"),
        *_text("session_mode", null=True),
        *_moment("first", "last"),
        *_whole("rows"),
        *_text("source"),
        *_flag("synthetic"),
        *_text("path", null=True),
        *_moment("created_at"),
        sa.PrimaryKeyConstraint("dataset_hash", name="pk_datasets"),
    )
    _index("datasets", "symbol", "timeframe")


def _trials() -> None:
    op.create_table(
        "trials",
        *_text("trial_id", "family", "program_hash"),
        *_text("spec_hash", null=True),
        *_text("dataset_hash", "parameters", "rules", "metrics"),
        *_real("sharpe", null=True),
        *_whole("observations"),
        *_text("owner"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("trial_id", name="pk_trials"),
    )
    _index("trials", "dataset_hash")
    _index("trials", "family")
    _index("trials", "owner")
    _index("trials", "spec_hash")
    op.create_table(
        "trial_blocks",
        *_text("id", "family", "plan_hash", "program_hash", "dataset_hash"),
        *_whole("trials", "new_trials"),
        *_real("sharpe_sum", "sharpe_square_sum", null=True),
        *_blob("data"),
        *_text("owner"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("id", name="pk_trial_blocks"),
    )
    _index("trial_blocks", "dataset_hash")
    _index("trial_blocks", "family")
    _index("trial_blocks", "owner")
    _index("trial_blocks", "plan_hash")


def _bots() -> None:
    op.create_table(
        "bots",
        *_text("id", "name", "owner", "status", "stage", "spec_hash"),
        *_real("capital"),
        *_whole("trading_frequency"),
        *_text("symbols", "indicators", "risk_management"),
        *_text("session_mode", null=True),
        *_whole("start_hour", "start_minute", "end_hour", "end_minute", null=True),
        *_moment("anchor", null=True),
        *_text("error", null=True),
        *_moment("created_at", "updated_at"),
        _reference("bots", "spec_hash", "strategies.spec_hash"),
        sa.PrimaryKeyConstraint("id", name="pk_bots"),
    )
    _index("bots", "owner", "name", unique=True)
    _index("bots", "spec_hash")
    _index("bots", "stage", "status")


def _promotions() -> None:
    op.create_table(
        "evidence",
        *_text("evidence_hash", "json", "owner"),
        *_moment("created_at"),
        sa.PrimaryKeyConstraint("evidence_hash", name="pk_evidence"),
    )
    _index("evidence", "owner")
    op.create_table(
        "promotions",
        *_text("id", "bot_id", "from_stage", "to_stage", "status", "policy_hash"),
        *_text("evidence_hash", null=True),
        *_text("verdicts", "requested_by"),
        *_text("decided_by", "reason", null=True),
        *_text("owner"),
        *_moment("at"),
        _reference("promotions", "bot_id", "bots.id"),
        _reference("promotions", "evidence_hash", "evidence.evidence_hash"),
        sa.PrimaryKeyConstraint("id", name="pk_promotions"),
    )
    _index("promotions", "bot_id", "at")
    _index("promotions", "evidence_hash")
    _index("promotions", "owner")


def _orders() -> None:
    op.create_table(
        "orders",
        *_text("intent_hash", "bot_id", "owner", "stage", "symbol", "side"),
        *_real("quantity"),
        *_text("kind"),
        *_real("price", null=True),
        *_text("state"),
        *_text("reason", null=True),
        *_whole("epoch"),
        *_text("broker_order_id", null=True),
        *_moment("known_at", "decided_at"),
        *_moment("sent_at", null=True),
        *_moment("updated_at"),
        _reference("orders", "bot_id", "bots.id"),
        sa.PrimaryKeyConstraint("intent_hash", name="pk_orders"),
    )
    _index("orders", "bot_id", "decided_at")
    _index("orders", "owner")
    _index("orders", "symbol", "decided_at")


def _trades() -> None:
    op.create_table(
        "trades",
        *_whole("id"),
        *_text("bot_id", "owner", "stage", "symbol", "side"),
        *_real("quantity", "price"),
        *_moment("timestamp"),
        *_text("indicators_snapshot"),
        *_real("profit_loss", null=True),
        *_text("order_id", null=True),
        *_text("status"),
        *_real("commission", "slippage"),
        *_text("reason", null=True),
        *_moment("created_at"),
        _reference("trades", "bot_id", "bots.id"),
        _reference("trades", "order_id", "orders.intent_hash"),
        sa.PrimaryKeyConstraint("id", name="pk_trades"),
    )
    _index("trades", "bot_id", "timestamp")
    _index("trades", "order_id")
    _index("trades", "owner")
    _index("trades", "symbol", "timestamp")
    _index("trades", "timestamp")


def _positions() -> None:
    op.create_table(
        "positions",
        *_whole("id"),
        *_text("bot_id", "owner", "stage", "symbol"),
        *_real("quantity", "entry_price"),
        *_real("current_price", "stop_loss_price", "take_profit_price", null=True),
        *_real("unrealized_pnl", "realized_pnl"),
        *_moment("opened_at"),
        *_moment("closed_at", null=True),
        *_flag("is_open"),
        *_moment("updated_at"),
        _reference("positions", "bot_id", "bots.id"),
        sa.PrimaryKeyConstraint("id", name="pk_positions"),
    )
    _index("positions", "bot_id", "is_open")
    _index("positions", "owner")
    _index("positions", "symbol", "opened_at")
    op.create_table(
        "equity_marks",
        *_text("bot_id", "stage"),
        *_moment("known_at"),
        *_text("owner"),
        *_real("equity", "cash", "quantity"),
        _reference("equity_marks", "bot_id", "bots.id"),
        sa.PrimaryKeyConstraint("bot_id", "stage", "known_at", name="pk_equity_marks"),
    )
    _index("equity_marks", "known_at")
    _index("equity_marks", "owner")


def _sessions() -> None:
    op.create_table(
        "session_snapshots",
        *_text("bot_id"),
        *_moment("known_at", "anchor"),
        *_text("spec_hash", "state_hash"),
        *_blob("state"),
        *_text("owner"),
        *_moment("at"),
        _reference("session_snapshots", "bot_id", "bots.id"),
        sa.PrimaryKeyConstraint("bot_id", "known_at", name="pk_session_snapshots"),
    )
    _index("session_snapshots", "owner")
    op.create_table(
        "control",
        *_whole("id"),
        *_text("key", "scope", "state"),
        *_whole("epoch"),
        *_text("reason", "by"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("id", name="pk_control"),
    )
    _index("control", "key", "scope", unique=True)


def _jobs() -> None:
    op.create_table(
        "job_runs",
        *_text("id", "job", "status", "owner", "parameters"),
        *_whole("attempt"),
        *_whole("pid", null=True),
        *_moment("started_at"),
        *_moment("finished_at", "heartbeat", null=True),
        *_whole("exit_code", null=True),
        *_text("notebook_path", "notebook_hash", "html_path", "html_hash", "error", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
    )
    _index("job_runs", "job", "started_at")
    _index("job_runs", "owner")
    _index("job_runs", "status")
    op.create_table(
        "outbox",
        *_whole("id"),
        *_text("topic", "payload"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    _index("outbox", "at")
    op.create_table(
        "bar_blocks",
        *_text("symbol", "timeframe", "source", "month"),
        *_whole("rows"),
        *_moment("first", "last"),
        *_text("hash"),
        *_blob("data"),
        *_moment("at"),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "source", "month", name="pk_bar_blocks"),
    )


def _chain() -> None:
    op.create_table(
        "audit",
        *_whole("seq", counted=False),
        *_text("at", "actor", "action", "subject", "detail", "previous_hash", "hash"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    _index("audit", "subject")
    op.create_table(
        "audit_head",
        *_whole("id", counted=False),
        *_whole("seq"),
        *_text("hash"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )


# SQLite's INSERT OR REPLACE deletes without firing delete triggers, hence the guards on INSERT.
_SQLITE_GUARDS = (
    "CREATE TRIGGER audit_refuse_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
    "CREATE TRIGGER audit_refuse_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
    """CREATE TRIGGER audit_refuse_insert BEFORE INSERT ON audit WHEN NEW.seq <> (SELECT seq + 1 FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END""",
    "CREATE TRIGGER audit_head_refuse_delete BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
    "CREATE TRIGGER audit_head_refuse_insert BEFORE INSERT ON audit_head BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
    """CREATE TRIGGER audit_head_refuse_update BEFORE UPDATE ON audit_head
    WHEN NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NEW.hash IS NOT (SELECT hash FROM audit WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END""",
)

_POSTGRESQL_GUARDS = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit chain is append-only' USING ERRCODE = 'insufficient_privilege'; END $$""",
    """CREATE FUNCTION audit_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.seq <> (SELECT seq + 1 FROM audit_head WHERE id = 1)
    THEN RAISE EXCEPTION 'the audit chain is append-only' USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$""",
    """CREATE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NEW.hash IS DISTINCT FROM (SELECT hash FROM audit WHERE seq = NEW.seq)
    THEN RAISE EXCEPTION 'the audit chain is append-only' USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$""",
    "CREATE TRIGGER audit_refuse_update BEFORE UPDATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_refuse_delete BEFORE DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_refuse_insert BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_follows()",
    "CREATE TRIGGER audit_head_refuse_update BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_follows()",
    "CREATE TRIGGER audit_head_refuse_delete BEFORE DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_refuse_insert BEFORE INSERT ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC, CURRENT_USER",
    "REVOKE INSERT, DELETE, TRUNCATE ON audit_head FROM PUBLIC, CURRENT_USER",
)
