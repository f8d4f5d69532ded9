"""Where a search looks: archetypes, sides, filters, exits, guards, hours, and the numbers in all of them.

1. A ``SearchSpace`` is data: frozen, JSON, named by its content. What is left open (symbol, timeframe, directions, what fits the bars) is filled in
   by ``on(bars)``.
2. ``suggest(trial)`` asks a trial (Optuna's, or anything with ``suggest_categorical`` and ``suggest_int``) one choice after the other and puts the answers
   together to an ordinary specification. Only what the structure uses is asked for: the parameters of an exit rule that is not taken are none of it.
3. The numbers become the defaults of the spec's ``$parameters``, inside their ranges. So candidates of one structure share a program, and a sweep
   around a candidate needs nothing more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.backtest.search.draft import SIDES, Draft
from workbench.backtest.search.span import NONE, TEMPLATE, Span
from workbench.backtest.search.structure import EXITS, FILTERS, WHOLE, WINDOWS, hours, require_known
from workbench.content import canonical, content_hash
from workbench.errors import InputError
from workbench.portfolio import Costs
from workbench.strategy.archetypes import ARCHETYPES, archetype
from workbench.units import AssetClass, SessionMode, instrument, timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.search.draft import Suggester
    from workbench.backtest.search.span import Guard
    from workbench.market import Bars
    from workbench.strategy.archetypes import Archetype
    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.spec import StrategySpec

_LONG_ONLY = (AssetClass.EQUITY, AssetClass.INDEX)
_STOPS = (TEMPLATE, Span(kind="atr", low=1.0, high=6.0, step=0.5), Span(kind="percent", low=0.5, high=5.0, step=0.5))
_TARGETS = (NONE, TEMPLATE, Span(kind="atr", low=1.0, high=10.0, step=0.5))
_TRAILING = (NONE, TEMPLATE, Span(kind="atr", low=2.0, high=8.0, step=0.5))
_TIME_STOPS = (NONE, TEMPLATE, Span(kind="bars", low=3.0, high=60.0, step=3.0))


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What a search may put together."""

    symbol: str | None = None
    """What is traded; that of the bars if None."""
    timeframe: str | None = None
    """Length of a bar; that of the bars if None."""
    archetypes: tuple[str, ...] = tuple(ARCHETYPES)
    """Templates to start from."""
    directions: tuple[str, ...] | None = None
    """``long``, ``short``, ``both``; None for all three, but long alone for shares and indices, whose cost of borrowing is not known here."""
    filters: tuple[str, ...] = tuple(FILTERS)
    """Conditions that an entry may have to meet besides; those that do not fit the bars are left out."""
    most_filters: int = 2
    """How many of them one candidate takes at most."""
    exits: tuple[str, ...] = tuple(EXITS)
    """Ways of leaving by rule."""
    stops: tuple[Guard, ...] = _STOPS
    """Stops: ``template`` for the archetype's own, ``none``, or a ``Span`` of values. Without any stop a candidate is refused."""
    targets: tuple[Guard, ...] = _TARGETS
    """Targets, likewise."""
    trailing: tuple[Guard, ...] = _TRAILING
    """Trailing stops, likewise."""
    time_stops: tuple[Guard, ...] = _TIME_STOPS
    """Time stops, likewise, with a ``Span`` of kind ``bars``."""
    windows: tuple[str, ...] = WINDOWS
    """Hours in which positions may be opened: ``whole session`` or ``09:30-12:00`` (New York), for intraday bars in US hours."""
    numbers: bool = True
    """Whether the numbers in the rules are chosen; otherwise they are the archetype's own."""
    session_mode: str | None = None
    """Hours that count; the instrument's own if None."""
    sizing: str | None = None
    """How much one entry trades, such as ``1 contract``; the instrument's convention if None."""
    costs: Costs | None = None
    """Costs of all candidates; the instrument's own if None."""

    def __post_init__(self) -> None:
        """Refuse names that do not exist and choices that are empty."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, list):
                object.__setattr__(self, entry.name, tuple(value))
            if isinstance(value, str) and entry.name in ("archetypes", "directions", "filters", "exits", "windows", *_GUARDS):
                object.__setattr__(self, entry.name, (value,))
        object.__setattr__(self, "archetypes", tuple(dict.fromkeys(archetype(name).name for name in self.archetypes)))
        if self.symbol is not None:
            object.__setattr__(self, "symbol", instrument(self.symbol).symbol)
        if self.timeframe is not None:
            object.__setattr__(self, "timeframe", timeframe(self.timeframe).value)
        require_known("direction", self.directions or (), SIDES)
        require_known("filter", self.filters, FILTERS)
        require_known("exit", self.exits, EXITS)
        for name in ("archetypes", "exits", "windows", *_GUARDS):
            _refuse_twice_or_none(name, getattr(self, name))
        for name in _GUARDS:
            _refuse_guards(name, getattr(self, name))
        for name in self.windows:
            hours(name)
        if self.directions == () or isinstance(self.most_filters, bool) or not isinstance(self.most_filters, int) or self.most_filters < 0:
            message = "a search needs a direction, and most_filters from 0 on"
            raise InputError(message)

    def on(self, bars: Bars) -> SearchSpace:
        """Return this space for ``bars``: what was left open is filled in, what does not fit them is left out.

        Raises:
            InputError: it names another symbol or timeframe.
        """
        entry, frame = bars.instrument, bars.timeframe
        for name, asked, found in (("symbol", self.symbol, entry.symbol), ("timeframe", self.timeframe, frame.value)):
            if asked not in (None, found):
                message = f"the space is for {name} {asked} and the bars are of {found}; leave {name} out, or load other bars"
                raise InputError(message)
        volumes = bool((bars.volume > 0.0).any())
        fitting = [
            name for name in self.filters if (frame.intraday or not FILTERS[name].intraday) and (volumes or not FILTERS[name].volume)
        ]
        american = (SessionMode(self.session_mode) if self.session_mode else entry.session_mode) is SessionMode.RTH_US
        return replace(
            self,
            symbol=entry.symbol,
            timeframe=frame.value,
            directions=self.directions or (("long",) if entry.asset_class in _LONG_ONLY else tuple(SIDES)),
            filters=tuple(fitting),
            windows=self.windows if frame.intraday and american else (WHOLE,),
        )

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON of the space and of every template it names: another version of a template is another space."""
        templates = {name: _template_record(archetype(name)) for name in self.archetypes}
        parts = {name: [FILTERS[name].long, FILTERS[name].short, _ranges(FILTERS[name].parameters)] for name in self.filters}
        ways = {name: [EXITS[name].long, EXITS[name].short, _ranges(EXITS[name].parameters)] for name in self.exits}
        return content_hash({"space": self.to_dict(), "templates": templates, "filters": parts, "exits": ways})

    def suggest(self, trial: Suggester, *, search: str | None = None) -> StrategySpec:
        """Return the specification that ``trial`` chooses; ``search`` is the name of the search, that of the space unless given.

        Raises:
            InputError: symbol or timeframe were left open; ``on(bars)`` fills them in.
            SpecError: the choices contradict each other.
        """
        if self.symbol is None or self.timeframe is None or self.directions is None:
            message = "the space does not say what is traded; give symbol, timeframe and directions, or use space.on(bars)"
            raise InputError(message)
        return Draft(self, trial).spec(search or self.content_hash)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        record = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        for name, value in record.items():
            if isinstance(value, tuple):
                record[name] = [item.to_dict() if isinstance(item, Span) else item for item in value]
        return record | {"costs": None if self.costs is None else self.costs.to_dict()}

    def to_json(self) -> str:
        """Return canonical JSON; ``from_json`` gives an equal space."""
        return canonical(self.to_dict()).decode()

    @classmethod
    def from_json(cls, text: str) -> SearchSpace:
        """Return the space of a JSON text.

        Raises:
            InputError: it is no JSON object, or no space.
        """
        try:
            record = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            message = f"a search space must be JSON: {error}"
            raise InputError(message) from None
        names = [entry.name for entry in fields(cls)]
        if not isinstance(record, dict):
            message = "a search space must be one JSON object"
            raise InputError(message)
        require_known("field of a search space", record, names)
        for name in _GUARDS:
            if name in record:
                record[name] = tuple(Span.from_dict(item) if isinstance(item, dict) else item for item in record[name])
        if record.get("costs") is not None:
            record["costs"] = Costs.from_dict(record["costs"])
        return cls(**record)


_GUARDS = ("stops", "targets", "trailing", "time_stops")


def _refuse_twice_or_none(name: str, given: tuple[Any, ...]) -> None:
    if not given or len({str(item) for item in given}) < len(given):
        message = f"{name} of a search space must be different choices, at least one, not {list(map(str, given))}"
        raise InputError(message)


def _refuse_guards(name: str, given: tuple[Guard, ...]) -> None:
    spans = [guard for guard in given if isinstance(guard, Span)]
    require_known(f"choice of {name}", [str(guard) for guard in given if not isinstance(guard, Span)], (TEMPLATE, NONE))
    if any((guard.kind == "bars") != (name == "time_stops") for guard in spans) or len({guard.kind for guard in spans}) < len(spans):
        message = f"{name} take one Span a kind, of kind bars for time stops only, not {list(map(str, spans))}"
        raise InputError(message)


def _ranges(given: Mapping[str, ParameterRange]) -> dict[str, dict[str, float]]:
    return {name: given[name].to_dict() for name in sorted(given)}


def _template_record(entry: Archetype) -> dict[str, Any]:
    return {"rules": dict(entry.predicates), "parameters": _ranges(entry.parameters), "brackets": entry.brackets.to_dict()}
