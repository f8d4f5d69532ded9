"""The bot does no harm against its own replay: the anytime-valid test blocks, it need not prove superiority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench import look
from workbench.lifecycle.gates.recorded import RecordGate


@dataclass(frozen=True, kw_only=True)
class Harm(RecordGate):
    """The evidence of harm is not significant however often one looks."""

    name: ClassVar[str] = "harm"
    title: ClassVar[str] = "no harm"
    field: ClassVar[str] = "harm"
    missing: ClassVar[str] = "the anytime-valid test on shadow results; nothing writes it in this version"

    strict: ClassVar[bool] = True

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"p {look.number(value, 3)}, blocked at or below {self.threshold:g}"
