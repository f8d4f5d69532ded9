"""What a candidate is worth: how far its Sharpe ratio is above what the best of so many worthless ones would show.

1. ``Hurdle``: the expected maximum Sharpe ratio of all trials that the family counted before, and of this search's whole budget. Both are known when the
   search starts, so the hurdle does not move while it runs and the first candidate is judged like the last.
2. ``score``: the distance of the Sharpe ratio (a bar's) from the hurdle in its own standard errors, which is the z of the deflated Sharpe ratio [1].
   Fewer closed trades than ``min_trades`` cost up to ``PENALTY`` standard errors, in proportion to what is missing: few trades are one lucky bar.
   A candidate without a Sharpe ratio (it never traded) has no score.

The spread of the trials' ratios is the family's own, but never taken for less than ``null_variance``, what the ratios of worthless trials scatter by if
each is estimated from as many bars: an empty or a narrow ledger must not make the hurdle low.

Source: [1] D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014, equations 1 and 2.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.backtest.evidence.sharpe import PAPERS, Moments, expected_max_sharpe, null_variance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.ledger import Count

PENALTY = 5.0
"""Standard errors that a candidate loses for having no closed trade at all."""


@dataclass(frozen=True, kw_only=True)
class Hurdle:
    """The Sharpe ratio that chance explains; fixed for a whole search."""

    before: int
    """Distinct trials of the family before the search."""
    budget: int
    """Trials that the search may add."""
    variance: float
    """Of the trials' Sharpe ratios per bar, the floor applied."""
    min_trades: int
    """Closed trades below which a candidate is penalised."""

    @classmethod
    def of(cls, count: Count | None, *, budget: int, bars: int, bars_per_year: float, min_trades: int) -> Hurdle:
        """Return the hurdle of a search of ``budget`` trials on ``bars`` training bars, in a family that ``count`` tells of.

        Raises:
            InputError: fewer than two bars.
        """
        floor = null_variance(bars)
        found = floor if count is None else max(floor, count.variance_per_bar(bars_per_year))
        return cls(before=0 if count is None else count.trials, budget=budget, variance=found, min_trades=min_trades)

    @property
    def sharpe(self) -> float:
        """The Sharpe ratio per bar that the best of all these trials is expected to show by chance."""
        return expected_max_sharpe(self.before + self.budget, self.variance)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)


def score(metrics: Mapping[str, float | None], hurdle: Hurdle) -> float | None:
    """Return the score of what was measured (``Metrics.to_dict``), None where there is no Sharpe ratio."""
    track = moments_of(metrics)
    if track is None:
        return None
    distance = standard_errors(track, hurdle.sharpe)
    missing = max(0.0, 1.0 - (metrics["trades"] or 0.0) / hurdle.min_trades)
    return distance - PENALTY * missing


def moments_of(metrics: Mapping[str, float | None]) -> Moments | None:
    """Return the moments in what was measured, None where one has no meaning."""
    named = {"sharpe": metrics.get("sharpe_per_bar"), "skew": metrics.get("skew"), "kurtosis": metrics.get("kurtosis")}
    observations = metrics.get("observations")
    if observations is None or observations < 2 or not all(value is not None and math.isfinite(value) for value in named.values()):  # noqa: PLR2004
        return None
    return Moments(observations=int(observations), **{name: float(value or 0.0) for name, value in named.items()})


def standard_errors(track: Moments, benchmark: float) -> float:
    """Return how far the Sharpe ratio is above ``benchmark``, in standard errors of its estimate."""
    spread = max(PAPERS.spread(track), 1e-12)
    return (track.sharpe - benchmark) * math.sqrt(track.observations - PAPERS.lost) / math.sqrt(spread)
