"""A strategy as a researcher holds it: the spec, what was read, and the program; and ``strategy(...)``, which makes one from a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from workbench.errors import InputError, SpecError, UnknownNameError
from workbench.market.windows import TradingWindow
from workbench.portfolio import Bracket, Brackets, Costs, Filling, Limits, Sizing
from workbench.strategy.compiler import compile_rules
from workbench.strategy.fallback_monitor import FALLBACKS
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.rules.parse import ParsedStrategy, parse_rule, parse_strategy
from workbench.strategy.rules.tree import Call, Number
from workbench.strategy.spec import Provenance, StrategySpec
from workbench.units import SessionMode, Timeframe, instrument, session_mode, timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.strategy.archetypes import Archetype
    from workbench.strategy.program import BoundProgram, Program

_LONGEST_NAME = 60
_WHOLE_SESSION = ("session", "whole session", "all", "all day")


class Strategy:
    """A checked spec with its parsed rules and its register program."""

    def __init__(self, spec: StrategySpec, parsed: ParsedStrategy | None = None) -> None:
        """Compile the rules of ``spec``; ``parsed`` keeps how its text was read.

        Raises:
            InputError: the rules do not compile with the default parameters.
        """
        self.spec = spec
        self._parsed = parsed
        self.program.bind(spec.defaults)

    @cached_property
    def program(self) -> Program:
        """The register program, or what answers in its place for a function; ``"atr"`` is an output where a bracket needs it."""
        period = self.spec.brackets.atr_period
        extra = {} if period is None else {"atr": Call("atr", (Number(float(period)),))}
        if self.spec.python is not None:
            from workbench.strategy.python_program import PythonProgram  # noqa: PLC0415 - most strategies are sentences

            beside = compile_rules({}, (), extra) if extra else None
            return cast("Program", PythonProgram(self.spec.python, tuple(self.spec.parameters), beside))
        return compile_rules(self.spec.trees, self.spec.parameters, extra, texts=self.spec.rules)

    @cached_property
    def parse(self) -> ParsedStrategy:
        """How the text was read, or the canonical rules where there is no text."""
        if self._parsed is not None:
            return self._parsed
        if self.spec.python is not None:
            return ParsedStrategy(text=self.spec.python.text, rules={})
        text = "; ".join(f"{name}: {rule}" for name, rule in self.spec.rules.items())
        stands = {entry.direction: entry for entry in self.spec.provenance.fallbacks}
        rules = {name: replace(parse_rule(rule), fallback=stands.get(name)) for name, rule in self.spec.rules.items()}
        return ParsedStrategy(text=text, rules=rules)

    def decider(self, values: Mapping[str, float] | None = None) -> BoundProgram:
        """Return what decides, with ``values`` for the parameters (the defaults where not given): rules or function alike."""
        return self.program.bind({**self.defaults, **(values or {})})

    @property
    def name(self) -> str:
        """What people call it."""
        return self.spec.name

    @property
    def spec_hash(self) -> str:
        """The name of this version."""
        return self.spec.spec_hash

    @property
    def defaults(self) -> dict[str, float]:
        """The value of each ``$parameter`` unless a run gives another."""
        return self.spec.defaults

    def with_parameters(self, **values: float) -> Strategy:
        """Return the same strategy with other default parameter values, each inside its range.

        Raises:
            UnknownNameError: no such parameter.
            SpecError: a value outside its range.
        """
        ranges = dict(self.spec.parameters)
        for name, value in values.items():
            if name not in ranges:
                kind = "parameter"
                raise UnknownNameError(kind, name, ranges)
            old = ranges[name]
            if not old.fixed and not old.low <= value <= old.high:
                message = f"${name} = {value:g} is outside its range {old.low:g} to {old.high:g}; revise the parameter to widen it"
                raise SpecError(message)
            low, high = (value, value) if old.fixed else (old.low, old.high)
            ranges[name] = ParameterRange(default=value, low=low, high=high, step=old.step)
        return self.revised(parameters=ranges)

    def revised(self, **changes: Any) -> Strategy:  # noqa: ANN401 - fields of a spec
        """Return a checked copy with some fields of the spec changed, for example ``revised(symbols=("ES",), timeframe="5m")``.

        Raises:
            SpecError: the change contradicts the rest.
        """
        return Strategy(self.spec.revised(**changes), None if "rules" in changes else self._parsed)

    def __eq__(self, other: object) -> bool:
        """Two strategies are equal when their specs are."""
        return isinstance(other, Strategy) and other.spec_hash == self.spec_hash

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.spec_hash)

    def __repr__(self) -> str:
        """One line with name, symbols, timeframe and rules."""
        rules = "; ".join(f"{name}: {text}" for name, text in self.spec.rules.items())
        if self.spec.python is not None:
            rules = f"Python function {self.spec.python.entry}, warm-up {self.spec.python.warmup}"
        return f"Strategy({self.name!r}, {','.join(self.spec.symbols)} {self.spec.timeframe.value}, {rules})"

    def _repr_html_(self) -> str:
        from workbench.strategy.card import strategy_html  # noqa: PLC0415 - only faces draw

        return strategy_html(self)


def strategy(  # noqa: PLR0913 - the one sentence a researcher types, all options by keyword
    text: str,
    *,
    name: str | None = None,
    symbols: str | Sequence[str] = ("SPX",),
    timeframe: str | Timeframe = "1d",
    stop: Bracket | str | None = None,
    target: Bracket | str | None = None,
    trailing: Bracket | str | None = None,
    time_stop: int | None = None,
    sizing: Sizing | str | float | None = None,
    costs: Costs | Mapping[str, float] | None = None,
    filling: Filling | Mapping[str, Any] | None = None,
    limits: Limits | Mapping[str, float] | None = None,
    parameters: Mapping[str, Any] | None = None,
    archetype: str | None = None,
    fallback: bool = True,
    session_mode: str | SessionMode | None = None,
    window: TradingWindow | str | None = None,
    note: str = "",
) -> Strategy:
    """Return the strategy that ``text`` says: ``buy when ...; sell when ...; short when ...; cover when ...``.

    ``stop``, ``target`` and ``trailing`` are distances such as ``"2%"``, ``"16 ticks"``, ``"2 atr"``; ``time_stop`` counts bars; ``sizing`` is
    ``"1 contract"``, ``"95%"`` of equity or ``"1% risk"``; ``filling`` says how orders fill where not at the next open with all that money buys, for
    example ``{"fill_at": "close"}``; ``parameters`` gives each ``$name`` of the text a number or
    ``(default, low, high, step)``, which goes before a range written in the text; with an ``archetype`` and ``fallback``, a direction that cannot be
    read gets the archetype's rule, marked in ``parse.fallbacks``, in the provenance and on the card; ``window`` is ``"09:30-12:00"`` (New York) or ``"whole session"``. What is left out takes a default, and
    ``spec.provenance.defaults`` says which and why.

    Raises:
        RuleSyntaxError: the text cannot be read; the error points at the characters and suggests.
        UnknownNameError: a symbol, timeframe, session mode or archetype that does not exist.
        SpecError: the parts contradict each other.
        InputError: an option that cannot be read.
    """
    family = _archetype(archetype, name)
    parsed = parse_strategy(_checked_text(text), fallback=family if fallback else None)
    FALLBACKS.record(len(parsed.fallbacks), len(parsed.rules))
    chosen = _Choices(symbols, timeframe, session_mode)
    spec = StrategySpec(
        name=name or _name_from(text),
        archetype=family.name if family else None,
        symbols=chosen.symbols,
        timeframe=chosen.timeframe,
        session_mode=chosen.mode,
        window=chosen.window(window),
        rules={direction: rule.canonical for direction, rule in parsed.rules.items()},
        parameters={**parsed.ranges, **_named(parameters or {})},
        sizing=chosen.sizing(sizing),
        brackets=Brackets(stop=_bracket(stop), target=_bracket(target), trailing=_bracket(trailing), time_stop_bars=time_stop),
        costs=chosen.costs(costs),
        filling=filling if isinstance(filling, Filling) else Filling.from_dict(filling or {}),
        limits=limits if isinstance(limits, Limits) else Limits.from_dict(limits or {}),
        provenance=Provenance(source_text=text, note=note, defaults=tuple(chosen.stated), fallbacks=tuple(parsed.fallbacks.values())),
    )
    return Strategy(spec, parsed)


class _Choices:
    """What was chosen and what was left to a default, with the reason of each default."""

    def __init__(self, symbols: str | Sequence[str], bars: str | Timeframe, mode: str | SessionMode | None) -> None:
        given = [symbols] if isinstance(symbols, str) else list(symbols) if isinstance(symbols, Iterable) else []
        if not given or not all(isinstance(symbol, str) for symbol in given):
            message = f"symbols are names such as ('SPX',), not {symbols!r}"
            raise InputError(message)
        self.instruments = [instrument(symbol) for symbol in given]
        self.symbols = tuple(entry.symbol for entry in self.instruments)
        self.timeframe = timeframe(bars)
        self.mode = None if mode is None else session_mode(mode)
        self.stated: list[str] = []

    def sizing(self, given: Sizing | str | float | None) -> Sizing:
        if given is not None:
            return Sizing.parse(given)
        first = self.instruments[0]
        why = "one contract hides no leverage" if first.margined else "the rest keeps a gap at the open and the costs payable"
        default = Sizing.of(first)
        self.stated.append(f"size {default}: {why}")
        return default

    def costs(self, given: Costs | Mapping[str, float] | None) -> Costs | None:
        if given is not None:
            return given if isinstance(given, Costs) else Costs.from_dict(given)
        from workbench.portfolio.costs import reason_for  # noqa: PLC0415 - only where nobody chose

        first = self.instruments[0]
        self.stated.append(f"costs {Costs.of(first)}: {reason_for(first)}")
        return None

    def window(self, given: TradingWindow | str | None) -> TradingWindow | None:
        if isinstance(given, TradingWindow):
            return given
        if isinstance(given, str):
            return None if given.strip().lower() in _WHOLE_SESSION else _window_from(given)
        mode = self.mode or self.instruments[0].session_mode
        if not self.timeframe.intraday or mode is not SessionMode.RTH_US:
            return None
        self.stated.append(
            "window 09:30 to 12:00 New York: the morning holds most of the day's volume; say window='whole session' for all of it"
        )
        return TradingWindow(start="09:30", end="12:00")


def _window_from(text: str) -> TradingWindow:
    parts = [part.strip() for part in text.replace("–", "-").replace(" to ", "-").split("-")]
    if len(parts) != 2:  # noqa: PLR2004 - a start and an end
        message = f"a window {text!r} cannot be read; write '09:30-12:00' (New York) or 'whole session'"
        raise InputError(message)
    start, end = (part.zfill(5) for part in parts)
    return TradingWindow(start=start, end=end)


def _checked_text(given: object) -> str:
    if isinstance(given, str):
        return given
    message = f"a strategy is a text such as 'buy when rsi(2) < 10; sell when rsi(2) > 60', not {type(given).__name__}"
    raise InputError(message)


def _bracket(given: Bracket | str | None) -> Bracket | None:
    return None if given is None else Bracket.parse(given)


def _named(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).removeprefix("$").lower(): range_ for name, range_ in parameters.items()}


def _archetype(given: str | None, name: str | None) -> Archetype | None:
    if given is None:
        return None
    from workbench.strategy.archetypes import resolve  # noqa: PLC0415 - archetypes build on this file

    return resolve(given, name)


def _name_from(text: str) -> str:
    """Return a name for a strategy that was given none: its first words."""
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_NAME else f"{words[: _LONGEST_NAME - 1].rstrip()}…"
