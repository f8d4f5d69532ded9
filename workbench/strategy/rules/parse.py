"""Text to meaning: one rule, or a strategy of several directions, with spans, readings, confidence and warnings.

1. ``tokens.scan`` splits the text into words with their places.
2. ``statements.split`` finds the definitions (*let dip = ...*) and directions of a strategy (*buy when*, *sell when*, ...).
3. ``phrases.rewrite`` turns relaxed English into the strict grammar's words, recording each reading.
4. ``grammar.parse_words`` is the LALR(1) parser.
5. ``build.Builder`` resolves names, completes calls and checks that conditions are conditions.
6. ``advice.advise`` points at what is legal but hardly meant.
7. A direction that cannot be read is answered by the archetype given as ``fallback``, and marked (``fallback.py``).

Nothing is ever evaluated; time is bounded by the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError, UnknownNameError
from workbench.strategy.rules.fallback import Fallback
from workbench.strategy.rules.reader import Reader
from workbench.strategy.rules.reading import ParsedRule, ParsedStrategy
from workbench.strategy.rules.statements import split
from workbench.strategy.rules.tokens import scan

if TYPE_CHECKING:
    from workbench.strategy.rules import tree as t
    from workbench.strategy.rules.fallback import StandIn
    from workbench.strategy.rules.statements import Statement

__all__ = ["ParsedRule", "ParsedStrategy", "parse", "parse_number", "parse_rule", "parse_strategy"]

_GUARDS = {
    **dict.fromkeys(("stop", "stoploss", "stop_loss"), "a stop is given beside the text: stop='2%'"),
    **dict.fromkeys(("target", "take", "profit"), "a target is given beside the text: target='5%'"),
    **dict.fromkeys(("trailing", "trail"), "a trailing stop is given beside the text: trailing='3 atr'"),
    **dict.fromkeys(("exit", "close", "hold"), "write 'exit when ...'; an exit after some bars is given beside the text: time_stop=5"),
}
"""What people write into the text and belongs to the brackets."""


def parse(text: str, *, fallback: StandIn | None = None) -> ParsedRule | ParsedStrategy:
    """Return what ``text`` means: a strategy where it names directions (*buy when ...*), otherwise one rule.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    statements = split(scan(text), text)
    directed = any(statement.direction is not None for statement in statements)
    return _strategy(text, statements, fallback) if directed else _one(text, statements, "boolean")


def parse_rule(text: str) -> ParsedRule:
    """Return the condition that ``text`` says, such as ``rsi(2) < 10 and close > sma(200)``; it may name its parts first (*let dip = ...;*).

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _one(text, split(scan(text), text), "boolean")


def parse_number(text: str) -> ParsedRule:
    """Return the numeric expression that ``text`` says, such as ``(high - low) / atr(14)``.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _one(text, split(scan(text), text), "number")


def parse_strategy(text: str, *, fallback: StandIn | None = None) -> ParsedStrategy:
    """Return the rules of ``buy when ...; sell when ...; short when ...; cover when ...`` by direction.

    Statements end at a semicolon, a new line, a full stop or where the next direction begins. Two statements of one direction are
    joined by *or*; *exit when* closes whichever sides are entered. With ``fallback``, an archetype, a direction that cannot be read gets the
    archetype's rule for that direction and carries the reason as its ``fallback``, as long as another direction could be read.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _strategy(text, split(scan(text), text), fallback)


def _strategy(text: str, statements: list[Statement], archetype: StandIn | None) -> ParsedStrategy:
    reader = Reader(text)
    read: dict[str, list[ParsedRule]] = {}
    failed: dict[str, RuleSyntaxError] = {}
    for statement in statements:
        if statement.defines is not None:
            reader.define(statement)
    for statement in statements:
        if statement.defines is not None:
            continue
        if statement.direction is None:
            raise _undirected(text, statement)
        known = read.setdefault(statement.direction, [])
        try:
            known.append(reader.rule(statement, "boolean"))
        except RuleSyntaxError as error:
            failed.setdefault(statement.direction, error)
    if failed and (archetype is None or len(failed) == len(read)):
        raise next(iter(failed.values()))
    rules = {direction: reader.either(rules) for direction, rules in read.items() if direction not in failed}
    if not read:
        raise _only_definitions(text, statements)
    if failed and archetype is not None:
        taken = frozenset(name for rule in rules.values() for name in rule.parameters)
        rules |= {direction: _stands_in(direction, error, archetype, taken) for direction, error in failed.items()}
    return ParsedStrategy(text=text, rules=reader.finished({direction: rules[direction] for direction in read}))


def _stands_in(direction: str, error: RuleSyntaxError, archetype: StandIn, taken: frozenset[str]) -> ParsedRule:
    """Return the archetype's rule; its ``$names`` that the text has ``taken`` for something else get the archetype's name before them."""
    try:
        said = archetype.predicate(direction)
    except UnknownNameError:  # the archetype has no rule for this direction
        raise error from None
    own = {name: f"{archetype.name}_{name}" if name in taken else name for name in archetype.parameters}
    rule = parse_rule(re.sub(r"\$(\w+)", lambda found: f"${own.get(found[1], found[1])}", said))
    ranges = {own[name]: range_ for name, range_ in archetype.parameters.items() if own[name] in rule.parameters}
    why = Fallback(
        direction=direction,
        archetype=archetype.name,
        rule=rule.canonical,
        start=error.start,
        end=error.end,
        problem=error.problem,
        suggestion=error.suggestion,
    )
    return replace(rule, ranges=ranges, fallback=why)


def _one(text: str, statements: list[Statement], kind: t.Kind) -> ParsedRule:
    reader = Reader(text)
    for statement in statements:
        if statement.defines is not None:
            reader.define(statement)
    rules = [statement for statement in statements if statement.defines is None]
    if not rules:
        raise _only_definitions(text, statements)
    first, *more = rules
    if first.direction is not None:
        problem = "this names a direction, only the condition is read here"
        raise RuleSyntaxError(text, (0, len(text[: first.words[0].span[0]].rstrip())), problem, "leave it out, or use parse_strategy")
    if more:
        place = (more[0].words[0].span[0], more[-1].end)
        raise RuleSyntaxError(text, place, "there is a second statement", "one rule is read here; join conditions with 'and' or 'or'")
    return reader.finished({"rule": reader.rule(first, kind)})["rule"]


def _undirected(text: str, statement: Statement) -> RuleSyntaxError:
    span = statement.words[0].span
    problem = "this starts without saying what to do"
    hint = _GUARDS.get(statement.words[0].value, "begin with 'buy when', 'sell when', 'short when' or 'cover when'")
    return RuleSyntaxError(text, span, problem, hint)


def _only_definitions(text: str, statements: list[Statement]) -> RuleSyntaxError:
    name = statements[-1].defines
    span = name.span if name is not None else (0, len(text))
    return RuleSyntaxError(
        text, span, "this gives a name and there is no rule that uses it", "add a rule behind it, as in: let dip = rsi(2) < 10; dip"
    )
