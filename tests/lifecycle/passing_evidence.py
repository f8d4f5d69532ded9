"""Evidence that passes every LAB to PAPER gate, to be spoilt one field at a time."""

from __future__ import annotations

from typing import Any

from workbench.backtest.evidence.bundle import Evidence

METRICS = {"trades": 31.0, "sharpe": 1.2, "max_drawdown": -0.11, "win_rate": 0.55, "profit_factor": 1.6}


def good(**changes: Any) -> Evidence:
    """Return passing evidence with ``changes``; ``metrics`` are merged."""
    metrics = METRICS | changes.pop("metrics", {})
    fields: dict[str, Any] = {
        "strategy": "dip buyer",
        "archetype": None,
        "symbol": "SYN",
        "timeframe": "15m",
        "source": "synthetic",
        "synthetic": True,
        "first": "2022-01-03T14:30:00+00:00",
        "last": "2023-12-29T20:45:00+00:00",
        "bars": 13_000,
        "spec_hash": "a" * 64,
        "program_hash": "b" * 64,
        "dataset_hash": "c" * 64,
        "trial_id": "d" * 64,
        "family": "SYN/root",
        "metrics": metrics,
        "trials": 417,
        "sharpe_variance": 0.0001,
        "probabilistic_sharpe": 0.99,
        "deflated_sharpe": 0.97,
        "min_track_record": 900.0,
        "pbo": 0.2,
        "pbo_trials": 400,
        "robustness": 0.8,
        "folds": 5,
        "oos_sharpe": 0.9,
        "look_ahead": True,
        "streaming": True,
        "cross_check": "equal",
    }
    return Evidence(**fields | changes)
