"""Pictures carry what LOOK asks for, keep the extremes of long series, and stay small enough for a saved notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import look, strategy
from workbench.backtest import figures
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.backtest.walkforward import walk_forward
from workbench.errors import InputError
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.backtest.result import Result

DIP = strategy(
    "buy when rsi($n) < $low; sell when rsi($n) > 60",
    stop="3%",
    target="4%",
    name="Dip",
    parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)},
)


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(DIP, sample("SPX"))


@pytest.fixture(scope="module")
def made_up() -> Result:
    return backtest(DIP.revised(symbols=("SYN",), timeframe="30m"), synthetic("SYN", "30m", sessions=40))


def _texts(figure: object) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]  # type: ignore[attr-defined]


def test_equity_stands_over_drawdown_on_one_axis(result: Result) -> None:
    """Benchmark, equity and drawdown share the time axis; the last value is a tag; there is no legend and no frame."""
    figure = figures.performance(result)
    assert [trace.name for trace in figure.data] == ["buy and hold", "equity", "drawdown"]
    assert figure.layout.xaxis.matches == "x2"
    assert figure.data[0].line.color == look.FAINT
    assert look.number(float(result.equity.iloc[-1]), 0) in _texts(figure)
    assert not any(trace.showlegend for trace in figure.data)


def test_the_deepest_drawdown_survives_thinning(result: Result) -> None:
    """The picture's lowest drawdown is the metric's, although most points are left out."""
    figure = figures.performance(result)
    assert len(figure.data[2].y) <= 2_000 < len(result.equity)
    assert float(np.min(figure.data[2].y)) == pytest.approx(-result.metrics.max_drawdown, rel=1e-9)


def test_a_figure_of_a_long_run_is_small(result: Result) -> None:
    """The JSON that a notebook keeps stays under 300 kB a picture."""
    assert len(figures.performance(result).to_json()) < 300_000
    assert len(figures.trades_on_bars(result, bars=5000).to_json()) < 300_000


@pytest.mark.parametrize("draw", [figures.performance, figures.trades_on_bars])
def test_made_up_bars_wear_a_badge(result: Result, made_up: Result, draw: Callable[[Result], Any]) -> None:
    """SYNTHETIC stands on pictures of synthetic bars and on no other."""
    assert any("SYNTHETIC" in text for text in _texts(draw(made_up)))
    assert not any("SYNTHETIC" in text for text in _texts(draw(result)))


def test_entries_are_under_the_bar_and_exits_over_it(result: Result) -> None:
    """Triangles point up below the low and down above the high, one for each trade in view; brackets are dotted."""
    figure = figures.trades_on_bars(result)
    named = {trace.name: trace for trace in figure.data}
    frame = result.bars.frame.iloc[-250:]
    inside = result.trades[result.trades["entry_time"] >= frame.index[0]]
    assert len(named["entry"].x) == len(inside)
    assert (named["entry"].marker.symbol, named["exit"].marker.symbol) == ("triangle-up", "triangle-down")
    assert (np.asarray(named["entry"].y) < frame["low"].to_numpy()[named["entry"].x]).all()
    assert (np.asarray(named["exit"].y) > frame["high"].to_numpy()[named["exit"].x]).all()
    assert named["stop"].line.dash == named["target"].line.dash == "dot"


def test_many_bars_are_joined_into_candles(result: Result) -> None:
    """Five thousand bars become at most 500 candles that keep the highest high and the lowest low."""
    candles = figures.trades_on_bars(result, bars=5_000).data[0]
    assert len(candles.x) <= 500
    assert max(candles.high) == result.bars.frame["high"].iloc[-5000:].max()
    assert min(candles.low) == result.bars.frame["low"].iloc[-5000:].min()


def test_no_bars_to_draw_is_refused(result: Result) -> None:
    """An empty stretch ends in an input error."""
    with pytest.raises(InputError, match="no bars"):
        figures.trades_on_bars(result, bars=0)


def test_a_run_without_trades_is_drawn() -> None:
    """Flat equity and candles without triangles are pictures as well."""
    idle = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(300))
    assert len(figures.performance(idle).data) == 3
    assert figures.trades_on_bars(idle).data[0].name == "bars"


def test_the_heat_map_diverges_from_zero_and_rings_the_best(result: Result) -> None:
    """Colours are symmetric about zero, cells are the sweep's, and the ring sits on the best point."""
    swept = sweep(DIP, result.bars, {"n": [2, 3, 4], "low": [5, 10, 20, 30]})
    figure = figures.heat_map(swept.frame, ["n", "low"], title="Dip")
    heat, ring = figure.data
    assert (heat.zmid, heat.zmin) == (0.0, -heat.zmax)
    assert np.asarray(heat.z).shape == (4, 3)
    best = swept.frame.iloc[0]
    assert (ring.x[0], ring.y[0]) == (f"{best['n']:g}", f"{best['low']:g}")
    assert np.nanmax(heat.z) == pytest.approx(best["sharpe"], abs=1e-4)


def test_one_parameter_is_a_line(result: Result) -> None:
    """A sweep over one parameter shows its sensitivity with the zero line."""
    swept = sweep(DIP, result.bars, {"n": [4, 2, 3]})
    figure = figures.heat_map(swept.frame, ["n"])
    assert figure.data[0].x.tolist() == [2.0, 3.0, 4.0]
    assert len(figure.layout.shapes) == 1


def test_an_unknown_column_is_refused() -> None:
    """The columns there are stand in the message."""
    with pytest.raises(InputError, match="no column"):
        figures.heat_map(pd.DataFrame({"n": [1.0], "sharpe": [0.1]}), ["n", "m"])


def test_folds_are_coloured_by_sign(result: Result) -> None:
    """Each fold's bar out of sample is teal or vermilion by its sign, with the sign in the text, and the title counts those that hold."""
    outcome = walk_forward(DIP, result.bars, {"n": [2, 3], "low": [10, 20]})
    figure = figures.walk_forward(outcome)
    after = outcome.folds["oos_sharpe"].to_numpy()
    assert list(figure.data[1].marker.color) == [look.UP if value > 0 else look.DOWN for value in after]
    assert all(text.startswith("▲" if value > 0 else "▼") for text, value in zip(figure.data[1].text, after, strict=True))
    assert f"{int((after > 0).sum())} of 5 folds hold" in figure.layout.title.text


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 9_000), limit=st.integers(10, 2_000), seed=st.integers(0, 10_000))
def test_thinning_keeps_ends_and_extremes(length: int, limit: int, seed: int) -> None:
    """At most the limit is kept, in order, with first, last, lowest and highest among it."""
    values = np.random.default_rng(seed).normal(size=length)
    keep = figures.thinned(values, limit)
    assert len(keep) <= max(limit, 1)
    assert (np.diff(keep) > 0).all()
    assert {0, length - 1, int(values.argmin()), int(values.argmax())} <= set(keep.tolist())


def test_drawdown_by_hand() -> None:
    """From 100 over 120 to 90 a quarter is lost; a new high loses nothing."""
    found = figures.drawdown(pd.Series([100.0, 120.0, 90.0, 130.0]))
    assert found.tolist() == [0.0, 0.0, -0.25, 0.0]
