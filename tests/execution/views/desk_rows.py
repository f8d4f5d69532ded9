"""Three bots of two people with hand-made trades and marks, whose sums can be done in the head."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbench.store.tables import BotRow, EquityMarkRow, PositionRow, StrategyRow, TradeRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SPEC = "5" * 64


def bot(session: Session, name: str, owner: str, **columns: object) -> None:
    if session.get(StrategyRow, SPEC) is None:
        session.add(StrategyRow(spec_hash=SPEC, name="s", json="{}", owner="ana"))
    usual = {"capital": 1000.0, "symbols": ["ES"], "stage": "PAPER", "status": "running"}
    session.add(BotRow(id=f"id-{name}", name=name, owner=owner, spec_hash=SPEC, **(usual | columns)))


def marks(session: Session, name: str, owner: str, days: dict[int, list[float]], stage: str = "PAPER") -> None:
    """Equity at 15:00, 16:00, ... UTC of so many days after Monday."""
    for day, values in days.items():
        for hour, equity in enumerate(values):
            at = MONDAY + timedelta(days=day, hours=15 + hour)
            session.add(EquityMarkRow(bot_id=f"id-{name}", stage=stage, known_at=at, owner=owner, equity=equity, cash=equity))


def trade(session: Session, name: str, owner: str, made: float | None, **columns: object) -> None:
    usual = {"stage": "PAPER", "symbol": "ES", "side": "buy", "quantity": 1.0, "price": 100.0, "commission": 1.0, "timestamp": MONDAY}
    session.add(TradeRow(bot_id=f"id-{name}", owner=owner, profit_loss=made, **(usual | columns)))


def position(session: Session, name: str, owner: str, **columns: object) -> None:
    usual = {"stage": "PAPER", "symbol": "ES", "quantity": 1.0, "entry_price": 100.0, "opened_at": MONDAY}
    session.add(PositionRow(bot_id=f"id-{name}", owner=owner, **(usual | columns)))


def desk(session: Session) -> None:
    """``up`` (ana) +10 +20 -5, ``down`` (ana) -40 on the last day, ``other`` (bob) without a mark, in error."""
    bot(session, "up", "ana")
    bot(session, "down", "ana", symbols=["NQ"], status="paused")
    bot(session, "other", "bob", status="error", error="feed stale", stage="LAB")
    marks(session, "up", "ana", {0: [1004.0, 1010.0], 1: [1030.0], 2: [1020.0, 1025.0]})
    marks(session, "down", "ana", {1: [1000.0], 2: [960.0]})
    trade(session, "up", "ana", None)
    trade(session, "up", "ana", 10.0, side="sell", timestamp=MONDAY + timedelta(hours=16))
    trade(session, "up", "ana", 15.0, side="sell", timestamp=MONDAY + timedelta(days=1, hours=15))
    trade(session, "down", "ana", -40.0, symbol="NQ", side="sell", timestamp=MONDAY + timedelta(days=2, hours=15))
    position(session, "up", "ana", unrealized_pnl=5.0, current_price=105.0)
    position(session, "down", "ana", symbol="NQ", quantity=0.0, is_open=False, realized_pnl=-40.0, closed_at=MONDAY + timedelta(days=2))
