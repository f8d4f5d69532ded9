"""The result of a basket: one equity curve, the fills of all symbols, and what each of them brought.

The arrays of the engine are kept as they are; frames are made when first looked at. Moments are those at which a bar closed; money is in the currency
of the account. A position still open at the end is in ``positions``, marked at its last price, and is no trade yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.basket import book as b
from workbench.backtest.basket import curve as c
from workbench.backtest.basket.trades import closed_trades, open_positions
from workbench.backtest.engine import account as a
from workbench.backtest.metrics import Metrics, measure
from workbench.backtest.records import records
from workbench.market import bars_per_year
from workbench.units import Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.basket.allocation import Allocation, BasketLimits
    from workbench.backtest.basket.crosscheck import BasketCheck
    from workbench.backtest.basket.feed import Feed, Member
    from workbench.backtest.basket.targets import Targets
    from workbench.market import Bars

_DAY = 86_400_000_000_000
_MOST_TRADES = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class BasketResult:
    """One backtest of many symbols; made by ``run_basket`` or ``rebalance``."""

    members: tuple[Member, ...]
    """The symbols in the order in which equals are served."""
    feed: Feed
    """The arrays that went in."""
    terms: b.Terms
    """The fill rules of each symbol."""
    book: b.Book
    """The state after the last event."""
    log: b.Log
    """Fills, orders and cuts as the engine wrote them."""
    curve: c.Curve
    """The account moment by moment, as the engine wrote it."""
    cash: float
    """Money at the start."""
    currency: str
    """Of the account."""
    allocation: Allocation
    """How equity was shared out."""
    limits: BasketLimits
    """What all positions together could not exceed."""
    targets: Targets | None = None
    """Weights, of a rebalanced account."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols."""
        return tuple(member.symbol for member in self.members)

    @property
    def bars(self) -> Mapping[str, Bars]:
        """Bars by symbol."""
        return {member.symbol: member.bars for member in self.members}

    @property
    def name(self) -> str:
        """What people call it."""
        names = list(dict.fromkeys(member.spec.name for member in self.members if member.spec is not None))
        if not names:
            return "target weights"
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    @property
    def synthetic(self) -> bool:
        """Whether any of the bars are made up."""
        return any(member.bars.synthetic for member in self.members)

    @property
    def parameters(self) -> dict[str, float]:
        """Values of the ``$parameters``: by name where all symbols share them, else by symbol and name (``SPY.fast``)."""
        first = dict(self.members[0].parameters)
        if all(dict(member.parameters) == first for member in self.members):
            return first
        return {f"{member.symbol}.{name}": value for member in self.members for name, value in member.parameters.items()}

    @cached_property
    def moments(self) -> pd.DatetimeIndex:
        """When bars closed, aware UTC."""
        return pd.DatetimeIndex(self.curve.moments.astype("datetime64[ns]"), name="known_at").tz_localize("UTC")

    @cached_property
    def equity(self) -> pd.Series[float]:
        """Money at each moment."""
        return pd.Series(self.curve.rows[:, c.OF_EQUITY], index=self.moments, name="equity")

    @cached_property
    def returns(self) -> pd.Series[float]:
        """Simple return of equity from moment to moment, the first against the starting money."""
        return _changes(self.equity, self.cash)

    @cached_property
    def exposure(self) -> pd.DataFrame:
        """The account at each moment: cash (money, positions at entry price), gross and net notional as shares of equity, positions held, stale ones.

        A position is stale at a moment at which its own symbol did not close: it counts at its last price.
        """
        rows = self.curve.rows
        with np.errstate(divide="ignore", invalid="ignore"):
            gross, net = rows[:, c.OF_GROSS] / rows[:, c.OF_EQUITY], rows[:, c.OF_NET] / rows[:, c.OF_EQUITY]
        columns = {
            "cash": rows[:, c.OF_CASH],
            "gross": gross,
            "net": net,
            "held": rows[:, c.OF_HELD].astype(np.int64),
            "stale": rows[:, c.OF_STALE].astype(np.int64),
        }
        return pd.DataFrame(columns, index=self.moments)

    @cached_property
    def fills(self) -> pd.DataFrame:
        """Every fill in the order it was served: time of its bar, symbol, bar, phase (open, inside, close), side, quantity, price, fee, reason, pnl, left."""
        rows, place = self.log.fills, self.log.fills[:, b.FILL_SYMBOL].astype(np.int64)
        bar = rows[:, a.FILL_BAR].astype(np.int64)
        columns = {
            "time": self._times(place, bar),
            "symbol": np.array(self.symbols, dtype=object)[place],
            "bar": bar,
            "phase": np.array(b.PHASES, dtype=object)[rows[:, b.FILL_PHASE].astype(np.int64)],
            "side": np.where(rows[:, a.FILL_SIDE] > 0, "buy", "sell"),
            "quantity": rows[:, a.FILL_QTY],
            "price": rows[:, a.FILL_PRICE],
            "fee": rows[:, a.FILL_FEE],
            "reason": np.array(a.REASONS, dtype=object)[rows[:, a.FILL_REASON].astype(np.int64)],
            "pnl": rows[:, a.FILL_PNL],
            "stop": rows[:, a.FILL_STOP],
            "target": rows[:, a.FILL_TARGET],
            "left": rows[:, b.FILL_LEFT],
        }
        return pd.DataFrame(columns)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every decision in order: when it was known, symbol, bar, action, quantity, reason, priority."""
        rows = self.log.orders
        place, bar = rows[:, b.ORDER_SYMBOL].astype(np.int64), rows[:, a.ORDER_BAR].astype(np.int64)
        at = self.feed.first[place] + bar
        columns = {
            "known_at": pd.DatetimeIndex(self.feed.closes_at[at].astype("datetime64[ns]")).tz_localize("UTC"),
            "symbol": np.array(self.symbols, dtype=object)[place],
            "bar": bar,
            "action": np.array(a.ACTIONS, dtype=object)[rows[:, a.ORDER_ACTION].astype(np.int64)],
            "quantity": rows[:, a.ORDER_QTY],
            "reason": np.array(a.REASONS, dtype=object)[rows[:, a.ORDER_REASON].astype(np.int64)],
            "priority": np.where(np.isfinite(rows[:, b.ORDER_RANK]), rows[:, b.ORDER_RANK], np.nan),
        }
        return pd.DataFrame(columns)

    @cached_property
    def cuts(self) -> pd.DataFrame:
        """Entries that got less than they wanted: time of the bar, symbol, wanted, got, and which limit it was (slots, gross, money, ...)."""
        rows, place = self.log.cuts, self.log.cuts[:, b.CUT_SYMBOL].astype(np.int64)
        last = np.array([len(member.bars) - 1 for member in self.members])[place]
        columns = {
            "time": self._times(place, np.minimum(rows[:, b.CUT_BAR].astype(np.int64), last)),
            "symbol": np.array(self.symbols, dtype=object)[place],
            "wanted": rows[:, b.CUT_WANTED],
            "got": rows[:, b.CUT_GOT],
            "limit": np.array(b.CUTS, dtype=object)[rows[:, b.CUT_REASON].astype(np.int64)],
        }
        return pd.DataFrame(columns)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Closed trades in order of exit, as ``Result.trades`` with their symbol; a position that was built or sold in parts is one trade."""
        return closed_trades(self)

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Positions open at the end, one row a symbol, marked at their last price."""
        return open_positions(self)

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """What each symbol had brought, closed and open, money: one column a symbol; thinned evenly to about 2 000 moments.

        The columns add up to equity less the starting money.
        """
        return pd.DataFrame(self.curve.shares, index=self.moments[:: self.curve.every], columns=list(self.symbols))

    @cached_property
    def by_symbol(self) -> pd.DataFrame:
        """One row a symbol: pnl (money, closed and open), share of the whole, closed trades, win rate, fees, share of moments held."""
        return _by_symbol(self)

    @cached_property
    def correlation(self) -> pd.DataFrame:
        """Correlation of the symbols' profits, day by day; NaN for a symbol that never earned or lost."""
        daily = self.contributions.groupby((self.contributions.index.asi8 - 1) // _DAY).last()  # type: ignore[attr-defined]
        changes = np.diff(daily.to_numpy(), axis=0, prepend=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.corrcoef(changes, rowvar=False).reshape(len(self.members), len(self.members)) if len(changes) > 1 else np.nan
        return pd.DataFrame(found, index=list(self.symbols), columns=list(self.symbols))

    @cached_property
    def clock(self) -> tuple[pd.Series[float], float]:
        """Equity as it is measured, and its observations a year.

        Where all symbols share calendar, hours and timeframe that is every moment; otherwise the last of each day (UTC), with as many days a year as the
        calendar that is open most.
        """
        kinds = {(m.bars.instrument.calendar, m.bars.instrument.session_mode, m.bars.timeframe) for m in self.members}
        first = self.members[0].bars
        if len(kinds) == 1:
            return self.equity, bars_per_year(first.instrument, first.timeframe)
        days = (self.curve.moments - 1) // _DAY
        last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
        return self.equity.iloc[last], max(bars_per_year(member.bars.instrument, Timeframe.D1) for member in self.members)

    @property
    def bars_per_year(self) -> float:
        """What ratios are annualised with."""
        return self.clock[1]

    @cached_property
    def metrics(self) -> Metrics:
        """What it was worth, of the whole account; ``exposure`` is the share of moments at which anything was held."""
        equity, yearly = self.clock
        held = self.positions
        position = {"bars": 0, "fees": float(held["fees"].sum()), "traded": float(held["traded"].sum())}
        found = measure(equity, _changes(equity, self.cash), self.trades, yearly, initial=self.cash, position=position)
        values = {name: found[name] for name in found}
        return Metrics(**values | {"exposure": float((self.curve.rows[:, c.OF_HELD] > 0).mean())})

    @property
    def frame(self) -> pd.DataFrame:
        """One row a symbol; see ``by_symbol``."""
        return self.by_symbol

    @cached_property
    def crosscheck(self) -> BasketCheck:
        """What vectorbt, the second engine, says about this account."""
        from workbench.backtest.basket.crosscheck import check  # noqa: PLC0415 - heavy, and only on demand

        return check(self)

    def ground(self) -> str:
        """Return the content address of everything but the parameters that makes this a distinct trial."""
        from workbench.backtest.basket.identity import ground  # noqa: PLC0415 - a circle otherwise

        return ground(self)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return equity over exposure over what each symbol brought."""
        from workbench.backtest.basket.figures import account  # noqa: PLC0415 - plotly only where a picture is asked for

        return account(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: metrics, symbols, limits; numbers without meaning are null."""
        return {
            "name": self.name,
            "symbols": list(self.symbols),
            "currency": self.currency,
            "cash": self.cash,
            "parameters": self.parameters,
            "allocation": self.allocation.to_dict(),
            "limits": self.limits.to_dict(),
            "synthetic": self.synthetic,
            "metrics": self.metrics.to_dict(),
            "by_symbol": records(self.by_symbol.reset_index()),
            "cuts": {str(name): int(count) for name, count in self.cuts["limit"].value_counts().items()},
        }

    def __repr__(self) -> str:
        """Say what was run on what and how it ended."""
        found = self.metrics
        return (
            f"BasketResult({self.name} on {len(self.members)} symbols: return {found.total_return:+.1%}, Sharpe {found.sharpe:.2f}, "
            f"{found.trades:.0f} trades)"
        )

    def _repr_html_(self) -> str:
        from workbench.backtest.basket.card import card  # noqa: PLC0415 - only faces draw

        return card(self)

    def _times(self, place: NDArray[np.int64], bar: NDArray[np.int64]) -> pd.DatetimeIndex:
        """Open times of bars."""
        opened = self.feed.opens_at[self.feed.first[place] + bar]
        return pd.DatetimeIndex(opened.astype("datetime64[ns]"), name="time").tz_localize("UTC")


def _changes(equity: pd.Series[float], cash: float) -> pd.Series[float]:
    values = equity.to_numpy()
    before = np.concatenate([[cash], values[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        changes = np.where(before > 0.0, values / before - 1.0, 0.0)
    return pd.Series(changes, index=equity.index, name="returns")


def _by_symbol(result: BasketResult) -> pd.DataFrame:
    earned = result.book.earned + result.book.profits
    total = float(earned.sum())
    trades = result.trades
    rows = []
    for place, symbol in enumerate(result.symbols):
        own = trades[trades["symbol"] == symbol]
        fills = result.log.fills[result.log.fills[:, b.FILL_SYMBOL] == place]
        rows.append(
            {
                "pnl": float(earned[place]),
                "share": float(earned[place]) / total if total else math.nan,
                "trades": len(own),
                "win_rate": float((own["pnl"] > 0).mean()) if len(own) else math.nan,
                "fees": float(fills[:, a.FILL_FEE].sum() + fills[:, a.FILL_BORROW].sum()),
                "held": float(result.book.accounts[place, a.QTY]),
                "bars": len(result.members[place].bars),
                "first": result.members[place].bars.frame.index[0],
                "last": result.members[place].bars.frame.index[-1],
            }
        )
    return pd.DataFrame(rows, index=pd.Index(result.symbols, name="symbol"))
