"""Bootstrap intervals against arch on the same draws, against the run's own formulas, and against a Sharpe ratio that is known."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from arch.bootstrap import CircularBlockBootstrap, MovingBlockBootstrap, StationaryBootstrap, optimal_block_length

from workbench import strategy
from workbench.backtest import blocks
from workbench.backtest.bootstrap import OF_RETURNS, OF_TRADES, bootstrap, intervals, replicated
from workbench.backtest.run import backtest
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample

if TYPE_CHECKING:
    from workbench.backtest.result import Result

YEAR = 252.0


@pytest.fixture(scope="module")
def result() -> Result:
    dip = strategy("buy when rsi(2) < 20 and close > sma(50); sell when rsi(2) > 60", name="Dip")
    return backtest(dip, sample("SPX").head(1500))


def sharpe(values: np.ndarray) -> float:
    return float(values.mean() / values.std(ddof=1) * math.sqrt(YEAR))


def sortino(values: np.ndarray) -> float:
    return float(values.mean() / math.sqrt((np.minimum(values, 0.0) ** 2).mean()) * math.sqrt(YEAR))


def fall(values: np.ndarray) -> float:
    equity = np.concatenate([[1.0], np.cumprod(1.0 + values)])
    return float((1.0 - equity / np.maximum.accumulate(equity)).max())


@pytest.mark.parametrize("kind", [StationaryBootstrap, CircularBlockBootstrap, MovingBlockBootstrap])
def test_intervals_are_those_of_arch_on_the_same_draws(result: Result, kind: type) -> None:
    """Fed with arch's indices, our ratios and their percentile intervals equal arch's ``conf_int`` with functions written out here."""
    returns = result.returns.to_numpy()
    again = kind(12, returns, seed=np.random.default_rng(5))
    indices = [np.array(again.index) for _ in again.bootstrap(200)]
    ours = intervals(replicated(returns, indices, YEAR), result.metrics, 0.9).set_index("metric")
    for name, function in (("sharpe", sharpe), ("sortino", sortino), ("max_drawdown", fall)):
        theirs = kind(12, returns, seed=np.random.default_rng(5)).conf_int(function, reps=200, method="percentile", size=0.9)
        assert ours.loc[name, ["low", "high"]].to_numpy(dtype=float) == pytest.approx(theirs.ravel(), rel=1e-9)


def test_a_draw_of_everything_once_is_the_run_itself(result: Result) -> None:
    """In the order as it came, all ratios are those of the run's metrics."""
    found = replicated(result.returns.to_numpy(), [np.arange(len(result.returns))], result.bars_per_year).iloc[0]
    for name in OF_RETURNS:
        assert found[name] == pytest.approx(result.metrics[name], rel=1e-9, nan_ok=True)


def test_blocks_are_as_long_as_the_returns_ask_for(result: Result) -> None:
    """Without a length given, it is arch's Politis-White length of the returns."""
    asked = optimal_block_length(result.returns.to_numpy())
    assert bootstrap(result, runs=20).block == pytest.approx(float(asked["stationary"].iloc[0]))
    assert bootstrap(result, runs=20, method="circular").block == math.ceil(float(asked["circular"].iloc[0]))


def test_intervals_hold_a_known_sharpe_as_often_as_they_say() -> None:
    """Of 200 series of independent normal returns with Sharpe 1 a year, 90 % intervals hold it in about 90 %."""
    per_bar = 1.0 / math.sqrt(YEAR)
    market, held = np.random.default_rng(11), 0
    for series in range(200):
        returns = 0.01 * (market.standard_normal(250) + per_bar)
        indices = (blocks.drawn("stationary", 250, 1.0, np.random.default_rng([series, run])) for run in range(200))
        ratios = np.array([sharpe(returns[index]) for index in indices])
        low, high = np.quantile(ratios, [0.05, 0.95])
        held += low <= 1.0 <= high
    # Two deviations of 200 tosses are 4 %; 250 bars and 200 draws leave a percentile interval a little short.
    assert 0.85 <= held / 200 <= 0.945


def test_the_quick_ratio_of_the_coverage_test_is_the_real_one() -> None:
    """What the test above measures is what ``replicated`` measures."""
    returns = 0.01 * np.random.default_rng(2).standard_normal(250)
    index = blocks.drawn("stationary", 250, 5.0, np.random.default_rng(3))
    assert replicated(returns, [index], YEAR)["sharpe"].iloc[0] == pytest.approx(sharpe(returns[index]), rel=1e-9)


def test_trades_are_drawn_singly(result: Result) -> None:
    """Win rate, profit factor and expectancy spread around those of the run, as wide as single draws make them."""
    found = bootstrap(result, runs=400)
    profits = result.trades["pnl"].to_numpy()
    row = found.frame.set_index("metric").loc["expectancy"]
    assert row["error"] == pytest.approx(profits.std() / math.sqrt(len(profits)), rel=0.12)
    for name in OF_TRADES:
        low, high = found.interval(name)
        assert low < result.metrics[name] < high


def test_draws_are_seeded_one_by_one(result: Result) -> None:
    """The same seed gives the same draws, more begin with the fewer, another seed gives others."""
    few, many, other = bootstrap(result, runs=20), bootstrap(result, runs=40), bootstrap(result, runs=20, seed=1)
    assert few.samples.equals(many.samples.head(20))
    assert not few.samples.equals(other.samples)


def test_a_number_that_few_draws_have_gets_no_interval(result: Result) -> None:
    """Where no more than half of the draws have a value there are no percentiles to believe."""
    samples = replicated(result.returns.to_numpy(), [np.arange(len(result.returns))] * 4, YEAR)
    samples["calmar"] = [1.0, math.nan, math.nan, math.nan]
    row = intervals(samples, result.metrics, 0.9).set_index("metric").loc["calmar"]
    assert (math.isnan(row["low"]), math.isnan(row["high"]), row["draws"]) == (True, True, 1)


def test_a_wider_level_is_a_wider_interval(result: Result) -> None:
    """The 99 % interval holds the 80 % one."""
    wide, narrow = bootstrap(result, runs=100, level=0.99).interval("sharpe"), bootstrap(result, runs=100, level=0.8).interval("sharpe")
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_it_tells_itself_as_json_card_and_words(result: Result) -> None:
    """The record is strict JSON, the card has a row a metric and says that it is no trial."""
    found = bootstrap(result, runs=50)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [row["metric"] for row in record["metrics"]] == [*OF_RETURNS, *OF_TRADES]
    assert found.loss_probability == float((found.samples["sharpe"] <= 0).mean())
    assert "no trial" in found._repr_html_()
    assert "50 stationary draws" in repr(found)


def test_what_says_nothing_is_refused(result: Result) -> None:
    """Too few draws, impossible levels, blocks and methods, and a run that never traded end in errors that say so."""
    for options, words in (
        ({"runs": 5}, "runs=5"),
        ({"level": 1.0}, "level=1"),
        ({"block": 0.5}, "block of 0.5"),
        ({"block": 1e6}, "1501?|1500"),
    ):
        with pytest.raises(InputError, match=words):
            bootstrap(result, **options)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="stationary"):
        bootstrap(result, method="stationery")
    never = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(100))
    with pytest.raises(InputError, match="without variance"):
        bootstrap(never)
