"""Does the strategy need the order of the bars? The same rules on the same bars, shuffled, many times.

1. Every bar is taken apart: its gap (open over the close before) and its inside (high, low and close over its open). Volumes stay with insides.
2. Gaps and insides are shuffled, each among themselves, so that drift, volatility and the shape of bars survive and their order does not. Intraday bars change
   places only with those of the same place in another session, so that nights, openings and lunch hours stay what they are; daily bars with any other. The first
   bar stays where it is. With ``block`` > 1, so many neighbours (sessions, for intraday bars) move together, which keeps longer volatility clusters and whatever
   edge is shorter than a block.
3. The strategy trades each shuffled market through the same engine, with the same costs. The p-value is the share of markets, the real one among them,
   on which it does at least as well: (b + 1) / (B + 1).

The end price of every shuffled market is the real one, so a strategy that only holds a rising market is not better than its permutations: what is tested is
timing. Given ``search``, which finds the best value of the statistic on a market, the whole search is repeated on every permutation, and selection is
tested with it: that is the fair form for parameters that were chosen on these bars.

Sources: T. Masters, "Permutation and Randomization Tests for Trading System Development", 2020 (bar permutation, training bias);
D. Aronson, "Evidence-Based Technical Analysis", Wiley 2007, chapter 5.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.evidence import drawing
from workbench.backtest.run import backtest
from workbench.errors import InputError, UnknownNameError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

_ON_GRID = 1e-6
_FEWEST_BARS = 3
STATISTICS = ("sharpe", "total_return", "profit_factor", "expectancy")


@dataclass(frozen=True, kw_only=True, eq=False)
class PermutationTest:
    """What shuffled markets say about timing."""

    p_value: float
    """Share of markets on which the strategy does at least as well as on the real one, that one included."""
    statistic: str
    """Metric that was compared."""
    seen: float
    """Its value on the real bars; where a search was repeated, the best that it finds there."""
    chance: NDArray[np.float64] = field(repr=False)
    """(runs,) its values on the shuffled ones; what never traded counts as 0, or 1 for a profit factor."""
    runs: int
    """Shuffled markets."""
    block: int
    """Bars that moved together."""
    searched: bool
    """Whether the whole search was repeated on each."""
    synthetic: bool
    """True where the real bars are made up."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        beaten = int(np.count_nonzero(self.chance < self.seen))
        what = "its search finds less" if self.searched else "it does worse"
        return f"on {beaten:,} of {self.runs:,} shuffled markets {what} (p {self.p_value:.3f} for its {self.statistic} of {self.seen:.2f})"

    @property
    def frame(self) -> pd.DataFrame:
        """One row with all numbers."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        return pd.DataFrame([self.to_dict()])

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return what shuffled markets give, with a line at the real one."""
        return drawing.against(self.chance, self.seen, title="The same rules on shuffled bars", of=self.statistic, label="real")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: quantiles in the place of all shuffled values."""
        fields = {name: value for name, value in asdict(self).items() if name != "chance"}
        median, high = np.quantile(self.chance, [0.5, 0.95])
        return drawing.recorded({**fields, "median": float(median), "quantile_95": float(high)})

    def _repr_html_(self) -> str:
        return drawing.card("Permutation test", self.words, self.frame, synthetic=self.synthetic)


def permutation_test(
    strategy: Strategy,
    result: Result,
    *,
    runs: int = 200,
    statistic: str = "sharpe",
    block: int = 1,
    search: Callable[[Bars], float] | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> PermutationTest:
    """Return how often shuffled bars serve the strategy as well as the real ones.

    Args:
        strategy: the one that made ``result``.
        result: its backtest on the real bars.
        runs: shuffled markets; p cannot fall below 1 / (runs + 1).
        statistic: sharpe, total_return, profit_factor or expectancy.
        block: bars that move together.
        search: gives the best value of the statistic that a search finds on a market; repeats the selection on every permutation.
        seed: of the shuffles.
        progress: told after each market.

    Raises:
        InputError: fewer than three bars, no run, or blocks that do not fit.
        UnknownNameError: no such statistic.
    """
    if statistic not in STATISTICS:
        kind = "statistic"
        raise UnknownNameError(kind, statistic, STATISTICS)
    bars = result.bars
    if len(bars) < _FEWEST_BARS or runs < 1 or not 1 <= block < len(bars):
        message = f"shuffling takes three bars or more, a run or more and blocks shorter than the bars; not {len(bars)}, {runs} and {block}"
        raise InputError(message)

    same = _same(strategy, result)

    def valued(market: Bars) -> float:
        if search is not None:
            return _value(search(market), statistic)
        return _measured(backtest(same, market, cash=result.cash, parameters=result.parameters), statistic)

    seen = valued(bars) if search is not None else _measured(result, statistic)
    generator = np.random.default_rng(seed)
    chance = np.empty(runs)
    for run in range(runs):
        chance[run] = valued(shuffled(bars, generator, block=block))
        progress.at(run + 1, runs, "permutation test")
    return PermutationTest(
        p_value=float((np.count_nonzero(chance >= seen) + 1) / (runs + 1)),
        statistic=statistic,
        seen=seen,
        chance=chance,
        runs=runs,
        block=block,
        searched=search is not None,
        synthetic=bars.synthetic,
    )


def shuffled(bars: Bars, generator: np.random.Generator, *, block: int = 1) -> Bars:
    """Return a market of the same gaps and insides in another order, on the same clock and tick; first open and last close stay, up to rounding."""
    opened, closed = bars.open, bars.close
    starts = np.concatenate([[True], bars.session[1:] != bars.session[:-1]])
    slot = np.arange(len(bars)) - np.maximum.accumulate(np.where(starts, np.arange(len(bars)), 0))
    gaps = (opened[1:] / closed[:-1])[_order(slot[1:], generator, block)]
    order = _order(slot, generator, block)
    inside = {name: (getattr(bars, name) / opened)[order] for name in ("high", "low", "close")}
    path = opened[0] * np.cumprod(np.concatenate([[1.0], inside["close"][:-1] * gaps]))
    made = {name: path * inside[name] for name in inside}
    made = {"open": path, **made}
    tick = bars.instrument.tick
    if tick > 0.0 and np.abs(closed / tick - np.rint(closed / tick)).max() < _ON_GRID:
        made = {name: np.rint(column / tick) * tick for name, column in made.items()}  # or each fill would be rounded against us once more
    made["high"] = np.maximum(made["high"], np.maximum(made["open"], made["close"]))
    made["low"] = np.minimum(made["low"], np.minimum(made["open"], made["close"]))
    return replace(bars, frame=bars.frame.assign(**made, volume=bars.volume[order]))


def _same(strategy: Strategy, result: Result) -> Strategy:
    """The strategy with the brackets and the size that the result was run with."""
    if strategy.spec.spec_hash == result.spec.spec_hash:
        return strategy
    return strategy.revised(brackets=result.spec.brackets, sizing=result.spec.sizing)


def _order(slot: NDArray[np.int64], generator: np.random.Generator, block: int) -> NDArray[np.int64]:
    """Where each place takes its content from: a random place of the same slot, neighbours in blocks; where blocks are cut is random."""
    placed = np.argsort(slot, kind="stable")
    first = np.concatenate([[True], slot[placed][1:] != slot[placed][:-1]])
    rank = np.arange(len(slot)) - np.maximum.accumulate(np.where(first, np.arange(len(slot)), 0))
    piece = (rank + int(generator.integers(block))) // block
    begins = first | np.concatenate([[True], piece[1:] != piece[:-1]])
    key = generator.random(int(begins.sum()))[np.cumsum(begins) - 1]
    order = np.empty(len(slot), np.int64)
    order[placed] = placed[np.lexsort((rank, key, slot[placed]))]
    return order


def _measured(result: Result, statistic: str) -> float:
    metrics: Mapping[str, float] = result.metrics if statistic != "sharpe" else {}
    return _value(metrics[statistic] if statistic != "sharpe" else sharpe_of(result), statistic)


def sharpe_of(result: Result) -> float:
    """Return the annual Sharpe ratio straight from the equity, without the other metrics; NaN without variance."""
    equity = result.run.equity
    before = np.concatenate([[result.cash], equity[:-1]])
    returns = np.where(before > 0.0, equity / np.where(before > 0.0, before, 1.0) - 1.0, 0.0)
    spread = float(returns.std(ddof=1))
    return float(returns.mean() / spread * math.sqrt(result.bars_per_year)) if spread > 0.0 else math.nan


def _value(value: float, statistic: str) -> float:
    """What never traded neither gained nor lost."""
    if math.isnan(value):
        return 1.0 if statistic == "profit_factor" else 0.0
    return float(value)
