from __future__ import annotations

import pytest

from workbench.errors import RuleSyntaxError
from workbench.events import BUS, Event
from workbench.strategy.archetypes import archetype
from workbench.strategy.fallback_monitor import TOPIC, FallbackMonitor
from workbench.strategy.rules import parse_rule, parse_strategy
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy, strategy
from workbench.strategy.validators import validate

TEXT = "buy when rsi(2) < 10; sell when the moon is full"


def test_only_the_direction_that_cannot_be_read_falls_back() -> None:
    """The archetype answers for the unreadable direction alone, and says where and why."""
    family = archetype("mean_reversion")
    parsed = parse_strategy(TEXT, fallback=family)
    assert (parsed.rules["entry_long"].canonical, parsed.rules["entry_long"].fallback) == ("rsi(2) < 10", None)
    assert parsed.rules["exit_long"].tree == parse_rule(family.predicate("exit_long")).tree
    stands = parsed.fallbacks["exit_long"]
    assert (list(parsed.fallbacks), TEXT[stands.start : stands.end], stands.archetype) == (["exit_long"], "moon", "mean_reversion")
    assert parsed.confidence <= 0.5
    assert "could not be read" in parsed.reasons[0]


def test_without_an_archetype_it_is_an_error() -> None:
    """Nothing stands in unless an archetype is given, and it never stands in for everything."""
    with pytest.raises(RuleSyntaxError, match="moon"):
        parse_strategy(TEXT)
    with pytest.raises(RuleSyntaxError, match="foo"):
        parse_strategy("buy when foo; sell when bar", fallback=archetype("breakout"))
    with pytest.raises(RuleSyntaxError, match="moon"):
        strategy(TEXT, archetype="mean_reversion", fallback=False, stop="2%")


def test_parameters_of_the_archetype_come_along() -> None:
    """The archetype's parameters come with their ranges; a name that the text uses for its own is kept apart."""
    family = archetype("mean_reversion")
    name = parse_rule(family.predicate("exit_long")).parameters[0]
    text = f"buy when sma(${name}=50[20..80 step 10]) < close; sell when the moon is full"
    made = strategy(text, archetype="mean_reversion", stop="2%")
    assert made.spec.parameters[name].default == 50.0
    assert made.spec.parameters[f"mean_reversion_{name}"] == family.parameters[name]


def test_the_mark_stays_with_the_strategy() -> None:
    """The fallback is in the record, survives JSON, shows on the card, blocks promotion, and leaves with the rule."""
    made = strategy(TEXT, archetype="mean_reversion", stop="2%")
    again = Strategy(StrategySpec.from_json(made.spec.to_json()))
    assert (again, again.parse.fallbacks) == (made, made.parse.fallbacks)
    assert "sell when (fallback)" in again._repr_html_()
    assert {("SEV-1", "fallback"), ("SEV-1", "fallback-rate")} <= {(finding.severity, finding.code) for finding in validate(made.spec)}
    mended = made.revised(rules={"entry_long": "rsi(2) < 10", "exit_long": "rsi(2) > 60"}, parameters={})
    assert (mended.spec.provenance.fallbacks, mended.parse.fallbacks) == ((), {})


def test_old_names_stay() -> None:
    """A strategy without fallbacks has the record and the hash it always had."""
    made = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", archetype="mean_reversion", stop="2%")
    assert "fallbacks" not in made.spec.to_record()["provenance"]


def test_the_rate_alerts() -> None:
    """Up to five percent of rules may fall back; the next one tells an event with the counts."""
    monitor, heard = FallbackMonitor(), list[Event]()
    end = BUS.listen(TOPIC, heard.append)
    try:
        found = [monitor.record(0, 19), monitor.record(1, 1), monitor.record(1, 2)]
    finally:
        end()
    assert [[finding.code for finding in findings] for findings in found] == [[], [], ["fallback-rate"]]
    assert [(event.payload["fallbacks"], event.payload["rules"]) for event in heard] == [(2, 22)]
