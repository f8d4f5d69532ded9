"""The form read: what the rules mean, what is wrong in which field, and the strategy that comes of it.

1. ``_rules`` parses the texts; a mistake keeps its place and the text that would repair it.
2. ``_fields`` reads every other field; each message belongs to one field.
3. With all of them, ``_strategy`` builds the strategy. What the parts say against each other is put at the field that can solve it.

A pure function of the form: no store, no bars, no clock. Nothing that can be typed makes it raise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, RuleSyntaxError, WorkbenchError
from workbench.portfolio import Brackets, Costs, Limits
from workbench.strategy.rules.parse import ParsedStrategy, parse_rule, parse_strategy
from workbench.strategy.rules.statements import DIRECTIONS, WORDS_OF
from workbench.strategy.spec import Provenance
from workbench.strategy.strategy import Strategy, strategy
from workbench.strategy.validators import Finding, validate
from workbench.units import instrument
from workbench.widgets.authoring.fields import COSTS, FIELDS, parameter
from workbench.widgets.authoring.words import repair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.rules.parse import ParsedRule
    from workbench.strategy.spec import StrategySpec
    from workbench.widgets.authoring.form import Form

RULES = "rules"
"""Where a message stands that no single field can solve: under the rules."""
_PLACES = (
    ("the strategy never enters", RULES),
    ("nothing closes", RULES),
    ("nothing to close", RULES),
    ("a size by risk", "size"),
    ("daily bar is its whole session", "window"),
    ("window", "window"),
    ("time stop", "time_stop"),
    ("symbol", "symbols"),
)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One place in a rule that cannot be read."""

    editor: str
    """``text``, or the direction whose text it is in."""
    start: int
    end: int
    problem: str
    """What is wrong, one clause."""
    suggestion: str
    """What would be right, one clause; may be empty."""
    repair: str
    """The text that would stand instead; empty where it takes a person."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What the form says."""

    rules: Mapping[str, ParsedRule] = field(default_factory=dict)
    """The rules that could be read, by direction."""
    mistakes: tuple[Mistake, ...] = ()
    """What could not, in reading order."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Message by field; ``$name`` for a parameter, ``rules`` for the rules together."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What each field says, None for the default."""
    parameters: tuple[str, ...] = ()
    """The ``$names`` the rules use, in order of their names."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What ``wb.strategy`` is called with beside the text."""
    text: str = ""
    """What ``wb.strategy`` is called with."""
    strategy: Strategy | None = None
    """The strategy, None while anything in its way is wrong."""
    findings: tuple[Finding, ...] = ()
    """What the validators say about it, most severe first."""
    changed: bool = True
    """Whether it differs from the strategy the desk was opened with."""

    @property
    def state(self) -> str:
        """``empty``, ``error`` or ``ready``."""
        if self.strategy is not None:
            return "ready"
        return "error" if self.mistakes or self.rules or self.errors.get(RULES) else "empty"

    @property
    def confidence(self) -> float | None:
        """Of the least sure rule, 0 to 1; None where nothing was read."""
        return min((rule.confidence for rule in self.rules.values()), default=None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the confidence is below 1, each once."""
        return tuple(dict.fromkeys(reason for rule in self.rules.values() for reason in rule.reasons))

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What keeps it from becoming a bot."""
        return tuple(finding for finding in self.findings if finding.severity == "SEV-0")


def read(form: Form, base: StrategySpec | None = None) -> Reading:
    """Return what ``form`` says; ``base`` is the strategy it was opened with, whose lineage and unseen fields are kept."""
    rules, mistakes = _rules(form)
    used = tuple(sorted({name for rule in rules.values() for name in rule.parameters}))
    values, errors = _fields(form)
    ranges = _parameters(form, used, errors)
    text = form.text if form.mode == "sentence" else ";\n".join(f"{WORDS_OF[name]} {rule.canonical}" for name, rule in rules.items())
    options = _options(values, ranges, errors, base)
    found: dict[str, Any] = {"rules": rules, "mistakes": mistakes, "errors": errors, "values": values, "parameters": used}
    decisive = {name: told for name, told in errors.items() if name not in ("shown", "bot_name", "capital")}
    if mistakes or decisive or not rules:
        return Reading(**found, options=options, text=text)
    try:
        made, changed = _strategy(text, options, rules, base)
    except RuleSyntaxError as error:
        errors[RULES] = f"{error.problem}{f'; {error.suggestion}' if error.suggestion else ''}"
    except WorkbenchError as error:
        errors[_place(str(error), used)] = str(error)
    else:
        return Reading(**found, options=options, text=text, strategy=made, findings=tuple(validate(made.spec)), changed=changed)
    return Reading(**found, options=options, text=text)


def _rules(form: Form) -> tuple[dict[str, ParsedRule], tuple[Mistake, ...]]:
    rules: dict[str, ParsedRule] = {}
    mistakes: list[Mistake] = []
    for editor, text in form.editors.items():
        if not text.strip():
            continue
        try:
            rules |= parse_strategy(text).rules if editor == "text" else {editor: parse_rule(text)}
        except RuleSyntaxError as error:
            mistakes.append(_mistake(editor, text, error))
    return {name: rules[name] for name in DIRECTIONS if name in rules}, tuple(mistakes)


def _mistake(editor: str, text: str, error: RuleSyntaxError) -> Mistake:
    start, end = max(0, min(error.start, len(text))), max(0, min(error.end, len(text)))
    return Mistake(
        editor=editor,
        start=start,
        end=max(start, end),
        problem=error.problem,
        suggestion=error.suggestion,
        repair=repair(text[start:end], error.suggestion),
    )


def _fields(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, entry in FIELDS.items():
        try:
            values[name] = entry.read(getattr(form, name))
        except InputError as error:
            errors[name] = str(error)
    guards = {name: values.get(name) for name in ("stop", "target", "trailing")}
    try:
        Brackets(**guards)
    except InputError as error:  # two lengths of the average true range
        errors[[name for name, guard in guards.items() if guard is not None and guard.kind == "atr"][-1]] = str(error)
    return values, errors


def _parameters(form: Form, used: tuple[str, ...], errors: dict[str, str]) -> dict[str, ParameterRange]:
    ranges: dict[str, ParameterRange] = {}
    for name in used:
        try:
            ranges[name] = parameter(form.parameters.get(name, ""), name)
        except InputError as error:
            errors[f"${name}"] = str(error)
    return ranges


def _options(
    values: Mapping[str, Any], ranges: Mapping[str, ParameterRange], errors: Mapping[str, str], base: StrategySpec | None
) -> dict[str, Any]:
    """Return the options of ``wb.strategy`` that were chosen; what was left empty is left out."""
    options: dict[str, Any] = {"name": values.get("name"), "symbols": values.get("symbols"), "timeframe": values.get("timeframe")}
    options |= {name: values.get(name) for name in ("stop", "target", "trailing", "time_stop", "archetype", "session_mode", "window")}
    options |= {"parameters": dict(ranges) or None, "sizing": _sizing(values), "note": values.get("note") or None}
    limits = {name: values.get(name) for name in ("max_daily_loss", "max_position")}
    limits["max_quantity"] = base.limits.max_quantity if base else None
    options["limits"] = {name: value for name, value in limits.items() if value is not None} or None
    given = {name: values[name] for name in COSTS if values.get(name) is not None}
    if given and "symbols" not in errors:
        options["costs"] = Costs.of(instrument(values["symbols"][0])).to_dict() | given
    return {name: value for name, value in options.items() if value is not None}


def _sizing(values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a Sizing, its record, or None
    size, most = values.get("size"), values.get("max_quantity")
    if most is None:
        return size
    if size is not None:
        return size.to_dict() | {"max_quantity": most}
    symbols = values.get("symbols")
    return None if not symbols else type(_default_size(symbols)).to_dict(_default_size(symbols)) | {"max_quantity": most}


def _default_size(symbols: tuple[str, ...]) -> Any:  # noqa: ANN401 - a Sizing
    from workbench.portfolio import Sizing  # noqa: PLC0415 - one caller

    return Sizing.of(instrument(symbols[0]))


def _strategy(text: str, options: Mapping[str, Any], rules: Mapping[str, ParsedRule], base: StrategySpec | None) -> tuple[Strategy, bool]:
    made = strategy(text, **{**options, "limits": Limits.from_dict(options.get("limits", {}))})
    parsed = ParsedStrategy(text=text, rules=rules)
    if base is None:
        return Strategy(made.spec, parsed), True
    if not base.diff(made.spec) and base.name == made.spec.name:
        return Strategy(base, parsed), False
    kept = made.spec.provenance
    origin = Provenance(
        author=base.provenance.author,
        source_text=kept.source_text,
        parents=(*base.provenance.parents, base.spec_hash),
        root=base.provenance.root,
        note=kept.note,
        defaults=kept.defaults,
    )
    return Strategy(made.spec.revised(provenance=origin), parsed), True


def _place(message: str, used: tuple[str, ...]) -> str:
    """Return the field that can solve what ``message`` says."""
    for name in re.findall(r"\$(\w+)", message):
        if name in used:
            return f"${name}"
    return next((place for words, place in _PLACES if words in message), RULES)
