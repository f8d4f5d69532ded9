"""Enough trades to say anything: fewer than about thirty and every other number is luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Trades(Gate):
    """At least so many closed trades in the backtest of record."""

    name: ClassVar[str] = "trades"
    title: ClassVar[str] = "trades"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the number of trades."""
        count = int(evidence.metrics["trades"])
        return self.compared(count, f"{count} trades, needs {self.threshold:g}", evidence.evidence_hash)
