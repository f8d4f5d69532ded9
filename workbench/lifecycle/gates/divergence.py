"""Paper and its replay differ only for reasons that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.recorded import RecordGate

if TYPE_CHECKING:
    from workbench.lifecycle.gates.verdict import Better


@dataclass(frozen=True, kw_only=True)
class Divergence(RecordGate):
    """The unexplained share of the gap between paper and replay stays small."""

    name: ClassVar[str] = "divergence"
    title: ClassVar[str] = "unexplained divergence"
    field: ClassVar[str] = "unexplained"
    missing: ClassVar[str] = "the divergence report of paper days; nothing writes it in this version"
    better: ClassVar[Better] = "lower"

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{look.percent(value)} unexplained, at most {look.percent(self.threshold, 0)}"
