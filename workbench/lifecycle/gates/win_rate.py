"""How often a trade wins, with the rate at which its payoff would break even beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.backtest.verification import break_even
from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class WinRate(Gate):
    """At least this share of trades wins; the policy may name another share for an archetype."""

    name: ClassVar[str] = "win_rate"
    title: ClassVar[str] = "win rate"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the win rate."""
        rate = evidence.metrics["win_rate"]
        even = break_even(rate, evidence.metrics["profit_factor"])
        beside = f"; breaks even at {look.percent(even)}" if math.isfinite(even) else ""
        return self.compared(rate, f"{look.percent(rate)}, needs {look.percent(self.threshold, 0)}{beside}", evidence.evidence_hash)
