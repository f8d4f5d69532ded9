"""Choosing the best point of a sweep is not choosing the luckiest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Overfitting(Gate):
    """The probability of backtest overfitting (CSCV) is at most the threshold."""

    name: ClassVar[str] = "overfitting"
    title: ClassVar[str] = "overfitting (PBO)"
    better: ClassVar[Better] = "lower"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on PBO; not yet where no sweep was run."""
        if evidence.pbo is None:
            return self.verdict("not_yet", "no sweep yet", evidence.evidence_hash, missing="a sweep around these parameters: bench.sweep")
        words = f"{look.number(evidence.pbo)} over {evidence.pbo_trials:,} points, at most {look.number(self.threshold)}"
        return self.compared(evidence.pbo, words, evidence.evidence_hash)
