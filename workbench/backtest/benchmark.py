"""A run beside a benchmark: what was earned for what risk that holding did not give.

All figures are on returns from session to session, without a risk-free rate, annualised by the instrument's sessions a year.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.by_session import held_returns, session_returns, sessions_per_year
from workbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.backtest.result import Result

_FEWEST = 3  # sessions in common; fewer give no regression


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """How a run relates to its benchmark; NaN where a figure has no meaning."""

    name: str
    """What it is compared with."""
    sessions: int
    """Sessions in common."""
    total_return: float
    """Of the benchmark, over the sessions in common."""
    cagr: float
    """Of the benchmark."""
    volatility: float
    """Of the benchmark, a year."""
    sharpe: float
    """Of the benchmark, a year."""
    max_drawdown: float
    """Of the benchmark, at session ends, positive."""
    beta: float
    """Slope of the run's returns on the benchmark's."""
    alpha: float
    """Intercept of that regression, a year: mean return that the benchmark does not explain."""
    alpha_t: float
    """t-statistic of alpha (ordinary least squares, independent errors)."""
    correlation: float
    """Between the returns."""
    tracking_error: float
    """Standard deviation of the difference of returns, a year."""
    information_ratio: float
    """Mean difference over tracking error, a year."""
    up_capture: float
    """Mean return in sessions with a rising benchmark over the benchmark's."""
    down_capture: float
    """The same for falling ones."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; what has no meaning is None."""
        return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in asdict(self).items()}


def against(result: Result, benchmark: pd.Series[float] | None = None, *, name: str = "") -> Benchmark:
    """Return the run beside ``benchmark``, by default holding the instrument itself.

    Args:
        result: the run.
        benchmark: simple returns indexed by trade date; only dates that the run has count.
        name: what to call it; the series' own name where empty.

    Raises:
        InputError: fewer than three sessions in common.
    """
    ours, theirs = session_returns(result), held_returns(result) if benchmark is None else benchmark
    called = name or ("buy and hold" if benchmark is None else str(theirs.name or "benchmark"))
    common = ours.index.intersection(theirs.index)
    if len(common) < _FEWEST:
        message = f"only {len(common)} sessions of {called} are those of the run; index its returns by trade date without a zone"
        raise InputError(message)
    run, market = (np.asarray(series.loc[common], dtype=np.float64) for series in (ours, theirs))
    year = sessions_per_year(result)
    curve = np.cumprod(1.0 + market)
    with np.errstate(divide="ignore", invalid="ignore"):
        beta, alpha, alpha_t = _regression(run, market)
        gap = run - market
        error = float(gap.std(ddof=1))
        return Benchmark(
            name=called,
            sessions=len(common),
            total_return=float(curve[-1] - 1.0),
            cagr=float(curve[-1] ** (year / len(common)) - 1.0) if curve[-1] > 0.0 else -1.0,
            volatility=float(market.std(ddof=1)) * math.sqrt(year),
            sharpe=_ratio(float(market.mean()), float(market.std(ddof=1))) * math.sqrt(year),
            max_drawdown=float(np.max(1.0 - curve / np.maximum.accumulate(np.maximum(curve, 1.0)))),
            beta=beta,
            alpha=alpha * year,
            alpha_t=alpha_t,
            correlation=_ratio(float(np.cov(run, market)[0, 1]), float(run.std(ddof=1) * market.std(ddof=1))),
            tracking_error=error * math.sqrt(year),
            information_ratio=_ratio(float(gap.mean()), error) * math.sqrt(year),
            up_capture=_capture(run, market, market > 0.0),
            down_capture=_capture(run, market, market < 0.0),
        )


def _regression(run: Any, market: Any) -> tuple[float, float, float]:  # noqa: ANN401 - float64 arrays
    """Return slope, intercept and its t-statistic."""
    centred = market - market.mean()
    spread = float(centred @ centred)
    if spread <= 0.0:
        return math.nan, math.nan, math.nan
    beta = float(centred @ run) / spread
    alpha = float(run.mean() - beta * market.mean())
    errors = run - alpha - beta * market
    variance = float(errors @ errors) / (len(run) - 2)
    deviation = math.sqrt(variance * (1.0 / len(run) + float(market.mean()) ** 2 / spread))
    return beta, alpha, _ratio(alpha, deviation)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0.0 else math.nan


def _capture(run: Any, market: Any, chosen: Any) -> float:  # noqa: ANN401 - float64 arrays
    return float(run[chosen].mean() / market[chosen].mean()) if chosen.any() else math.nan
