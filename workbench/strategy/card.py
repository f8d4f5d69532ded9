"""How a strategy shows itself in a notebook: a small card of its rules, risk, defaults and readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import look
from workbench.portfolio import Costs
from workbench.strategy.rules.card import frame, notes, table
from workbench.strategy.rules.statements import WORDS_OF
from workbench.units import instrument

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy


def strategy_html(strategy: Strategy) -> str:
    """Return the card of ``strategy`` as HTML; everything a person typed is escaped."""
    spec = strategy.spec
    stands = {entry.direction for entry in spec.provenance.fallbacks}
    rows = {f"{WORDS_OF[name]}{' (fallback)' if name in stands else ''}": text for name, text in spec.rules.items()}
    if spec.python is not None:
        rows["python"] = f"{spec.python.entry}(bars), from the last {spec.python.warmup + 1} bars"
        rows["code"] = spec.python.text
    rows |= {f"${name}": str(range_) for name, range_ in spec.parameters.items()}
    rows |= {"brackets": str(spec.brackets), "size": str(spec.sizing)}
    rows["costs"] = str(spec.costs) if spec.costs else f"{Costs.of(instrument(spec.symbols[0]))} (default)"
    if spec.filling.changed:
        rows["fills"] = str(spec.filling)
    if str(spec.limits) != "none":
        rows["limits"] = str(spec.limits)
    if spec.window is not None:
        rows["window"] = f"{spec.window.start}–{spec.window.end} {spec.window.zone}{', flat after' if spec.window.flat else ''}"
    rows["hash"] = spec.spec_hash[:12]
    synthetic = " · SYNTHETIC" if any(instrument(symbol).synthetic for symbol in spec.symbols) else ""
    badge = f"{', '.join(spec.symbols)} · {spec.timeframe.value}{synthetic} · confidence {look.percent(strategy.parse.confidence, 0)}"
    return frame(spec.name, badge, table(rows) + notes(strategy.parse.rules))
