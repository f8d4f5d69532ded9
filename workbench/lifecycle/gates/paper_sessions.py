"""Enough sessions on paper to meet more than one kind of market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.lifecycle.gates.recorded import RecordGate


@dataclass(frozen=True, kw_only=True)
class PaperSessions(RecordGate):
    """At least so many trading sessions on paper."""

    name: ClassVar[str] = "paper_sessions"
    title: ClassVar[str] = "paper sessions"
    field: ClassVar[str] = "sessions"
    missing: ClassVar[str] = "run the bot on paper; every trading day counts as one session"

    grows: ClassVar[bool] = True

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{value:g} sessions, needs {self.threshold:g}"
