"""Enough days of simulated fills on live quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.lifecycle.gates.recorded import RecordGate


@dataclass(frozen=True, kw_only=True)
class ShadowDays(RecordGate):
    """At least so many days in shadow."""

    name: ClassVar[str] = "shadow_days"
    title: ClassVar[str] = "shadow days"
    field: ClassVar[str] = "shadow_days"
    missing: ClassVar[str] = "shadow fills on live quotes; nothing writes them in this version"

    grows: ClassVar[bool] = True

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{value:g} days, needs {self.threshold:g}"
