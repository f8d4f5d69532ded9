"""The record of an archetype: a family of trading ideas with one predicate for each direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.portfolio import Brackets
    from workbench.strategy.parameter_range import ParameterRange


@dataclass(frozen=True, kw_only=True)
class Archetype:
    """A family of ideas as a complete template: rules, parameter ranges, guards."""

    name: str
    """Normalised, such as ``mean_reversion``."""
    idea: str
    """Why it might earn money, one or two sentences."""
    fails_when: str
    """In which market it loses, one or two sentences."""
    predicates: Mapping[str, str]
    """Rule text by direction; together they use all ``parameters``."""
    parameters: Mapping[str, ParameterRange]
    """Ranges that published versions of the idea use."""
    brackets: Brackets
    """Guards of each position."""
    timeframe: str = "1d"
    """Bars it is usually traded on."""
    aliases: tuple[str, ...] = ()
    """Other names, normalised."""
    source: str = ""
    """Where the idea is described."""

    def predicate(self, direction: str) -> str:
        """Return the rule text of one direction.

        Raises:
            UnknownNameError: no such direction.
        """
        if direction not in self.predicates:
            kind = "direction"
            raise UnknownNameError(kind, direction, self.predicates)
        return self.predicates[direction]
