"""Bars and signals that a peer and our engine are both given, our side of the run, and the comparison.

A peer is any other backtester. It is run as its own users run it; what comes back is an ``Outcome`` in our words, so that two engines are compared
trade by trade: bar, side, quantity, prices, profit, fees, and the money at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine import account as a
from workbench.backtest.run import backtest
from workbench.market import Bars, sample, validate
from workbench.portfolio import Costs, Sizing
from workbench.strategy.strategy import strategy
from workbench.units import AssetClass, Instrument

if TYPE_CHECKING:
    from workbench.backtest.result import Result

TOLERANCE = 1e-9
"""Relative, of prices, quantities and money; a profit is compared with the money of its trade."""
AS_THEY_COME = 1e-11
"""Peers do not round to ticks; neither does an instrument with such a tick."""
ALL_IN = Sizing(kind="fixed", value=1e12)
"""More than any account can pay for: the fill clips it to what the money buys at the fill price, fees included."""
FREE = Costs(slippage_ticks=0.0)
CASH = 1_000_000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What the rules say at each close: four uint8 columns, known before the run."""

    entry_long: np.ndarray
    exit_long: np.ndarray
    entry_short: np.ndarray
    exit_short: np.ndarray

    numbers = {}  # noqa: RUF012 - the engine asks for named columns; there are none
    warmup = 1

    def only(self, *names: str) -> Told:
        """Return the same with all columns but ``names`` silent."""
        none = np.zeros_like(self.entry_long)
        return Told(**{name: getattr(self, name) if name in names else none for name in _SIDES})

    def silent_at(self, bars: Any) -> Told:
        """Return the same with nothing said at ``bars``."""
        columns = {name: getattr(self, name).copy() for name in _SIDES}
        for column in columns.values():
            column[bars] = 0
        return Told(**columns)

    def wants(self, bar: int, held: float) -> tuple[int, bool]:
        """Return ``(entry, leave)`` as our engine reads the columns: +1, -1 or 0 for an entry, and whether to leave what is held."""
        long = bool(self.entry_long[bar] and not self.exit_long[bar] and not self.entry_short[bar])
        short = bool(self.entry_short[bar] and not self.exit_short[bar] and not self.entry_long[bar])
        leave = bool(self.exit_long[bar] if held > 0 else self.exit_short[bar])
        return int(long) - int(short), leave


_SIDES = ("entry_long", "exit_long", "entry_short", "exit_short")


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What an engine made of bars and signals."""

    trades: pd.DataFrame
    """Closed trades: entry_bar, exit_bar, side (+1, -1), quantity, entry_price, exit_price, pnl (net), fees."""
    final: float
    """Equity at the last close."""
    result: Any = None
    """What the engine itself returned."""


COLUMNS = ("entry_bar", "exit_bar", "side", "quantity", "entry_price", "exit_price", "pnl", "fees")


def outcome(rows: list[tuple[float, ...]], final: float, result: Any = None) -> Outcome:
    """Return rows in the order of ``COLUMNS`` as an outcome, by entry."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(float).sort_values(["entry_bar", "exit_bar"], kind="stable", ignore_index=True)
    return Outcome(trades=frame, final=float(final), result=result)


def assert_same(theirs: Outcome, ours: Outcome) -> None:
    """Compare trade by trade and the money at the end."""
    exact = ["entry_bar", "exit_bar", "side"]
    assert theirs.trades[exact].to_numpy().tolist() == ours.trades[exact].to_numpy().tolist()
    for name in ("quantity", "entry_price", "exit_price", "fees"):
        np.testing.assert_allclose(ours.trades[name], theirs.trades[name], rtol=TOLERANCE, atol=1e-9, err_msg=name)
    money = (theirs.trades["quantity"] * theirs.trades["entry_price"]).to_numpy()
    np.testing.assert_array_less(np.abs(ours.trades["pnl"] - theirs.trades["pnl"]).to_numpy(), TOLERANCE * money + 1e-9, err_msg="pnl")
    np.testing.assert_allclose(ours.final, theirs.final, rtol=TOLERANCE, err_msg="final equity")


def instrument(**changes: Any) -> Instrument:
    """Return an instrument whose prices are left as they come: whole shares, paid in full, unless changed."""
    kept = {"symbol": "CUSTOM", "name": "As it comes", "asset_class": AssetClass.EQUITY, "tick": AS_THEY_COME, "lot": 1.0}
    return Instrument(**(kept | changes))


def real(symbol: str, **changes: Any) -> Bars:
    """Return a packaged sample as bars of ``instrument(**changes)``, repaired where adjusting for splits left a close outside its bar."""
    frame = sample(symbol).frame
    top, bottom = frame[["open", "high", "low", "close"]].max(axis=1), frame[["open", "high", "low", "close"]].min(axis=1)
    frame = frame.assign(high=top, low=bottom)
    frame.index = frame.index.tz_convert("America/New_York").normalize().tz_localize(None)
    return validate(frame, instrument(**changes), "1d")


def random_bars(seed: int, bars: int = 500, *, volatility: float = 0.015, gap: float = 0.03, **changes: Any) -> Bars:
    """Return a random walk in cents. Half of the bars open away from the last close, by up to ``gap``."""
    random = np.random.default_rng(seed)
    close, rows = 100.0, []
    for _ in range(bars):
        open_ = close * (1.0 + random.uniform(-gap, gap) * (random.random() < 0.5))
        close = open_ * np.exp(np.clip(random.normal(0.0, volatility), -0.05, 0.05))
        high = max(open_, close) * (1.0 + abs(np.clip(random.normal(0.0, volatility / 2), -0.02, 0.02)))
        low = min(open_, close) * (1.0 - abs(np.clip(random.normal(0.0, volatility / 2), -0.02, 0.02)))
        rows.append([round(price, 2) for price in (open_, high, low, close)])
        close = rows[-1][3]
    index = sample("SPX").frame.index[:bars].tz_convert("America/New_York").normalize().tz_localize(None)
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close"], index=index).assign(volume=1000.0)
    return validate(frame, instrument(**changes), "1d", synthetic=True)


def table(rows: list[tuple[float, float, float, float]], **changes: Any) -> Bars:
    """Return bars typed by hand."""
    index = sample("SPX").frame.index[: len(rows)].tz_convert("America/New_York").normalize().tz_localize(None)
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close"], index=index, dtype=float).assign(volume=1000.0)
    return validate(frame, instrument(**changes), "1d")


def random_signals(seed: int, bars: int, share: float = 0.08) -> Told:
    """Return signals on about a ``share`` of closes, none at the first close and the last two; at most one of the four at a close."""
    random = np.random.default_rng(seed + 10_000)
    said = np.where(random.random(bars) < 4 * share, random.integers(0, 4, bars), -1)
    said[0] = said[-1] = said[-2] = -1
    return Told(**{name: (said == number).astype(np.uint8) for number, name in enumerate(_SIDES)})


def rule_signals(text: str, bars: Bars) -> Told:
    """Return what the rules of a sentence say on ``bars``, silent at the first close and the last two."""
    said = strategy(text, symbols="CUSTOM").program.bind({}).columns(bars)
    return Told(**{name: getattr(said, name) for name in _SIDES}).silent_at([0, -1, -2])


class _Given:
    """A strategy whose decisions are known: what ``backtest`` needs of one."""

    def __init__(self, told: Told, settings: dict[str, Any]) -> None:
        self.spec = strategy(
            "buy when close > 0; sell when close < 0; short when close < 0; cover when close > 0", symbols="CUSTOM", **settings
        ).spec
        self.program = self
        self.program_hash = "told"
        self.parameters = ()
        self.warmup = told.warmup
        self._told = told

    def bind(self, values: Any) -> _Given:  # noqa: ARG002 - nothing to choose
        return self

    decider = bind

    def columns(self, bars: Bars, cache: Any = None) -> Told:  # noqa: ARG002 - known before
        return self._told


def ours(bars: Bars, told: Told, *, cash: float = CASH, **settings: Any) -> Outcome:
    """Run our engine; ``settings`` are those of ``wb.strategy`` (sizing, costs, stop, target, filling, ...)."""
    settings.setdefault("costs", FREE)
    return outcome_of(backtest(_Given(told, settings), bars, cash=cash))


def outcome_of(result: Result) -> Outcome:
    """Return a result as an outcome."""
    fills = result.run.fills
    closed = len(fills) // 2 * 2
    rows = [
        (
            entry[a.FILL_BAR],
            left[a.FILL_BAR],
            entry[a.FILL_SIDE],
            entry[a.FILL_QTY],
            entry[a.FILL_PRICE],
            left[a.FILL_PRICE],
            left[a.FILL_PNL],
            entry[a.FILL_FEE] + left[a.FILL_FEE],
        )
        for entry, left in zip(fills[0:closed:2], fills[1:closed:2], strict=True)
    ]
    return outcome(rows, float(result.equity.iloc[-1]), result)


CROSS = (
    "buy when sma(10) crosses above sma(30); sell when sma(10) crosses below sma(30); "
    "short when sma(10) crosses below sma(30); cover when sma(10) crosses above sma(30)"
)
"""Always long or short: every cross reverses."""
DIP = "buy when rsi(2) < 10 and close > sma(100); sell when rsi(2) > 60"
"""Long only, many short trades."""
