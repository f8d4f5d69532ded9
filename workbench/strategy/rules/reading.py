"""What a text was read as: one rule, or the rules of a strategy, with readings, warnings, ranges and fallbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.strategy.rules import text as canonical_text
from workbench.strategy.rules import tree as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.rules.advice import Advice
    from workbench.strategy.rules.fallback import Fallback
    from workbench.strategy.rules.phrases import Rewrite

_WARNING_DOUBT = 0.1
_FALLBACK_DOUBT = 0.5


@dataclass(frozen=True, kw_only=True)
class ParsedRule:
    """What one rule means and how sure that reading is."""

    text: str
    """The whole text that was given; all spans count its characters."""
    span: t.Span
    """The part of it that is this rule."""
    tree: t.Node
    """Its meaning."""
    reading: tuple[Rewrite, ...]
    """Where what was understood differs from what was written."""
    warnings: tuple[Advice, ...]
    """What is legal but hardly meant."""
    ranges: Mapping[str, ParameterRange] = field(default_factory=dict)
    """Ranges of its ``$parameters`` that the text gives."""
    fallback: Fallback | None = None
    """Why the archetype's rule stands here, None where the text itself was read."""

    @cached_property
    def canonical(self) -> str:
        """The rule in canonical text."""
        return canonical_text.write(self.tree)

    @property
    def confidence(self) -> float:
        """From 0 to 1: 1 where nothing had to be read into the text; each doubtful reading, warning and fallback lowers it."""
        sure = (1 - _WARNING_DOUBT) ** len(self.warnings)
        for rewritten in self.reading:
            sure *= 1 - rewritten.doubt
        return round(sure * (1 - _FALLBACK_DOUBT) if self.fallback else sure, 4)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the confidence is below 1, one sentence each."""
        read = {
            entry.span: str(entry) for entry in self.reading if entry.doubt > 0
        }  # of two readings of the same words the last is the whole one
        stands = (str(self.fallback),) if self.fallback else ()
        return tuple(dict.fromkeys((*stands, *read.values(), *(warning.message for warning in self.warnings))))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the ``$parameters`` it uses."""
        return t.parameters(self.tree)

    def _repr_html_(self) -> str:
        from workbench.strategy.rules.card import rule_html  # noqa: PLC0415 - only faces draw

        return rule_html({"rule": self})


@dataclass(frozen=True, kw_only=True)
class ParsedStrategy:
    """The rules of a text, by direction."""

    text: str
    """The whole text that was given."""
    rules: Mapping[str, ParsedRule]
    """By direction: entry_long, exit_long, entry_short, exit_short."""

    @property
    def ranges(self) -> dict[str, ParameterRange]:
        """Ranges of the ``$parameters`` that the text gives, and those of the archetype where it stands in."""
        return {name: range_ for rule in self.rules.values() for name, range_ in rule.ranges.items()}

    @property
    def fallbacks(self) -> dict[str, Fallback]:
        """The directions that could not be read and that the archetype answers."""
        return {direction: rule.fallback for direction, rule in self.rules.items() if rule.fallback is not None}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the confidence is below 1, one sentence each."""
        return tuple(dict.fromkeys(reason for rule in self.rules.values() for reason in rule.reasons))

    @property
    def confidence(self) -> float:
        """The confidence of the least sure rule."""
        return min((rule.confidence for rule in self.rules.values()), default=1.0)

    @property
    def warnings(self) -> tuple[Advice, ...]:
        """The warnings of all rules."""
        return tuple(warning for rule in self.rules.values() for warning in rule.warnings)

    @property
    def reading(self) -> tuple[Rewrite, ...]:
        """The readings of all rules."""
        return tuple(entry for rule in self.rules.values() for entry in rule.reading)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the ``$parameters`` used, sorted."""
        return tuple(sorted({name for rule in self.rules.values() for name in rule.parameters}))

    def _repr_html_(self) -> str:
        from workbench.strategy.rules.card import rule_html  # noqa: PLC0415 - only faces draw

        return rule_html(dict(self.rules))
