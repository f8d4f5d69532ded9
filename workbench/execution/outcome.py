"""What a session did, read back from the store, and how it compares with a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from workbench import look
from workbench.execution.book import CLOSE_ONLY, moment, nanoseconds
from workbench.store.tables import EquityMarkRow, OrderRow, TradeRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.backtest.result import Result
    from workbench.execution.tape import Bar
    from workbench.lifecycle.bots import Bot

ORDERS = ("time", "bar", "known_at", "action", "quantity", "reason", "state")
FILLS = ("time", "bar", "side", "quantity", "price", "fee", "reason", "pnl")
_BRACKETS = frozenset({"stop", "trailing", "target"})
_SENT = frozenset({"sent", "filled"})


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long the bars of one call took, seconds. The quantiles are those of the decision: program and engine, without any row."""

    bars: int
    """Bars measured."""
    p50: float
    p90: float
    p99: float
    per_bar: float
    """Mean of everything: fills, decision, rows, durable commit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionResult:
    """One session as the store has it."""

    bot: str
    """Name of the bot."""
    stage: str
    """Stage it traded at."""
    symbol: str
    """Instrument."""
    synthetic: bool
    """True where the bars are made up."""
    bars: int
    """Bars of the session that have been traded."""
    orders: pd.DataFrame
    """One row a decision, in order: time and bar of the close that decided, known_at, action, quantity (0 for close), reason, state."""
    fills: pd.DataFrame
    """One row an execution, in order: time, bar, side, quantity, price, fee, reason, pnl (NaN for entries)."""
    equity: pd.Series[float]
    """Money at each bar's close, by the bars' open times."""
    halted: str
    """Why no orders are made; empty while they are."""
    latency: Latency | None
    """Timing of the bars traded in this call; None where it traded none."""

    def matches(self, result: Result) -> list[str]:
        """Return every difference from a backtest of the same bars, as sentences; an empty list is equality to the bit.

        Orders that reached the broker, fills and equity are compared, numbers as they are: nothing is rounded.
        """
        sent = self.orders[self.orders["state"].isin(_SENT | {"rejected"}) & ~self.orders["reason"].str.contains("refused")]
        problems = (
            [f"{len(self.orders) - len(sent)} orders were refused or cancelled: {self.halted or 'see their reasons'}"]
            if len(sent) < len(self.orders)
            else []
        )
        problems += _differences("order", sent, result.orders, ORDERS[:-1])
        problems += _differences("fill", self.fills, result.fills, FILLS)
        return problems + _differences("equity", self.equity.to_frame().reset_index(), result.equity.to_frame().reset_index(), ("equity",))

    def _repr_html_(self) -> str:
        start, end = (float(self.equity.iloc[place]) if len(self.equity) else float("nan") for place in (0, -1))
        cells = (
            ("bars", f"{self.bars:,}"),
            ("orders", f"{len(self.orders):,}"),
            ("fills", f"{len(self.fills):,}"),
            ("equity", look.number(end)),
            ("change", f"{look.signed(end - start)} {look.arrow(end - start)}"),
            ("decision p99", f"{self.latency.p99 * 1e6:,.0f} µs" if self.latency else look.MISSING),
        )
        cell = f"padding:6px 16px 8px 12px;background:{look.BG1};text-align:left;vertical-align:top"
        label = f"color:{look.FAINT};font:11px {look.SANS};text-transform:uppercase;letter-spacing:.06em"
        shown = "".join(
            f'<td style="{cell}"><div style="{label}">{name}</div><div style="font:13px/18px {look.MONO};color:{look.TEXT}">{value}</div></td>'
            for name, value in cells
        )
        badge = "SYNTHETIC" if self.synthetic else "SIMULATED"
        stage = f'<span style="color:{look.STAGES[self.stage]};font:12px {look.MONO}">{self.stage}</span>'
        why = f'<div style="color:{look.WARN};padding:4px 12px 8px">▲ halted: {escape(self.halted)}</div>' if self.halted else ""
        frame = f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};font:13px/18px {look.SANS};max-width:1100px;overflow-x:auto"
        return (
            f'<div class="wb-session" style="{frame}"><div style="padding:8px 12px;border-bottom:1px solid {look.LINE}"><b>{escape(self.bot)}</b> {stage} '
            f'session on {escape(self.symbol)} <span style="border:1px solid {look.LINE};padding:0 6px;font:11px {look.MONO}">▨ {badge}</span></div>'
            f'<table style="border-collapse:collapse;margin:0;background:{look.BG1}"><tr>{shown}</tr></table>{why}</div>'
        )


def read(session: Session, bot: Bot, bars: tuple[Bar, ...]) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[float]]:
    """Return orders, fills and equity of ``bot`` on ``bars`` from the store, as a backtest on the same bars would list them."""
    place = _Places(bars)
    first, last = moment(bars[0].known_at), moment(bars[-1].known_at)
    decided = (
        select(OrderRow).where(OrderRow.bot_id == bot.id, OrderRow.known_at >= first, OrderRow.known_at <= last).order_by(OrderRow.known_at)
    )
    orders = session.scalars(decided).all()
    mine = {row.intent_hash for row in orders}
    trades = session.scalars(select(TradeRow).where(TradeRow.bot_id == bot.id, TradeRow.timestamp >= first).order_by(TradeRow.id))
    fill_rows = [place.trade(row) for row in trades if row.order_id in mine]
    return (
        pd.DataFrame(map(place.order, orders), columns=list(ORDERS)),
        pd.DataFrame(fill_rows, columns=list(FILLS)),
        _marks(session, bot, place),
    )


class _Places:
    """Where in the bars a stored time lies."""

    def __init__(self, bars: tuple[Bar, ...]) -> None:
        self.opened = {bar.time: position for position, bar in enumerate(bars)}
        self.known = {bar.known_at: position for position, bar in enumerate(bars)}
        self.times = pd.DatetimeIndex(np.array([bar.time for bar in bars]).astype("datetime64[ns]"), name="open_time").tz_localize("UTC")

    def order(self, row: OrderRow) -> tuple[Any, ...]:
        bar = self.known[nanoseconds(row.known_at)]
        reason = row.reason or ""
        opens = reason.startswith(("entry", "reverse")) and not reason.startswith(CLOSE_ONLY)
        action = ("buy" if row.side == "buy" else "short") if opens else "close"
        shown = reason.replace(CLOSE_ONLY, "reverse")
        return self.times[bar], bar, pd.Timestamp(row.known_at).as_unit("ns"), action, row.quantity if opens else 0.0, shown, row.state

    def trade(self, row: TradeRow) -> tuple[Any, ...]:
        bar = (self.known if row.reason in _BRACKETS else self.opened)[nanoseconds(row.timestamp)]
        profit = float("nan") if row.profit_loss is None else row.profit_loss
        return self.times[bar], bar, row.side, row.quantity, row.price, row.commission, row.reason, profit


def _marks(session: Session, bot: Bot, place: _Places) -> pd.Series[float]:
    query = select(EquityMarkRow.known_at, EquityMarkRow.equity).where(EquityMarkRow.bot_id == bot.id).order_by(EquityMarkRow.known_at)
    marks = [(place.known[at], equity) for known, equity in session.execute(query) if (at := nanoseconds(known)) in place.known]
    index = place.times[[bar for bar, _ in marks]]
    return pd.Series([equity for _, equity in marks], index=index, name="equity", dtype=np.float64)


def _differences(what: str, mine: pd.DataFrame, theirs: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    problems = [] if len(mine) == len(theirs) else [f"{len(mine)} {what} rows in the session, {len(theirs)} in the backtest"]
    rows = min(len(mine), len(theirs))
    for column in columns:
        one, other = mine[column].to_numpy()[:rows], theirs[column].to_numpy()[:rows]
        numeric = one.dtype.kind == "f" and other.dtype.kind == "f"
        unequal = ~((one == other) | (np.isnan(one) & np.isnan(other))) if numeric else one != other
        if np.any(unequal):
            at = int(np.argmax(unequal))
            problems.append(
                f"{what} {at} differs in {column}: session {one[at]!r}, backtest {other[at]!r} ({int(np.sum(unequal))} rows differ)"
            )
    return problems
