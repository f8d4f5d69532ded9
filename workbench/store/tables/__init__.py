"""The tables, one file per subject. Rows are SQLAlchemy 2 typed classes; ``Base.metadata`` holds them all."""

from __future__ import annotations

from workbench.store.tables.audit import AuditHeadRow, AuditRow
from workbench.store.tables.bars import BarBlockRow
from workbench.store.tables.base import Base, Json, JsonText, Moment, Real, Whole, new_id
from workbench.store.tables.bots import BotRow
from workbench.store.tables.control import ControlRow
from workbench.store.tables.datasets import DatasetRow
from workbench.store.tables.drafts import DraftRow
from workbench.store.tables.marks import EquityMarkRow
from workbench.store.tables.orders import OrderRow
from workbench.store.tables.outbox import OutboxRow
from workbench.store.tables.positions import PositionRow
from workbench.store.tables.promotions import EvidenceRow, PromotionRow
from workbench.store.tables.runs import JobRunRow
from workbench.store.tables.snapshots import SessionSnapshotRow
from workbench.store.tables.strategies import StrategyRow
from workbench.store.tables.trades import TradeRow
from workbench.store.tables.trials import TrialBlockRow, TrialRow
from workbench.store.tables.users import AccessTokenRow, LoginSessionRow, UserRow
from workbench.store.tables.verifications import VerificationRow

__all__ = [
    "AccessTokenRow",
    "AuditHeadRow",
    "AuditRow",
    "BarBlockRow",
    "Base",
    "BotRow",
    "ControlRow",
    "DatasetRow",
    "DraftRow",
    "EquityMarkRow",
    "EvidenceRow",
    "JobRunRow",
    "Json",
    "JsonText",
    "LoginSessionRow",
    "Moment",
    "OrderRow",
    "OutboxRow",
    "PositionRow",
    "PromotionRow",
    "Real",
    "SessionSnapshotRow",
    "StrategyRow",
    "TradeRow",
    "TrialBlockRow",
    "TrialRow",
    "UserRow",
    "VerificationRow",
    "Whole",
    "new_id",
]
