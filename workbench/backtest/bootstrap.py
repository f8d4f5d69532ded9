"""How sure the numbers of a backtest are: its returns drawn again in blocks, and every ratio measured on each draw.

1. ``blocks.optimal_length`` measures how far returns depend on each other (Politis and White); ``blocks.drawn`` draws blocks of them, as many bars as there were.
2. ``replicated`` puts each draw together into an equity curve and measures it with the formulas of ``metrics``: the same as for the run itself.
3. Win rate, profit factor and expectancy are about trades: they are measured on trades drawn singly, with replacement.
4. The interval of a number is the percentiles of its draws. It says how far chance alone moves the number if the future is like this past; it knows nothing of
   how the strategy was found. A bootstrap chooses nothing, so it is no trial.

A draw is seeded by ``seed`` and its own number: the same on every machine, and more draws begin with the fewer ones.

The trap: percentile intervals of the largest drawdown are about another history of this length, not about how deep the next one can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest import blocks
from workbench.backtest.engine import tally as t
from workbench.backtest.metrics import Metrics, table
from workbench.backtest.records import card, plain, records
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.progress import Progress

OF_RETURNS = (
    "sharpe",
    "sortino",
    "calmar",
    "total_return",
    "cagr",
    "volatility",
    "max_drawdown",
    "max_drawdown_bars",
    "tail_ratio",
    "skew",
    "kurtosis",
)
"""Metrics that are measured on drawn returns."""
OF_TRADES = ("win_rate", "profit_factor", "expectancy")
"""Metrics that are measured on drawn trades."""
SHARES = frozenset({"total_return", "cagr", "volatility", "max_drawdown", "win_rate"})
_FEWEST_RUNS = 20
_FEWEST_BARS = 16
_TELL = 64
_START = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Bootstrap:
    """Intervals of the metrics of one run."""

    subject: str
    """Strategy, symbol and timeframe, for titles."""
    frame: pd.DataFrame
    """One row a metric: metric, estimate (of the run itself), low, high, error (standard deviation of the draws), draws (those that have a value)."""
    samples: pd.DataFrame
    """One row a draw, one column a metric; NaN where a draw has no such value."""
    level: float
    """Share of the draws that lie in an interval."""
    method: blocks.Method
    """How blocks were drawn."""
    block: float
    """Length of the blocks in bars, the mean one for stationary blocks."""
    seed: int
    """What the draws were seeded with."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def runs(self) -> int:
        """Number of draws."""
        return len(self.samples)

    @property
    def loss_probability(self) -> float:
        """Share of draws with a Sharpe ratio that is not above zero; NaN where none has one."""
        ratios = self.samples["sharpe"].dropna()
        return float((ratios <= 0.0).mean()) if len(ratios) else math.nan

    def metric(self, name: str) -> dict[str, float]:
        """Return a metric's row: estimate, low, high, error, draws.

        Raises:
            KeyError: no such metric.
        """
        found = self.frame[self.frame["metric"] == name]
        if found.empty:
            raise KeyError(name)
        return {column: float(found[column].iloc[0]) for column in ("estimate", "low", "high", "error", "draws")}

    def interval(self, name: str) -> tuple[float, float]:
        """Return the low and high end of a metric's interval.

        Raises:
            KeyError: no such metric.
        """
        row = self.metric(name)
        return row["low"], row["high"]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record, without the draws; what has no meaning is None."""
        return {
            "subject": self.subject,
            "method": self.method,
            "block": self.block,
            "runs": self.runs,
            "seed": self.seed,
            "level": self.level,
            "loss_probability": plain(self.loss_probability),
            "synthetic": self.synthetic,
            "metrics": records(self.frame),
        }

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the draws of six ratios as histograms, with estimate and interval."""
        from workbench.backtest import resample_figures  # noqa: PLC0415 - drawing only

        return resample_figures.bootstrap(self)

    def __repr__(self) -> str:
        """Say the interval of the Sharpe ratio."""
        low, high = self.interval("sharpe")
        return f"Bootstrap({self.subject}: Sharpe {look.number(low)} to {look.number(high)} at {self.level:.0%}, {self.runs} {self.method} draws)"

    def _repr_html_(self) -> str:
        below = (
            f"{look.number(self.runs, 0)} {self.method} draws, blocks of {look.number(self.block, 1)} bars, seed {self.seed} · intervals at "
            f"{look.percent(self.level, 0)} · Sharpe not above zero in {look.percent(self.loss_probability)} of the draws · no trial"
        )
        said = self.frame.copy()
        for column in ("estimate", "low", "high", "error"):
            said[column] = [
                look.percent(value) if name in SHARES else look.number(value)
                for name, value in zip(self.frame["metric"], self.frame[column], strict=True)
            ]
        said["metric"] = [name.replace("_", " ") for name in said["metric"]]
        return card(f"{self.subject} · bootstrap", below, said, dict.fromkeys(said.columns[:5], str), synthetic=self.synthetic, most=20)


def bootstrap(
    result: Result,
    *,
    runs: int = 2000,
    block: float | None = None,
    method: str = "stationary",
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Bootstrap:
    """Return intervals of every ratio of ``result``.

    Args:
        result: a backtest.
        runs: draws, 20 or more.
        block: length of the blocks in bars; what the dependence of the returns asks for when not given.
        method: ``stationary`` (random lengths), ``circular`` or ``moving`` (fixed lengths).
        level: share of the draws inside an interval.
        seed: of the draws.
        progress: told now and then.

    Raises:
        InputError: too few draws or bars, a level outside 0 to 1, a block that does not fit, or returns that never change.
        UnknownNameError: no such method.
    """
    chosen = blocks.checked_method(method)
    returns = np.asarray(result.returns, dtype=np.float64)
    _refuse(returns, runs, level)
    length = blocks.optimal_length(returns, chosen) if block is None else blocks.checked_length(block, len(returns))
    indices = (blocks.drawn(chosen, len(returns), length, np.random.default_rng([seed, run])) for run in range(runs))
    samples = replicated(returns, _told(indices, runs, progress), result.bars_per_year)
    samples = samples.join(_of_trades(np.asarray(result.trades["pnl"], dtype=np.float64), runs, seed))
    return Bootstrap(
        subject=f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value}",
        frame=intervals(samples, result.metrics, level),
        samples=samples,
        level=level,
        method=chosen,
        block=length,
        seed=seed,
        synthetic=result.bars.synthetic,
    )


def replicated(returns: NDArray[np.float64], indices: Iterable[NDArray[np.int64]], bars_per_year: float) -> pd.DataFrame:
    """Return the metrics ``OF_RETURNS`` of ``returns[index]`` for each of ``indices``, one row each.

    ``returns`` are simple returns (n,); a return of -1 or less ends the draw with nothing left.
    """
    rows, shapes, bars = [], [], len(returns)
    for index in indices:
        values = returns[index]
        bars = len(values)
        row = np.zeros(t.POINT_SIZE)
        t.tally(np.asarray(np.cumprod(np.maximum(1.0 + values, 0.0)), dtype=np.float64), _START, row)
        rows.append(row)
        shapes.append(_shape(values))
    found = table(np.array(rows), bars, bars_per_year, _START)
    shape = np.array(shapes)
    found |= {"tail_ratio": shape[:, 0], "skew": shape[:, 1], "kurtosis": shape[:, 2]}
    return pd.DataFrame({name: found[name] for name in OF_RETURNS})


def intervals(samples: pd.DataFrame, estimates: Metrics, level: float) -> pd.DataFrame:
    """Return one row a metric: estimate, the percentiles that hold ``level`` of its draws, their deviation and how many have a value.

    Where no more than half of the draws have a value the interval is NaN.
    """
    rows = []
    for name in samples.columns:
        values = samples[name].to_numpy(dtype=np.float64)
        values = values[np.isfinite(values)]
        most = len(values) > 0.5 * len(samples)
        low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0]) if most else (math.nan, math.nan)
        error = float(values.std(ddof=1)) if most else math.nan
        rows.append((name, estimates[name], float(low), float(high), error, len(values)))
    return pd.DataFrame(rows, columns=["metric", "estimate", "low", "high", "error", "draws"])


def _shape(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Tail ratio, skew and kurtosis; NaN without variance."""
    centred = values - values.mean()
    squared = centred * centred
    variance = float(squared.mean())
    if not variance > 0.0:
        return math.nan, math.nan, math.nan
    low, high = np.percentile(values, [5, 95])
    tail = float(high / -low) if low < 0.0 else math.nan
    return tail, float((squared * centred).mean() / variance**1.5), float((squared * squared).mean() / variance**2)


def _of_trades(profits: NDArray[np.float64], runs: int, seed: int) -> pd.DataFrame:
    """Win rate, profit factor and expectancy of trades drawn with replacement, one row a draw; NaN without trades."""
    found = np.full((runs, len(OF_TRADES)), np.nan)
    for run in range(runs if len(profits) else 0):
        drawn = profits[np.random.default_rng([seed, run, 1]).integers(0, len(profits), len(profits))]
        lost = -float(drawn[drawn <= 0.0].sum())
        won = float(drawn[drawn > 0.0].sum())
        found[run] = (drawn > 0.0).mean(), won / lost if lost > 0.0 else math.nan, drawn.mean()
    return pd.DataFrame(found, columns=list(OF_TRADES))


def _told(indices: Iterable[NDArray[np.int64]], runs: int, progress: Progress) -> Iterable[NDArray[np.int64]]:
    for run, index in enumerate(indices):
        if run % _TELL == 0:
            progress.at(run, runs, "bootstrap")
        yield index
    progress.at(runs, runs, "bootstrap done")


def _refuse(returns: NDArray[np.float64], runs: int, level: float) -> None:
    if runs < _FEWEST_RUNS or not 0.0 < level < 1.0:
        message = f"a bootstrap needs {_FEWEST_RUNS} draws or more and a level between 0 and 1, not runs={runs} and level={level}"
        raise InputError(message)
    if len(returns) < _FEWEST_BARS or not np.ptp(returns) > 0.0:
        message = (
            f"{len(returns)} returns without variance say nothing when drawn again; use a run that trades, on {_FEWEST_BARS} bars or more"
        )
        raise InputError(message)
