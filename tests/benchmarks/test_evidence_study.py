"""How often evidence is convinced: 1 000 random searches of 25 points on bars with nothing to find, on real bars, and a planted edge on 20 markets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.evidence.permutation import shuffled
from workbench.backtest.study import IDEAS, Options, pooled, random_searches, study
from workbench.market import sample, synthetic
from workbench.portfolio import Costs

if TYPE_CHECKING:
    from workbench.backtest.study import Study

pytestmark = pytest.mark.benchmark

MARKETS, SEARCHES = 40, 25
FREE = Costs(slippage_ticks=0.0)
PLANTED = 20
CANDIDATES = Options(walk_forward="candidates")


def _shown(found: Study, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{found.words}\n{found.rates.to_string(index=False, float_format=lambda value: f'{value:.4f}')}")


@pytest.mark.parametrize("costs", [FREE, None], ids=["free", "usual costs"])
def test_fair_walks(costs: Costs | None, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 1 000 searches on 40 fair walks fewer than 1 % pass the gates with every trial counted, and the deflated Sharpe ratio holds its level."""
    found = pooled(
        [
            study(synthetic("SYN0", "15m", seed=seed), random_searches(SEARCHES, seed=seed), costs=costs, options=CANDIDATES, seed=seed)
            for seed in range(100, 100 + MARKETS)
        ]
    )
    _shown(found, capsys)
    assert len(found.frame) == 1000
    assert found.rate("all gates, all trials") < 0.01
    assert found.rate("all gates, all trials, null variance") < 0.01
    assert found.rate("DSR, all trials") <= 0.1
    assert found.rate("all gates, all trials") <= found.rate("all gates, own trials") <= found.rate("all gates, 1 trial")


def test_permutation_on_fair_walks(capsys: pytest.CaptureFixture[str]) -> None:
    """Repeating the search on every shuffled market holds its level of 5 %; shuffling only for the winner does not."""
    options = {
        repeated: Options(permutations=39, repeated=repeated, walk_forward="none", superior_ability=False) for repeated in (False, True)
    }
    for repeated, chosen in options.items():
        found = pooled(
            [
                study(
                    synthetic("SYN0", "15m", sessions=120, seed=seed), random_searches(5, seed=seed), costs=FREE, options=chosen, seed=seed
                )
                for seed in range(100, 100 + MARKETS)
            ]
        )
        row = found.rates.set_index("statistic").loc["permutation"]
        with capsys.disabled():
            print(
                f"\npermutation, search {'repeated' if repeated else 'not repeated'}: {row['rate']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
            )
        if repeated:
            assert row["low"] <= 0.05


def test_real_bars(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 1 000 searches on the S&P 500 as it was, and on its days in 40 random orders, none passes with every trial counted."""
    spx = sample("SPX")
    found = study(spx, random_searches(1000), options=CANDIDATES)
    _shown(found, capsys)
    assert found.rate("all gates, all trials") == 0.0
    orders = [shuffled(spx, np.random.default_rng(number)) for number in range(MARKETS)]
    mixed = pooled(
        [study(bars, random_searches(SEARCHES, seed=number), options=CANDIDATES, seed=number) for number, bars in enumerate(orders)]
    )
    _shown(mixed, capsys)
    assert mixed.rate("all gates, all trials") <= 0.005


def test_a_planted_edge_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The mean reversion of SYN is found in at least 9 of 10 markets with the points of its search counted."""
    found = pooled(
        [
            study(
                synthetic("SYN", "15m", seed=seed),
                random_searches(1, seed=seed, ideas=IDEAS[:1]),
                options=Options(permutations=99),
                seed=seed,
            )
            for seed in range(PLANTED)
        ]
    )
    _shown(found, capsys)
    assert found.rate("all gates, own trials") >= 0.9
