"""Reads the statements of one text in turn: definitions first become names, then each rule a tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import text as canonical_text
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.advice import Advice, advise
from workbench.strategy.rules.build import Builder
from workbench.strategy.rules.chains import joined
from workbench.strategy.rules.grammar import parse_words
from workbench.strategy.rules.phrase_table import KEYWORDS
from workbench.strategy.rules.phrases import rewrite
from workbench.strategy.rules.reading import ParsedRule
from workbench.strategy.rules.tokens import MAX_TEXT
from workbench.strategy.rules.vocabulary import DAYS, FUNCTIONS, names_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.strategy.rules.phrases import Rewrite
    from workbench.strategy.rules.statements import Statement
    from workbench.strategy.rules.tokens import Word


@dataclass(frozen=True, slots=True)
class _Definition:
    name: Word
    reading: tuple[Rewrite, ...]
    """How its meaning was read, its own names' included."""


class Reader:
    """What has been read of one text so far."""

    def __init__(self, text: str) -> None:
        """Begin with the names registered now."""
        self.text = text
        self._builder = Builder(text, names_now())
        self._defined: dict[str, _Definition] = {}
        self._given: dict[str, Word] = {}

    def define(self, statement: Statement) -> None:
        """Give a name its meaning, or a ``$parameter`` its range.

        Raises:
            RuleSyntaxError: the name means something already, or its meaning cannot be read.
        """
        name = statement.defines
        assert name is not None  # the caller asks
        known = self._builder.names
        taken = known.is_value(name.value) or name.value in FUNCTIONS or name.value in KEYWORDS or name.value in DAYS
        if name.type == "NAME" and taken:
            hint = "choose another name, such as dip or trend"
            raise RuleSyntaxError(self.text, name.span, f"{name.value!r} means something already", hint)
        tree, reading = self._read(statement)
        if name.type == "PARAM":
            self._given[name.value[1:]] = name
            return
        self._builder.names = replace(known, defined={**known.defined, name.value: tree})
        self._defined[name.value] = _Definition(name, reading)

    def rule(self, statement: Statement, kind: t.Kind) -> ParsedRule:
        """Return what a statement says, which must be of this ``kind``.

        Raises:
            RuleSyntaxError: it cannot be read, or is of the other kind.
        """
        tree, reading = self._read(statement)
        if t.kind(tree) != kind:
            said = self.text[tree.span[0] : tree.span[1]]
            wrong = f"{said} is a number, not a condition" if kind == "boolean" else f"{said} is a condition, not a number"
            raise RuleSyntaxError(
                self.text, tree.span, wrong, f"compare it with something, as in {said} > ..." if kind == "boolean" else ""
            )
        span = (statement.words[0].span[0], statement.end)
        return self._checked(ParsedRule(text=self.text, span=span, tree=tree, reading=(*statement.rewrites, *reading), warnings=()))

    def either(self, rules: Sequence[ParsedRule]) -> ParsedRule:
        """Return rules of one direction as one, which holds where any of them does."""
        if len(rules) == 1:
            return rules[0]
        tree = joined("or", [rule.tree for rule in rules])
        self._builder.refuse_deep_tree(tree)
        reading = tuple(entry for rule in rules for entry in rule.reading)
        return self._checked(replace(rules[0], span=(rules[0].span[0], rules[-1].span[1]), tree=tree, reading=reading))

    def finished(self, rules: Mapping[str, ParsedRule]) -> dict[str, ParsedRule]:
        """Return ``rules`` with the ranges that the text gives and, at the first, a warning for each name that nothing uses."""
        given = self._builder.ranges
        done = {
            direction: rule
            if rule.fallback
            else replace(
                rule,
                ranges={name: given[name] for name in rule.parameters if name in given},
                warnings=advise(rule.tree),
            )
            for direction, rule in rules.items()
        }
        unused = self._unused({name for rule in done.values() for name in rule.parameters})
        first = next(iter(done))
        done[first] = replace(done[first], warnings=(*done[first].warnings, *unused))
        return done

    def _read(self, statement: Statement) -> tuple[t.Node, tuple[Rewrite, ...]]:
        builder = self._builder
        before = set(builder.used)
        builder.used.clear()
        strict, rewrites = rewrite(statement.words, self.text, builder.names)
        tree = builder.rule(parse_words(strict, self.text, statement.end, builder.names))
        named = [entry for name in sorted(builder.used) for entry in self._defined[name].reading]
        builder.used |= before
        own = sorted((*rewrites, *builder.rewrites), key=lambda entry: entry.span)
        return tree, tuple(dict.fromkeys((*named, *own)))

    def _checked(self, rule: ParsedRule) -> ParsedRule:
        if len(canonical_text.write(rule.tree)) > MAX_TEXT:
            raise RuleSyntaxError(self.text, rule.span, f"written out in full this rule has more than {MAX_TEXT} characters", "split it")
        return rule

    def _unused(self, parameters: set[str]) -> list[Advice]:
        names = [entry.name for name, entry in self._defined.items() if name not in self._builder.used]
        names += [word for name, word in self._given.items() if name not in parameters]
        return [Advice(span=word.span, code="unused", message=f"{word.value} is given a meaning and nothing uses it") for word in names]
