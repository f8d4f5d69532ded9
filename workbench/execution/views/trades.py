"""Trades as a person reads them: filtered, sorted, paged, and summed up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - schemas are made from the fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, case, func, select

from workbench.errors import UnknownNameError
from workbench.execution.views.record import Page, Paged, Record, one_of, ordered, owned, page_of
from workbench.store.tables import BotRow, TradeRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

SIDES = ("buy", "sell")
_COLUMNS = (
    TradeRow.id,
    TradeRow.bot_id,
    BotRow.name.label("bot"),
    TradeRow.owner,
    TradeRow.stage,
    TradeRow.symbol,
    TradeRow.side,
    TradeRow.quantity,
    TradeRow.price,
    TradeRow.timestamp,
    TradeRow.profit_loss,
    TradeRow.status,
    TradeRow.commission,
    TradeRow.slippage,
    TradeRow.reason,
    TradeRow.order_id,
)
_ORDER = {
    "timestamp": TradeRow.timestamp,
    "bot": BotRow.name,
    "symbol": TradeRow.symbol,
    "side": TradeRow.side,
    "quantity": TradeRow.quantity,
    "price": TradeRow.price,
    "profit_loss": TradeRow.profit_loss,
    "commission": TradeRow.commission,
    "stage": TradeRow.stage,
    "id": TradeRow.id,
}


@dataclass(frozen=True, kw_only=True)
class Trade(Record):
    """One execution."""

    id: int
    """Counted up."""
    bot_id: str
    """Identifier of the bot."""
    bot: str
    """Name of the bot."""
    owner: str
    """Owner of the bot."""
    stage: str
    """Stage of the bot at the time."""
    symbol: str
    """Normalised symbol."""
    side: str
    """buy or sell."""
    quantity: float
    """Contracts or units, positive."""
    price: float
    """Execution price."""
    timestamp: datetime
    """When it was executed, aware UTC."""
    profit_loss: float | None
    """Money made by closing, fees taken off; None where nothing was closed."""
    status: str
    """pending, filled, cancelled or failed."""
    commission: float
    """Fees in money."""
    slippage: float
    """Price given up, positive is worse."""
    reason: str | None
    """entry, exit, stop, target, trailing, time, flat, ..."""
    order_id: str | None
    """Order it belongs to."""
    indicators: dict[str, Any] = field(default_factory=dict)
    """Values of the indicators on the deciding bar; filled by ``get`` only."""


@dataclass(frozen=True, kw_only=True)
class TradeFilter(Paged):
    """Which trades; what is None does not narrow."""

    bot: str | None = None
    """Identifier or name of a bot."""
    symbol: str | None = None
    """Normalised symbol."""
    side: str | None = None
    """buy or sell."""
    stage: str | None = None
    """LAB, PAPER, SHADOW, CANARY or LIVE."""
    reason: str | None = None
    """entry, exit, stop, target, ..."""
    start: datetime | None = None
    """From this moment on, aware."""
    end: datetime | None = None
    """Before this moment, aware."""
    closed: bool | None = None
    """Only executions that closed something (True) or opened (False)."""

    def __post_init__(self) -> None:
        """Refuse what no trade can have."""
        super().__post_init__()
        one_of("side", self.side, SIDES)
        ordered(self.start, self.end)


@dataclass(frozen=True, kw_only=True)
class TradeStats(Record):
    """What the filtered trades add up to."""

    trades: int
    """Executions."""
    closed: int
    """Executions that closed something; the figures below are about these."""
    wins: int
    """Closed with a profit."""
    losses: int
    """Closed with a loss."""
    win_rate: float | None
    """Share of closed trades that won, 0 to 1; None without any."""
    profit_factor: float | None
    """Gross profit over gross loss; None without a loss."""
    gross_profit: float
    """Money won by winners."""
    gross_loss: float
    """Money lost by losers, positive."""
    net: float
    """Money made, fees taken off."""
    average: float | None
    """Money made a closed trade; None without any."""
    best: float | None
    """Largest profit."""
    worst: float | None
    """Largest loss, negative."""
    fees: float
    """Commissions of all executions."""
    first: datetime | None
    """When the first was executed."""
    last: datetime | None
    """When the last was executed."""


def page(session: Session, scope: Scope, wanted: TradeFilter | None = None) -> Page[Trade]:
    """Return one page of trades, newest first by default."""
    chosen = wanted or TradeFilter()
    return page_of(session, _narrowed(select(*_COLUMNS), scope, chosen), chosen, _ORDER, _trade)


def get(session: Session, scope: Scope, trade_id: int) -> Trade:
    """Return one trade with the indicators of its decision.

    Raises:
        UnknownNameError: there is none of this number in the scope.
    """
    query = select(*_COLUMNS, TradeRow.indicators_snapshot.label("indicators")).join(BotRow, BotRow.id == TradeRow.bot_id)
    row = session.execute(query.where(TradeRow.id == trade_id, *owned(scope, TradeRow.owner))).first()
    if row is None:
        kind, highest = "trade", session.scalar(select(func.max(TradeRow.id)))
        raise UnknownNameError(kind, str(trade_id), [f"1 to {highest}"] if highest else [])
    return _trade(row)


def stats(session: Session, scope: Scope, wanted: TradeFilter | None = None) -> TradeStats:
    """Return what all trades of the filter add up to, whatever page is shown."""
    made = TradeRow.profit_loss
    won, lost = case((made > 0, made), else_=0.0), case((made < 0, -made), else_=0.0)
    asked = select(
        func.count(TradeRow.id).label("trades"),
        func.count(made).label("closed"),
        func.sum(case((made > 0, 1), else_=0)).label("wins"),
        func.sum(case((made < 0, 1), else_=0)).label("losses"),
        func.sum(won).label("gross_profit"),
        func.sum(lost).label("gross_loss"),
        func.max(made).label("best"),
        func.min(made).label("worst"),
        func.sum(TradeRow.commission).label("fees"),
        func.min(TradeRow.timestamp).label("first"),
        func.max(TradeRow.timestamp).label("last"),
    )
    row = session.execute(_narrowed(asked, scope, wanted or TradeFilter())).one()
    profit, loss, closed = float(row.gross_profit or 0.0), float(row.gross_loss or 0.0), int(row.closed)
    return TradeStats(
        trades=row.trades,
        closed=closed,
        wins=int(row.wins or 0),
        losses=int(row.losses or 0),
        win_rate=int(row.wins or 0) / closed if closed else None,
        profit_factor=profit / loss if loss else None,
        gross_profit=profit,
        gross_loss=loss,
        net=profit - loss,
        average=(profit - loss) / closed if closed else None,
        best=row.best,
        worst=row.worst,
        fees=float(row.fees or 0.0),
        first=row.first,
        last=row.last,
    )


def bot_is(key: str) -> ColumnElement[bool]:
    """Return the condition that a joined bot has this identifier or name."""
    return (BotRow.id == key) | (BotRow.name == key)


def _narrowed(query: Select[*tuple[Any, ...]], scope: Scope, wanted: TradeFilter) -> Select[*tuple[Any, ...]]:
    given: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (wanted.bot, lambda: bot_is(wanted.bot or "")),
        (wanted.symbol, lambda: TradeRow.symbol == (wanted.symbol or "").upper()),
        (wanted.side, lambda: TradeRow.side == wanted.side),
        (wanted.stage, lambda: TradeRow.stage == (wanted.stage or "").upper()),
        (wanted.reason, lambda: TradeRow.reason == wanted.reason),
        (wanted.start, lambda: TradeRow.timestamp >= wanted.start),
        (wanted.end, lambda: TradeRow.timestamp < wanted.end),
        (wanted.closed, lambda: TradeRow.profit_loss.is_not(None) if wanted.closed else TradeRow.profit_loss.is_(None)),
    ]
    conditions = [condition() for value, condition in given if value is not None]
    return query.select_from(TradeRow).join(BotRow, BotRow.id == TradeRow.bot_id).where(*conditions, *owned(scope, TradeRow.owner))


def _trade(row: Row[*tuple[Any, ...]]) -> Trade:
    return Trade(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for the row as a mapping
