"""The evidence about the best point of one search, and at which values it convinces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.backtest.evidence.pbo import BlockSums, probability_of_overfitting
from workbench.backtest.evidence.permutation import permutation_test
from workbench.backtest.evidence.sharpe import Moments, deflated_sharpe, null_variance, probabilistic_sharpe
from workbench.backtest.evidence.spa import superior_ability
from workbench.backtest.evidence.track_records import track_records
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.backtest.verification import Thresholds, checked
from workbench.backtest.walkforward import walk_forward

if TYPE_CHECKING:
    import pandas as pd

    from workbench.market import Bars
    from workbench.strategy.strategy import Strategy


@dataclass(frozen=True, kw_only=True)
class Levels:
    """At which value a statistic passes; those of the default promotion policy where it has one."""

    probabilistic_sharpe: float = 0.95
    deflated_sharpe: float = 0.9
    overfitting: float = 0.5
    walk_forward: float = 0.6
    p_value: float = 0.05


LEVELS = Levels()


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a study looks at, and how hard."""

    walk_forward: Literal["all", "candidates", "none"] = "all"
    """Five anchored folds of each search; of ``candidates`` only, which pass all other gates with one trial counted (the gates together come out the same, and
    walk-forward alone has no rate then); or of none."""
    superior_ability: bool = True
    """SPA and reality check over each search's points, 500 resamples."""
    permutations: int = 0
    """Shuffled markets for the best point of each search; 0 for none."""
    repeated: bool = False
    """Repeat the whole search on every shuffled market."""
    levels: Levels = LEVELS
    """At which values statistics pass."""
    thresholds: Thresholds | None = None
    """What verification asks; the settings' if None."""
    cash: float = 100_000.0
    """Starting money."""


@dataclass(frozen=True, kw_only=True)
class Every:
    """The trials of all searches together."""

    trials: int
    variance: float
    """Of their annual Sharpe ratios."""


class Judged:
    """The evidence about the best point of one search."""

    def __init__(self, bars: Bars, strategy: Strategy, part: pd.DataFrame, sums: BlockSums, options: Options, seed: int) -> None:
        """Run the best of the points, by their Sharpe ratios in ``part``, again."""
        self.bars, self.strategy, self.part, self.sums, self.options, self.seed = bars, strategy, part, sums, options, seed
        names = strategy.program.parameters
        order = np.argsort(-np.nan_to_num(part["sharpe"].to_numpy(), nan=-np.inf), kind="stable")
        self.points = [{name: float(part[name].iloc[place]) for name in names} for place in order]
        self.result = backtest(strategy, bars, cash=options.cash, parameters=self.points[0])

    def row(self, every: Every, idea: str) -> dict[str, Any]:
        """Return everything that was measured."""
        metrics = self.result.metrics
        yearly = self.result.bars_per_year
        moments = Moments.of(self.result.returns.to_numpy())
        own = float(np.nan_to_num(self.part["sharpe"]).var(ddof=1))
        checks = checked(metrics, self.options.thresholds or Thresholds.now())
        levels = self.options.levels
        alone, overfitting = probabilistic_sharpe(moments), probability_of_overfitting(self.sums).pbo
        candidate = all(check.passed for check in checks) and alone >= levels.deflated_sharpe and overfitting <= levels.overfitting
        return {
            "idea": idea,
            "point": self.points[0],
            "sharpe": metrics["sharpe"],
            "trades": metrics["trades"],
            **{f"check {check.title}": check.passed for check in checks},
            "value PSR, not chosen": self._unchosen(),
            "value PSR": alone,
            "value DSR, own": deflated_sharpe(moments, trials=len(self.part), variance=own / yearly),
            "value DSR, all": deflated_sharpe(moments, trials=every.trials, variance=every.variance / yearly),
            "value DSR, null": deflated_sharpe(moments, trials=every.trials, variance=null_variance(moments.observations)),
            "value PBO": overfitting,
            "value walk-forward": self._walked(candidate=candidate),
            **self._tested(),
        }

    def _unchosen(self) -> float:
        first = {name: float(self.part[name].iloc[0]) for name in self.points[0]}
        result = backtest(self.strategy, self.bars, cash=self.options.cash, parameters=first)
        return probabilistic_sharpe(result.returns.to_numpy())

    def _walked(self, *, candidate: bool) -> float:
        if self.options.walk_forward == "none" or (self.options.walk_forward == "candidates" and not candidate):
            return math.nan
        return walk_forward(self.strategy, self.bars, self.points, cash=self.options.cash).robustness

    def _tested(self) -> dict[str, float]:
        found = {"value SPA": math.nan, "value reality check": math.nan, "value permutation": math.nan}
        if self.options.superior_ability:
            records = track_records(self.strategy, self.bars, self.points, cash=self.options.cash)
            tested = superior_ability(records.returns, runs=500, seed=self.seed)
            found |= {"value SPA": tested.consistent, "value reality check": tested.reality_check}
        if self.options.permutations:
            search = self._search if self.options.repeated else None
            tried = permutation_test(self.strategy, self.result, runs=self.options.permutations, search=search, seed=self.seed)
            found["value permutation"] = tried.p_value
        return found

    def _search(self, market: Bars) -> float:
        """The best Sharpe ratio that this search finds on a market."""
        ratios = sweep(self.strategy, market, self.points, cash=self.options.cash).frame["sharpe"].to_numpy()
        return float(np.nanmax(ratios)) if np.isfinite(ratios).any() else 0.0


def passes(frame: pd.DataFrame, levels: Levels, walked: str) -> pd.DataFrame:
    """Return the frame with one boolean column a statistic, and the gates together, once for each count of trials."""
    names = [name for name in frame.columns if name.startswith("check ")]
    frame["five checks"] = frame[names].all(axis=1)
    frame["PSR, not chosen"] = frame["value PSR, not chosen"] >= levels.probabilistic_sharpe
    frame["PSR, chosen"] = frame["value PSR"] >= levels.probabilistic_sharpe
    counts = {
        "1 trial": "value PSR",
        "own trials": "value DSR, own",
        "all trials": "value DSR, all",
        "all trials, null variance": "value DSR, null",
    }
    for count, value in counts.items():
        frame[f"DSR, {count}"] = frame[value] >= levels.deflated_sharpe
    frame["PBO"] = frame["value PBO"] <= levels.overfitting
    held = frame["value walk-forward"] >= levels.walk_forward
    if walked == "all":
        frame["walk-forward"] = held
    for name in ("SPA", "reality check", "permutation"):
        if frame[f"value {name}"].notna().any():
            frame[name] = frame[f"value {name}"] <= levels.p_value
    rest = frame["five checks"] & frame["PBO"] & (held if walked != "none" else True)
    for count in counts:
        frame[f"all gates, {count}"] = rest & frame[f"DSR, {count}"]
    return frame
