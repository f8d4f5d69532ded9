"""Fills cost what the model said they would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.recorded import RecordGate

if TYPE_CHECKING:
    from workbench.lifecycle.gates.verdict import Better


@dataclass(frozen=True, kw_only=True)
class Slippage(RecordGate):
    """Measured slippage is at most so many times the model."""

    name: ClassVar[str] = "slippage"
    title: ClassVar[str] = "slippage against model"
    field: ClassVar[str] = "slippage_ratio"
    missing: ClassVar[str] = "measured slippage of canary orders; nothing writes it in this version"
    better: ClassVar[Better] = "lower"

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{look.number(value)} × the model, at most {self.threshold:g} ×"
