"""Somebody proved lately that the bench recovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.lifecycle.gates.recorded import RecordGate

if TYPE_CHECKING:
    from workbench.lifecycle.gates.verdict import Better


@dataclass(frozen=True, kw_only=True)
class RecoveryDrill(RecordGate):
    """The last recovery drill is at most so many days old."""

    name: ClassVar[str] = "recovery_drill"
    title: ClassVar[str] = "recovery drill"
    field: ClassVar[str] = "drill_age_days"
    missing: ClassVar[str] = "a recovery drill; nothing writes it in this version"
    better: ClassVar[Better] = "lower"

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{value:.0f} days old, at most {self.threshold:g}"
