"""What came of a run, and what stands on the pages: the record that faces show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.backtest.ledger import family_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.evidence import Evidence
    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.verification import Verification
    from workbench.backtest.walkforward import WalkForward
    from workbench.lifecycle.gates import Verdict
    from workbench.widgets.backtest.form import Ticket


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What a run gave."""

    ticket: Ticket
    """What was asked."""
    before: int
    """Trials of the family before."""
    after: int
    """Trials of the family after."""
    interrupted: bool = False
    """Whether a person stopped it; what was finished is here and counted."""
    result: Result | None = None
    """The single run; of a sweep the one at its best point, or at the point that was opened."""
    sweep: SweepResult | None = None
    """All points."""
    walk: WalkForward | None = None
    """All folds."""
    evidence: Evidence | None = None
    """What the gates of LAB read, with every statistic that was looked at."""
    hurried: bool = False
    """Whether a person stopped it before the tests that take seconds; the evidence then says that they were not looked at."""
    verdicts: tuple[Verdict, ...] = ()
    """What the gates of LAB would say about a bot with this evidence."""
    verification: Verification | None = None
    """The five questions about the single run."""
    at: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Values at which the single run was made, brackets and size among them where they were varied."""
    point: str = ""
    """Which point of a sweep the single run is, in words; empty where it was asked for as it is."""

    @property
    def synthetic(self) -> bool:
        """Whether the bars are made up."""
        return self.ticket.bars.synthetic

    @property
    def subject(self) -> str:
        """Strategy, instrument and bar length."""
        bars = self.ticket.bars
        return f"{self.ticket.strategy.name} · {bars.instrument.symbol} {bars.timeframe.value}"

    @property
    def shown(self) -> str:
        """The subject with the values of the single run."""
        values = " ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in self.at.items())
        return " · ".join(part for part in (self.subject, self.point, values) if part)

    @property
    def counted(self) -> str:
        """What the run did to the trial count, in words."""
        added, family = self.after - self.before, family_of(self.ticket.strategy.spec)
        new = f"{added:,} new trial{'' if added == 1 else 's'} counted" if added else "No new trial: all of it was counted before"
        stopped = "Stopped; what was finished is kept and counted. " if self.interrupted else ""
        return f"{stopped}{new}; family {family} has {self.after:,}."
