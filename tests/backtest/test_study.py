"""The evidence about itself, in small: random searches are rejected, a planted edge is found. The full study is a benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.evidence.permutation import shuffled
from workbench.backtest.study import IDEAS, LEVELS, Options, pooled, random_searches, rates, study, wilson
from workbench.errors import InputError
from workbench.lifecycle import policy
from workbench.market import sample, synthetic
from workbench.portfolio import Costs

if TYPE_CHECKING:
    from workbench.backtest.study import Study

FREE = Costs(slippage_ticks=0.0)
QUICK = Options(walk_forward="none", superior_ability=False)


@pytest.fixture(scope="module")
def nothing() -> Study:
    """Five fair walks without costs, ten searches of 20 points on each: nothing to win, nothing to lose."""
    markets = [synthetic("SYN0", "15m", sessions=100, seed=seed) for seed in range(1, 6)]
    return pooled(
        [study(bars, random_searches(10, points=20, seed=number), costs=FREE, options=QUICK) for number, bars in enumerate(markets)]
    )


def test_random_searches_are_rejected(nothing: Study) -> None:
    """With the 200 trials of each market counted none of 50 searches passes the gates or the deflated Sharpe ratio."""
    assert (nothing.trials, nothing.markets, len(nothing.frame)) == (200, 5, 50)
    assert (nothing.rate("all gates, all trials"), nothing.rate("DSR, all trials")) == (0.0, 0.0)
    assert nothing.rate("all gates, all trials, null variance") == 0.0


def test_whoever_counts_one_trial_is_fooled(nothing: Study) -> None:
    """The winner of twenty points shown alone passes far more often than its level says; the same searches, not chosen, about as often."""
    assert nothing.rate("PSR, chosen") >= 0.15
    assert nothing.rate("PSR, not chosen") <= 0.15
    assert nothing.rate("DSR, 1 trial") > nothing.rate("DSR, own trials")


def test_a_planted_edge_is_found() -> None:
    """The mean reversion planted in SYN passes every gate, with the 25 points of its search counted, and the tests against chance."""
    searches = random_searches(1, points=25, seed=3, ideas=IDEAS[:1])
    found = study(synthetic("SYN", "15m"), searches, options=Options(permutations=19)).frame.iloc[0]
    assert found["idea"] == "oversold"
    passed = ("five checks", "PBO", "walk-forward", "SPA", "permutation", "all gates, own trials", "all gates, all trials, null variance")
    assert {name: bool(found[name]) for name in passed} == dict.fromkeys(passed, True)


def test_real_bars_in_random_order_are_rejected() -> None:
    """Shuffled S&P 500 days keep the drift of twenty years; still no search passes with every trial counted."""
    bars = shuffled(sample("SPX"), np.random.default_rng(0))
    found = study(bars, random_searches(20, points=10, seed=2), options=Options(walk_forward="none"))
    assert found.rate("all gates, all trials") == 0.0


def test_the_levels_are_those_of_the_policy() -> None:
    """Deflated Sharpe ratio, overfitting and walk-forward pass where the default policy lets them."""
    gates = {requirement.gate: requirement.threshold for requirement in policy.default().transitions["LAB->PAPER"]}
    assert (LEVELS.deflated_sharpe, LEVELS.overfitting, LEVELS.walk_forward) == (
        gates["deflated_sharpe"],
        gates["overfitting"],
        gates["walk_forward"],
    )


def test_the_seed_decides_the_searches() -> None:
    """The same seed draws the same points, all different within a search, ideas in turn."""
    first, again, other = random_searches(12, seed=4), random_searches(12, seed=4), random_searches(12, seed=5)
    assert first == again != other
    assert [search.idea.name for search in first[:10]] == [idea.name for idea in IDEAS]
    assert all(len({tuple(point.values()) for point in search.points}) == 25 for search in first)


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    """10 of 100: 0.0552 to 0.1744 (Newcombe, Statistics in Medicine 1998 gives the method; scipy the digits); none of 1 000: up to 0.38 %."""
    from scipy import stats

    for passed, of in ((10, 100), (0, 1000), (7, 7)):
        interval = stats.binomtest(passed, of).proportion_ci(method="wilson")
        assert wilson(passed, of) == (pytest.approx(interval.low, abs=1e-12), pytest.approx(interval.high, abs=1e-12))


def test_searches_on_one_market_are_worth_less() -> None:
    """Where markets differ as a whole the interval is that of few searches; where searches differ within markets it is that of all."""
    market = np.repeat(np.arange(10), 20)
    apart = rates(pd.DataFrame({"market": market, "found": market < 3}))
    mixed = rates(pd.DataFrame({"market": market, "found": np.tile(np.arange(20) < 6, 10)}))
    assert apart["rate"].iloc[0] == mixed["rate"].iloc[0] == pytest.approx(0.3)
    assert float((mixed["high"] - mixed["low"]).iloc[0]) == pytest.approx(0.126, abs=0.002)
    assert float((apart["high"] - apart["low"]).iloc[0]) > 0.45


def test_a_study_shows_itself(nothing: Study) -> None:
    """Words with both counts, rates with intervals, a picture, JSON."""
    assert "pass all gates with 1 trial counted" in nothing.words
    assert "all 200 counted" in nothing.words
    assert (rates(nothing.frame)["low"] <= nothing.rates["rate"]).all()
    assert len(nothing.figure().data) == 1
    assert nothing.to_dict()["trials"] == 200
    assert "SYNTHETIC" in nothing._repr_html_()


def test_nothing_to_study_is_refused() -> None:
    """No search and a search of one point end in an error."""
    with pytest.raises(InputError, match="needs a search"):
        study(sample("SPX"), [])
    with pytest.raises(InputError, match="two points"):
        random_searches(3, points=1)
    with pytest.raises(InputError, match="no study"):
        pooled([])
