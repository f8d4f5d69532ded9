"""One candidate while it is put together: each choice is asked for once, and only where it matters."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from workbench.backtest.search.span import TEMPLATE, Span
from workbench.backtest.search.structure import EXITS, OPPOSITE, RULE, hours, together
from workbench.portfolio import Brackets, Sizing
from workbench.strategy.archetypes import archetype
from workbench.strategy.spec import Provenance, StrategySpec
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.backtest.search.space import SearchSpace
    from workbench.backtest.search.span import Guard
    from workbench.backtest.search.structure import Exit, Filter
    from workbench.portfolio import Bracket
    from workbench.strategy.archetypes import Archetype
    from workbench.strategy.parameter_range import ParameterRange

AUTHOR = "autogen"
"""Who wrote what a search puts together."""
SIDES = MappingProxyType({"long": ("long",), "short": ("short",), "both": ("long", "short")})
_OTHER = MappingProxyType({"long": "short", "short": "long"})
_ATR_PERIOD = 14


class Suggester(Protocol):
    """What chooses: a trial of Optuna."""

    number: int

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - one of the choices
        """Return one of ``choices``."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""


class Draft:
    """One candidate while it is put together."""

    def __init__(self, space: SearchSpace, trial: Suggester) -> None:
        """Begin with the archetype and the direction."""
        self.space, self.trial = space, trial
        self.entry: Archetype = archetype(self._one_of("archetype", space.archetypes))
        assert space.directions is not None
        self.direction: str = self._one_of("direction", space.directions)
        self.ranges: dict[str, ParameterRange] = {}

    def spec(self, search: str) -> StrategySpec:
        """Return the specification, whose note names ``search``."""
        space, entry = self.space, self.entry
        assert space.symbol is not None
        assert space.timeframe is not None
        rules = self._rules()
        return StrategySpec(
            name=f"{entry.name.replace('_', ' ')} {space.symbol} {search[:8]}-{self.trial.number}",
            archetype=entry.name,
            symbols=(space.symbol,),
            timeframe=space.timeframe,
            session_mode=space.session_mode,
            window=hours(self._one_of("window", space.windows)),
            rules=rules,
            parameters=self._parameters(rules),
            sizing=Sizing.of(instrument(space.symbol)) if space.sizing is None else space.sizing,
            brackets=self._brackets(),
            costs=space.costs,
            provenance=Provenance(author=AUTHOR, note=f"{AUTHOR}: trial {self.trial.number} of search {search}; {self.direction}"),
        )

    def _one_of(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - one of the choices
        """Return one choice; where there is one only nothing is asked."""
        return choices[0] if len(choices) == 1 else self.trial.suggest_categorical(name, list(choices))

    def _rules(self) -> dict[str, str]:
        filters = self._filters()
        leaving = EXITS[self._one_of("exit", self.space.exits)]
        parts: tuple[Filter | Exit, ...] = (*filters, leaving)
        for part in parts:
            self.ranges.update(part.parameters)
        self.ranges.update(self.entry.parameters)
        rules = {}
        for side in SIDES[self.direction]:
            asked = [self.entry.predicate(f"entry_{side}"), *(getattr(entry, side) for entry in filters)]
            rules[f"entry_{side}"] = asked[0] if len(asked) == 1 else " and ".join(f"({text})" for text in asked)
            text = self._leaving(leaving.name, side) or getattr(leaving, side)
            if text:
                rules[f"exit_{side}"] = text
        return rules

    def _leaving(self, name: str, side: str) -> str:
        if name == RULE:
            return self.entry.predicates.get(f"exit_{side}", "")
        return self.entry.predicate(f"entry_{_OTHER[side]}") if name == OPPOSITE else ""

    def _filters(self) -> tuple[Filter, ...]:
        names = self.space.filters
        most = min(self.space.most_filters, len(names))
        count = self._one_of("filters", tuple(range(most + 1)))
        return together(self._one_of(f"filter_{place + 1}", names) for place in range(count))

    def _parameters(self, rules: Mapping[str, str]) -> dict[str, ParameterRange]:
        """Return the ranges of the parameters that the rules use, each with the chosen value as its default."""
        used = set(re.findall(r"\$(\w+)", " ".join(rules.values())))
        return {name: self._chosen(name, range_) for name, range_ in self.ranges.items() if name in used}

    def _chosen(self, name: str, range_: ParameterRange) -> ParameterRange:
        if not self.space.numbers or range_.fixed:
            return range_
        values = range_.values()
        owner = self.entry.name if name in self.entry.parameters else "shared"
        return replace(range_, default=values[self.trial.suggest_int(f"{owner}.{name}", 0, len(values) - 1)])

    def _brackets(self) -> Brackets:
        own = self.entry.brackets
        period = own.atr_period or _ATR_PERIOD
        return Brackets(
            stop=self._guard("stop", self.space.stops, own.stop, period),
            target=self._guard("target", self.space.targets, own.target, period),
            trailing=self._guard("trailing", self.space.trailing, own.trailing, period),
            time_stop_bars=self._time_stop(own.time_stop_bars),
        )

    def _guard(self, name: str, choices: tuple[Guard, ...], own: Bracket | None, period: int) -> Bracket | None:
        chosen = self._choice(name, choices)
        if isinstance(chosen, Span):
            return chosen.bracket(self._place(name, chosen), period)
        return own if chosen == TEMPLATE else None

    def _time_stop(self, own: int | None) -> int | None:
        chosen = self._choice("time_stop", self.space.time_stops)
        if isinstance(chosen, Span):
            return int(chosen.value(self._place("time_stop", chosen)))
        return own if chosen == TEMPLATE else None

    def _choice(self, name: str, choices: tuple[Guard, ...]) -> Guard:
        named = {str(choice): choice for choice in choices}
        return named[self._one_of(name, tuple(named))]

    def _place(self, name: str, span: Span) -> int:
        return self.trial.suggest_int(f"{name}.{span.kind}", 0, span.steps) if span.steps else 0
