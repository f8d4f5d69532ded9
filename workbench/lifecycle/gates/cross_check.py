"""An independent engine finds the same fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class CrossCheck(Gate):
    """The second engine agrees; where it is not installed the policy decides."""

    allow_absent: bool = False
    """Whether a missing second engine passes."""

    name: ClassVar[str] = "cross_check"
    title: ClassVar[str] = "second engine"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the cross-check."""
        if evidence.cross_check == "absent" and self.allow_absent:
            return self.verdict("pass", "absent, which this policy allows", evidence.evidence_hash)
        proof = {"equal": True, "different": False}.get(evidence.cross_check)
        words = ("equal fills and profit", "the two engines differ")
        return self.proved(proof, words, evidence.evidence_hash, "the second engine: install vectorbt and run the backtest again")
