"""The best of a search, looked at once more: on bars that the search never saw.

1. ``chosen`` walks through the scored trials, best first, and keeps those that earned something with enough trades, whose program is another than that of
   every one kept before, and that hold the same side at most ``OVERLAP`` of the time that either holds anything.
2. Each is run once on the held-out bars (``evaluate.unseen``). That is a trial of its own, and it is counted.
3. ``Candidate.survives`` says whether it holds, by ``LEVELS``: enough trades on both parts; a deflated Sharpe ratio on the training bars with the final
   count of trials; a Sharpe ratio on the held-out bars that is above zero after allowing for as many as ever looked at them: searching again and
   again until something passes there raises that count.

The spread of the trials' ratios in both is that of worthless trials (``null_variance``): a search tries much that loses to its costs, and the distance
of losers from each other says nothing about the luck of the best. ``Candidate.gate`` is the deflated Sharpe ratio with the variance of all counted
trials, as the promotion gate computes it; it is stricter where the ledger holds many losers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.backtest.evidence.sharpe import deflated_sharpe, null_variance
from workbench.backtest.search.objective import moments_of
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from workbench.backtest.ledger import Count
    from workbench.backtest.search.outcome import Outcome
    from workbench.backtest.trial_record import Tried
    from workbench.strategy.spec import StrategySpec

OVERLAP = 0.7
"""Share of the held time that two candidates may have in common."""
_LOOKED_AT = 10
"""Trials whose positions are looked at, for each candidate that is wanted."""


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What a candidate is held against."""

    deflated: float = 0.9
    """Deflated Sharpe ratio on the training bars, as the default promotion policy asks of it."""
    held_out: float = 0.95
    """Deflated Sharpe ratio on the held-out bars, among all that looked at them."""
    held_out_trades: int = 5
    """Closed trades on the held-out bars at least; more where ``min_trades`` is more for bars as many."""


LEVELS = Levels()


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all candidates of a search are judged by."""

    counted: Count
    """The family after everything was counted."""
    bars_per_year: float
    """What ratios are annualised with."""
    verified: int
    """Candidates of this search that were looked at on the held-out bars."""
    looks: int
    """Trials that were ever made on exactly the held-out bars, by whatever search, as far as a ledger knows; these among them."""
    min_trades: int
    """Closed trades on the training bars at least."""
    train: float
    """Share of the bars that the search saw."""
    levels: Levels = LEVELS
    """At which values a candidate holds."""

    @property
    def held_out_trades(self) -> int:
        """Closed trades on the held-out bars at least."""
        return max(self.levels.held_out_trades, math.floor(self.min_trades * (1.0 - self.train) / self.train))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One of the best of a search, verified."""

    number: int
    """Its trial."""
    score: float
    """Its score on the training bars."""
    spec: StrategySpec
    """The strategy."""
    direction: str
    """``long``, ``short`` or ``both``."""
    train: Tried
    """What it did on the training bars."""
    held_out: Tried | None
    """What it did on the held-out bars; None where it could not run there."""
    problem: str
    """Why it could not; empty where it could."""
    overlap: float
    """Most held time that it has in common with a better candidate."""
    ground: Ground
    """What it is judged by."""

    @property
    def strategy(self) -> Strategy:
        """The strategy, ready to be backtested, swept or made a bot."""
        return Strategy(self.spec)

    @cached_property
    def deflated(self) -> float:
        """Probability that the training Sharpe ratio is above what the best of all counted trials would show if all were worthless."""
        return _deflated(self.train, max(1, self.ground.counted.trials), None)

    @cached_property
    def gate(self) -> float:
        """The same with the variance that all counted trials show, as the promotion gate computes it."""
        counted = self.ground.counted
        return _deflated(self.train, max(1, counted.trials), counted.variance_per_bar(self.ground.bars_per_year))

    @cached_property
    def held_out_deflated(self) -> float:
        """Probability that the held-out Sharpe ratio is above what the best of all that were ever looked at there would show if all were worthless."""
        return math.nan if self.held_out is None else _deflated(self.held_out, max(1, self.ground.looks), None)

    @cached_property
    def against(self) -> tuple[str, ...]:
        """What speaks against it, one clause each; nothing where it survives."""
        ground, said = self.ground, []
        if self.held_out is None:
            return (f"it cannot run on the held-out bars: {self.problem}",)
        before, after = (float(tried.metrics["trades"] or 0.0) for tried in (self.train, self.held_out))
        if before < ground.min_trades:
            said.append(f"{before:.0f} trades on the training bars, fewer than {ground.min_trades}")
        if after < ground.held_out_trades:
            said.append(f"{after:.0f} trades on the held-out bars, fewer than {ground.held_out_trades}")
        if not self.deflated >= ground.levels.deflated:
            said.append(
                f"deflated Sharpe ratio {self.deflated:.2f} with {ground.counted.trials:,} trials counted, below {ground.levels.deflated}"
            )
        if not self.held_out_deflated >= ground.levels.held_out:
            what = (
                "no Sharpe ratio on the held-out bars" if math.isnan(self.held_out_deflated) else f"{self.held_out_deflated:.2f} held out"
            )
            said.append(f"{what}, below {ground.levels.held_out}")
        return tuple(said)

    @property
    def survives(self) -> bool:
        """Whether it holds by all levels."""
        return not self.against

    def row(self) -> dict[str, Any]:
        """Return the candidate as a row of a table; Sharpe ratios a year."""
        after = {} if self.held_out is None else self.held_out.metrics
        return {
            "trial": self.number,
            "archetype": self.spec.archetype,
            "direction": self.direction,
            "survives": self.survives,
            "score": self.score,
            "train_sharpe": _number(self.train.metrics, "sharpe"),
            "train_trades": _number(self.train.metrics, "trades"),
            "held_out_sharpe": _number(after, "sharpe"),
            "held_out_trades": _number(after, "trades"),
            "held_out_return": _number(after, "total_return"),
            "held_out_drawdown": _number(after, "max_drawdown"),
            "deflated": self.deflated,
            "held_out_deflated": self.held_out_deflated,
            "gate": self.gate,
            "overlap": self.overlap,
            "strategy": self.spec.name,
        }


def chosen(
    outcomes: Sequence[Outcome], keep: int, min_trades: int, held: Callable[[Outcome], NDArray[np.int8] | None]
) -> list[tuple[Outcome, float]]:
    """Return at most ``keep`` trials, best first, with the most that each has in common with a better one.

    Args:
        outcomes: the trials of the search.
        keep: candidates wanted.
        min_trades: closed trades at least.
        held: gives what a trial held at each close; None where that cannot be said.
    """
    from workbench.backtest.search.evaluate import overlap  # noqa: PLC0415 - the engine loads where something runs

    able = [outcome for outcome in outcomes if outcome.state == "scored" and _earned(outcome, min_trades)]
    found: list[tuple[Outcome, float]] = []
    sides: list[NDArray[np.int8]] = []
    programs: set[str] = set()
    looked_at = 0
    for outcome in sorted(able, key=lambda entry: (-(entry.score or 0.0), entry.number)):
        assert outcome.tried is not None
        if len(found) == keep or looked_at == _LOOKED_AT * keep:
            break
        if outcome.tried.program_hash in programs:
            continue
        mine = held(outcome)
        looked_at += 1
        if mine is None:
            continue
        shared = max([overlap(mine, other) for other in sides], default=0.0)
        if shared <= OVERLAP:
            found.append((outcome, shared))
            sides.append(mine)
            programs.add(outcome.tried.program_hash)
    return found


def _earned(outcome: Outcome, min_trades: int) -> bool:
    assert outcome.tried is not None
    metrics = outcome.tried.metrics
    return (metrics["sharpe"] or 0.0) > 0.0 and (metrics["trades"] or 0.0) >= min_trades


def _deflated(tried: Tried, trials: float, variance: float | None) -> float:
    track = moments_of(tried.metrics)
    if track is None:
        return math.nan
    return deflated_sharpe(track, trials=trials, variance=null_variance(track.observations) if variance is None else variance)


def _number(metrics: Mapping[str, float | None], name: str) -> float:
    value = metrics.get(name)
    return math.nan if value is None else float(value)
