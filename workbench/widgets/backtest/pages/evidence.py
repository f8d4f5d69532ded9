"""The page of evidence: verification, gates, every statistic with words, proofs, stress and regimes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.widgets.backtest import findings
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.parts import Button, GateRows, Grid, HeatMap, Notice, Panel, Row, Table
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from workbench.widgets.backtest.outcome import Outcome


class EvidencePage(Stack):
    """What a run proves."""

    def __init__(self) -> None:
        """Be empty until there is an outcome."""
        self.words = Notice("info")
        self.verification = GateRows()
        self.gates = GateRows()
        self.statistics = Table(findings.STATISTIC_COLUMNS, name="statistics", page_size=0, filterable=False)
        self.proofs = Table(findings.STATISTIC_COLUMNS, name="proofs", page_size=0, filterable=False, csv=False)
        self.stress = Table(findings.STRESS_COLUMNS, name="stress", page_size=0, filterable=False, csv=False)
        self.regimes = HeatMap(diverging=True, kind="signed", digits=0, z_name="profit", x_name="trend", y_name="volatility")
        self.make = Button("Make a bot in LAB", "primary")
        self.panel = Panel("Gates from LAB to PAPER", self.gates, flush=True)
        self.verified = Panel("Verification", self.verification, flush=True, note="five questions before any statistics")
        self.numbers = Panel("Statistics", self.statistics, flush=True)
        self.proved = Panel("Proofs", self.proofs, flush=True, note="made afresh for this run")
        self.stressed = Panel("Dearer and slower trading", self.stress, flush=True)
        self.where = Panel("Profit by market regime", self.regimes, flush=True)
        self._both = Grid((self.stressed, self.where), "1fr 1fr")
        self._both.layout.align_items = "flex-start"
        self._made = Row(self.make)
        super().__init__(self.words, self.panel, self._made, self.verified, self.numbers, self.proved, self._both)

    def show(self, outcome: Outcome) -> None:
        """Show what there is: verification after every run, the rest after full evidence."""
        found, verified = outcome.evidence, outcome.verification
        with self.words.hold_sync():
            self.words.kind, self.words.text, self.words.advice = findings.verdict_words(outcome)
        mark = badge(synthetic=outcome.synthetic)
        seen(self.verified, visible=verified is not None)
        if verified is not None:
            self.verification.verdicts = findings.gate_rows(verified)
            self.verified.heading.badge = mark
        for part in (self.panel, self._made, self.numbers, self.proved, self._both):
            seen(part, visible=found is not None)
        if found is None:
            return
        self.gates.verdicts = [verdict.to_dict() for verdict in outcome.verdicts]
        with self.panel.heading.hold_sync():
            self.panel.heading.badge, self.panel.heading.note = mark, f"{outcome.shown} · evidence {found.evidence_hash[:12]}"
        self.statistics.rows = findings.statistics(found)
        self.proofs.rows = findings.proofs(found)
        self.stress.rows = findings.stress_rows(found)
        drawn = findings.regime_heat(found)
        seen(self.stressed, visible=bool(self.stress.rows))
        seen(self.where, visible=drawn is not None)
        if drawn is not None:
            with self.regimes.hold_sync():
                self.regimes.badge = mark
                self.regimes.show(drawn["x"], drawn["y"], drawn["z"])
        self.make.done = ""
