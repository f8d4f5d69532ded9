"""Positions as a person reads them: open and closed, filtered, sorted, paged, and summed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - schemas are made from the fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, select

from workbench.errors import UnknownNameError
from workbench.execution.views.record import Page, Paged, Record, one_of, ordered, owned, page_of
from workbench.execution.views.trades import bot_is
from workbench.store.tables import BotRow, PositionRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

DIRECTIONS = ("long", "short")
_COLUMNS = (
    PositionRow.id,
    PositionRow.bot_id,
    BotRow.name.label("bot"),
    PositionRow.owner,
    PositionRow.stage,
    PositionRow.symbol,
    PositionRow.quantity,
    PositionRow.entry_price,
    PositionRow.current_price,
    PositionRow.stop_loss_price,
    PositionRow.take_profit_price,
    PositionRow.unrealized_pnl,
    PositionRow.realized_pnl,
    PositionRow.opened_at,
    PositionRow.closed_at,
    PositionRow.is_open,
    PositionRow.updated_at,
)
_ORDER = {
    "opened_at": PositionRow.opened_at,
    "closed_at": PositionRow.closed_at,
    "bot": BotRow.name,
    "symbol": PositionRow.symbol,
    "quantity": PositionRow.quantity,
    "entry_price": PositionRow.entry_price,
    "current_price": PositionRow.current_price,
    "unrealized_pnl": PositionRow.unrealized_pnl,
    "realized_pnl": PositionRow.realized_pnl,
    "stage": PositionRow.stage,
    "id": PositionRow.id,
}


@dataclass(frozen=True, kw_only=True)
class Position(Record):
    """One position, open or closed."""

    id: int
    """Counted up."""
    bot_id: str
    """Identifier of the bot."""
    bot: str
    """Name of the bot."""
    owner: str
    """Owner of the bot."""
    stage: str
    """Stage of the bot when it opened."""
    symbol: str
    """Normalised symbol."""
    quantity: float
    """Contracts or units; negative is short; 0 when closed."""
    entry_price: float
    """Average price paid."""
    current_price: float | None
    """Last price it was marked at."""
    stop_loss_price: float | None
    """Where it is stopped."""
    take_profit_price: float | None
    """Where profit is taken."""
    unrealized_pnl: float
    """Money it would make if closed now."""
    realized_pnl: float
    """Money it has made, fees taken off."""
    opened_at: datetime
    """When it was opened, aware UTC."""
    closed_at: datetime | None
    """When it was closed; None while open."""
    is_open: bool
    """Whether it is still held."""
    updated_at: datetime
    """When it was last marked."""


@dataclass(frozen=True, kw_only=True)
class PositionFilter(Paged):
    """Which positions; what is None does not narrow."""

    open: bool | None = None
    """Only open (True) or closed (False) ones."""
    bot: str | None = None
    """Identifier or name of a bot."""
    symbol: str | None = None
    """Normalised symbol."""
    direction: str | None = None
    """long or short; closed positions have neither."""
    stage: str | None = None
    """LAB, PAPER, SHADOW, CANARY or LIVE."""
    start: datetime | None = None
    """Opened from this moment on, aware."""
    end: datetime | None = None
    """Opened before this moment, aware."""

    def __post_init__(self) -> None:
        """Refuse what no position can have."""
        super().__post_init__()
        one_of("direction", self.direction, DIRECTIONS)
        ordered(self.start, self.end)


@dataclass(frozen=True, kw_only=True)
class PositionTotals(Record):
    """What the filtered positions add up to."""

    positions: int
    """Positions."""
    open: int
    """Of these, still held."""
    unrealized_pnl: float
    """Money the open ones would make if closed now."""
    realized_pnl: float
    """Money they have made, fees taken off."""
    updated_at: datetime | None
    """When the latest was marked; None without any."""


def page(session: Session, scope: Scope, wanted: PositionFilter | None = None) -> Page[Position]:
    """Return one page of positions, last opened first by default."""
    chosen = wanted or PositionFilter()
    return page_of(session, _narrowed(select(*_COLUMNS), scope, chosen), chosen, _ORDER, _position)


def get(session: Session, scope: Scope, position_id: int) -> Position:
    """Return one position.

    Raises:
        UnknownNameError: there is none of this number in the scope.
    """
    query = select(*_COLUMNS).join(BotRow, BotRow.id == PositionRow.bot_id)
    row = session.execute(query.where(PositionRow.id == position_id, *owned(scope, PositionRow.owner))).first()
    if row is None:
        kind, highest = "position", session.scalar(select(func.max(PositionRow.id)))
        raise UnknownNameError(kind, str(position_id), [f"1 to {highest}"] if highest else [])
    return _position(row)


def totals(session: Session, scope: Scope, wanted: PositionFilter | None = None) -> PositionTotals:
    """Return what all positions of the filter add up to, whatever page is shown."""
    held = func.count(PositionRow.id).filter(PositionRow.is_open)
    asked = select(
        func.count(PositionRow.id).label("positions"),
        held.label("open"),
        func.sum(PositionRow.unrealized_pnl).label("unrealized"),
        func.sum(PositionRow.realized_pnl).label("realized"),
        func.max(PositionRow.updated_at).label("updated_at"),
    )
    row = session.execute(_narrowed(asked, scope, wanted or PositionFilter())).one()
    return PositionTotals(
        positions=row.positions,
        open=row.open,
        unrealized_pnl=float(row.unrealized or 0.0),
        realized_pnl=float(row.realized or 0.0),
        updated_at=row.updated_at,
    )


def _narrowed(query: Select[*tuple[Any, ...]], scope: Scope, wanted: PositionFilter) -> Select[*tuple[Any, ...]]:
    given: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (wanted.open, lambda: PositionRow.is_open.is_(wanted.open)),
        (wanted.bot, lambda: bot_is(wanted.bot or "")),
        (wanted.symbol, lambda: PositionRow.symbol == (wanted.symbol or "").upper()),
        (wanted.direction, lambda: PositionRow.quantity > 0 if wanted.direction == "long" else PositionRow.quantity < 0),
        (wanted.stage, lambda: PositionRow.stage == (wanted.stage or "").upper()),
        (wanted.start, lambda: PositionRow.opened_at >= wanted.start),
        (wanted.end, lambda: PositionRow.opened_at < wanted.end),
    ]
    conditions = [condition() for value, condition in given if value is not None]
    return query.select_from(PositionRow).join(BotRow, BotRow.id == PositionRow.bot_id).where(*conditions, *owned(scope, PositionRow.owner))


def _position(row: Row[*tuple[Any, ...]]) -> Position:
    return Position(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for the row as a mapping
