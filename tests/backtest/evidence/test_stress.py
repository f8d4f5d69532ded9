"""Stress: each scenario is the backtest that a person would have run with that one thing changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from workbench import strategy
from workbench.backtest.evidence.stress import dearer, stress
from workbench.backtest.run import backtest
from workbench.market import sample, synthetic
from workbench.portfolio import Costs

if TYPE_CHECKING:
    from workbench.backtest.result import Result
    from workbench.market import Bars

RULE = "buy when rsi(2) < 10; sell when rsi(2) > 60"
COSTS = {"slippage_ticks": 1.0, "fee_per_contract": 2.5}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic("SYN", "15m", sessions=120)


def _run(bars: Bars, costs: dict[str, float], rule: str = RULE) -> Result:
    return backtest(strategy(rule, symbols="SYN", timeframe="15m", window="whole session", costs=costs), bars)


@pytest.mark.parametrize(("scenario", "times"), [("as run", 1.0), ("costs x2", 2.0), ("costs x3", 3.0)])
def test_dearer_scenarios_are_backtests_with_those_costs(bars: Bars, scenario: str, times: float) -> None:
    """Doubling and tripling give the numbers of a strategy whose costs are written twice and three times as high."""
    row = stress(_run(bars, COSTS)).frame.set_index("scenario").loc[scenario]
    expected = _run(bars, {name: value * times for name, value in COSTS.items()}).metrics
    assert (row["trades"], row["fees"]) == (expected.trades, pytest.approx(expected.fees))
    assert row["sharpe"] == pytest.approx(expected.sharpe)
    assert row["total_return"] == pytest.approx(expected.total_return)
    assert row["max_drawdown"] == pytest.approx(expected.max_drawdown)


def test_one_tick_more_is_a_backtest_with_two_ticks(bars: Bars) -> None:
    """Only the slippage changes."""
    expected = _run(bars, {**COSTS, "slippage_ticks": 2.0}).metrics.sharpe
    assert stress(_run(bars, COSTS)).sharpe("one tick more") == pytest.approx(expected)


def test_one_bar_later_is_the_rule_about_the_bar_before(bars: Bars) -> None:
    """Late decisions are those of the same rule with every value taken one bar earlier."""
    late = "buy when rsi(2)[1] < 10; sell when rsi(2)[1] > 60"
    assert stress(_run(bars, COSTS)).sharpe("one bar later") == pytest.approx(_run(bars, COSTS, late).metrics.sharpe)


def test_the_costs_that_take_the_profit_are_found(bars: Bars) -> None:
    """A little under the break-even multiple something is left, a little over it nothing."""
    result = _run(bars, COSTS)
    found = stress(result)
    under, over = (
        _run(bars, {name: value * times for name, value in COSTS.items()}) for times in (0.97 * found.break_even, 1.05 * found.break_even)
    )
    assert under.metrics.total_return > 0 >= over.metrics.total_return
    assert found.survives
    assert f"the profit is gone at {found.break_even:.1f} times the costs" in found.words


def test_without_costs_or_without_profit_there_is_no_such_multiple(bars: Bars) -> None:
    """Nothing times anything is nothing: infinite; and a loser has no profit to lose."""
    free = _run(bars, {"slippage_ticks": 0.0})
    assert stress(free).break_even == math.inf
    assert stress(_run(bars, COSTS, "buy when rsi(2) > 95; sell when rsi(2) < 40")).break_even == 0.0


def test_an_instrument_without_tick_costs_slips_by_basis_points() -> None:
    """An index pays five basis points more instead of a tick."""
    found = stress(backtest(strategy(RULE), sample("SPX").head(800)))
    assert "5 bps more" in found.frame["scenario"].tolist()
    assert found.to_dict()["scenarios"][0]["scenario"] == "as run"
    assert len(found.figure().data) == 1
    assert "Stress" in found._repr_html_()


def test_every_cost_of_a_specification_is_stressed(bars: Bars) -> None:
    """Each field of ``Costs`` that is money reaches the multiplied rules, so a new one cannot be forgotten."""
    rules = _run(bars, COSTS).run.rules
    money = [name for name in Costs.__dataclass_fields__ if name != "fee_on"]
    ones = rules._replace(**dict.fromkeys(money, 1.0))
    assert {name: getattr(dearer(ones, 3.0), name) for name in money} == dict.fromkeys(money, 3.0)
