"""Shuffled bars: the same pieces in another order; a planted edge needs the order, luck does not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.evidence.permutation import permutation_test, sharpe_of, shuffled
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from workbench.market import Bars

RULE = "buy when rsi(2) < 10; sell when rsi(2) > 60"


@pytest.fixture(scope="module")
def edge() -> Bars:
    return synthetic("SYN", "15m", sessions=160)


def test_a_shuffled_market_is_made_of_the_same_pieces() -> None:
    """Daily bars keep their gaps and insides, the first open, the last close and the clock; only the order differs."""
    bars = sample("SPX").head(400)
    made = shuffled(bars, np.random.default_rng(1))
    assert made.frame.index.equals(bars.frame.index)
    assert (made.open[0], made.close[-1]) == (bars.open[0], pytest.approx(bars.close[-1], abs=0.02))
    gaps = [np.sort(each.open[1:] / each.close[:-1]) for each in (bars, made)]
    assert np.allclose(gaps[0], gaps[1], atol=2e-5)
    assert np.allclose(np.sort(bars.close / bars.open), np.sort(made.close / made.open), atol=2e-5)
    assert not np.allclose(bars.close, made.close)


def test_shuffled_bars_are_bars(edge: Bars) -> None:
    """High and low hold open and close, and prices lie on the instrument's tick, so fills are not rounded against us once more."""
    made = shuffled(edge, np.random.default_rng(2))
    assert (made.high >= np.maximum(made.open, made.close)).all()
    assert (made.low <= np.minimum(made.open, made.close)).all()
    tick = edge.instrument.tick
    assert np.allclose(made.close / tick, np.rint(made.close / tick))


def test_intraday_bars_keep_their_place_in_the_session(edge: Bars) -> None:
    """The volumes of each place in the session are the same ones in another order: openings stay lively, nights stay nights."""
    made = shuffled(edge, np.random.default_rng(3))
    place = np.concatenate([np.arange(count) for count in Counter(edge.session.tolist()).values()])
    for slot in (0, 7, 25):
        assert np.array_equal(np.sort(edge.volume[place == slot]), np.sort(made.volume[place == slot]))
    assert not np.array_equal(edge.volume, made.volume)


def test_blocks_stay_together() -> None:
    """With blocks of twenty, most bars keep the neighbour they had."""
    bars = sample("SPX").head(1000)
    together = {(first, second) for first, second in zip(bars.volume[:-1], bars.volume[1:], strict=True)}

    def kept(block: int) -> float:
        made = shuffled(bars, np.random.default_rng(4), block=block)
        return float(np.mean([pair in together for pair in zip(made.volume[:-1], made.volume[1:], strict=True)]))

    assert kept(20) > 0.9
    assert kept(1) < 0.05


def test_a_planted_edge_needs_the_order(edge: Bars) -> None:
    """No shuffled market serves the planted rule as well: the p-value is the smallest there is."""
    rule = strategy(RULE, symbols="SYN", timeframe="15m", window="whole session")
    found = permutation_test(rule, backtest(rule, edge), runs=49)
    assert found.p_value == 1 / 50
    assert found.words.startswith("on 49 of 49 shuffled markets it does worse (p 0.020 for its sharpe of ")


def test_without_an_edge_the_order_does_not_matter() -> None:
    """On a fair walk the p-values of eight rules are not small: at most one is below 10 %."""
    bars = synthetic("SYN0", "15m", sessions=120)
    found = []
    for period in (2, 3, 5, 8, 13, 21, 34, 55):
        rule = strategy(
            f"buy when close < sma({period}); sell when close > sma({period})", symbols="SYN0", timeframe="15m", window="whole session"
        )
        found.append(permutation_test(rule, backtest(rule, bars), runs=39, seed=period).p_value)
    assert sum(value < 0.1 for value in found) <= 1


def test_holding_a_rising_market_is_no_timing() -> None:
    """Buy and hold does the same on every shuffled market but for its first bar, so its return proves nothing."""
    bars = sample("SPX").head(1500)
    rule = strategy("buy when close > 0; sell when close < 0", costs={"slippage_ticks": 0})
    found = permutation_test(rule, backtest(rule, bars), runs=39, statistic="total_return")
    assert found.p_value > 0.05


def test_a_search_is_repeated_on_every_market() -> None:
    """Given a search, the best of it is compared with the best of it on shuffled bars."""
    bars = sample("SPX").head(600)
    rule = strategy("buy when rsi($n) < 20; sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1)})
    seen: list[int] = []

    def best(market: Bars) -> float:
        seen.append(len(market))
        return float(sweep(rule, market, {"n": [2, 3, 4]}).frame["sharpe"].max())

    found = permutation_test(rule, backtest(rule, bars), runs=19, search=best)
    assert (found.searched, len(seen)) == (True, 20)
    assert found.seen == best(bars)
    assert "its search finds less" in found.words


def test_the_seed_decides() -> None:
    """The same seed gives the same p-value, and the Sharpe ratio compared is the metric's."""
    bars = sample("SPX").head(400)
    rule = strategy(RULE)
    result = backtest(rule, bars)
    first, again = (permutation_test(rule, result, runs=9, seed=3) for _ in range(2))
    assert first.to_dict() == again.to_dict()
    assert sharpe_of(result) == pytest.approx(result.metrics.sharpe, rel=1e-12)
    assert len(first.figure().data) == 1


def test_nonsense_is_refused() -> None:
    """No run, a block longer than the bars and an unknown statistic end in an error."""
    bars = sample("SPX").head(100)
    rule = strategy(RULE)
    result = backtest(rule, bars)
    with pytest.raises(InputError, match="a run or more"):
        permutation_test(rule, result, runs=0)
    with pytest.raises(InputError, match="shorter than the bars"):
        permutation_test(rule, result, block=100)
    with pytest.raises(UnknownNameError, match="sharpe"):
        permutation_test(rule, result, statistic="sharp")
