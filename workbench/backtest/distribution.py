"""How the returns of a run are spread, and how its trades went: the figures behind the headline.

Returns are from session to session. Value at risk and expected shortfall are historical, at 95 %, positive numbers for losses.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.by_session import grouped, session_returns
from workbench.backtest.curves import drawdown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

_TAIL = 0.05


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The spread of returns and trades; NaN where a figure has no meaning. Shares are fractions, money in the instrument's currency."""

    best_session: float
    worst_session: float
    best_month: float
    worst_month: float
    best_year: float
    worst_year: float
    positive_sessions: float
    """Share of the sessions with any change of equity that gained."""
    positive_months: float
    """Share of months that gained, months without any change left out."""
    positive_years: float
    value_at_risk: float
    """Loss that 95 % of sessions do not exceed."""
    expected_shortfall: float
    """Mean loss of the worst 5 % of sessions."""
    omega: float
    """Sum of gains over sum of losses, session by session. Source: Keating and Shadwick (2002), threshold zero."""
    gain_to_pain: float
    """Sum of monthly returns over the sum of monthly losses. Source: Schwager, Hedge Fund Market Wizards (2012)."""
    ulcer_index: float
    """Root mean square drawdown over all bars. Source: Martin and McCann (1989)."""
    recovery_factor: float
    """Total return over the largest drawdown."""
    payoff: float
    """Mean winning over mean losing trade."""
    kelly: float
    """Share of equity that maximises growth, were trades independent bets with these odds. Source: Kelly (1956)."""
    average_win: float
    average_loss: float
    """Negative."""
    best_trade: float
    worst_trade: float
    longest_win: float
    """Most winning trades in a row."""
    longest_loss: float
    """Most losing trades in a row."""
    bars_held: float
    """Mean number of bars of a trade."""
    bars_won: float
    """The same for winning trades."""
    bars_lost: float
    """The same for losing trades."""

    def to_dict(self) -> dict[str, float | None]:
        """Return a JSON record; what has no meaning is None."""
        return {name: value if math.isfinite(value) else None for name, value in asdict(self).items()}


def distribution(result: Result) -> Distribution:
    """Return how the returns and trades of ``result`` are spread."""
    returns = session_returns(result)
    months, years = grouped(returns, "M"), grouped(returns, "Y")
    values = np.asarray(returns, dtype=np.float64)
    tail = np.sort(values)[: max(1, math.ceil(_TAIL * len(values)))]
    drops = np.asarray(drawdown(result.equity), dtype=np.float64)
    monthly = np.asarray(months, dtype=np.float64)
    return Distribution(
        best_session=float(values.max()),
        worst_session=float(values.min()),
        best_month=float(months.max()),
        worst_month=float(months.min()),
        best_year=float(years.max()),
        worst_year=float(years.min()),
        positive_sessions=_share(values),
        positive_months=_share(monthly),
        positive_years=_share(np.asarray(years, dtype=np.float64)),
        value_at_risk=-float(np.quantile(values, _TAIL)),
        expected_shortfall=-float(tail.mean()),
        omega=_over(float(values[values > 0.0].sum()), -float(values[values < 0.0].sum())),
        gain_to_pain=_over(float(monthly.sum()), -float(monthly[monthly < 0.0].sum())),
        ulcer_index=math.sqrt(float(np.mean(drops * drops))),
        recovery_factor=_over(result.metrics.total_return, result.metrics.max_drawdown),
        **_trades(result),
    )


def _trades(result: Result) -> dict[str, float]:
    profits = result.trades["pnl"].to_numpy(dtype=np.float64)
    bars = result.trades["bars"].to_numpy(dtype=np.float64)
    won, lost = profits > 0.0, profits <= 0.0
    payoff = _over(_mean(profits[won]), -_mean(profits[lost]))
    rate = float(won.mean()) if len(profits) else math.nan
    return {
        "payoff": payoff,
        "kelly": rate - (1.0 - rate) / payoff if payoff > 0.0 else math.nan,
        "average_win": _mean(profits[won]),
        "average_loss": _mean(profits[lost]),
        "best_trade": float(profits.max()) if len(profits) else math.nan,
        "worst_trade": float(profits.min()) if len(profits) else math.nan,
        "longest_win": float(longest_run(won)),
        "longest_loss": float(longest_run(lost)),
        "bars_held": _mean(bars),
        "bars_won": _mean(bars[won]),
        "bars_lost": _mean(bars[lost]),
    }


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Return the most True values in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _share(values: NDArray[np.float64]) -> float:
    moved = values[values != 0.0]
    return float((moved > 0.0).mean()) if len(moved) else math.nan


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else math.nan


def _over(above: float, below: float) -> float:
    return above / below if below > 0.0 else math.nan
