"""A run beside its benchmark: regression, capture and ratios, against scipy and against cases that can be worked out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench import strategy
from workbench.backtest.benchmark import against
from workbench.backtest.by_session import grouped, held_returns, session_returns, sessions_per_year
from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from workbench.backtest.result import Result

RULE = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(strategy(RULE), sample("SPX").head(2500))


def test_the_regression_is_that_of_scipy(result: Result) -> None:
    """Slope, intercept, its t-statistic and the correlation equal scipy's ordinary least squares."""
    ours, market = session_returns(result).to_numpy(), held_returns(result).to_numpy()
    line = stats.linregress(market, ours)
    found = against(result)
    assert found.beta == pytest.approx(line.slope)
    assert found.alpha == pytest.approx(line.intercept * sessions_per_year(result))
    assert found.alpha_t == pytest.approx(line.intercept / line.intercept_stderr)
    assert found.correlation == pytest.approx(line.rvalue)


def test_holding_beside_itself_has_no_alpha() -> None:
    """A benchmark equal to the run has beta 1, alpha 0, full capture, and no information ratio because nothing differs."""
    result = backtest(strategy(RULE), sample("SPX").head(2500))
    found = against(result, session_returns(result), name="itself")
    assert (found.beta, found.correlation, found.up_capture, found.down_capture) == pytest.approx((1.0, 1.0, 1.0, 1.0))
    assert found.alpha == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(found.information_ratio)
    assert found.to_dict()["information_ratio"] is None
    assert found.total_return == pytest.approx(result.metrics.total_return)


def test_only_common_dates_count(result: Result) -> None:
    """A benchmark of other dates is joined on trade dates; without three in common it is refused with how to index it."""
    market = held_returns(result)
    assert against(result, market.iloc[100:200]).sessions == 100
    with pytest.raises(InputError, match="trade date"):
        against(result, pd.Series([0.1, 0.2], index=pd.date_range("1950-01-01", periods=2)))


def test_sessions_compound_bars() -> None:
    """The returns of the bars of a session multiply to the session's, and all sessions to the total."""
    bars = synthetic("SYN", "30m", sessions=60)
    result = backtest(strategy("buy when rsi(2) < 20; sell when rsi(2) > 50", symbols="SYN", timeframe="30m"), bars)
    daily = session_returns(result)
    assert len(daily) == len(np.unique(bars.session))
    assert float((1 + daily).prod() - 1) == pytest.approx(result.metrics.total_return)
    assert float((1 + grouped(daily, "M")).prod() - 1) == pytest.approx(result.metrics.total_return)
