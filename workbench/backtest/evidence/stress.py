"""What is left when trading is dearer, or slower, than assumed.

1. ``SCENARIOS``: all costs (slippage and fees, both sides) times two and three; one more tick, or five basis points where the instrument has no tick cost, of slippage; decisions
   filled one bar later.
2. Each runs the same signals on the same bars through the same engine with only that changed.
3. ``break_even`` is the multiple of all costs at which nothing is left, by bisection; infinite where costs were zero or a hundredfold still leaves a profit.

One bar later: the signals and the bracket distances of a bar act at the next close, at that bar's money, hours and halts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Orders
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.evidence import drawing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.result import Result

COSTS = ("slippage_ticks", "slippage_bps", "fee_per_contract", "fee_bps", "fee_minimum", "borrow_rate")
"""Fields of the fill rules that cost money; those that a version of the engine does not have are skipped."""
MORE_BPS = 5.0
_MOST = 100.0
_STEPS = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Stress:
    """What each scenario leaves."""

    frame: pd.DataFrame
    """One row a scenario: scenario, sharpe (annual), total_return, max_drawdown, trades, fees. The first is as it was run."""
    break_even: float
    """Multiple of all costs at which the profit is gone: 0 where there was none, infinite where a hundredfold leaves one or there are no costs."""
    synthetic: bool
    """True where the bars are made up."""

    def sharpe(self, scenario: str) -> float:
        """Return the Sharpe ratio of a scenario by name."""
        return float(self.frame.loc[self.frame["scenario"] == scenario, "sharpe"].iloc[0])

    @property
    def survives(self) -> bool:
        """Whether the Sharpe ratio stays above zero at doubled costs."""
        return self.sharpe("costs x2") > 0.0

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        doubled, later = self.sharpe("costs x2"), self.sharpe("one bar later")
        gone = (
            "there was no profit to lose"
            if self.break_even == 0.0
            else "no multiple of the costs takes the profit"
            if math.isinf(self.break_even)
            else f"the profit is gone at {self.break_even:.1f} times the costs"
        )
        return f"Sharpe {self.sharpe('as run'):.2f}, at doubled costs {doubled:.2f}, one bar later {later:.2f}; {gone}"

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the Sharpe ratio of each scenario."""
        return drawing.columns(self.frame["scenario"].tolist(), self.frame["sharpe"].tolist(), title="Under stress", of="Sharpe ratio")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return drawing.recorded({"scenarios": self.frame.to_dict("records"), "break_even": self.break_even, "synthetic": self.synthetic})

    def _repr_html_(self) -> str:
        return drawing.card("Stress", self.words, self.frame, synthetic=self.synthetic)


def stress(result: Result) -> Stress:
    """Return what dearer and slower trading would have left of ``result``."""
    rules, signals = result.run.rules, result.run.signals
    slipped = {"slippage_ticks": rules.slippage_ticks + 1.0} if rules.tick > 0.0 and rules.slippage_ticks > 0.0 else {}
    more = rules._replace(**(slipped or {"slippage_bps": rules.slippage_bps + MORE_BPS}))
    rows = [
        _row(result, "as run", rules, signals, result.run.distance),
        _row(result, "costs x2", dearer(rules, 2.0), signals, result.run.distance),
        _row(result, "costs x3", dearer(rules, 3.0), signals, result.run.distance),
        _row(result, "one tick more" if slipped else f"{MORE_BPS:g} bps more", more, signals, result.run.distance),
        _row(result, "one bar later", rules, Orders(*(_later(column) for column in signals)), _later(result.run.distance)),
    ]
    return Stress(frame=pd.DataFrame(rows), break_even=_break_even(result), synthetic=result.bars.synthetic)


def dearer(rules: FillRules, times: float) -> FillRules:
    """Return the rules with every cost multiplied."""
    return rules._replace(**{name: getattr(rules, name) * times for name in COSTS if hasattr(rules, name)})


def _later(column: NDArray[Any]) -> NDArray[Any]:
    moved = np.empty_like(column)
    moved[1:] = column[:-1]
    moved[0] = np.nan if column.dtype.kind == "f" else 0
    return moved


def _equity(
    result: Result, rules: FillRules, signals: Orders, distance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    run = result.run
    fills, _orders, equity = simulate(new_account(rules), rules, run.prices, run.hours, signals, distance)
    return fills, equity


def _row(result: Result, scenario: str, rules: FillRules, signals: Orders, distance: NDArray[np.float64]) -> dict[str, Any]:
    from workbench.backtest.engine.account import FILL_FEE  # noqa: PLC0415 - beside its one use

    fills, equity = _equity(result, rules, signals, distance)
    before = np.concatenate([[result.cash], equity[:-1]])
    returns = np.where(before > 0.0, equity / np.where(before > 0.0, before, 1.0) - 1.0, 0.0)
    spread = float(returns.std(ddof=1))
    top = np.maximum.accumulate(np.maximum(equity, result.cash))
    return {
        "scenario": scenario,
        "sharpe": float(returns.mean() / spread * math.sqrt(result.bars_per_year)) if spread > 0.0 else math.nan,
        "total_return": float(equity[-1] / result.cash - 1.0),
        "max_drawdown": float(((top - equity) / top).max()),
        "trades": len(fills) // 2,
        "fees": float(fills[:, FILL_FEE].sum()),
    }


def _break_even(result: Result) -> float:
    """Multiple of the costs at which the total return reaches zero; profits are taken to fall as costs rise."""
    run = result.run
    if run.equity[-1] <= result.cash:
        return 0.0

    def left(times: float) -> float:
        _fills, equity = _equity(result, dearer(run.rules, times), run.signals, run.distance)
        return float(equity[-1]) - result.cash

    if not any(getattr(run.rules, name, 0.0) > 0.0 for name in COSTS) or left(_MOST) > 0.0:
        return math.inf
    low, high = 1.0, _MOST
    for _ in range(_STEPS):
        middle = math.sqrt(low * high)  # costs are felt in proportion
        low, high = (middle, high) if left(middle) > 0.0 else (low, middle)
    return low
