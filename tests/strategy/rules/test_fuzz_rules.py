from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import RuleSyntaxError
from workbench.strategy.archetypes import archetype
from workbench.strategy.rules import parse, parse_rule, parse_strategy
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.build import MAX_DEPTH
from workbench.strategy.rules.phrase_table import phrases
from workbench.strategy.rules.tokens import MAX_TEXT
from workbench.strategy.rules.vocabulary import known_names

if TYPE_CHECKING:
    import random

CORPUS = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text("utf-8"))
RULES = [entry["text"] for kind in ("read", "strategy", "refused") for entry in CORPUS[kind]]
SPOKEN = sorted({word for word in phrases().after if not word.startswith("<")})
SIGNS = [
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ":",
    ".",
    "..",
    "+",
    "-",
    "*",
    "/",
    "<",
    ">",
    "=",
    "!=",
    "\n",
    "$n",
    "$n=",
    "2%",
    "9:30",
    "3",
    "1h",
    "0.5",
    "1e9",
    "'s",
]
HEADERS = [
    "let x =",
    "buy when",
    "sell if",
    "short:",
    "cover once",
    "exit",
    "if",
    "then",
    "else",
    "within",
    "for",
    "on 1h",
    "daily",
    "any of (",
]
GLUE = [
    "and",
    "or",
    "not",
    ",",
    ";",
    "but",
    "unless",
    "buy when",
    "sell if",
    "let x =",
    "any of (",
    "if",
    "then",
    "else",
    "within",
    "for 3 bars",
    ")",
    "on 1h",
    "",
]
SALAD = st.lists(st.sampled_from([*SPOKEN, *known_names(), *SIGNS, *HEADERS]), max_size=120).map(" ".join)
REPEATED = st.builds(
    lambda piece, times, tail: (piece * times)[:MAX_TEXT] + tail,
    st.one_of(st.sampled_from([*SIGNS, *HEADERS, "(", "((", "[1]", "not ", "- ", "c>o and ", "close "]), st.text(min_size=1, max_size=6)),
    st.integers(1, 4000),
    st.sampled_from(["", "close > open", ")", "]"]),
)


def _reads(text: str) -> t.Node | None:
    """Return the tree of ``text`` or of its first rule, None where it is refused in the one allowed way."""
    refused: RuleSyntaxError | None = None
    try:
        parsed = parse(text)
    except RuleSyntaxError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.start <= refused.end <= max(len(text), 1)
        assert refused.suggestion
        return None
    rules = parsed.rules.values() if hasattr(parsed, "rules") else [parsed]
    for rule in rules:
        assert rule.tree == parse_rule(rule.canonical).tree
        assert len(rule.canonical) <= MAX_TEXT
        assert t.depth(rule.tree) <= MAX_DEPTH
        assert 0.0 <= rule.confidence <= 1.0
    return next(iter(rules)).tree


@settings(max_examples=250, deadline=None)
@given(SALAD)
def test_salad_of_the_language_is_read_or_refused(text: str) -> None:
    """Any sequence of the language's own words means something that reads back, or is refused at a place inside the text."""
    _reads(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RULES), st.data())
def test_damaged_rules_are_read_or_refused(text: str, data: st.DataObject) -> None:
    """A rule with characters cut out, doubled or replaced is read or refused, in no third way."""
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(len(text), first + 8)))
    put = data.draw(st.one_of(st.text(max_size=4), st.sampled_from([*SIGNS, text[first:last] * 2])))
    _reads(text[:first] + put + text[last:])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(GLUE), st.sampled_from(RULES)), min_size=1, max_size=6))
def test_rules_glued_together_are_read_or_refused(pieces: list[tuple[str, str]]) -> None:
    """Rules of the corpus joined in any way mean something that reads back, or are refused."""
    _reads(" ".join(word for piece in pieces for word in piece))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_shuffled_rules_are_read_or_refused(text: str, chance: random.Random) -> None:
    """The words of a rule in another order, some of them lost, are read or refused."""
    words = text.split()
    chance.shuffle(words)
    _reads(" ".join(words[: chance.randint(1, len(words))]) if words else text)


@settings(max_examples=100, deadline=None)
@given(REPEATED)
def test_endless_repetition_is_bounded(text: str) -> None:
    """Four thousand characters of one piece, however nested, end in a rule or a refusal."""
    _reads(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_with_a_fallback(text: str) -> None:
    """A fallback never lets another kind of error through, and never answers for what was read."""
    try:
        parsed = parse_strategy(f"buy when close > open; sell when {text}", fallback=archetype("breakout"))
    except RuleSyntaxError:
        return
    assert parsed.rules["entry_long"].fallback is None or "buy" in text.lower() or "long" in text.lower() or "enter" in text.lower()


@pytest.mark.parametrize("size", [1, 40, 400, 3000])
def test_numbers_of_any_length(size: int) -> None:
    """Digits without end are a number or too large, never a crash."""
    for digits in ("9" * size, "0." + "0" * size + "1", "1e" + "9" * min(size, 300)):
        _reads(f"close > {digits}")
