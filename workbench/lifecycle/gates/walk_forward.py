"""The result holds on folds that the parameters were not chosen on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class WalkForward(Gate):
    """At least this share of the walk-forward's folds holds."""

    name: ClassVar[str] = "walk_forward"
    title: ClassVar[str] = "walk-forward"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the robustness; not yet where no walk-forward was run."""
        if evidence.robustness is None:
            return self.verdict(
                "not_yet", "no walk-forward yet", evidence.evidence_hash, missing="a walk-forward of this strategy: bench.walk_forward"
            )
        held = round(evidence.robustness * evidence.folds)
        words = f"{held} of {evidence.folds} folds hold ({look.percent(evidence.robustness, 0)}), needs {look.percent(self.threshold, 0)}"
        return self.compared(evidence.robustness, words, evidence.evidence_hash)
