"""One backtest: a strategy, bars, and what would have happened.

1. ``prepared`` checks what was handed over and gathers the arrays: bars are cut to the strategy's session, the calendar gives sessions, nights and
   trading hours. Parameters are completed by the spec's defaults, and the decider's columns are computed (or taken from a shared cache).
2. ``simulate`` runs the fill model over them.
3. ``Result`` keeps the arrays and makes frames, metrics and pictures when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import FillRules, fill_rules
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.result import Result
from workbench.backtest.timeline import Run
from workbench.backtest.variation import rules_table, varied_names, varied_rules, varied_spec
from workbench.errors import InputError, UnknownNameError
from workbench.market import bars_per_year, trading_columns, validate
from workbench.units import SessionMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.market import Bars
    from workbench.strategy.columns import Columns
    from workbench.strategy.program import Signals
    from workbench.strategy.strategy import Strategy

__all__ = [
    "ATR", "Decider", "Setting", "backtest", "decider_of", "distance_of", "in_session", "orders_of", "parameter_names", "parameter_values", "prepared",
    "program_hash_of", "require_bars", "rules_table", "varied_names", "varied_rules",
]  # fmt: skip

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
        parameters: values for the strategy's ``$parameters``, its defaults where not given; also ``stop``, ``target``, ``trailing``, ``time_stop`` and
            ``size``, numbers in the unit of the strategy's own (``backtest.variation``). The result's spec then says them.
        columns: cache of indicator columns on the same bars, shared between calls.

    Raises:
        InputError: no bars, fewer bars than the warm-up needs, money that is not positive, or a parameter value that is not possible.
        UnknownNameError: a parameter the strategy does not have.
    """
    given = dict(parameters or {})
    setting = prepared(strategy, bars, cash)
    spec = varied_spec(strategy.spec, setting.bars.instrument, given)
    rules = varied_rules(strategy, setting.bars.instrument, cash, given)
    varied = varied_names(strategy.spec, list(given))
    values = parameter_values(strategy, {name: value for name, value in given.items() if name not in varied})
    decider = decider_of(strategy, values)
    require_bars(len(setting.bars), decider.warmup)
    shared = columns if columns is not None and len(columns.bars) == len(setting.bars) else None
    signals = decider.columns(setting.bars, shared)
    prices, orders, distance = Prices.of(setting.bars), orders_of(signals), distance_of(signals, len(setting.bars))
    account = new_account(rules)
    fills, order_rows, equity = simulate(account, rules, prices, setting.hours, orders, distance)
    run = Run(prices=prices, hours=setting.hours, signals=orders, rules=rules, distance=distance, fills=fills, equity=equity)
    return Result(
        spec=spec,
        parameters=values,
        program_hash=program_hash_of(strategy),
        bars=setting.bars,
        run=run,
        order_rows=order_rows,
        account=account,
        warmup=decider.warmup,
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
    """Return the checked bars with trading hours, fill rules and annual factor; intraday bars are cut to the strategy's session mode.

    Raises:
        InputError: no bars, none in the strategy's session, money that is not positive, or no volume where an entry is limited by it.
    """
    if isinstance(bars, pd.DataFrame):
        bars = validate(bars, strategy.spec.symbols[0])
    if not hasattr(bars, "known_at"):
        message = f"bars must be Bars or a DataFrame of open, high, low, close and volume, not {type(bars).__name__}"
        raise InputError(message)
    if not len(bars):
        message = f"there are no bars of {bars.instrument.symbol} to run on; widen the window"
        raise InputError(message)
    bars = in_session(bars, strategy.spec.session_mode)
    rules = fill_rules(strategy.spec, bars.instrument, cash)
    if rules.volume_share > 0.0 and not (bars.volume > 0.0).any():
        message = f"the bars of {bars.instrument.symbol} have no volume, so entries cannot be a share of it; leave filling volume_share out"
        raise InputError(message)
    return Setting(
        bars=bars,
        hours=Hours.of(trading_columns(bars, strategy.spec.window)),
        rules=rules,
        bars_per_year=bars_per_year(bars.instrument, bars.timeframe),
    )


_WIDTH = {mode: width for width, mode in enumerate((SessionMode.RTH_US, SessionMode.EXT_US, SessionMode.FULL_24X5, SessionMode.FULL_24X7))}
_CUT: WeakKeyDictionary[Bars, dict[SessionMode, Bars]] = WeakKeyDictionary()


def in_session(bars: Bars, mode: SessionMode | None) -> Bars:
    """Return the bars of ``mode`` where it is narrower than that of ``bars``; the same object for the same bars."""
    if mode is None or not bars.timeframe.intraday or _WIDTH[mode] >= _WIDTH[bars.instrument.session_mode]:
        return bars
    known = _CUT.setdefault(bars, {})
    if mode not in known:
        known[mode] = bars.within(mode)
    return known[mode]


class Decider(Protocol):
    """What says buy and sell at each close: a bound program, or a strategy written in Python."""

    @property
    def warmup(self) -> int:
        """Leading bars without signals."""
        ...

    def columns(self, bars: Bars, columns: Columns | None = None) -> Signals:
        """Return the signals on ``bars``."""
        ...


def decider_of(strategy: Any, values: Mapping[str, float]) -> Decider:  # noqa: ANN401 - a strategy of rules or of Python
    """Return what decides for ``strategy`` with these values of its ``$parameters``."""
    found = getattr(strategy, "decider", None)
    decider: Decider = strategy.program.bind(values) if found is None else found(values)
    return decider


def program_hash_of(strategy: Any) -> str:  # noqa: ANN401 - a strategy of rules or of Python
    """Return the content address of what decides."""
    program = getattr(strategy, "program", None)
    return str(strategy.program_hash if program is None else program.program_hash)


def parameter_names(strategy: Any) -> tuple[str, ...]:  # noqa: ANN401 - a strategy of rules or of Python
    """Return the names of the strategy's ``$parameters``."""
    program = getattr(strategy, "program", None)
    return tuple(strategy.spec.parameters if program is None else program.parameters)


def parameter_values(strategy: Strategy, given: Mapping[str, float]) -> dict[str, float]:
    """Return a value for every parameter of the strategy, its default where none is given.

    Raises:
        UnknownNameError: a name that is no parameter of the strategy.
    """
    known = parameter_names(strategy)
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
