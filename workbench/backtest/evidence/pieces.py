"""The pieces of evidence about one result, gathered as ``assemble`` takes them.

Cheap ones always: stress, regimes, capacity and effective trials take milliseconds. ``deep`` adds those that run a search or a market many times: SPA over the
sweep's points and the permutation test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.evidence.capacity import capacity
from workbench.backtest.evidence.effective_trials import effective_number
from workbench.backtest.evidence.pbo import BlockSums
from workbench.backtest.evidence.permutation import permutation_test
from workbench.backtest.evidence.regimes import regimes
from workbench.backtest.evidence.spa import superior_ability
from workbench.backtest.evidence.stress import stress
from workbench.backtest.evidence.track_records import track_records
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.backtest.evidence.effective_trials import EffectiveTrials
    from workbench.backtest.ledger import Count
    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.trial_sample import TrialSample
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

REGIME_LENGTH = 60
_FEWEST = 2


def pieces(  # noqa: PLR0913 - one keyword a source
    strategy: Strategy,
    result: Result,
    *,
    swept: SweepResult | None = None,
    count: Count | None = None,
    sample: TrialSample | None = None,
    search: Callable[[Bars], float] | None = None,
    permutations: int = 200,
    deep: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Return keyword arguments for ``assemble``.

    Args:
        strategy: the one that made ``result``.
        result: the backtest the evidence is about.
        swept: the sweep that its parameters came from.
        count: what the ledger counted.
        sample: ``Ledger.sample`` of the same family; without it, and with a sweep, its points stand for the trials.
        search: gives the best Sharpe ratio that the same search finds on a market, to be repeated on shuffled ones; a hundred of them at most.
        permutations: shuffled markets.
        deep: whether to run the tests that take seconds.
        progress: told during the permutation test.
    """
    length = min(REGIME_LENGTH, len(result.bars) // 2)
    found: dict[str, Any] = {"stress": stress(result), "capacity": capacity(result)}
    if length >= 3:  # noqa: PLR2004 - the shortest that has a deviation
        found["regimes"] = regimes(result, length=length)
    if count is not None and count.trials:
        found["effective"] = _worth(count, sample, swept, result.bars.dataset_hash)
    if not deep:
        return found
    runs = min(permutations, 100) if search is not None else permutations
    found["permutation"] = permutation_test(strategy, result, runs=runs, search=search, progress=progress)
    if swept is not None and len(swept.frame) >= _FEWEST:
        records = track_records(strategy, result.bars, points_of(swept), cash=result.cash)
        found["superior_ability"] = superior_ability(records.returns, searched=swept.finished)
    return found


def points_of(swept: SweepResult) -> list[dict[str, float]]:
    """Return the points of a sweep, best first; of one that keeps only its best, the best point and its fair sample."""
    names = list(swept.parameters)
    if swept.complete:
        values = swept.frame[names].to_numpy(dtype=np.float64)
    else:
        values = np.vstack([swept.frame[names].to_numpy(dtype=np.float64)[:1], swept.sampled.given])
    return [dict(zip(names, row, strict=True)) for row in values.tolist()]


def _worth(count: Count, sample: TrialSample | None, swept: SweepResult | None, dataset: str) -> EffectiveTrials | None:
    """What the counted trials are worth, by the mean correlation of those on the same bars, whose blocks are the same stretches; None where there are none."""
    here = np.flatnonzero(sample.frame["dataset"] == dataset) if sample is not None else np.zeros(0, np.int64)
    if sample is not None and len(here) >= _FEWEST:
        counts = np.ones(sample.sums.shape[1], dtype=np.int64)  # blocks are of equal length; the mean correlation does not see it
        sums = BlockSums(sums=sample.sums[here].T.copy(), squares=sample.squares[here].T.copy(), counts=counts)
    elif swept is not None and len(swept.frame) >= _FEWEST:
        sums = swept.block_sums
    else:
        return None
    return effective_number(sums, trials=max(count.trials, sums.sums.shape[1]))
