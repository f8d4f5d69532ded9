"""A portfolio of target weights: decided at closes, traded at the next opens, with costs, lots and a cash buffer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from workbench.backtest.basket.allocation import Allocation, BasketLimits, ceilings
from workbench.backtest.basket.book import Terms
from workbench.backtest.basket.feed import Member, feed_of, rates_of
from workbench.backtest.basket.result import BasketResult
from workbench.backtest.basket.targets import Targets, run_targets
from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders
from workbench.backtest.engine.rules import fill_rules
from workbench.errors import InputError, UnknownNameError
from workbench.market import trading_columns, validate
from workbench.portfolio import Brackets, Costs, Filling, Limits, Sizing
from workbench.portfolio.quantity import share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.basket.feed import Rates
    from workbench.market import Bars
    from workbench.strategy.spec import StrategySpec

DEFAULT_CASH = 100_000.0


@dataclass(frozen=True, kw_only=True)
class Trading:
    """How target weights are traded; the same for all symbols."""

    costs: Costs | Mapping[str, Costs] | None = None
    """Costs for all or by symbol; each instrument's default where not given."""
    filling: Filling = field(default_factory=Filling)
    """Leverage, maintenance, volume share, fractions and shorts; fills are always at the next open."""
    buffer: float = 0.0
    """Share of equity kept out of every target: with 0.02 a weight of 0.5 becomes 49 % of equity."""
    band: float = 0.0
    """Share of equity by which a position may miss its target without being traded; closing a position is never skipped."""

    def __post_init__(self) -> None:
        """Refuse shares that are none, and conventions that targets do not know."""
        for name in ("buffer", "band"):
            if getattr(self, name) != 0.0:
                share(getattr(self, name), f"trading: {name}")
        if self.filling.fill_at != "next_open" or self.filling.at_end != "hold":
            message = "targets fill at the next open and are held at the end; leave fill_at and at_end of filling as they are"
            raise InputError(message)

    def costs_of(self, symbol: str) -> Costs | None:
        """Return the costs of ``symbol``; None for its instrument's default."""
        return self.costs if isinstance(self.costs, Costs) or self.costs is None else self.costs.get(symbol)


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """What fill rules are made from, without a strategy."""

    costs: Costs | None
    filling: Filling
    sizing: Sizing = field(default_factory=lambda: Sizing(kind="fixed", value=1.0))
    brackets: Brackets = field(default_factory=Brackets)
    limits: Limits = field(default_factory=Limits)


def rebalance(
    weights: pd.DataFrame,
    bars: Mapping[str, Bars | pd.DataFrame],
    *,
    cash: float = DEFAULT_CASH,
    trading: Trading | None = None,
    limits: BasketLimits | None = None,
    fx: Rates | None = None,
) -> BasketResult:
    """Return what holding ``weights`` would have brought.

    Args:
        weights: one row a decision, one column a symbol: share of equity, negative for short; NaN leaves a symbol alone, 0 closes it. The index says when
            each row is known: aware times, or dates, which mean after the last close of that trade date. It trades at each symbol's next open.
        bars: symbol -> bars; symbols without weights are not traded.
        cash: starting money of the account, in its currency.
        trading: costs, filling, cash buffer and band.
        limits: what all positions together may not exceed.
        fx: as for ``run_basket``.

    Raises:
        InputError: no weights, times out of order or without a zone, or numbers that are not finite.
        UnknownNameError: a column without bars.
    """
    terms_of_trade, caps = trading or Trading(), limits or BasketLimits()
    members = [_member(symbol, bars[symbol], cash, terms_of_trade) for symbol in _symbols(weights, bars)]
    currency, rates = rates_of({member.symbol: member.bars for member in members}, fx)
    feed = feed_of(members, None, rates, caps.ended_after_days)
    targets = Targets(
        moments=_moments(pd.Index(weights.index), members),
        weights=_values(weights, [member.symbol for member in members]),
        buffer=float(terms_of_trade.buffer),
        band=float(terms_of_trade.band),
    )
    rules = [member.rules for member in members]
    terms = Terms(
        rules=np.array([row._replace(maintenance=0.0) for row in rules], dtype=np.float64),
        parts=np.ones(len(rules)),
        maintenance=np.array([row.maintenance for row in rules]),
    )
    own = Allocation()
    book, log, curve = run_targets(feed, terms, ceilings(caps, own, cash), targets, new_account(rules[0]))
    return BasketResult(
        members=tuple(members),
        feed=feed,
        terms=terms,
        book=book,
        log=log,
        curve=curve,
        cash=float(cash),
        currency=currency,
        allocation=own,
        limits=caps,
        targets=targets,
    )


def _symbols(weights: pd.DataFrame, bars: Mapping[str, Any]) -> list[str]:
    if not isinstance(weights, pd.DataFrame) or weights.empty:
        message = "weights are a DataFrame with one row a decision and one column a symbol, and there must be some"
        raise InputError(message)
    for name in weights.columns:
        if name not in bars:
            what = "symbol with bars"
            raise UnknownNameError(what, str(name), [str(symbol) for symbol in bars])
    return [symbol for symbol in bars if symbol in weights.columns]


def _member(symbol: str, given: Any, cash: float, trading: Trading) -> Member:  # noqa: ANN401 - bars or a frame
    bars = validate(given, symbol) if isinstance(given, pd.DataFrame) else given
    if not len(bars):
        message = f"there are no bars of {symbol} to run on; widen the window"
        raise InputError(message)
    count = len(bars)
    plain = cast("StrategySpec", _Plain(costs=trading.costs_of(symbol), filling=trading.filling))
    never = np.zeros(count, dtype=np.uint8)
    return Member(
        symbol=symbol,
        bars=bars,
        rules=fill_rules(plain, bars.instrument, cash),
        hours=Hours.of(trading_columns(bars)),
        signals=Orders(never, never, never, never),
        distance=np.full(count, np.nan),
    )


def _moments(index: pd.Index[Any], members: list[Member]) -> NDArray[np.int64]:
    """Return when each row is known: its own time, or after the last close of its trade date; the last close before for a date without one."""
    try:
        times = pd.DatetimeIndex(index)
    except (ValueError, TypeError) as error:
        message = "the index of the weights must be times or dates"
        raise InputError(message) from error
    if not times.is_monotonic_increasing or times.has_duplicates:
        message = "the rows of the weights must be in order of time, each time once; use weights.sort_index()"
        raise InputError(message)
    if times.tz is not None:
        return np.asarray(times.as_unit("ns").asi8, dtype=np.int64)
    if (times != times.normalize()).any():
        message = "times of day in the index of the weights need a zone; use weights.tz_localize('America/New_York'), or dates alone"
        raise InputError(message)
    days = times.to_numpy().astype("datetime64[D]")
    found = np.full(len(days), np.iinfo(np.int64).min)
    for member in members:
        place = np.searchsorted(member.bars.trade_date, days, side="right") - 1
        found = np.maximum(found, np.where(place >= 0, member.bars.known_at[np.maximum(place, 0)], found))
    kept = np.maximum(found, days.astype("datetime64[ns]").astype(np.int64))  # before the first bar: when nothing has a price yet
    return np.asarray(np.maximum.accumulate(kept), dtype=np.int64)


def _values(weights: pd.DataFrame, symbols: list[str]) -> NDArray[np.float64]:
    values = np.ascontiguousarray(weights[symbols].to_numpy(dtype=np.float64))
    if np.isinf(values).any():
        message = "a weight is infinite; write NaN to leave a symbol alone and 0 to close it"
        raise InputError(message)
    return values
