"""Other histories: bars keep their shapes and hours, and a path is traded as a backtest would trade it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench import strategy
from workbench.backtest.paths import drawn_bars, moves_of, path_of, rerun_on_paths
from workbench.backtest.run import backtest
from workbench.backtest.stretches import session_starts
from workbench.errors import InputError, UnknownNameError
from workbench.market import Bars, sample, synthetic, validate

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1000)


@pytest.fixture(scope="module")
def minutes() -> Bars:
    return synthetic("SYN", "30m", sessions=250)


@pytest.fixture(scope="module")
def dip() -> Strategy:
    return strategy("buy when rsi($n) < 20; sell when rsi(2) > 60", name="Dip", parameters={"n": (2, 2, 10, 1)}, stop="3%")


def test_bars_drawn_in_their_own_order_are_themselves(bars: Bars, minutes: Bars) -> None:
    """The path of all bars in order has the prices of the bars, to the tick."""
    for each in (bars, minutes):
        same = path_of(each, moves_of(each), np.arange(len(each)))
        pd.testing.assert_frame_equal(same.frame, each.frame, rtol=0.0, atol=each.instrument.tick / 2)


def test_a_drawn_bar_keeps_shape_range_and_gap(bars: Bars) -> None:
    """Every bar of a path has the steps of the bar that it was drawn from, up to the rounding to ticks."""
    index = drawn_bars(bars, "stationary", 20.0, np.random.default_rng(1))
    made, source = moves_of(path_of(bars, moves_of(bars), index)), moves_of(bars)
    for ours, theirs in zip(made[:4], source[:4], strict=True):
        assert ours[1:] == pytest.approx(theirs[index][1:], abs=2.5 * bars.instrument.tick / bars.low.min())
    assert np.array_equal(made.volume, source.volume[index])


def test_a_path_is_a_valid_table_of_bars(minutes: Bars) -> None:
    """It passes the door that all bars pass, with the same times, sessions and known moments; it is marked synthetic."""
    made = path_of(minutes, moves_of(minutes), drawn_bars(minutes, "circular", 5.0, np.random.default_rng(2)))
    checked = validate(made.frame, made.instrument, made.timeframe)
    assert (made.frame.index.equals(minutes.frame.index), made.synthetic, made.source) == (True, True, "paths of synthetic")
    assert np.array_equal(checked.known_at, minutes.known_at)
    assert made.dataset_hash != minutes.dataset_hash


def test_sessions_are_drawn_whole_and_for_their_like(minutes: Bars) -> None:
    """Every bar keeps its place in the session; half days take the place of half days only."""
    index = drawn_bars(minutes, "stationary", 3.0, np.random.default_rng(3))
    starts = session_starts(minutes)
    sizes = np.diff(np.append(starts, len(minutes)))
    inside = np.arange(len(minutes)) - np.repeat(starts, sizes)
    assert np.array_equal(inside[index], inside)
    owner = np.repeat(np.arange(len(starts)), sizes)
    assert (sizes.min(), sizes.max()) == (7, 13)
    assert np.array_equal(sizes[owner[index]], sizes[owner])
    assert len(np.unique(owner[index])) < len(starts)


def test_a_path_is_traded_as_a_backtest_trades_it(dip: Strategy, bars: Bars) -> None:
    """The row of a path holds the metrics of a backtest on its bars, to the bit."""
    found = rerun_on_paths(dip, bars, 3, block=20, parameters={"n": 3, "stop": 2.0}, seed=9)
    for row in found.frame.to_dict("records"):
        index = drawn_bars(bars, "stationary", 20.0, np.random.default_rng([9, row["path"]]))
        metrics = backtest(dip, path_of(bars, moves_of(bars), index), parameters={"n": 3, "stop": 2.0}).metrics
        for name in ("total_return", "sharpe", "sortino", "max_drawdown", "trades", "win_rate", "exposure"):
            assert (name, row[name]) == (name, metrics[name])


def test_what_the_strategy_did_on_the_given_bars_stands_beside(dip: Strategy, bars: Bars) -> None:
    """``own`` is the backtest itself, and the fan ends with its money."""
    found, itself = rerun_on_paths(dip, bars, 4), backtest(dip, bars)
    assert (found.own["sharpe"], found.own["trades"]) == (itself.metrics.sharpe, itself.metrics.trades)
    assert found.fan["own"].iloc[-1] == itself.equity.iloc[-1]
    assert (found.fan.index[-1], len(found.fan)) == (bars.frame.index[-1], 200)


def test_paths_are_seeded_one_by_one(dip: Strategy, bars: Bars) -> None:
    """The same seed gives the same paths, more begin with the fewer, another seed gives others."""
    few, many, other = (rerun_on_paths(dip, bars, runs, seed=seed) for runs, seed in ((5, 0), (10, 0), (5, 1)))
    assert few.frame.equals(many.frame.head(5))
    assert not few.frame.equals(other.frame)


def test_an_edge_within_sessions_survives_and_luck_spreads(minutes: Bars) -> None:
    """The planted edge lies within sessions, so paths of whole sessions keep it; without an edge the paths lose by costs."""
    edge = strategy(
        "buy when rsi(2) < 10; sell when rsi(2) > 60", symbols=("SYN",), timeframe="30m", sizing="1 contract", window="whole session"
    )
    kept = rerun_on_paths(edge, minutes, 30).frame["sharpe"].median()
    gone = rerun_on_paths(edge.revised(symbols=("SYN0",)), synthetic("SYN0", "30m", sessions=250), 30).frame["sharpe"].median()
    assert kept > 1.0
    assert gone < 0.0


def test_blocks_last_a_month_or_the_warm_up(bars: Bars) -> None:
    """By default blocks are a month, longer where indicators look back further, and a quarter of the bars at most."""
    short, long = (strategy(f"buy when close > sma({bars_back}); sell when close < 0") for bars_back in (5, 60))
    assert [rerun_on_paths(each, bars, 1).block for each in (short, long)] == [20.0, 59.0]
    assert rerun_on_paths(long, bars.head(100), 1).block == 25.0


def test_it_says_synthetic_everywhere(dip: Strategy, bars: Bars) -> None:
    """Card, words and record say that nobody ever saw these prices, and that it is no trial."""
    found = rerun_on_paths(dip, bars, 5)
    assert ("SYNTHETIC" in found._repr_html_(), "SYNTHETIC" in repr(found), found.to_dict()["synthetic"]) == (True, True, True)
    assert "no trial" in found._repr_html_()
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_cannot_be_drawn_is_refused(dip: Strategy, bars: Bars) -> None:
    """No path, impossible blocks and unknown names end in errors that say so."""
    with pytest.raises(InputError, match="one path"):
        rerun_on_paths(dip, bars, 0)
    with pytest.raises(InputError, match="block of 2000"):
        rerun_on_paths(dip, bars, 1, block=2000)
    for options in ({"method": "still"}, {"parameters": {"m": 1}}):
        with pytest.raises(UnknownNameError):
            rerun_on_paths(dip, bars, 1, **options)  # type: ignore[arg-type]


def test_progress_counts_paths_and_stops(dip: Strategy, bars: Bars) -> None:
    """Faces see every path; a person's stop goes through."""
    told: list[tuple[int, int]] = []

    class Listener:
        def at(self, done: int, total: int, what: str) -> None:  # noqa: ARG002 - the port
            told.append((done, total))
            if done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rerun_on_paths(dip, bars, 50, progress=Listener())
    assert told == [(1, 50), (2, 50), (3, 50)]
