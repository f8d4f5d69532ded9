"""The two charts boards draw: money over time, and the price with what a bot sees and did."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.execution.views import stored
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from workbench.execution.views.equity import Series
    from workbench.execution.views.positions import Position
    from workbench.execution.views.trades import Trade
    from workbench.widgets import parts

BARS = 400
"""Bars of a price chart."""
_BEFORE = 300
"""Bars read before the first one shown, so that indicators are warm when they come into view."""
_ON_PRICE = {"sma", "ema", "bb", "donchian"}
_COLOURS = ("accent", "c3", "c6", "c5", "c7")
_MOST_OVERLAYS = 5


def made_up(symbols: Iterable[str]) -> bool:
    """Return whether any of the symbols is a synthetic instrument."""
    return any(_synthetic(symbol) for symbol in symbols)


def _synthetic(symbol: str) -> bool:
    try:
        return instrument(symbol).synthetic
    except WorkbenchError:  # a symbol of the person's own
        return False


def decimals(symbol: str) -> int:
    """Return the digits a price of this symbol needs."""
    try:
        return instrument(symbol).decimals
    except WorkbenchError:
        return 2


def multiplier(symbol: str) -> float:
    """Return the money per 1.0 of price and contract."""
    try:
        return instrument(symbol).multiplier
    except WorkbenchError:
        return 1.0


def moment(at: datetime | date) -> datetime:
    """Return the end of a day as a time; a time stays."""
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)


def draw_money(curve: parts.Curve, lines: Sequence[Series], *, base: float = 0.0, name: str = "") -> None:
    """Draw lines on their common times; where a line has no value yet it starts late, after its end it keeps its last value; ``name`` is what one line is called."""
    times = sorted({moment(at) for line in lines for at in line.times})
    place = {at: index for index, at in enumerate(times)}
    drawn = []
    for number, line in enumerate(lines):
        values = np.full(len(times), np.nan)
        for at, value in zip(line.times, line.values, strict=True):
            values[place[moment(at)]] = base + value
        drawn.append(
            {
                "name": name or line.name,
                "values": _carried(values),
                "tone": "accent" if len(lines) == 1 else f"c{number % 8}",
                "area": len(lines) == 1,
            }
        )
    with curve.hold_sync():
        curve.daily = bool(lines) and not isinstance(lines[0].times[0], datetime)
        curve.zone = "UTC" if curve.daily else "America/New_York"
        curve.zero_line = base
        curve.show(drawn, times)
        curve.state = "ready"


def _carried(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with gaps after the first one filled by the one before."""
    there = np.where(np.isnan(values), -1, np.arange(len(values)))
    last = np.maximum.accumulate(there)
    return np.where(last < 0, np.nan, values[last])


@dataclass(frozen=True, kw_only=True, eq=False)
class Price:
    """What a price chart shows."""

    title: str
    """Bot and what it trades."""
    bars: stored.StoredBars | None
    """The bars, with those before the first one shown."""
    indicators: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Indicators of the bot, as ``BotRow.indicators`` has them."""
    trades: tuple[Trade, ...] = ()
    """Its executions on these bars."""
    position: Position | None = None
    """What it holds."""
    overlays: tuple[dict[str, Any], ...] | None = None
    """The indicators on the bars that are shown; None while the compiler is not loaded yet."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What changes when the picture does."""
        last = (
            ()
            if self.bars is None or not len(self.bars)
            else (int(self.bars.time[0]), int(self.bars.time[-1]), float(self.bars.columns[3, -1]))
        )
        return (
            self.title,
            last,
            tuple(self.indicators),
            [trade.id for trade in self.trades[:1]],
            len(self.trades),
            self.position,
            self.overlays is None,
        )

    def __eq__(self, other: object) -> bool:
        """Say whether the pictures are the same."""
        return isinstance(other, Price) and self.key == other.key

    __hash__ = None  # type: ignore[assignment]


def read_bars(session: Session, symbol: str, timeframe: str, until: datetime | None) -> stored.StoredBars | None:
    """Return the bars a chart shows and those its indicators need before."""
    return stored.tail(session, symbol, timeframe, BARS + _BEFORE, until=until)


def draw_price(candles: parts.Candles, price: Price) -> None:
    """Draw bars, indicators, executions and the open position's levels."""
    if price.bars is None or not len(price.bars):
        with candles.hold_sync():
            candles.state, candles.message = "empty", f"No bars of {price.title} are stored"
            candles.remedy = "Bars are kept when a backtest or a session loads them: `workbench data check`"
        return
    whole = price.bars
    first = max(0, len(whole) - BARS)
    time, columns = whole.time[first:], whole.columns[:, first:]
    shown = {"time": time, **{name: columns[place] for place, name in enumerate(stored.COLUMNS)}}
    with candles.hold_sync():
        candles.symbol, candles.resolution, candles.digits = whole.symbol, whole.timeframe, decimals(whole.symbol)
        candles.daily = whole.timeframe == "1d"
        candles.zone = "UTC" if candles.daily else "America/New_York"
        candles.badge = "SYNTHETIC" if whole.synthetic else ""
        candles.show(shown, overlays=price.overlays or (), markers=_markers(time, price.trades), levels=_levels(time, price.position))
        candles.state = "ready"


def overlays(bars: stored.StoredBars, indicators: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, Any], ...]:
    """Return the lines of a bot's indicators on the bars that are shown; the first call in a kernel loads the compiler, so make it in a thread."""
    from workbench.strategy.indicators import step  # noqa: PLC0415 - as the docstring says

    first = max(0, len(bars) - BARS)
    drawn: list[dict[str, Any]] = []
    for name, given in list(indicators.items())[:_MOST_OVERLAYS]:
        word = re.sub(r"[\s\d]+$", "", name).lower()
        try:
            entry = step.find(word)
            values = step.batch(entry, [bars.series(one) for one in entry.inputs], entry.named(dict(given)))
        except (WorkbenchError, ValueError):
            continue  # an indicator of somebody's notebook, unknown in this kernel, is not drawn
        label = f"{word}({', '.join(f'{value:g}' for value in given.values())})"
        for column, output in enumerate(entry.outputs):
            suffix = f" {output}" if len(entry.outputs) > 1 else ""
            line = {"name": label + suffix, "values": values[first:, column], "color": _COLOURS[len(drawn) % len(_COLOURS)]}
            drawn.append(line if word in _ON_PRICE else {**line, "pane": label})
    return tuple(drawn)


def _markers(time: NDArray[np.int64], trades: Iterable[Trade]) -> list[dict[str, Any]]:
    marked = []
    for trade in trades:
        at = int(np.searchsorted(time, int(trade.timestamp.timestamp() * 1e9), side="right")) - 1
        if at >= 0:
            words = f"{trade.reason or ''} {trade.quantity:g}".strip()
            marked.append({"at": at, "side": trade.side if trade.profit_loss is None else "exit", "text": words})
    return marked


def _levels(time: NDArray[np.int64], position: Position | None) -> list[dict[str, Any]]:
    if position is None or not len(time):
        return []
    since = max(0, int(np.searchsorted(time, int(position.opened_at.timestamp() * 1e9), side="right")) - 1)
    prices = {"entry": position.entry_price, "stop": position.stop_loss_price, "target": position.take_profit_price}
    return [{"from": since, "price": price, "kind": kind} for kind, price in prices.items() if price is not None]
