"""What a basket runs on: each symbol checked and computed as for a single backtest, then laid end to end for one compiled loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.run import decider_of, distance_of, orders_of, parameter_values, prepared, program_hash_of
from workbench.backtest.variation import varied_names, varied_rules, varied_spec
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.market import Bars
    from workbench.strategy.spec import StrategySpec
    from workbench.strategy.strategy import Strategy

Priority: TypeAlias = "Mapping[str, Any] | Callable[[Bars], Any]"
Rates: TypeAlias = "Mapping[str, float | pd.Series[float]]"


class Feed(NamedTuple):
    """Bars of all symbols end to end, N in total; bar ``b`` of symbol ``s`` is at ``first[s] + b``."""

    first: NDArray[np.int64]
    """(symbols + 1,) where each symbol's bars begin."""
    opens_at: NDArray[np.int64]
    """(N,) moment of the open, ns since 1970 UTC."""
    closes_at: NDArray[np.int64]
    """(N,) moment the bar is known, at the latest that of the symbol's next open."""
    session: NDArray[np.int64]
    """(N,) trade date, days since 1970."""
    prices: Prices
    hours: Hours
    signals: Orders
    distance: NDArray[np.float64]
    priority: NDArray[np.float64]
    """(N,) who is served first among entries of one open, highest first; -inf where nothing was said."""
    rates_open: NDArray[np.float64]
    """(N,) money of the account for one of the symbol's currency, at the open."""
    rates_close: NDArray[np.float64]
    """The same at the close."""
    ended: NDArray[np.uint8]
    """(symbols,) 1 where the symbol has no more bars long before the others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One symbol of a basket, ready to run."""

    symbol: str
    bars: Bars
    rules: FillRules
    """How its orders fill; the money in it is that of the whole account."""
    hours: Hours
    signals: Orders
    distance: NDArray[np.float64]
    spec: StrategySpec | None = None
    """What decides; None where targets do."""
    program_hash: str = ""
    """Content address of what decides."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Value of each ``$parameter``."""
    warmup: int = 0
    """Leading bars without signals."""


def members_of(
    strategies: Strategy | Mapping[str, Strategy], bars: Mapping[str, Any], cash: float, parameters: Mapping[str, Any] | None
) -> list[Member]:
    """Return the symbols in the order of ``bars``.

    Raises:
        InputError: no symbols, a symbol without strategy or bars, or too few bars of every symbol.
        UnknownNameError: a strategy or parameters for a symbol without bars.
    """
    if not isinstance(bars, Mapping) or not bars:
        message = "a basket needs bars by symbol, for example {'SPY': bars_of_spy, 'IXIC': bars_of_ixic}"
        raise InputError(message)
    each = dict(strategies) if isinstance(strategies, Mapping) else dict.fromkeys(bars, strategies)
    for name in each:
        if name not in bars:
            what = "symbol of the basket"
            raise UnknownNameError(what, name, bars)
    missing = [symbol for symbol in bars if symbol not in each]
    if missing:
        message = f"no strategy for {', '.join(missing)}; give one strategy for all or one a symbol"
        raise InputError(message)
    given = _parameters_by_symbol(parameters or {}, each)
    found = [_member(str(symbol), each[symbol], bars[symbol], cash, given[symbol]) for symbol in bars]
    if all(len(member.bars) < member.warmup + 2 for member in found):
        needed = min(member.warmup for member in found) + 2
        message = f"no symbol has enough bars: at least {needed} are needed to warm up, decide and fill; use more bars"
        raise InputError(message)
    return found


def _parameters_by_symbol(parameters: Mapping[str, Any], each: Mapping[str, Strategy]) -> dict[str, Mapping[str, float]]:
    """Values for all symbols, or values by symbol."""
    if not any(isinstance(value, Mapping) for value in parameters.values()):
        return {symbol: dict(parameters) for symbol in each}
    for name in parameters:
        if name not in each:
            what = "symbol of the basket"
            raise UnknownNameError(what, name, each)
    return {symbol: parameters.get(symbol, {}) for symbol in each}


def _member(symbol: str, strategy: Strategy, bars: Any, cash: float, given: Mapping[str, float]) -> Member:  # noqa: ANN401 - bars or a frame
    setting = prepared(strategy, bars, cash)
    entry = setting.bars.instrument
    varied = varied_names(strategy.spec, list(given))
    values = parameter_values(strategy, {name: value for name, value in given.items() if name not in varied})
    decider = decider_of(strategy, values)
    signals = decider.columns(setting.bars)
    return Member(
        symbol=symbol,
        bars=setting.bars,
        spec=varied_spec(strategy.spec, entry, given),
        rules=varied_rules(strategy, entry, cash, given),
        program_hash=program_hash_of(strategy),
        parameters=values,
        warmup=decider.warmup,
        hours=setting.hours,
        signals=orders_of(signals),
        distance=distance_of(signals, len(setting.bars)),
    )


def feed_of(members: list[Member], priority: Priority | None, rates: Mapping[str, Any], ended_after_days: float) -> Feed:
    """Return the bars of all members end to end; ``rates`` by symbol as ``rates_of`` gives them, empty for one currency."""
    bars = [member.bars for member in members]
    last = np.array([entry.known_at[-1] for entry in bars])
    return Feed(
        first=np.concatenate([[0], np.cumsum([len(entry) for entry in bars])]).astype(np.int64),
        opens_at=_joined([entry.time for entry in bars]),
        closes_at=_joined([closing_moments(entry) for entry in bars]),
        session=_joined([entry.session for entry in bars]),
        prices=Prices(*(_joined(list(columns)) for columns in zip(*(Prices.of(entry) for entry in bars), strict=True))),
        hours=Hours(*(_joined(list(columns)) for columns in zip(*(member.hours for member in members), strict=True))),
        signals=Orders(*(_joined(list(columns)) for columns in zip(*(member.signals for member in members), strict=True))),
        distance=_joined([member.distance for member in members]),
        priority=_joined([ranks(member, priority) for member in members]),
        rates_open=_joined([_at(rates.get(m.symbol, 1.0), m.bars.time) for m in members]),
        rates_close=_joined([_at(rates.get(m.symbol, 1.0), closing_moments(m.bars)) for m in members]),
        ended=(last < last.max() - ended_after_days * 86_400e9).astype(np.uint8),
    )


def closing_moments(bars: Bars) -> NDArray[np.int64]:
    """Return (n,) when each bar is over for the account: known, at the latest when the next one opens."""
    moments = bars.known_at.copy()
    moments[:-1] = np.minimum(moments[:-1], bars.time[1:])
    return np.maximum(moments, bars.time)


def ranks(member: Member, priority: Priority | None) -> NDArray[np.float64]:
    """Return (n,) the symbol's priority at each close, -inf where it says nothing.

    Raises:
        InputError: a column of another length than the bars.
    """
    count = len(member.bars)
    if priority is None:
        return np.full(count, -np.inf)
    given = priority(member.bars) if callable(priority) else priority.get(member.symbol)
    if given is None:
        return np.full(count, -np.inf)
    column = np.full(count, float(given)) if isinstance(given, (int, float)) else np.array(given, dtype=np.float64)
    if column.shape != (count,):
        message = f"the priority of {member.symbol} has {column.size} values for {count} bars; give one a bar, known at its close"
        raise InputError(message)
    return np.where(np.isnan(column), -np.inf, column)


def rates_of(bars: Mapping[str, Bars], fx: Rates | None) -> tuple[str, dict[str, float | pd.Series[float]]]:
    """Return the account's currency and the rate of each symbol, empty where all is one currency.

    The account is kept in the one currency that ``fx`` gives no rate for.

    Raises:
        InputError: currencies differ and a rate is missing, or every currency has one.
    """
    currency = {symbol: entry.instrument.currency for symbol, entry in bars.items()}
    names = sorted(set(currency.values()))
    given = dict(fx or {})
    base = [name for name in names if name not in given]
    if len(names) == 1 and base:
        return names[0], {}
    if len(base) > 1:
        held = ", ".join(f"{symbol} {name}" for symbol, name in currency.items())
        message = f"one account cannot add {' and '.join(names)} ({held}); give fx={{'{base[-1]}': rate}}, {base[0]} for one {base[-1]}"
        raise InputError(message)
    if not base:
        message = f"fx has a rate for every currency ({', '.join(names)}); leave out the one the account is kept in"
        raise InputError(message)
    return base[0], {symbol: given.get(name, 1.0) for symbol, name in currency.items()}


def _at(rate: float | pd.Series[float], moments: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the last rate known at each moment.

    Raises:
        InputError: a rate that is not positive, without a time zone, or missing at the first moments.
    """
    if not isinstance(rate, pd.Series):
        values = np.full(len(moments), float(rate))
    else:
        index = pd.DatetimeIndex(rate.index)
        if index.tz is None:
            message = "an fx series needs aware times, the moments from which each rate is known; use rate.tz_localize('UTC')"
            raise InputError(message)
        place = np.searchsorted(index.as_unit("ns").asi8, moments, side="right") - 1
        if (place < 0).any():
            message = f"the fx series begins {index[0]}, after the first bars; give rates from before them"
            raise InputError(message)
        values = rate.to_numpy(dtype=np.float64)[place]
    if not (np.isfinite(values) & (values > 0.0)).all():
        message = "an fx rate must be a positive number at every bar"
        raise InputError(message)
    return values


def _joined(columns: list[NDArray[Any]]) -> NDArray[Any]:
    return np.ascontiguousarray(np.concatenate(columns))
