"""What a gate says: pass, fail or not yet, with the number, the threshold and the words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["pass", "fail", "not_yet"]
Better = Literal["higher", "lower", "equal"]
_SEVERITY = {"fail": 0, "not_yet": 1, "pass": 2}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One gate's answer about one body of evidence."""

    gate: str
    """Name of the gate in the policy."""
    title: str
    """What a person calls it."""
    status: Status
    """``pass``, ``fail`` or ``not_yet`` (the evidence is not there)."""
    value: float | None
    """The measured number in the gate's own unit; None where nothing was measured."""
    threshold: float | None
    """The number it is held against, same unit; None for a proof that holds or does not."""
    better: Better
    """Which direction is good; ``equal`` for proofs."""
    words: str
    """Value and threshold as a sentence: ``31 trades, needs 30``."""
    source: str
    """Content hash of the evidence or track record that was read; empty where there is none."""
    missing: str = ""
    """What would have to be there, and how to make it; empty unless ``not_yet``."""
    due: str = ""
    """When it could be there; empty where nobody can say."""

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return self.status == "pass"

    @property
    def fill(self) -> float | None:
        """Return how far the bullet bar is filled, 0 to 1, with the threshold at 2/3; None for proofs and missing values."""
        if self.value is None or self.threshold is None:
            return None
        if self.threshold <= 0:
            return min(1.0, max(0.0, 2 / 3 + self.value / 3))
        return min(1.0, max(0.0, self.value / self.threshold * 2 / 3))

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Verdict:
        """Return the verdict that ``to_dict`` wrote."""
        return cls(**record)


def failures_first(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Return the verdicts with failures first, then the unfinished, then what passed; the policy's order within each."""
    return tuple(sorted(verdicts, key=lambda verdict: _SEVERITY[verdict.status]))
