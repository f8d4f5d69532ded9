"""Text to meaning: one rule, or a strategy of several directions, with spans, readings, confidence and warnings.

1. ``tokens.scan`` splits the text into words with their places.
2. ``statements.split`` finds the directions of a strategy (*buy when*, *sell when*, ...).
3. ``phrases.rewrite`` turns relaxed English into the strict grammar's words, recording each reading.
4. ``grammar.parse_words`` is the LALR(1) parser.
5. ``build.Builder`` resolves names, completes calls and checks that conditions are conditions.
6. ``advice.warnings`` points at what is legal but hardly meant.

Nothing is ever evaluated; time is bounded by the length of the text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import text as canonical_text
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.advice import advise
from workbench.strategy.rules.build import Builder
from workbench.strategy.rules.grammar import parse_words
from workbench.strategy.rules.phrases import rewrite
from workbench.strategy.rules.statements import split
from workbench.strategy.rules.tokens import MAX_TEXT, scan
from workbench.strategy.rules.vocabulary import indicator_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.rules.advice import Advice
    from workbench.strategy.rules.phrases import Rewrite
    from workbench.strategy.rules.tokens import Word

_WARNING_DOUBT = 0.1
_GUARDS = {
    **dict.fromkeys(("stop", "stoploss", "stop_loss"), "a stop is given beside the text: stop='2%'"),
    **dict.fromkeys(("target", "take", "profit"), "a target is given beside the text: target='5%'"),
    **dict.fromkeys(("trailing", "trail"), "a trailing stop is given beside the text: trailing='3 atr'"),
    **dict.fromkeys(("exit", "close", "hold"), "write 'exit when ...'; an exit after some bars is given beside the text: time_stop=5"),
}
"""What people write into the text and belongs to the brackets."""


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

    @cached_property
    def canonical(self) -> str:
        """The rule in canonical text."""
        return canonical_text.write(self.tree)

    @property
    def confidence(self) -> float:
        """From 0 to 1: 1 where nothing had to be read into the text; each doubtful reading and each warning lowers it."""
        sure = (1 - _WARNING_DOUBT) ** len(self.warnings)
        for rewritten in self.reading:
            sure *= 1 - rewritten.doubt
        return round(sure, 4)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the confidence is below 1, one sentence each."""
        read = {
            entry.span: str(entry) for entry in self.reading if entry.doubt > 0
        }  # of two readings of the same words the last is the whole one
        return tuple(dict.fromkeys((*read.values(), *(warning.message for warning in self.warnings))))

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
    def confidence(self) -> float:
        """The confidence of the least sure rule."""
        return min(rule.confidence for rule in self.rules.values())

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


def parse(text: str) -> ParsedRule | ParsedStrategy:
    """Return what ``text`` means: a strategy where it names directions (*buy when ...*), otherwise one rule.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    words = scan(text)
    directed = any(statement.direction is not None for statement in split(words, text))
    return _strategy(text, words) if directed else _one(text, words, "boolean")


def parse_rule(text: str) -> ParsedRule:
    """Return the condition that ``text`` says, such as ``rsi(2) < 10 and close > sma(200)``.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _one(text, scan(text), "boolean")


def parse_number(text: str) -> ParsedRule:
    """Return the numeric expression that ``text`` says, such as ``(high - low) / atr(14)``.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _one(text, scan(text), "number")


def parse_strategy(text: str) -> ParsedStrategy:
    """Return the rules of ``buy when ...; sell when ...; short when ...; cover when ...`` by direction.

    Statements end at a semicolon, a new line, a full stop or where the next direction begins. Two statements of one direction are
    joined by *or*; *exit when* closes whichever sides are entered.

    Raises:
        RuleSyntaxError: it cannot be read; the error points at the characters and suggests.
    """
    return _strategy(text, scan(text))


def _strategy(text: str, words: list[Word]) -> ParsedStrategy:
    rules: dict[str, ParsedRule] = {}
    for statement in split(words, text):
        if statement.direction is None:
            span = statement.words[0].span
            problem = "this starts without saying what to do"
            hint = _GUARDS.get(statement.words[0].value, "begin with 'buy when', 'sell when', 'short when' or 'cover when'")
            raise RuleSyntaxError(text, span, problem, hint)
        rule = _rule(text, statement.words, statement.end, "boolean")
        if statement.rewrites:
            rule = replace(rule, reading=(*statement.rewrites, *rule.reading))
        known = rules.get(statement.direction)
        rules[statement.direction] = rule if known is None else _either(known, rule)
    return ParsedStrategy(text=text, rules=rules)


def _either(first: ParsedRule, second: ParsedRule) -> ParsedRule:
    span = (first.span[0], second.span[1])
    node = t.Binary("or", first.tree, second.tree, span=span)
    reading, warnings = (*first.reading, *second.reading), (*first.warnings, *second.warnings)
    return ParsedRule(text=first.text, span=span, tree=node, reading=reading, warnings=warnings)


def _one(text: str, words: list[Word], kind: t.Kind) -> ParsedRule:
    first, *more = split(words, text)
    if first.direction is not None:
        problem = "this names a direction, only the condition is read here"
        raise RuleSyntaxError(text, (words[0].span[0], first.words[0].span[0]), problem, "leave it out, or use parse_strategy")
    if more:
        span = (more[0].words[0].span[0], more[-1].end)
        raise RuleSyntaxError(text, span, "there is a second statement", "one rule is read here; join conditions with 'and' or 'or'")
    return _rule(text, first.words, first.end, kind)


def _rule(text: str, words: list[Word], end: int, kind: t.Kind) -> ParsedRule:
    strict, rewrites = rewrite(words, text, indicator_names())
    builder = Builder(text)
    parsed = parse_words(strict, text, end)
    tree = builder.rule(parsed)
    if t.kind(tree) != kind:
        said = text[tree.span[0] : tree.span[1]]
        wrong = f"{said} is a number, not a condition" if kind == "boolean" else f"{said} is a condition, not a number"
        raise RuleSyntaxError(text, tree.span, wrong, f"compare it with something, as in {said} > ..." if kind == "boolean" else "")
    if len(canonical_text.write(tree)) > MAX_TEXT:
        raise RuleSyntaxError(text, tree.span, f"written out in full this rule has more than {MAX_TEXT} characters", "split it")
    reading = tuple(sorted((*rewrites, *builder.rewrites), key=lambda entry: entry.span))
    return ParsedRule(text=text, span=(words[0].span[0], end), tree=tree, reading=reading, warnings=advise(tree, text))
