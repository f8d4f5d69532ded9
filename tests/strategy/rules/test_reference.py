from __future__ import annotations

import pytest

from workbench.errors import RuleSyntaxError, UnknownNameError
from workbench.strategy.rules import parse, parse_strategy
from workbench.strategy.rules.reference import REFERENCE, Example, section, table
from workbench.strategy.rules.statements import DIRECTIONS, WORDS_OF

READ = [(entry.name, example) for entry in REFERENCE for example in entry.examples]
REFUSED = [(entry.name, example) for entry in REFERENCE for example in entry.refused]


@pytest.mark.parametrize(("name", "example"), READ, ids=[f"{name}: {example.said[:50]}" for name, example in READ])
def test_examples_mean_what_the_reference_says(name: str, example: Example) -> None:
    """Every example of the reference is read as the reference says, and so is what it says."""
    parsed = parse(example.said)
    if hasattr(parsed, "rules"):
        found = "; ".join(
            f"{WORDS_OF[direction]} {parsed.rules[direction].canonical}" for direction in DIRECTIONS if direction in parsed.rules
        )
        assert example.means == found
        assert {key: rule.tree for key, rule in parsed.rules.items()} == {
            key: rule.tree for key, rule in parse_strategy(found).rules.items()
        }
    else:
        assert (example.means, parse(example.means).tree) == (parsed.canonical, parsed.tree)
    assert section(name).title


@pytest.mark.parametrize(("name", "example"), REFUSED, ids=[f"{name}: {example.said[:50]}" for name, example in REFUSED])
def test_what_the_reference_refuses_is_refused(name: str, example: Example) -> None:
    """What the reference calls an error is one, with the words it promises."""
    with pytest.raises(RuleSyntaxError, match=example.means.replace("(", r"\(")):
        parse(example.said)
    assert section(name).words


def test_the_reference_as_a_table() -> None:
    """The table holds every example once; an unknown section is an error that suggests."""
    assert len(READ) + len(REFUSED) == len(table())
    with pytest.raises(UnknownNameError, match="did you mean timeframes"):
        section("timeframe")
