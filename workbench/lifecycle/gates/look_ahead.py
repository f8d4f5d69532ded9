"""No decision knew the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class LookAhead(Gate):
    """Decisions stay the same when later bars are taken away."""

    name: ClassVar[str] = "look_ahead"
    title: ClassVar[str] = "no look-ahead"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the truncation proof."""
        words = ("decisions unchanged on truncated bars", "a decision changed when later bars were removed")
        return self.proved(evidence.look_ahead, words, evidence.evidence_hash, "the truncation proof: bench.evidence")
