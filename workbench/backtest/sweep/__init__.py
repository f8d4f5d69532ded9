"""Sweeps: one strategy at many points, planned without holding them, run on all cores or a cluster, resumed after a kill, counted."""

from workbench.backtest.sweep.axes import Axes
from workbench.backtest.sweep.harvest import EDGES, Kept, Totals
from workbench.backtest.sweep.optimise import optuna_sweep
from workbench.backtest.sweep.plan import Between, Plan
from workbench.backtest.sweep.result import SweepResult
from workbench.backtest.sweep.run import plan_hash, planned, sweep

__all__ = ["EDGES", "Axes", "Between", "Kept", "Plan", "SweepResult", "Totals", "optuna_sweep", "plan_hash", "planned", "sweep"]
