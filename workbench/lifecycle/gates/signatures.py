"""People put their name to real money: one for CANARY, two different ones for LIVE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Signatures(Gate):
    """Enough different people signed the sealed evidence."""

    name: ClassVar[str] = "signatures"
    title: ClassVar[str] = "signatures"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the record alone decides
        """Return the verdict on the number of signatures; without a way to sign there are none."""
        needed = f"{self.threshold:g} {'person' if self.threshold == 1 else 'people'}"
        count = None if record is None else record.signatures
        if record is None or not count:
            missing = "signing does not exist in this version, so no bot may trade real money"
            return self.verdict(
                "not_yet", f"0 signatures, needs {needed}", record.record_hash if record else "", value=0.0, missing=missing
            )
        return self.compared(float(count), f"{count} signatures, needs {needed}", record.record_hash)
