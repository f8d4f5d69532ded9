"""How much a backtest proves: Sharpe ratios that allow for luck and search, overfitting, look-ahead proofs, and the bundle for the gates."""

from __future__ import annotations

from workbench.backtest.evidence.bundle import Evidence, assemble
from workbench.backtest.evidence.lookahead import Proof, prove, prove_decisions
from workbench.backtest.evidence.pbo import BlockSums, Overfitting, block_sums, probability_of_overfitting
from workbench.backtest.evidence.sharpe import (
    Moments,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    min_track_record,
    probabilistic_sharpe,
)

__all__ = [
    "BlockSums",
    "Evidence",
    "Moments",
    "Overfitting",
    "Proof",
    "assemble",
    "block_sums",
    "deflated_sharpe",
    "effective_trials",
    "expected_max_sharpe",
    "min_track_record",
    "probabilistic_sharpe",
    "probability_of_overfitting",
    "prove",
    "prove_decisions",
]
