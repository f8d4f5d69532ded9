"""The risk engine knows its known answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Better, Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class SelfTest(Gate):
    """The risk engine's self-test is green."""

    name: ClassVar[str] = "self_test"
    title: ClassVar[str] = "risk self-test"
    better: ClassVar[Better] = "equal"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the record alone decides
        """Return the verdict on the self-test."""
        green = None if record is None else record.self_test
        words = ("green", "a known answer came out wrong")
        return self.proved(
            green, words, record.record_hash if record else "", "a run of the risk self-test; nothing writes it in this version"
        )
