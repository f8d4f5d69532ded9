"""In shadow the bot is about as good as the one it would replace."""

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
class ProductionSharpe(Gate):
    """The shadow Sharpe exceeds production's plus the (negative) threshold; without a peer it must exceed zero."""

    name: ClassVar[str] = "production_sharpe"
    title: ClassVar[str] = "Sharpe against production"
    strict: ClassVar[bool] = True

    def judge(self, evidence: Evidence, record: TrackRecord | None = None) -> Verdict:  # noqa: ARG002 - the record alone decides
        """Return the verdict on the difference of the two Sharpe ratios."""
        if record is None or record.sharpe is None:
            missing = "the Sharpe ratio of shadow fills; nothing writes it in this version"
            return self.verdict("not_yet", "no record yet", record.record_hash if record else "", missing=missing)
        if record.production_sharpe is None:
            words = f"{look.number(record.sharpe)}, no peer in production: needs more than 0"
            return self.verdict("pass" if record.sharpe > 0 else "fail", words, record.record_hash, value=record.sharpe)
        gap = record.sharpe - record.production_sharpe
        return self.compared(
            gap, f"{look.signed(gap)} against production, needs more than {look.number(self.threshold, 1)}", record.record_hash
        )
