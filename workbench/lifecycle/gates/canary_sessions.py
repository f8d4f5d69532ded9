"""Enough sessions with a tenth of the size in real money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.lifecycle.gates.recorded import RecordGate


@dataclass(frozen=True, kw_only=True)
class CanarySessions(RecordGate):
    """At least so many sessions at canary size."""

    name: ClassVar[str] = "canary_sessions"
    title: ClassVar[str] = "canary sessions"
    field: ClassVar[str] = "canary_sessions"
    missing: ClassVar[str] = "sessions in CANARY; no bot can enter it in this version"

    grows: ClassVar[bool] = True

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{value:g} sessions, needs {self.threshold:g}"
