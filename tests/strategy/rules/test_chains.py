from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.strategy.rules import parse_rule, write
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.chains import SHORT, joined, terms_of


def _terms(count: int) -> list[t.Node]:
    return [t.Binary(">", t.Series("close"), t.Number(float(place))) for place in range(count)]


@given(st.integers(1, 400), st.sampled_from(t.LOGIC))
def test_a_list_is_shallow_and_keeps_its_order(count: int, op: str) -> None:
    """However many conditions are joined, the tree stays shallow, and the list comes out as it went in."""
    tree = joined(op, _terms(count))
    assert t.depth(tree) <= 2 + max(SHORT, count.bit_length() + 4)
    if count > 1:
        assert isinstance(tree, t.Binary)
        assert terms_of(tree) == _terms(count)
        assert f" {op} ".join(write(term) for term in _terms(count)) == write(tree)


def test_long_rules_are_read() -> None:
    """Two hundred conditions in a row are no depth: they are read, and their canonical text is flat and reads back."""
    text = " and ".join(f"close > {place}" for place in range(200))
    parsed = parse_rule(text)
    assert (parsed.canonical, t.depth(parsed.tree) <= 16) == (text, True)
    assert parse_rule(parsed.canonical).tree == parsed.tree


def test_another_grouping_is_kept() -> None:
    """Conditions that a person groups otherwise keep their parentheses and their tree."""
    text = "close > 1 and (close > 2 and close > 3)"
    assert parse_rule(text).canonical == text
    assert parse_rule("(close > 1 and close > 2) and close > 3").canonical == "close > 1 and close > 2 and close > 3"
