"""The deepest fall of equity stays bearable."""

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
class Drawdown(Gate):
    """The maximum drawdown, a share of the peak, stays below the threshold."""

    name: ClassVar[str] = "drawdown"
    title: ClassVar[str] = "max drawdown"
    better: ClassVar[Better] = "lower"
    strict: ClassVar[bool] = True

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the drawdown, counted positive."""
        value = abs(evidence.metrics["max_drawdown"])
        return self.compared(value, f"{look.percent(value)}, must stay below {look.percent(self.threshold, 0)}", evidence.evidence_hash)
