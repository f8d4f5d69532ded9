"""A positive Sharpe ratio after costs."""

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
class Sharpe(Gate):
    """The annualised Sharpe ratio exceeds the threshold."""

    name: ClassVar[str] = "sharpe"
    title: ClassVar[str] = "Sharpe ratio"
    strict: ClassVar[bool] = True

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the Sharpe ratio."""
        value = evidence.metrics["sharpe"]
        return self.compared(value, f"{look.number(value)}, needs more than {self.threshold:g}", evidence.evidence_hash)
