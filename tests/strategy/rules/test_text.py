from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rule_trees import CONDITIONS, VALUES

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse_number, parse_rule, write
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.tokens import MAX_TEXT


@settings(max_examples=300, deadline=None)
@given(CONDITIONS)
@example(t.Binary(">", t.Unary("-", t.Number(5.0)), t.Number(-5.0)))
@example(t.Binary(">", t.Offset(t.Number(-5.0), 1), t.Unary("-", t.Unary("-", t.Number(-5.0)))))
@example(t.Between(t.Clock("minute_of_day"), t.Number(720.0), t.Number(570.0)))
@example(t.Binary("==", t.Clock("day_of_week"), t.Number(6.0)))
@example(t.Unary("not", t.Binary("<", t.Number(0.0), t.Clock("day_of_week"))))
@example(t.Binary("<", t.Number(0.0), t.Binary("-", t.Number(5.0), t.Binary("min", t.Number(0.0), t.Series("close")))))
def test_tree_text_tree(tree: t.Node) -> None:
    """A tree written as text and read again is the same tree, with nothing left to doubt."""
    text = write(tree)
    if len(text) > MAX_TEXT:
        return
    parsed = parse_rule(text)
    assert tree == parsed.tree
    assert text == parsed.canonical
    assert [entry for entry in parsed.reading if entry.doubt > 0] == []


@settings(max_examples=100, deadline=None)
@given(CONDITIONS)
def test_spans_are_where_the_node_was_read(tree: t.Node) -> None:
    """The characters of every node's span, read alone, give that node."""
    text = write(tree)
    if len(text) > MAX_TEXT:
        return
    for node in t.walk(parse_rule(text).tree):
        piece = text[node.span[0] : node.span[1]]
        read = parse_rule if t.kind(node) == "boolean" else parse_number
        assert node == read(piece).tree


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_letter_case_and_spaces_do_not_matter(tree: t.Node) -> None:
    """Capital letters and extra white space change nothing."""
    text = write(tree)
    if len(text) > MAX_TEXT // 2:
        return
    assert tree == parse_number(text.upper().replace(" ", " \t ")).tree


WORDS = st.sampled_from(
    [
        "close",
        "open",
        "rsi",
        "sma",
        "macd",
        "bb",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ";",
        ":",
        "+",
        "-",
        "*",
        "/",
        "<",
        ">",
        "=",
        "<=",
        "and",
        "or",
        "not",
        "is",
        "the",
        "crosses",
        "above",
        "below",
        "between",
        "rising",
        "3",
        "14",
        "0.5",
        "20",
        "day",
        "high",
        "low",
        "signal",
        "ago",
        "bars",
        "buy",
        "sell",
        "short",
        "when",
        "exit",
        "$n",
        "%",
        "2%",
        "9:30",
        "monday",
        "on",
        "after",
        "yesterday",
        "'s",
        "x",
        "upper",
        "band",
        "e5",
        ".",
        "..",
        "\n",
        "zzz",
    ]
)


def _refusal(text: str) -> RuleSyntaxError | None:
    try:
        parse_rule(text)
    except RuleSyntaxError as error:
        return error
    return None


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_word_salad_is_read_or_refused(text: str) -> None:
    """Any sequence of the language's words either has a meaning that reads back, or is refused at a place inside the text."""
    refused = _refusal(text)
    if refused is None:
        parsed = parse_rule(text)
        assert parsed.tree == parse_rule(parsed.canonical).tree
    else:
        assert 0 <= refused.start <= refused.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way."""
    refused = _refusal(text)
    assert refused is None or 0 <= refused.start <= refused.end <= len(text)
