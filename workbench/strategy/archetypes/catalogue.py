"""Finding archetypes by name, by alias, or by what a strategy's name speaks of."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError
from workbench.strategy.archetypes.breakout import BREAKOUT
from workbench.strategy.archetypes.mean_reversion import MEAN_REVERSION
from workbench.strategy.archetypes.momentum import MOMENTUM
from workbench.strategy.archetypes.trend_following import TREND_FOLLOWING

if TYPE_CHECKING:
    from workbench.strategy.archetypes.archetype import Archetype

ARCHETYPES: MappingProxyType[str, Archetype] = MappingProxyType(
    {entry.name: entry for entry in (BREAKOUT, MEAN_REVERSION, MOMENTUM, TREND_FOLLOWING)}
)
"""Every archetype by its normalised name."""


def _spellings() -> dict[str, str]:
    return {spelling.replace("_", ""): entry.name for entry in ARCHETYPES.values() for spelling in (entry.name, *entry.aliases)}


_SPELLINGS = MappingProxyType(_spellings())


def archetype(name: str) -> Archetype:
    """Return the archetype of a ``name`` or alias, in any letter case and with any separators: ``Mean-Reversion``, ``MR``.

    Raises:
        UnknownNameError: no such archetype; the message names the nearest.
    """
    folded = re.sub(r"[^a-z0-9]", "", str(name).lower())
    if folded not in _SPELLINGS:
        kind = "archetype"
        raise UnknownNameError(kind, str(name), ARCHETYPES)
    return ARCHETYPES[_SPELLINGS[folded]]


def infer(strategy_name: str) -> Archetype | None:
    """Return the archetype that a strategy's name speaks of, such as *ES mean reversion v2*; None where it names none or several."""
    words = re.sub(r"[^a-z0-9]+", " ", strategy_name.lower()).split()
    spans = {"".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, min(first + 4, len(words)) + 1)}
    found = {_SPELLINGS[span] for span in spans if span in _SPELLINGS}
    return ARCHETYPES[found.pop()] if len(found) == 1 else None


def resolve(name: str, strategy_name: str | None = None) -> Archetype:
    """Return the archetype called ``name``; where there is none, the one that ``strategy_name`` speaks of.

    Raises:
        UnknownNameError: neither names one.
    """
    try:
        return archetype(name)
    except UnknownNameError:
        inferred = infer(strategy_name or "")
        if inferred is None:
            raise
        return inferred


def archetype_predicate(name: str, direction: str) -> str:
    """Return the rule text that the archetype ``name`` uses for one direction.

    Raises:
        UnknownNameError: no such archetype or direction.
    """
    return archetype(name).predicate(direction)
