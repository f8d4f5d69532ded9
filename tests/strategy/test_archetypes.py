from __future__ import annotations

import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.market.samples import sample
from workbench.strategy.archetypes import ARCHETYPES, archetype, archetype_predicate, infer
from workbench.strategy.rules import parse_rule
from workbench.strategy.templates import template
from workbench.strategy.validators import validate

NAMES = sorted(ARCHETYPES)


def test_the_four() -> None:
    """Four archetypes ship."""
    assert NAMES == ["breakout", "mean_reversion", "momentum", "trend_following"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("symbol", ["SPX", "ES", "BTCUSDT"])
def test_each_is_a_complete_template(name: str, symbol: str) -> None:
    """A template compiles, reads without doubt, sweeps inside its ranges and has nothing that stops a bot or a promotion."""
    made = template(name, symbol)
    assert made.parse.confidence == 1.0
    assert [finding for finding in validate(made.spec) if finding.severity in ("SEV-0", "SEV-1")] == []
    assert all(not range_.fixed for range_ in made.spec.parameters.values())
    for parameter, range_ in made.spec.parameters.items():
        for value in range_.values():
            made.program.bind(made.defaults | {parameter: value})


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_predicate_per_direction(name: str) -> None:
    """Every direction has its own rule, and the words say when the idea fails."""
    entry = archetype(name)
    canonical = [parse_rule(entry.predicate(direction)).canonical for direction in ("entry_long", "exit_long", "entry_short", "exit_short")]
    assert len(canonical) - (2 if name == "trend_following" else 0) == len(set(canonical))
    assert min(len(entry.idea.split()), len(entry.fails_when.split())) > 8


def test_no_two_give_the_same_signals() -> None:
    """On real bars every pair of archetypes enters on different days, and each does enter."""
    bars = sample("SPX")
    entries = {}
    for name in NAMES:
        made = template(name, "SPX")
        entries[name] = made.program.bind(made.defaults).columns(bars).entry_long.tobytes()
    assert len(NAMES) == len(set(entries.values()))
    assert all(b"\x01" in column for column in entries.values())


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("mean_reversion", "mean_reversion"),
        ("Mean Reversion", "mean_reversion"),
        ("MEAN-REVERSION", "mean_reversion"),
        ("meanReversion", "mean_reversion"),
        ("mr", "mean_reversion"),
        ("Turtle", "breakout"),
        ("trend", "trend_following"),
        ("MA cross", "trend_following"),
        ("mom", "momentum"),
    ],
)
def test_names_normalise(said: str, name: str) -> None:
    """Letter case, separators and aliases lead to the same archetype."""
    assert name == archetype(said).name


def test_unknown_names_are_refused_with_the_nearest() -> None:
    """A misspelt archetype names the nearest; an unknown direction too."""
    with pytest.raises(UnknownNameError, match="did you mean momentum"):
        archetype("momentm")
    with pytest.raises(UnknownNameError, match="entry_long"):
        archetype_predicate("momentum", "entry_lng")
    with pytest.raises(InputError, match="sides"):
        template("momentum", sides="up")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ES mean-reversion v2", "mean_reversion"),
        ("my turtle system", "breakout"),
        ("plan b", None),
        ("trend or breakout", None),
        ("", None),
    ],
)
def test_inference_from_a_strategys_name(said: str, name: str | None) -> None:
    """A strategy's name may speak of one archetype; of none or several it says nothing."""
    found = infer(said)
    assert name == (found.name if found else None)


def test_shares_are_long_only_unless_told() -> None:
    """Nobody shorts a share by default; the parameters of the missing side are left out."""
    assert {"entry_long", "exit_long"} == set(template("mean_reversion", "AAPL").spec.rules)
    assert "overbought" not in template("mean_reversion", "AAPL").spec.parameters
    assert len(template("mean_reversion", "AAPL", sides="both").spec.rules) == 4
