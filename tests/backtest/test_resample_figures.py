"""Pictures of resampling: what they show, the badge on made-up bars, and that they stay small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import look, strategy
from workbench.backtest.bootstrap import bootstrap
from workbench.backtest.cpcv import cpcv
from workbench.backtest.montecarlo import monte_carlo
from workbench.backtest.paths import rerun_on_paths
from workbench.backtest.run import backtest
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from workbench.backtest.result import Result

DIP = strategy("buy when rsi($n) < 20; sell when rsi(2) > 60", name="Dip", parameters={"n": (2, 2, 10, 1)})


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(DIP, sample("SPX").head(2500))


def texts(figure: object) -> str:
    return " ".join(annotation.text for annotation in figure.layout.annotations)  # type: ignore[attr-defined]


def test_few_paths_are_bars_and_many_a_histogram() -> None:
    """Five paths get a bar each; 36 are counted in bins; both stand against the best in sample."""
    bars = sample("SPX").head(2500)
    few, many = cpcv(DIP, bars, {"n": [2, 3]}), cpcv(DIP, bars, {"n": [2, 3]}, groups=10, test_groups=3)
    assert few.figure().data[-1].orientation == "h"
    assert sum(many.figure().data[-1].y) == 36
    for found in (few, many):
        assert f"in sample {look.number(found.best)}" in texts(found.figure())
        assert len(found.figure().data) == len(found.paths) + 2


def test_a_monte_carlo_is_a_fan_and_its_drawdowns(result: Result) -> None:
    """Two bands, the middle, the trades as they came, and the drawdown that one run of twenty exceeds."""
    found = monte_carlo(result, runs=300)
    figure = found.figure()
    assert [trace.fill for trace in figure.data[:2]] == ["toself", "toself"]
    assert figure.data[3].name == "as it came"
    assert sum(figure.data[-1].y) == 300
    assert f"1 in 20 worse {look.percent(found.worst_drawdown)}" in texts(figure)


def test_a_bootstrap_shows_six_ratios_with_their_intervals(result: Result) -> None:
    """Each histogram counts every draw and says estimate and interval."""
    found = bootstrap(result, runs=200)
    figure = found.figure()
    assert [sum(trace.y) for trace in figure.data] == [200] * 6
    low, high = found.interval("sharpe")
    assert f"{look.number(low)} to {look.number(high)}" in texts(figure)


def test_other_histories_and_made_up_bars_wear_the_badge(result: Result) -> None:
    """Paths of real bars are synthetic; so is everything on synthetic bars; a bootstrap of real returns is not."""
    one = DIP.revised(symbols=("SYN",), timeframe="30m")
    made_up = cpcv(one, synthetic("SYN", "30m", sessions=60), {"n": [2, 3]})
    for figure, badge in (
        (rerun_on_paths(DIP, sample("SPX").head(600), 20).figure(), True),
        (made_up.figure(), True),
        (bootstrap(result, runs=50).figure(), False),
    ):
        assert ("SYNTHETIC" in texts(figure)) == badge


def test_pictures_stay_small(result: Result) -> None:
    """Each is under 200 kB in a saved notebook."""
    figures = [
        monte_carlo(result, runs=500).figure(),
        bootstrap(result, runs=200).figure(),
        rerun_on_paths(DIP, sample("SPX"), 20).figure(),
    ]
    assert all(len(figure.to_json()) < 200_000 for figure in figures)
