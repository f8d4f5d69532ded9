"""The shape of the gates above PAPER: one field of the track record, *not yet* until something writes it.

Questions, thresholds and directions are fixed in the gates; what writes the evidence (divergence, shadow fills, drills,
signatures) comes with later parts of the bench. Until then no bot passes: fail closed.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class RecordGate(Gate):
    """Holds one number of the track record against the threshold."""

    field: ClassVar[str]
    missing: ClassVar[str]
    grows: ClassVar[bool] = False

    @abstractmethod
    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""

    def due(self, value: float) -> str:  # noqa: ARG002 - gates that can tell override it
        """Return when a growing number could reach the threshold; empty where nobody can say."""
        return ""

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the record alone decides
        """Return the verdict on the record's field; a number that grows with time is *not yet* rather than failed."""
        value = None if record is None else getattr(record, self.field)
        if record is None or value is None:
            return self.verdict("not_yet", "no record yet", record.record_hash if record else "", missing=self.missing)
        number = float(value)
        if self.grows and not self.holds(number):
            return self.verdict("not_yet", self.words(number), record.record_hash, value=number, missing=self.missing, due=self.due(number))
        return self.compared(number, self.words(number), record.record_hash)
