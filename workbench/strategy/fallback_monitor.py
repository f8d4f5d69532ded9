"""How often rules could not be read in this process, and the alert when that is too often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench import telemetry
from workbench.events import BUS
from workbench.strategy.validators import record_fallback

if TYPE_CHECKING:
    from workbench.strategy.validators import Finding

TOPIC = "fallback_rate"
"""Topic of the event that is told when a fallback leaves the rate over its threshold."""


@dataclass(slots=True)
class FallbackMonitor:
    """Counts rules read and rules for which their archetype stood in."""

    rules: int = 0
    """Rules of strategies made from text."""
    fallbacks: int = 0
    """Those of them that an archetype answers."""

    @property
    def rate(self) -> float:
        """Share of rules that fell back, 0 where there were none."""
        return self.fallbacks / self.rules if self.rules else 0.0

    def record(self, fallbacks: int, rules: int) -> list[Finding]:
        """Count one strategy; each fallback is logged, and where it leaves the rate over the threshold, an event tells so and the finding is returned."""
        self.rules += rules
        self.fallbacks += fallbacks
        if not fallbacks:
            return []
        telemetry.log("strategy").warning("rules_fell_back", fallbacks=fallbacks, rules=rules, rate=round(self.rate, 4))
        findings = record_fallback(self.fallbacks, self.rules)
        for finding in findings:
            BUS.tell(TOPIC, rate=self.rate, fallbacks=self.fallbacks, rules=self.rules, message=finding.message)
        return findings


FALLBACKS = FallbackMonitor()
"""The counts of this process."""
