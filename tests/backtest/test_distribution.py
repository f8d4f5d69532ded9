"""The spread of returns and trades, against numbers worked out here with pandas and by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import strategy
from workbench.backtest.by_session import session_returns
from workbench.backtest.distribution import distribution, longest_run
from workbench.backtest.run import backtest
from workbench.market import sample

if TYPE_CHECKING:
    from workbench.backtest.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(strategy("buy when rsi(2) < 30; sell when rsi(2) > 60", stop="3%"), sample("SPX").head(2500))


def test_tails_are_those_of_the_returns(result: Result) -> None:
    """Value at risk is the 5 % quantile, shortfall the mean of the worst twentieth, extremes the extremes."""
    returns = session_returns(result).sort_values()
    found = distribution(result)
    assert found.value_at_risk == pytest.approx(-float(returns.quantile(0.05)))
    assert found.expected_shortfall == pytest.approx(-float(returns.head(math.ceil(0.05 * len(returns))).mean()))
    assert (found.worst_session, found.best_session) == (float(returns.iloc[0]), float(returns.iloc[-1]))
    assert found.omega == pytest.approx(float(returns[returns > 0].sum() / -returns[returns < 0].sum()))


def test_wins_and_losses_are_those_of_the_trades(result: Result) -> None:
    """Payoff, Kelly share and means follow from the profits of the closed trades."""
    profits = result.trades["pnl"]
    won, lost = profits[profits > 0], profits[profits <= 0]
    found = distribution(result)
    payoff = won.mean() / -lost.mean()
    assert found.payoff == pytest.approx(payoff)
    assert found.kelly == pytest.approx(result.metrics.win_rate - (1 - result.metrics.win_rate) / payoff)
    assert (found.best_trade, found.worst_trade) == (profits.max(), profits.min())


def test_the_ulcer_index_is_the_root_mean_square_drawdown(result: Result) -> None:
    """It is worked out over all bars, as Martin and McCann do with percentages."""
    equity = result.equity
    drops = 1 - equity / equity.cummax()
    assert distribution(result).ulcer_index == pytest.approx(math.sqrt((drops**2).mean()))


def test_without_trades_nothing_is_made_up() -> None:
    """A run that never traded has no payoff, no Kelly share and no best trade."""
    idle = distribution(backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(300)))
    assert {idle.to_dict()[name] for name in ("payoff", "kelly", "best_trade", "omega", "positive_months")} == {None}
    assert idle.longest_win == 0


@given(st.lists(st.booleans(), max_size=50))
def test_the_longest_run_is_that_of_a_string(flags: list[bool]) -> None:
    """The same as the longest word of ones in a text of zeros and ones."""
    words = "".join("1" if flag else "0" for flag in flags).split("0")
    assert longest_run(np.array(flags, dtype=np.bool_)) == max(map(len, words))
