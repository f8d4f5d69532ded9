"""The Sharpe ratio survives the number of trials it was picked from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench import look
from workbench.lifecycle.gates.gate import Gate

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.gates.verdict import Verdict
    from workbench.lifecycle.record import TrackRecord


@dataclass(frozen=True, kw_only=True)
class DeflatedSharpe(Gate):
    """The deflated Sharpe ratio, a probability, reaches the threshold with every counted trial allowed for."""

    name: ClassVar[str] = "deflated_sharpe"
    title: ClassVar[str] = "deflated Sharpe"

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the backtest alone decides
        """Return the verdict on the deflated Sharpe ratio; not yet where the ledger counted nothing."""
        value = evidence.deflated_sharpe
        if value is None or evidence.trials < 1:
            missing = "a count of trials: run the backtest through the bench, so that the ledger knows it"
            return self.verdict("not_yet", "no trials counted", evidence.evidence_hash, missing=missing)
        counted = f"{evidence.trials:,} {'trial' if evidence.trials == 1 else 'trials'}"
        return self.compared(value, f"{look.number(value)} after {counted}, needs {look.number(self.threshold)}", evidence.evidence_hash)
