"""What boards and REST show: plain functions from a reading session, a scope and a filter to frozen records.

>>> with database.read() as session:
...     scope = scope_of(whoami())
...     desk = summary.summary(session, scope)
...     page = trades.page(session, scope, trades.TradeFilter(symbol="ES", page_size=20))
...     page.to_dict()

One module per subject: ``summary.summary`` ``summary.alerts`` · ``bots.cards`` ``bots.card`` ``bots.counts`` · ``trades.page`` ``trades.get``
``trades.stats`` · ``positions.page`` ``positions.get`` ``positions.totals`` · ``equity.profit`` · ``promotions.page`` ``promotions.waiting`` ·
``audit.page``. Runs of jobs are in ``jobs.record``. Nothing here loads the engine, pandas or vectorbt.
"""

from __future__ import annotations

from workbench.execution.views import audit, bots, equity, positions, promotions, summary, trades
from workbench.execution.views.audit import AuditFilter
from workbench.execution.views.bots import BotCard, BotFilter
from workbench.execution.views.equity import EquityFilter
from workbench.execution.views.positions import PositionFilter
from workbench.execution.views.promotions import PromotionFilter
from workbench.execution.views.record import Page, Record
from workbench.execution.views.summary import Alert, Summary
from workbench.execution.views.trades import TradeFilter, TradeStats

__all__ = [
    "Alert",
    "AuditFilter",
    "BotCard",
    "BotFilter",
    "EquityFilter",
    "Page",
    "PositionFilter",
    "PromotionFilter",
    "Record",
    "Summary",
    "TradeFilter",
    "TradeStats",
    "audit",
    "bots",
    "equity",
    "positions",
    "promotions",
    "summary",
    "trades",
]
