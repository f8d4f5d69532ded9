"""Gates: one question each, answered from evidence. ``build`` makes one from its name in the policy."""

from __future__ import annotations

from workbench.errors import InputError, UnknownNameError
from workbench.lifecycle.gates.canary_sessions import CanarySessions
from workbench.lifecycle.gates.cross_check import CrossCheck
from workbench.lifecycle.gates.deflated_sharpe import DeflatedSharpe
from workbench.lifecycle.gates.divergence import Divergence
from workbench.lifecycle.gates.drawdown import Drawdown
from workbench.lifecycle.gates.drift import Drift
from workbench.lifecycle.gates.findings import Findings
from workbench.lifecycle.gates.gate import Gate
from workbench.lifecycle.gates.harm import Harm
from workbench.lifecycle.gates.interval import Interval
from workbench.lifecycle.gates.look_ahead import LookAhead
from workbench.lifecycle.gates.overfitting import Overfitting
from workbench.lifecycle.gates.paper_sessions import PaperSessions
from workbench.lifecycle.gates.paper_trades import PaperTrades
from workbench.lifecycle.gates.production_sharpe import ProductionSharpe
from workbench.lifecycle.gates.profit_factor import ProfitFactor
from workbench.lifecycle.gates.recovery_drill import RecoveryDrill
from workbench.lifecycle.gates.self_test import SelfTest
from workbench.lifecycle.gates.shadow_days import ShadowDays
from workbench.lifecycle.gates.sharpe import Sharpe
from workbench.lifecycle.gates.signatures import Signatures
from workbench.lifecycle.gates.slippage import Slippage
from workbench.lifecycle.gates.streaming import Streaming
from workbench.lifecycle.gates.trades import Trades
from workbench.lifecycle.gates.verdict import Verdict, failures_first
from workbench.lifecycle.gates.walk_forward import WalkForward
from workbench.lifecycle.gates.win_rate import WinRate

_CLASSES: tuple[type[Gate], ...] = (
    Trades, Sharpe, Drawdown, WinRate, ProfitFactor, WalkForward, DeflatedSharpe, Overfitting, LookAhead, Streaming, CrossCheck, Findings,
    PaperSessions, PaperTrades, Divergence, Interval,
    ShadowDays, ProductionSharpe, Harm, Drift,
    CanarySessions, Slippage, RecoveryDrill, SelfTest, Signatures,
)  # fmt: skip
GATES: dict[str, type[Gate]] = {gate.name: gate for gate in _CLASSES}
"""Name in the policy -> class."""

__all__ = ["GATES", "Gate", "Verdict", "build", "failures_first"]


def build(name: str, threshold: float | None = None, *, allow_absent: bool = False) -> Gate:
    """Return the gate called ``name``, held against ``threshold``.

    Raises:
        UnknownNameError: no such gate.
        InputError: a gate that compares numbers got no threshold, or a proof got one.
    """
    if name not in GATES:
        kind = "gate"
        raise UnknownNameError(kind, name, GATES)
    chosen = GATES[name]
    if (threshold is None) != (chosen.better == "equal"):
        message = f"gate {name} {'needs a threshold' if threshold is None else 'is a proof and takes no threshold'}"
        raise InputError(message)
    if chosen is CrossCheck:
        return CrossCheck(allow_absent=allow_absent)
    return chosen(threshold=threshold)
