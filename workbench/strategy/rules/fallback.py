"""What stands in for a direction that cannot be read, and why: recorded, shown, counted, never silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workbench.strategy.rules.statements import WORDS_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.parameter_range import ParameterRange


class StandIn(Protocol):
    """A family of ideas with a rule for each direction, as ``archetypes.archetype`` returns it."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def parameters(self) -> Mapping[str, ParameterRange]:
        """Ranges of the ``$parameters`` of its rules."""
        ...

    def predicate(self, direction: str) -> str:
        """Return the rule of one direction."""
        ...


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """One direction that could not be read."""

    direction: str
    """Such as ``exit_long``."""
    archetype: str
    """Whose rule stands in."""
    rule: str
    """That rule in canonical text."""
    start: int
    """First character of the strategy's text that could not be read."""
    end: int
    """Character behind the last one."""
    problem: str
    """Why, one clause."""
    suggestion: str
    """What would be right, one clause; may be empty."""

    def __str__(self) -> str:
        """Say it in one sentence."""
        verb = WORDS_OF[self.direction]
        return f"'{verb} ...' could not be read ({self.problem}), so the rule of {self.archetype} stands in: {self.rule}"
