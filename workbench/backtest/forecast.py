"""What a run will cost: how many trials it adds to its family, told before anybody runs it.

1. ``Plan`` says what is to be evaluated: one point, a grid, walk-forward folds, or all of them.
2. ``forecast`` names every trial the way the ledger does and leaves out those it knows. What a walk-forward tests out of sample depends on what it
   chooses, so its folds are counted as *perhaps*: the answer is then a range.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.backtest.engine.rules import fill_rules
from workbench.backtest.ledger import family_of, identities
from workbench.backtest.run import in_session, program_hash_of
from workbench.backtest.sweep import Axes
from workbench.backtest.sweep import Plan as Points
from workbench.backtest.walkforward import fold_edges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.backtest.ledger import Ledger
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy

MOST_NAMED = 20_000
"""Trials beyond which they are only counted, not named: naming takes ten microseconds each."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be evaluated on some bars."""

    cash: float
    """Starting money."""
    single: Mapping[str, float] | None = None
    """Parameters of a single backtest; None runs none."""
    points: Sequence[Mapping[str, float]] = field(default=())
    """Points of a sweep over all bars."""
    folds: int = 0
    """Walk-forward folds over ``fold_points``; 0 walks none."""
    fold_points: Sequence[Mapping[str, float]] = field(default=())
    """Points of each fold."""
    anchored: bool = True
    """Whether folds train on everything before them."""
    train: int = 2
    """Stretches before the first one tested."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a plan adds to its family."""

    family: str
    """The family."""
    before: int
    """Trials counted so far."""
    least: int
    """Trials it adds at least."""
    most: int
    """Trials it adds at most."""

    def __str__(self) -> str:
        """Say it in a sentence."""
        if self.most == 0:
            return f"nothing new: every trial of this run is counted already; family {self.family} stays at {self.before:,}"
        some = (
            f"{self.least:,}" if self.least == self.most else f"{self.least:,} to {self.most:,}" if self.least else f"at most {self.most:,}"
        )
        after = self.before + self.most
        total = f"{after:,}" if self.least == self.most else f"up to {after:,}"
        return f"this run adds {some} trial{'' if self.most == 1 else 's'}; family {self.family} then has {total} ({self.before:,} now)"


def forecast(ledger: Ledger, strategy: Strategy, bars: Bars, plan: Plan) -> Forecast:
    """Return how many distinct trials ``plan`` would add; nothing is run or stored.

    Raises:
        InputError: the bars are too few for the folds.
    """
    family = family_of(strategy.spec)
    before = ledger.count(family).trials
    whole = [*([plan.single] if plan.single is not None else []), *plan.points]
    total = len(whole) + plan.folds * len(plan.fold_points)
    edges: Sequence[int] = fold_edges(bars, plan.folds, plan.train).tolist() if plan.folds else ()
    if total > MOST_NAMED:
        return Forecast(family=family, before=before, least=0, most=total + plan.folds)
    added = _fresh(ledger, strategy, bars, whole, plan.cash)
    for number in range(plan.folds):
        first, last = 0 if plan.anchored else edges[number], edges[number + plan.train]
        added += _fresh(ledger, strategy, bars.slice(first, last), plan.fold_points, plan.cash)
    return Forecast(family=family, before=before, least=added, most=added + plan.folds)


def _fresh(ledger: Ledger, strategy: Strategy, bars: Bars, points: Sequence[Mapping[str, float]], cash: float) -> int:
    if not points:
        return 0
    known, plan = in_session(bars, strategy.spec.session_mode), Points.listed(points)
    axes = Axes.of(strategy, known.instrument, fill_rules(strategy.spec, known.instrument, cash), plan)
    program = program_hash_of(strategy)
    ids = identities(strategy.spec, program, known.dataset_hash, axes, axes.complete(plan, 0, len(plan)))
    return ledger.unseen(program, known.dataset_hash, ids)
