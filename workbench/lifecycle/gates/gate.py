"""The shape of a gate: a pure function of evidence (and, above PAPER, of a track record) that gives a verdict."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.verdict import Better, Status, Verdict

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class Gate(ABC):
    """One question that must be answered before a bot moves up.

    A gate reads nothing but its arguments, so the same evidence always gets the same verdict and anyone can ask again.
    """

    threshold: float | None = None
    """The number of the policy, in the gate's own unit; None for proofs."""

    name: ClassVar[str]
    title: ClassVar[str]
    better: ClassVar[Better] = "higher"
    strict: ClassVar[bool] = False

    @abstractmethod
    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:
        """Return the verdict on ``evidence`` and, for stages above PAPER, on the ``record`` of the present stage."""

    def holds(self, value: float) -> bool:
        """Whether ``value`` is on the good side of the threshold; NaN never is."""
        limit = self.threshold
        if limit is None or math.isnan(value):
            return False
        if self.better == "higher":
            return value > limit if self.strict else value >= limit
        return value < limit if self.strict else value <= limit

    def verdict(self, status: Status, words: str, source: str, *, value: float | None = None, missing: str = "", due: str = "") -> Verdict:
        """Return a verdict of this gate."""
        kept = value if value is not None and math.isfinite(value) else None
        return Verdict(
            gate=self.name,
            title=self.title,
            status=status,
            value=kept,
            threshold=self.threshold,
            better=self.better,
            words=words,
            source=source,
            missing=missing,
            due=due,
        )

    def compared(self, value: float, words: str, source: str) -> Verdict:
        """Return pass or fail by comparing ``value`` with the threshold."""
        return self.verdict("pass" if self.holds(value) else "fail", words, source, value=value)

    def proved(self, proof: bool | None, words: tuple[str, str], source: str, missing: str) -> Verdict:  # noqa: FBT001 - a proof is a boolean
        """Return the verdict on a proof: ``words`` are those for a proof that holds and one that does not; None is not yet."""
        if proof is None:
            return self.verdict("not_yet", "not proved yet", source, missing=missing)
        return self.verdict("pass" if proof else "fail", words[0] if proof else words[1], source)
