from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse_rule, parse_strategy

CORPUS: dict[str, list[dict[str, Any]]] = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text("utf-8"))


def _ids(kind: str) -> list[str]:
    return [entry["text"][:60].strip() or "empty" for entry in CORPUS[kind]]


@pytest.mark.parametrize("entry", CORPUS["read"], ids=_ids("read"))
def test_rules_are_read(entry: dict[str, Any]) -> None:
    """A rule as researchers write it means what the hand-made canonical text says, and that text means itself."""
    parsed = parse_rule(entry["text"])
    assert entry["means"] == parsed.canonical
    assert parsed.tree == parse_rule(parsed.canonical).tree


@pytest.mark.parametrize("entry", CORPUS["strategy"], ids=_ids("strategy"))
def test_strategies_are_read(entry: dict[str, Any]) -> None:
    """A strategy as researchers write it gives the hand-made rule in each direction and in no other."""
    expected = {name: rule for name, rule in entry.items() if name != "text"}
    assert expected == {name: rule.canonical for name, rule in parse_strategy(entry["text"]).rules.items()}


@pytest.mark.parametrize("entry", CORPUS["refused"], ids=_ids("refused"))
def test_wrong_rules_are_pointed_at(entry: dict[str, Any]) -> None:
    """A wrong rule is refused at the right characters, with words that help and a suggestion."""
    with pytest.raises(RuleSyntaxError) as caught:
        parse_rule(entry["text"])
    error = caught.value
    assert (entry["at"], entry["column"]) == (entry["text"][error.start : error.end], error.start + 1)
    assert entry["words"] in str(error)
    assert error.suggestion != ""
    assert "^" in str(error)


def test_the_corpus_is_wide() -> None:
    """The corpus holds at least 150 rules that are read and 80 that are refused, each once, in many styles."""
    assert [len(CORPUS[kind]) >= least for kind, least in (("read", 150), ("refused", 80), ("strategy", 10))] == [True, True, True]
    assert len(Counter(entry["style"] for entry in CORPUS["read"])) >= 10
    texts = [entry["text"] for entries in CORPUS.values() for entry in entries]
    assert len(texts) == len(set(texts))
