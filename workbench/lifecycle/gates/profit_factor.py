"""What was won over what was lost."""

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
class ProfitFactor(Gate):
    """Gross profit over gross loss reaches the threshold."""

    name: ClassVar[str] = "profit_factor"
    title: ClassVar[str] = "profit factor"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the profit factor; without a losing trade it is infinite and passes."""
        value = evidence.metrics["profit_factor"]
        return self.compared(value, f"{look.number(value)}, needs {look.number(self.threshold)}", evidence.evidence_hash)
