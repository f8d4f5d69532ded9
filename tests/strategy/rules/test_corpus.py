from __future__ import annotations

import pytest
from corpus import READ, REFUSED

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse_rule


@pytest.mark.parametrize(("text", "canonical"), READ, ids=[text for text, _ in READ])
def test_rules_are_read(text: str, canonical: str) -> None:
    """A rule as researchers write it means what the hand-made canonical text says."""
    assert canonical == parse_rule(text).canonical


@pytest.mark.parametrize(("text", "place", "words"), REFUSED, ids=[text or "empty" for text, _, _ in REFUSED])
def test_wrong_rules_are_pointed_at(text: str, place: str, words: str) -> None:
    """A wrong rule is refused at the right characters, with words that help."""
    with pytest.raises(RuleSyntaxError) as caught:
        parse_rule(text)
    assert place == text[caught.value.start : caught.value.end]
    assert words in str(caught.value)
