"""One backtest: a strategy, bars, and what would have happened.

1. ``prepared`` checks what was handed over and gathers the arrays: parameters are completed by the spec's defaults, the program is bound, its columns
   are computed (or taken from a shared cache), the calendar gives sessions and trading hours.
2. ``simulate`` runs the fill model over them.
3. ``Result`` keeps the arrays and makes frames, metrics and pictures when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import FillRules, fill_rules
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.result import Result
from workbench.backtest.timeline import Run
from workbench.errors import InputError, UnknownNameError
from workbench.market import bars_per_year, trading_columns, validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.market import Bars
    from workbench.strategy.columns import Columns
    from workbench.strategy.program import Signals
    from workbench.strategy.strategy import Strategy

ATR = "atr"
"""Output of a program that brackets in ATR are measured by."""


def backtest(
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    *,
    cash: float = 100_000.0,
    parameters: Mapping[str, float] | None = None,
    columns: Columns | None = None,
) -> Result:
    """Return what ``strategy`` would have done on ``bars`` with ``cash`` money at the start.

    Args:
        strategy: as ``wb.strategy`` makes it.
        bars: checked bars, or a frame that ``market.validate`` accepts for the strategy's first symbol.
        cash: starting money in the instrument's currency.
        parameters: values for the strategy's ``$parameters``; its defaults where not given.
        columns: cache of indicator columns on the same bars, shared between calls.

    Raises:
        InputError: no bars, fewer bars than the warm-up needs, money that is not positive, or a parameter value that is not possible.
        UnknownNameError: a parameter the strategy does not have.
    """
    setting = prepared(strategy, bars, cash)
    values = parameter_values(strategy, parameters or {})
    bound = strategy.program.bind(values)
    require_bars(len(setting.bars), bound.warmup)
    signals = bound.columns(setting.bars, columns)
    prices, orders, distance = Prices.of(setting.bars), orders_of(signals), distance_of(signals, len(setting.bars))
    account = new_account(setting.rules)
    fills, order_rows, equity = simulate(account, setting.rules, prices, setting.hours, orders, distance)
    run = Run(prices=prices, hours=setting.hours, signals=orders, rules=setting.rules, distance=distance, fills=fills, equity=equity)
    return Result(
        spec=strategy.spec,
        parameters=values,
        program_hash=strategy.program.program_hash,
        bars=setting.bars,
        run=run,
        order_rows=order_rows,
        account=account,
        warmup=bound.warmup,
        bars_per_year=setting.bars_per_year,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What all points of a sweep share."""

    bars: Bars
    hours: Hours
    rules: FillRules
    bars_per_year: float


def prepared(strategy: Strategy, bars: Bars | pd.DataFrame, cash: float) -> Setting:
    """Return the checked bars with trading hours, fill rules and annual factor.

    Raises:
        InputError: no bars, or money that is not positive.
    """
    if isinstance(bars, pd.DataFrame):
        bars = validate(bars, strategy.spec.symbols[0])
    if not hasattr(bars, "known_at"):
        message = f"bars must be Bars or a DataFrame of open, high, low, close and volume, not {type(bars).__name__}"
        raise InputError(message)
    if not len(bars):
        message = f"there are no bars of {bars.instrument.symbol} to run on; widen the window"
        raise InputError(message)
    return Setting(
        bars=bars,
        hours=Hours.of(trading_columns(bars, strategy.spec.window)),
        rules=fill_rules(strategy.spec, bars.instrument, cash),
        bars_per_year=bars_per_year(bars.instrument, bars.timeframe),
    )


def parameter_values(strategy: Strategy, given: Mapping[str, float]) -> dict[str, float]:
    """Return a value for every parameter of the strategy, its default where none is given.

    Raises:
        UnknownNameError: a name that is no parameter of the strategy.
    """
    known = strategy.program.parameters
    for name in given:
        if name not in known:
            kind = "parameter"
            raise UnknownNameError(kind, name, known)
    defaults = strategy.spec.parameters
    return {name: float(given[name] if name in given else defaults[name].default) for name in known}


def require_bars(bars: int, warmup: int) -> None:
    """Refuse a run that could not take a single decision and fill it.

    Raises:
        InputError: fewer bars than warm-up, one decision and its fill.
    """
    if bars < warmup + 2:
        message = f"{bars} bars are too few: the indicators need {warmup} to warm up, then one to decide and one to fill; use more bars"
        raise InputError(message)


def orders_of(signals: Signals) -> Orders:
    """Return the four signal columns as the engine takes them."""
    return Orders(
        entry_long=signals.entry_long, exit_long=signals.exit_long, entry_short=signals.entry_short, exit_short=signals.exit_short
    )


def distance_of(signals: Signals, bars: int) -> NDArray[np.float64]:
    """Return the column that ATR brackets multiply; NaN where the program has none."""
    found = signals.numbers.get(ATR)
    return np.full(bars, np.nan) if found is None else np.array(found, dtype=np.float64)
