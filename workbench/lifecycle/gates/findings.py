"""The validators found nothing that blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


BLOCKING = frozenset({"SEV-0", "SEV-1"})


@dataclass(frozen=True, kw_only=True)
class Findings(Gate):
    """No finding of SEV-0 or SEV-1 stands against the strategy."""

    name: ClassVar[str] = "findings"
    title: ClassVar[str] = "validators"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the findings of the validators."""
        blocking = [finding for finding in evidence.findings if finding["severity"] in BLOCKING]
        if not blocking:
            noted = len(evidence.findings)
            return self.verdict("pass", f"nothing blocks{f', {noted} noted' if noted else ''}", evidence.evidence_hash)
        words = "; ".join(f"{finding['severity']} {finding['code']}: {finding['message']}" for finding in blocking)
        return self.verdict("fail", words, evidence.evidence_hash)
