"""The inputs still look like those of the backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.recorded import RecordGate

if TYPE_CHECKING:
    from workbench.lifecycle.gates.verdict import Better


@dataclass(frozen=True, kw_only=True)
class Drift(RecordGate):
    """No feature drifts beyond the threshold, in standard deviations."""

    name: ClassVar[str] = "drift"
    title: ClassVar[str] = "feature drift"
    field: ClassVar[str] = "drift_sigma"
    missing: ClassVar[str] = "drift readings of the features; nothing writes them in this version"
    better: ClassVar[Better] = "lower"

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{look.number(value, 1)} σ, at most {self.threshold:g} σ"
