"""The live form decides what the batch form decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Streaming(Gate):
    """Bar by bar the program gives the same signals as over the whole table, to the bit."""

    name: ClassVar[str] = "streaming"
    title: ClassVar[str] = "batch equals stream"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the streaming proof."""
        words = ("equal on every bar", "batch and stream differ")
        return self.proved(evidence.streaming, words, evidence.evidence_hash, "the streaming proof: bench.evidence")
