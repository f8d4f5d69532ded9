"""Archetypes as complete strategies: one call from a family of ideas to something that can be tested and become a bot."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import InputError
from workbench.strategy.archetypes import archetype
from workbench.strategy.rules.statements import WORDS_OF
from workbench.strategy.strategy import strategy
from workbench.units import AssetClass, instrument

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy

Sides = Literal["long", "short", "both"]
_SIDES = MappingProxyType(
    {
        "long": ("entry_long", "exit_long"),
        "short": ("entry_short", "exit_short"),
        "both": ("entry_long", "exit_long", "entry_short", "exit_short"),
    }
)
_LONG_ONLY = (AssetClass.EQUITY, AssetClass.INDEX)


def template(name: str, symbol: str = "SPX", *, sides: Sides | None = None, **options: Any) -> Strategy:  # noqa: ANN401 - options of `strategy`
    """Return an archetype as a complete strategy on ``symbol``; ``options`` are those of ``strategy`` and go first.

    ``sides`` is ``"long"``, ``"short"`` or ``"both"``; unless given, shares and indices are traded long only, because the cost of borrowing them is
    not known here, everything else on both sides.

    Raises:
        UnknownNameError: no such archetype or symbol.
        InputError: ``sides`` is none of the three, or an option cannot be read.
    """
    entry, traded = archetype(name), instrument(symbol)
    chosen = sides or ("long" if traded.asset_class in _LONG_ONLY else "both")
    if chosen not in _SIDES:
        message = f"sides is 'long', 'short' or 'both', not {sides!r}"
        raise InputError(message)
    text = ";\n".join(f"{WORDS_OF[direction]} {entry.predicates[direction]}" for direction in _SIDES[chosen])
    used = {parameter: range_ for parameter, range_ in entry.parameters.items() if re.search(rf"\${parameter}\b", text)}
    guards = entry.brackets
    settings: dict[str, Any] = {
        "name": f"{entry.name.replace('_', ' ')} {traded.symbol}",
        "symbols": (traded.symbol,),
        "timeframe": entry.timeframe,
        "stop": guards.stop,
        "target": guards.target,
        "trailing": guards.trailing,
        "time_stop": guards.time_stop_bars,
        "parameters": used,
        "archetype": entry.name,
        "note": entry.idea,
    }
    return strategy(text, **(settings | options))
