"""Enough closed trades on paper to compare with the backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.lifecycle.gates.recorded import RecordGate


@dataclass(frozen=True, kw_only=True)
class PaperTrades(RecordGate):
    """At least so many closed trades on paper."""

    name: ClassVar[str] = "paper_trades"
    title: ClassVar[str] = "paper trades"
    field: ClassVar[str] = "trades"
    missing: ClassVar[str] = "run the bot on paper until it has closed more trades"

    grows: ClassVar[bool] = True

    def words(self, value: float) -> str:
        """Return value and threshold as a sentence."""
        return f"{value:g} trades, needs {self.threshold:g}"
