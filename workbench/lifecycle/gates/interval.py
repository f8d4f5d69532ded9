"""Paper results lie where the backtest said they would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Interval(Gate):
    """The paper result lies inside the backtest's bootstrap interval."""

    name: ClassVar[str] = "interval"
    title: ClassVar[str] = "inside the backtest's interval"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the record alone decides
        """Return the verdict on the interval."""
        inside = None if record is None else record.inside_interval
        words = ("inside the interval", "outside the interval")
        return self.proved(
            inside, words, record.record_hash if record else "", "the interval of the replayed days; nothing writes it in this version"
        )
