"""The result of one backtest: what was asked, what happened, and the ways to look at it.

The arrays of the engine are kept as they are; frames are made when first looked at. ``trades`` are closed trades: a position still open after
the last bar is in ``position``, marked at the last close.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine import account as a
from workbench.backtest.engine.rules import CLOSE_AT_END, SAME_CLOSE
from workbench.backtest.metrics import Metrics, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.crosscheck import CrossCheck
    from workbench.backtest.timeline import Run
    from workbench.market import Bars
    from workbench.strategy.spec import StrategySpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """One backtest; made by ``workbench.backtest.run.backtest``."""

    spec: StrategySpec
    """The strategy that was run."""
    parameters: Mapping[str, float]
    """Value of each ``$parameter``."""
    program_hash: str
    """Content address of the compiled rules."""
    bars: Bars
    """What it was run on."""
    run: Run
    """The arrays that went into the engine and the fills and equity that came out."""
    order_rows: NDArray[np.float64]
    """(k, ``ORDER_SIZE``) every decision other than hold."""
    account: NDArray[np.float64]
    """(``ACCOUNT_SIZE``,) the account after the last bar; a paper session can go on from it."""
    warmup: int
    """Leading bars without signals."""
    bars_per_year: float
    """What ratios are annualised with: bars of the instrument's own calendar."""

    @property
    def cash(self) -> float:
        """Money at the start."""
        return self.run.rules.initial_cash

    @cached_property
    def equity(self) -> pd.Series[float]:
        """Money at each close, indexed by the bars' open times."""
        return pd.Series(self.run.equity, index=self.bars.frame.index, name="equity")

    @cached_property
    def returns(self) -> pd.Series[float]:
        """Simple return of equity over each bar, the first against the starting money."""
        before = np.concatenate([[self.cash], self.run.equity[:-1]])
        with np.errstate(divide="ignore", invalid="ignore"):
            changes = np.where(before > 0.0, self.run.equity / before - 1.0, 0.0)
        return pd.Series(changes, index=self.bars.frame.index, name="returns")

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Every fill in order: time, bar, side, quantity, price, fee, reason, pnl (NaN for entries), stop and target (set by entries)."""
        rows = self.run.fills
        bar = rows[:, a.FILL_BAR].astype(np.int64)
        return pd.DataFrame(
            {
                "time": self.bars.frame.index[bar],
                "bar": bar,
                "side": np.where(rows[:, a.FILL_SIDE] > 0, "buy", "sell"),
                "quantity": rows[:, a.FILL_QTY],
                "price": rows[:, a.FILL_PRICE],
                "fee": rows[:, a.FILL_FEE],
                "reason": _names(rows[:, a.FILL_REASON], a.REASONS),
                "pnl": rows[:, a.FILL_PNL],
                "stop": rows[:, a.FILL_STOP],
                "target": rows[:, a.FILL_TARGET],
            }
        )

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every decision in order: time and bar of the close that decided, ``known_at``, action, quantity, reason.

        It fills at the open of the next bar (at that very close where the filling says so); a live session on the same bars makes the same rows.
        """
        rows = self.order_rows
        bar = rows[:, a.ORDER_BAR].astype(np.int64)
        return pd.DataFrame(
            {
                "time": self.bars.frame.index[bar],
                "bar": bar,
                "known_at": pd.DatetimeIndex(self.bars.known_at[bar].astype("datetime64[ns]")).tz_localize("UTC"),
                "action": _names(rows[:, a.ORDER_ACTION], a.ACTIONS),
                "quantity": rows[:, a.ORDER_QTY],
                "reason": _names(rows[:, a.ORDER_REASON], a.REASONS),
            }
        )

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Closed trades in order of exit; money in the instrument's currency, ``return`` as a share of what was bought.

        ``bars`` counts closes held (0 when left on the entry bar); ``mae`` and ``mfe`` are the worst and best open profit between entry and
        exit, before fees: extremes of the bars before the exit's, and the exit price. ``fees`` hold what borrowing cost.
        """
        return _trades(self)

    @property
    def position(self) -> dict[str, Any] | None:
        """The position still open after the last bar (side, quantity, entry_time, entry_price, pnl at the last close, bars, fees, traded), or None."""
        held = float(self.account[a.QTY])
        if held == 0.0:
            return None
        entry = float(self.account[a.ENTRY_PRICE])
        first = int(self.run.fills[-1, a.FILL_BAR])
        gained = held * (float(self.run.prices.close[-1]) - entry) * self.run.rules.multiplier
        return {
            "side": "long" if held > 0 else "short",
            "quantity": abs(held),
            "entry_time": self.bars.frame.index[first],
            "entry_price": entry,
            "pnl": gained - float(self.account[a.ENTRY_FEE] + self.account[a.BORROWED]),
            "bars": len(self.bars) - first,
            "fees": float(self.account[a.ENTRY_FEE] + self.account[a.BORROWED]),
            "traded": abs(held) * entry * self.run.rules.multiplier,
        }

    @cached_property
    def metrics(self) -> Metrics:
        """What it was worth; see ``Metrics`` for each number."""
        return measure(self.equity, self.returns, self.trades, self.bars_per_year, initial=self.cash, position=self.position)

    @cached_property
    def crosscheck(self) -> CrossCheck:
        """What vectorbt, the second engine, says about this run."""
        from workbench.backtest.crosscheck import crosscheck  # noqa: PLC0415 - heavy, and only on demand

        return crosscheck(self)

    @cached_property
    def portfolio(self) -> Any:  # noqa: ANN401 - a vectorbt Portfolio
        """This run as a vectorbt ``Portfolio``, with its plots and statistics."""
        from workbench.backtest.crosscheck import portfolio  # noqa: PLC0415 - heavy, and only on demand

        return portfolio(self)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return equity over drawdown."""
        from workbench.backtest.figures import performance  # noqa: PLC0415 - plotly only where a picture is asked for

        return performance(self)

    def chart(self, bars: int = 250, *, end: int | None = None) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the last ``bars`` candles (up to position ``end``) with entries, exits and bracket levels."""
        from workbench.backtest.figures import trades_on_bars  # noqa: PLC0415 - plotly only where a picture is asked for

        return trades_on_bars(self, bars=bars, end=end)

    def to_html(self, path: str | Path) -> Path:
        """Write the tear sheet as one self-contained HTML page and return where."""
        from workbench.backtest import report  # noqa: PLC0415 - only on demand

        return Path(report.write(self, Path(path)))

    def __repr__(self) -> str:
        """Say what was run on what and how it ended."""
        found = self.metrics
        return f"Result({self.spec.name} on {self.bars!r}: return {found.total_return:+.1%}, Sharpe {found.sharpe:.2f}, {found.trades:.0f} trades)"

    def _repr_html_(self) -> str:
        from workbench.backtest import report  # noqa: PLC0415 - only on demand

        return str(report.card(self))


def _names(codes: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.object_]:
    return np.array(names, dtype=object)[codes.astype(np.int64)]


def _trades(result: Result) -> pd.DataFrame:
    """Pair entries with exits: fills alternate, because a position is left in full before the next is opened."""
    rows, rules = result.run.fills, result.run.rules
    closed = len(rows) // 2
    entries, exits = rows[0 : 2 * closed : 2], rows[1 : 2 * closed : 2]
    first, last = entries[:, a.FILL_BAR].astype(np.int64), exits[:, a.FILL_BAR].astype(np.int64)
    side, quantity = entries[:, a.FILL_SIDE], entries[:, a.FILL_QTY]
    paid, got = entries[:, a.FILL_PRICE], exits[:, a.FILL_PRICE]
    bought = quantity * paid * rules.multiplier
    start, stop = first + (rules.fill_at == SAME_CLOSE), last + _at_close(result, exits)
    worst, best = _excursions(result, start, stop, side, got)
    money = side * quantity * rules.multiplier
    index = result.bars.frame.index
    return pd.DataFrame(
        {
            "entry_time": index[first],
            "exit_time": index[last],
            "side": np.where(side > 0, "long", "short"),
            "quantity": quantity,
            "entry_price": paid,
            "exit_price": got,
            "pnl": exits[:, a.FILL_PNL],
            "return": exits[:, a.FILL_PNL] / bought,
            "bars": last - first,
            "exit_reason": _names(exits[:, a.FILL_REASON], a.REASONS),
            "fees": entries[:, a.FILL_FEE] + exits[:, a.FILL_FEE] + exits[:, a.FILL_BORROW],
            "mae": np.minimum(money * (worst - paid), 0.0),
            "mfe": np.maximum(money * (best - paid), 0.0),
            "traded": bought + quantity * got * rules.multiplier,
        }
    )


def _at_close(result: Result, exits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each exit filled at the close of its bar, so that the whole bar belongs to the trade."""
    reason = exits[:, a.FILL_REASON]
    ended = (reason == a.BY_END) & (result.run.rules.end_kind == CLOSE_AT_END)
    inside = np.isin(reason, (a.BY_STOP, a.BY_TRAILING, a.BY_TARGET, a.BY_END))
    return np.asarray(ended | ((result.run.rules.fill_at == SAME_CLOSE) & ~inside))


def _excursions(
    result: Result, start: NDArray[np.int64], stop: NDArray[np.int64], side: NDArray[np.float64], got: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Worst and best price for each trade: extremes of the bars from ``start`` to before ``stop``, and its exit price."""
    if not len(start):
        return got, got
    pairs = np.column_stack([start, np.maximum(stop, start)]).ravel()
    # One bar more: a trade may last to the close of the last.
    low = np.minimum.reduceat(np.append(result.run.prices.low, np.inf), pairs)[::2]
    high = np.maximum.reduceat(np.append(result.run.prices.high, -np.inf), pairs)[::2]
    same = start >= stop
    low, high = np.where(same, got, np.minimum(low, got)), np.where(same, got, np.maximum(high, got))
    return np.where(side > 0, low, high), np.where(side > 0, high, low)
