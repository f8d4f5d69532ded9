"""White's and Hansen's tests against arch where its conventions are configured, against the formulas written out, and on cases with a known answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from arch.bootstrap import SPA

from workbench.backtest.evidence.spa import Choices, long_run_variance, resampled_rows, superior_ability
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARCH = Choices(studentise=False, floor=False, plus_one=False)


def _returns(seed: int = 1, rows: int = 240, trials: int = 9) -> NDArray[np.float64]:
    """Trials of very different risk, some worse than nothing, with some persistence."""
    random = np.random.default_rng(seed)
    shocks = random.normal(0.0, 0.01, (rows + 1, trials))
    return (shocks[1:] + 0.3 * shocks[:-1]) * np.linspace(0.3, 3.0, trials) + np.linspace(-0.003, 0.0012, trials)


@pytest.mark.parametrize(("ours", "theirs"), [("stationary", "stationary"), ("circular", "circular"), ("moving", "moving block")])
@pytest.mark.parametrize("seed", [5, 6])
def test_with_arch_conventions_the_numbers_are_arch_numbers(ours: str, theirs: str, seed: int) -> None:
    """All three p-values equal those of ``arch.bootstrap.SPA`` with the same seed, block and resamples; its upper one is the reality check."""
    returns = _returns(seed)
    oracle = SPA(np.zeros(len(returns)), -returns, block_size=8, reps=400, bootstrap=theirs, seed=seed)
    oracle.compute()
    found = superior_ability(returns, runs=400, block=8, method=ours, choices=ARCH, seed=seed)  # type: ignore[arg-type]
    assert oracle.pvalues.to_dict() == {"lower": found.lower, "consistent": found.consistent, "upper": found.upper}
    assert found.reality_check == found.upper


def test_the_long_run_variance_is_arch_variance() -> None:
    """The kernel by Fourier transform equals arch's loop over lags."""
    returns = _returns()
    oracle = SPA(np.zeros(len(returns)), -returns, block_size=8, reps=10, seed=1)
    oracle.compute()
    assert np.allclose(oracle._loss_diff_var, long_run_variance(returns, 8), rtol=1e-10)


def _written_out(returns: NDArray[np.float64], runs: int, block: int, seed: int) -> tuple[list[float], float]:
    """Hansen (2005), equations 4 to 8, one resample and one trial after the other; White (2000) beside it. p = (b + 1) / (B + 1)."""
    rows, trials = returns.shape
    mean = [returns[:, k].mean() for k in range(trials)]
    omega = []
    for k in range(trials):
        centred, total = returns[:, k] - mean[k], 0.0
        for lag in range(rows):
            kernel = (1 - lag / rows) * (1 - 1 / block) ** lag + (lag / rows) * (1 - 1 / block) ** (rows - lag)
            gamma = sum(centred[t] * centred[t + lag] for t in range(rows - lag)) / rows
            total += gamma if lag == 0 else 2 * kernel * gamma
        omega.append(math.sqrt(total))
    bound = [-omega[k] * math.sqrt(2 * math.log(math.log(rows)) / rows) for k in range(trials)]
    centre = {
        "lower": [max(0.0, m) for m in mean],
        "consistent": [m if m >= b else 0.0 for m, b in zip(mean, bound, strict=True)],
        "upper": mean,
    }
    seen = max(0.0, *(math.sqrt(rows) * mean[k] / omega[k] for k in range(trials)))
    plain = max(math.sqrt(rows) * m for m in mean)
    beyond, white = dict.fromkeys(centre, 0), 0
    for picked in resampled_rows(rows, runs, block, "stationary", seed):
        drawn = [returns[picked, k].mean() for k in range(trials)]
        white += max(math.sqrt(rows) * (drawn[k] - mean[k]) for k in range(trials)) >= plain
        for name, g in centre.items():
            beyond[name] += max(0.0, *(math.sqrt(rows) * (drawn[k] - g[k]) / omega[k] for k in range(trials))) >= seen
    return [(beyond[name] + 1) / (runs + 1) for name in ("lower", "consistent", "upper")], (white + 1) / (runs + 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_formulas_written_out_give_the_same(seed: int) -> None:
    """Products of matrices equal the papers' formulas written as loops, p-value by p-value."""
    returns = _returns(seed, rows=60, trials=5)
    found = superior_ability(returns, runs=60, block=5, seed=seed)
    expected, white = _written_out(returns, 60, 5, seed)
    assert np.allclose([*expected, white], [found.lower, found.consistent, found.upper, found.reality_check])


@pytest.mark.parametrize("seed", range(4))
def test_the_three_p_values_are_in_order(seed: int) -> None:
    """Lower is at most consistent, which is at most upper."""
    found = superior_ability(_returns(seed), runs=300, block=5, seed=seed)
    assert found.lower <= found.consistent <= found.upper


def test_a_wild_trial_does_not_hide_a_calm_one() -> None:
    """A calm trial with an edge beside a wild one without: studentised it is found, by White's and arch's statistic it drowns."""
    random = np.random.default_rng(8)
    returns = np.column_stack([random.normal(0.0006, 0.002, 500), random.normal(0.0, 0.05, 500)])
    found = superior_ability(returns, runs=500, block=2)
    assert found.best == 0
    assert found.consistent < 0.01
    assert found.reality_check > 0.2
    assert superior_ability(returns, runs=500, block=2, choices=ARCH).consistent > 0.2


def test_hopeless_trials_do_not_cost_power() -> None:
    """Hansen's point: trials far below the benchmark raise White's p-value but not the consistent one."""
    random = np.random.default_rng(9)
    good = random.normal(0.0012, 0.01, (400, 1))
    bad = random.normal(-0.02, 0.04, (400, 40))
    alone = superior_ability(good, runs=500, block=2)
    beside = superior_ability(np.hstack([good, bad]), runs=500, block=2)
    assert beside.consistent == pytest.approx(alone.consistent, abs=0.02)
    assert beside.reality_check > alone.reality_check + 0.2


def test_noise_is_rejected_as_often_as_the_level_says() -> None:
    """Of 300 sets of ten worthless trials about 5 % have a p-value of 5 % or less (between 2 % and 9 %)."""
    found = [
        superior_ability(np.random.default_rng(seed).normal(size=(120, 10)), runs=199, block=1, seed=seed).upper for seed in range(300)
    ]
    assert 0.02 <= float(np.mean(np.array(found) <= 0.05)) <= 0.09


def test_the_benchmark_is_taken_off() -> None:
    """Returns over a benchmark column equal the excess itself, and a copy of the benchmark is no better than it."""
    returns = _returns()
    assert (
        superior_ability(returns, benchmark=returns[:, 0], runs=99, block=4).upper
        == superior_ability(returns - returns[:, [0]], runs=99, block=4).upper
    )
    assert superior_ability(returns[:, 0], benchmark=returns[:, 0], runs=99, block=4).consistent == 1.0


def test_variance_may_come_from_the_resamples() -> None:
    """Both variances give nearly the same statistic."""
    returns = _returns()
    both = [superior_ability(returns, runs=2000, block=8, choices=Choices(variance=name)).statistic for name in ("kernel", "bootstrap")]  # type: ignore[arg-type]
    assert both[0] == pytest.approx(both[1], rel=0.08)


def test_it_says_itself() -> None:
    """Words with the p-values and a sample's size, a record without the resamples, a picture."""
    found = superior_ability(_returns(), runs=99, block=4, searched=400)
    assert found.words.startswith("of 9 trials sampled from 400, chance explains")
    assert "chance" not in found.to_dict()
    assert len(found.figure().data) == 1
    assert "Superior predictive ability" in found._repr_html_()


def test_nonsense_is_refused() -> None:
    """NaN, too few periods, a benchmark of another length, blocks that do not fit and unknown bootstraps end in an error."""
    with pytest.raises(InputError, match="without NaN"):
        superior_ability(np.full((20, 2), np.nan))
    with pytest.raises(InputError, match="8 rows"):
        superior_ability(np.ones((5, 2)))
    with pytest.raises(InputError, match="benchmark"):
        superior_ability(_returns(), benchmark=np.ones(3))
    with pytest.raises(InputError, match="periods long"):
        superior_ability(_returns(), block=1000)
    with pytest.raises(UnknownNameError, match="stationary"):
        superior_ability(_returns(), method="stationery")  # type: ignore[arg-type]
