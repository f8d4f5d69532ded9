"""How much a backtest proves: ratios that allow for luck and search, tests against chance, stress, proofs, and the bundle for the gates."""

from __future__ import annotations

from workbench.backtest.evidence.bundle import Evidence, assemble
from workbench.backtest.evidence.capacity import Capacity, capacity
from workbench.backtest.evidence.effective_trials import EffectiveTrials, effective_number
from workbench.backtest.evidence.lookahead import Proof, prove, prove_decisions
from workbench.backtest.evidence.pbo import BlockSums, Overfitting, block_sums, probability_of_overfitting
from workbench.backtest.evidence.permutation import PermutationTest, permutation_test
from workbench.backtest.evidence.pieces import pieces
from workbench.backtest.evidence.regimes import Regimes, regimes
from workbench.backtest.evidence.sharpe import (
    Convention,
    Moments,
    deflated_sharpe,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record,
    null_variance,
    probabilistic_sharpe,
)
from workbench.backtest.evidence.spa import SuperiorAbility, superior_ability
from workbench.backtest.evidence.stress import Stress, stress
from workbench.backtest.evidence.track_records import TrackRecords, track_records

__all__ = [
    "BlockSums",
    "Capacity",
    "Convention",
    "EffectiveTrials",
    "Evidence",
    "Moments",
    "Overfitting",
    "PermutationTest",
    "Proof",
    "Regimes",
    "Stress",
    "SuperiorAbility",
    "TrackRecords",
    "assemble",
    "block_sums",
    "capacity",
    "deflated_sharpe",
    "effective_number",
    "expected_max_sharpe",
    "min_backtest_length",
    "min_track_record",
    "null_variance",
    "permutation_test",
    "pieces",
    "probabilistic_sharpe",
    "probability_of_overfitting",
    "prove",
    "prove_decisions",
    "regimes",
    "stress",
    "superior_ability",
    "track_records",
]
