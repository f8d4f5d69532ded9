"""Does the evidence work? Random searches on bars with nothing to find must be rejected, and a planted edge must be found.

1. A *search* is what a researcher does: one idea of a fixed list, ``points`` random parameter values for it, and the best Sharpe ratio of them is shown. ``random_searches``
   draws many, from a seed.
2. ``study`` runs all points of all searches by the packed sweep, a sweep an idea, and gathers the evidence for the best point of each search: the five checks of
   verification, probabilistic and deflated Sharpe ratios, overfitting, walk-forward, SPA and reality check, and permutation where asked for.
3. The deflated Sharpe ratio is computed with three counts: 1 (what somebody admits who shows only the winner), the search's own points, and the points of all searches together,
   which is what the trial ledger counts; and for the last also with the variance that worthless trials would have (``null_variance``) in the place of the one that
   all trials show, which is inflated where some of them lose to costs or have an edge. ``PSR, not chosen`` is the first point drawn of each search: no selection, so
   it passes as often as its level says where nothing is to be earned or lost.
4. ``Study.rates`` says how many searches pass each statistic at its usual level, and all LAB gates that are numbers together, with a 95 % interval (Wilson [1]).
   Look-ahead, streaming and cross-check hold for compiled rules by construction and are not repeated here.
5. All searches on one market share its luck: if it happens to fall, everything that sells looks good. ``pooled`` puts studies of several markets together; its
   intervals count the searches of one market as fewer by the design effect, as far as markets differ from each other.

On bars without an edge every pass is a false positive. Real bars drift: a strategy that is long can earn the drift without any timing, so a pass there need not be false;
shuffled real bars (``permutation.shuffled``) keep the drift and nothing else.

Source: [1] E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American Statistical Association 22, 1927.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.evidence import drawing
from workbench.backtest.study.judged import Every, Judged, Options, passes
from workbench.backtest.study.searches import swept
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from workbench.backtest.study.searches import Search
    from workbench.market import Bars
    from workbench.portfolio import Costs
    from workbench.progress import Progress

_CONFIDENCE = 1.959963984540054  # normal quantile of 97.5 %


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """How often evidence was convinced."""

    frame: pd.DataFrame
    """One row a search: market (its number), idea, parameters, what was measured for its best point, and one column a statistic, True where it passes."""
    rates: pd.DataFrame
    """One row a statistic: statistic, passed, of, rate, low, high (95 % interval)."""
    trials: int
    """Points of all searches on a market: what a ledger counts."""
    markets: int
    """Markets that were searched."""
    subject: str
    """Bars it was run on."""
    synthetic: bool
    """True where they are made up."""

    def rate(self, statistic: str) -> float:
        """Return the share of searches that pass ``statistic``."""
        return float(self.rates.loc[self.rates["statistic"] == statistic, "rate"].iloc[0])

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        named = {row.statistic: row for row in self.rates.itertuples()}
        said = [
            f"{named[name].passed:.0f} pass all gates with {what} ({named[name].rate:.1%}, {named[name].low:.1%} to {named[name].high:.1%})"
            for name, what in (("all gates, 1 trial", "1 trial counted"), ("all gates, all trials", f"all {self.trials:,} counted"))
        ]
        where = self.subject if self.markets == 1 else f"{self.markets} markets such as {self.subject}"
        return f"of {len(self.frame):,} searches on {where} " + " and ".join(said)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the share of searches that pass each statistic."""
        return drawing.columns(self.rates["statistic"].tolist(), self.rates["rate"].tolist(), title=self.words, of="share that passes")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record of the rates."""
        return drawing.recorded({"subject": self.subject, "trials": self.trials, "rates": self.rates.to_dict("records")})

    def _repr_html_(self) -> str:
        return drawing.card("How often evidence is convinced", self.words, self.rates, synthetic=self.synthetic)


def study(
    bars: Bars,
    searches: Iterable[Search],
    *,
    costs: Costs | None = None,
    options: Options | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Study:
    """Return how often the evidence about the best point of each search is convincing.

    Args:
        bars: what is searched.
        searches: as ``random_searches`` makes them, or planted ones.
        costs: of all strategies; the instrument's own if None.
        options: what is looked at.
        seed: of resamples and shuffles.
        progress: told after each search.

    Raises:
        InputError: no search, or too few bars.
    """
    listed = list(searches)
    if not listed:
        message = "a study needs a search; make some with random_searches(1000)"
        raise InputError(message)
    chosen = options or Options()
    runs = swept(bars, listed, costs, chosen.cash)
    ratios = np.concatenate([np.nan_to_num(part["sharpe"]) for _strategy, part, _sums in runs])
    every = Every(trials=len(ratios), variance=float(ratios.var(ddof=1)))
    rows = []
    for number, (strategy, part, sums) in enumerate(runs):
        rows.append(Judged(bars, strategy, part, sums, chosen, seed + number).row(every, listed[number].idea.name))
        progress.at(number + 1, len(listed), "study")
    frame = passes(pd.DataFrame(rows).assign(market=0), chosen.levels, chosen.walk_forward)
    return Study(frame=frame, rates=rates(frame), trials=every.trials, markets=1, subject=_subject(bars), synthetic=bars.synthetic)


def pooled(studies: Sequence[Study]) -> Study:
    """Return several studies as one; trials are counted within each market.

    Raises:
        InputError: no study.
    """
    if not studies:
        message = "there is no study to pool"
        raise InputError(message)
    frame = pd.concat([entry.frame.assign(market=number) for number, entry in enumerate(studies)], ignore_index=True)
    return Study(
        frame=frame,
        rates=rates(frame),
        trials=max(entry.trials for entry in studies),
        markets=len(studies),
        subject=studies[0].subject,
        synthetic=any(entry.synthetic for entry in studies),
    )


def rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows of ``frame`` are True in each boolean column, with a 95 % Wilson interval over as many searches as they are worth."""
    rows = []
    for name in frame.columns:
        if frame[name].dtype != np.bool_:
            continue
        share = float(frame[name].mean())
        worth = len(frame) / _design_effect(frame[name].to_numpy(), frame["market"].to_numpy())
        low, high = wilson(share * worth, worth)
        rows.append({"statistic": name, "passed": int(frame[name].sum()), "of": len(frame), "rate": share, "low": low, "high": high})
    return pd.DataFrame(rows)


def _design_effect(passed: NDArray[np.bool_], market: NDArray[np.int64]) -> float:
    """How many times the variance of the share is that of independent searches, from the differences between markets; at least 1."""
    count, share = int(market.max()) + 1, float(passed.mean())
    if count == 1 or share in {0.0, 1.0}:
        return 1.0
    apart = np.bincount(market, weights=passed - share, minlength=count)
    variance = float(np.sum(apart**2)) * count / (count - 1) / len(passed) ** 2
    return max(1.0, variance * len(passed) / (share * (1.0 - share)))


def wilson(passed: float, of: float) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share ([1])."""
    share, square = passed / of, _CONFIDENCE**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _CONFIDENCE / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _subject(bars: Bars) -> str:
    return f"{bars.instrument.symbol} {bars.timeframe.value}, {len(bars):,} bars"
