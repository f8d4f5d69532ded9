"""A bot's track record at its present stage: what gates above PAPER read beside the backtest's evidence.

Execution writes trades, equity marks, divergence and drills into the store; this record is the summary that gates judge. A field
is None until something writes it: the gate then answers *not yet* and says what is missing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from workbench import content
from workbench.market.calendars import session_table
from workbench.store.tables import EquityMarkRow, TradeRow
from workbench.units import instrument

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.lifecycle.bots import Bot


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """What a bot did at one stage."""

    bot: str
    """Name of the bot."""
    stage: str
    """The stage this record was made at."""
    sessions: int | None = None
    """Trading sessions seen, counted from equity marks."""
    trades: int | None = None
    """Closed trades."""
    unexplained: float | None = None
    """Share of the gap between replay and record that no bucket explains, 0 to 1."""
    inside_interval: bool | None = None
    """Whether the result lies inside the backtest's bootstrap interval."""
    shadow_days: int | None = None
    """Days of simulated fills on live quotes."""
    sharpe: float | None = None
    """Annualised Sharpe ratio of this stage."""
    production_sharpe: float | None = None
    """Sharpe ratio of the bot it would replace; 0 where there is none."""
    harm: float | None = None
    """Anytime-valid evidence of harm against its own replay interval, a p-value (small means harm)."""
    drift_sigma: float | None = None
    """Largest drift of a feature, standard deviations."""
    canary_sessions: int | None = None
    """Sessions traded at a tenth of the size."""
    slippage_ratio: float | None = None
    """Measured slippage over the model's."""
    drill_age_days: float | None = None
    """Age of the last recovery drill, days."""
    self_test: bool | None = None
    """Whether the risk engine's self-test is green."""
    signatures: int | None = None
    """Valid signatures of different people over the sealed evidence."""

    @cached_property
    def record_hash(self) -> str:
        """Content hash of the record."""
        return content.content_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return asdict(self)


def track(session: Session, bot: Bot) -> TrackRecord:
    """Return what the store knows about ``bot`` at its present stage: sessions from its equity marks, trades from its executions."""
    mine = (EquityMarkRow.bot_id == bot.id, EquityMarkRow.stage == bot.stage.value)
    marks = session.scalars(select(EquityMarkRow.known_at).where(*mine)).all()
    closed = select(func.count()).where(TradeRow.bot_id == bot.id, TradeRow.stage == bot.stage.value, TradeRow.profit_loss.is_not(None))
    entry = instrument(bot.symbol)
    closes = session_table(entry.calendar, entry.session_mode).close
    known = np.array([int(at.timestamp()) for at in marks], dtype=np.int64) * 1_000_000_000
    sessions = len(np.unique(np.searchsorted(closes, known)))
    return TrackRecord(bot=bot.name, stage=bot.stage.value, sessions=sessions, trades=session.scalar(closed) or 0)
