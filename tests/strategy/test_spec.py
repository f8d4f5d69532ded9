from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError, RuleSyntaxError, SpecError, UnknownNameError
from workbench.market.windows import TradingWindow
from workbench.portfolio import Brackets, Costs, Limits, Sizing
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.spec import Provenance, StrategySpec
from workbench.units import SessionMode, Timeframe

RULES = {"entry_long": "rsi(2) < 10 and close > sma(200)", "exit_long": "rsi(2) > 60"}


def _spec(**changes: Any) -> StrategySpec:
    return StrategySpec(**({"name": "dip", "symbols": ("SPX",), "rules": RULES, "sizing": "95%"} | changes))


def test_names_are_normalised_and_rules_canonical() -> None:
    """Spellings of symbols, timeframes, modes and rules do not reach the record."""
    spec = _spec(
        symbols=("es=f",), timeframe="5 min", session_mode="rth", rules={"entry_long": "RSI2<10", "exit_long": "rsi is overbought"}
    )
    expected = (("ES",), Timeframe.M5, SessionMode.RTH_US, {"entry_long": "rsi(2) < 10", "exit_long": "rsi(14) > 70"})
    assert expected == (spec.symbols, spec.timeframe, spec.session_mode, spec.rules)


def test_the_hash_is_the_same_in_another_process() -> None:
    """Content names a spec: another process, with another hash seed, arrives at the same name."""
    spec = _spec(brackets={"stop": "2 atr", "target": "5%"}, limits={"max_daily_loss": 0.02})
    code = "import sys; from workbench.strategy.spec import StrategySpec; print(StrategySpec.from_json(sys.stdin.read()).spec_hash)"
    done = subprocess.run([sys.executable, "-c", code], input=spec.to_json(), capture_output=True, text=True, check=True)
    assert spec.spec_hash == done.stdout.strip()


def test_the_hash_is_pinned() -> None:
    """The hash of a fixed spec never changes, because stored evidence refers to it; the text is RFC 8785 written by hand."""
    import hashlib

    text = (
        '{"archetype":null,"brackets":{"stop":null,"target":null,"time_stop_bars":null,"trailing":null},"costs":null,"format":1,'
        '"limits":{"max_daily_loss":null,"max_position":null,"max_quantity":null},"name":"dip","parameters":{},'
        '"provenance":{"author":"","defaults":[],"note":"","parents":[],"root":"","source_text":""},'
        '"rules":{"entry_long":"rsi(2) < 10 and close > sma(200)","exit_long":"rsi(2) > 60"},"session_mode":null,'
        '"sizing":{"kind":"fraction","max_quantity":null,"value":0.95},"symbols":["SPX"],"timeframe":"1d","window":null}'
    )
    assert text == _spec().to_json()
    assert hashlib.sha256(text.encode()).hexdigest() == _spec().spec_hash


@settings(max_examples=50, deadline=None)
@given(
    value=st.floats(0.001, 1.0),
    stop=st.one_of(st.none(), st.floats(0.001, 0.5).map(lambda share: {"kind": "percent", "value": share})),
    ticks=st.integers(0, 5),
    period=st.integers(2, 50),
    time_stop=st.one_of(st.none(), st.integers(1, 100)),
)
def test_json_round_trip(value: float, stop: Any, ticks: int, period: int, time_stop: int | None) -> None:
    """Any spec written as JSON reads back equal, with the same hash, also after a plain JSON library rewrote the text."""
    spec = _spec(
        sizing={"kind": "fraction", "value": value},
        brackets={"stop": stop, "time_stop_bars": time_stop},
        costs={"slippage_ticks": ticks},
        rules={"entry_long": "rsi($n) < 10", "exit_long": "rsi($n) > 60"},
        parameters={"n": (period, 2, 50, 1)},
    )
    assert spec == StrategySpec.from_json(spec.to_json())
    assert spec.spec_hash == StrategySpec.from_json(json.dumps(json.loads(spec.to_json()), indent=2)).spec_hash


def test_whatever_decides_a_trade_changes_the_hash() -> None:
    """No field is left out of the hash."""
    base = _spec(timeframe="5m", symbols=("SPY",))
    changes: list[dict[str, Any]] = [
        {"name": "other"},
        {"archetype": "momentum"},
        {"symbols": ("QQQ",)},
        {"timeframe": "15m"},
        {"session_mode": "RTH"},
        {"window": TradingWindow(start="09:30", end="12:00")},
        {"rules": RULES | {"exit_long": "rsi(2) > 61"}},
        {"sizing": "94%"},
        {"brackets": Brackets(time_stop_bars=3)},
        {"costs": Costs()},
        {"limits": Limits(max_daily_loss=0.01)},
        {"provenance": Provenance(author="somebody")},
    ]
    hashes = {StrategySpec(**({name: getattr(base, name) for name in StrategySpec.model_fields} | change)).spec_hash for change in changes}
    assert len(changes) + 1 == len({base.spec_hash, *hashes})


CONTRADICTIONS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no exit": ({"rules": {"entry_long": "rsi(2) < 10"}}, SpecError, "nothing closes"),
    "no exit short": ({"rules": RULES | {"entry_short": "rsi(2) > 90"}}, SpecError, "'short when' opens a position that nothing closes"),
    "no entry": ({"rules": {"exit_long": "rsi(2) < 10"}}, SpecError, "never enters"),
    "exit without entry": ({"rules": RULES | {"exit_short": "rsi(2) < 10"}}, SpecError, "no 'short when'"),
    "direction": ({"rules": RULES | {"entry_lng": "rsi(2) < 10"}}, UnknownNameError, "did you mean entry_long"),
    "rule": ({"rules": RULES | {"entry_long": "rsii(2) < 10"}}, RuleSyntaxError, "did you mean rsi"),
    "symbol": ({"symbols": ("SPXX",)}, UnknownNameError, "did you mean SPX"),
    "symbol twice": ({"symbols": ("SPX", "^GSPC")}, SpecError, "twice"),
    "no symbol": ({"symbols": ()}, SpecError, "symbols"),
    "timeframe": ({"timeframe": "7m"}, UnknownNameError, "timeframe"),
    "session": ({"session_mode": "RHT"}, UnknownNameError, "did you mean RTH"),
    "field": ({"nmae": "x"}, UnknownNameError, "did you mean name"),
    "empty name": ({"name": ""}, SpecError, "name"),
    "undefined": ({"rules": {"entry_long": "rsi($n) < 10", "exit_long": "close > open"}}, SpecError, "no such parameter"),
    "misspelt": ({"rules": RULES | {"entry_long": "rsi($lenght) < 10"}, "parameters": {"length": 3}}, SpecError, r"did you mean \$length"),
    "unused": ({"parameters": {"fast": (10, 5, 50, 1)}}, SpecError, "no rule uses it"),
    "bounds": ({"rules": RULES | {"entry_long": "rsi($n) < 10"}, "parameters": {"n": (5, 0, 10, 1)}}, SpecError, "leaves what rsi takes"),
    "halves": ({"rules": RULES | {"entry_long": "rsi($n) < 10"}, "parameters": {"n": (5, 2, 10, 0.5)}}, SpecError, "whole number"),
    "default outside": ({"rules": RULES | {"entry_long": "rsi($n) < 10"}, "parameters": {"n": (50, 2, 10, 1)}}, SpecError, "not between"),
    "risk": ({"sizing": "1% risk"}, SpecError, "stop"),
    "daily window": ({"window": TradingWindow(start="09:30", end="12:00")}, SpecError, "daily bar"),
    "window": ({"timeframe": "5m", "window": {"start": "08:00", "end": "12:00"}}, SpecError, "not inside the session RTH_US"),
    "window elsewhere": (
        {"timeframe": "5m", "window": {"start": "09:30", "end": "12:00", "zone": "Europe/Berlin"}},
        SpecError,
        "not inside the session",
    ),
    "window clock": ({"timeframe": "5m", "window": {"start": "9", "end": "12:00"}}, InputError, "time of day"),
    "no sizing": ({"sizing": None}, InputError, "sizing"),
    "bracket": ({"brackets": {"stop": "2"}}, InputError, "unit"),
    "brackets": ({"brackets": {"stopp": "2%"}}, UnknownNameError, "did you mean stop"),
}


@pytest.mark.parametrize(("changes", "kind", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_are_refused(changes: dict[str, Any], kind: type[Exception], words: str) -> None:
    """A spec that contradicts itself is refused with words that say what would be right."""
    with pytest.raises(kind, match=words):
        _spec(**changes)


def test_a_bracket_or_a_flat_window_is_an_exit() -> None:
    """An entry without an exit rule is fine where something else closes it."""
    only = {"entry_long": "rsi(2) < 10"}
    assert only == _spec(rules=only, brackets={"time_stop_bars": 5}).rules
    assert only == _spec(rules=only, timeframe="5m", window=TradingWindow(start="09:30", end="12:00")).rules


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"name": "x"}', "[" * 100_000])
def test_files_that_hold_no_spec_are_refused(text: str) -> None:
    """A broken file is one clear sentence."""
    with pytest.raises(SpecError):
        StrategySpec.from_json(text)


def test_a_spec_cannot_be_changed() -> None:
    """A spec stays what its hash says, its dictionaries included; copies and pickles are equal."""
    spec = _spec()
    with pytest.raises(ValueError, match="frozen"):
        spec.name = "other"  # type: ignore[misc]
    with pytest.raises(InputError, match="frozen"):
        spec.rules["entry_long"] = "close > open"
    assert [spec, spec] == [copy.deepcopy(spec), pickle.loads(pickle.dumps(spec))]
    assert len({spec, copy.deepcopy(spec)}) == 1


def test_diff_reads_like_a_review() -> None:
    """A diff says condition by condition what changed and leaves the rest out."""
    old = _spec(rules={"entry_long": "rsi($n) < 10 and close > sma(200)", "exit_long": "rsi(2) > 60"}, parameters={"n": (2, 2, 5, 1)})
    new = old.revised(
        rules={"entry_long": "rsi($n) < 5 and close > sma(200) and volume > 1000", "exit_long": "rsi(2) > 60"},
        parameters={"n": (3, 2, 5, 1)},
        brackets={"stop": "2%"},
        sizing=Sizing.parse("50%"),
    )
    expected = [
        "rules.entry_long (buy when): rsi($n) < 10 became rsi($n) < 5",
        "rules.entry_long (buy when): added volume > 1000",
        "parameters.n: 2, from 2 to 5 by 1 became 3, from 2 to 5 by 1",
        "sizing: 95% of equity became 50% of equity",
        "brackets.stop: added 2%",
    ]
    assert expected == [str(change) for change in old.diff(new)]
    assert list(old.diff(old)) == []
    assert "brackets.stop: removed 2%" in str(new.diff(old))
    assert "&lt; 5" in old.diff(new)._repr_html_()


def test_a_revision_knows_its_parents_and_keeps_its_lineage() -> None:
    """Revising records where a spec came from; trials stay in one lineage unless a new one is declared."""
    first = _spec()
    third = first.revised(name="b").revised(name="c")
    assert (first.spec_hash, first.revised(name="b").spec_hash) == third.provenance.parents
    assert (first.lineage, third.lineage, _spec(provenance=Provenance(root="new idea")).lineage) == ("common", "common", "new idea")


def test_the_schema_describes_every_field() -> None:
    """The JSON schema is published with a sentence for each field and refuses what is not there."""
    schema = StrategySpec.json_schema()
    assert set(StrategySpec.model_fields) == set(schema["properties"])
    assert False is schema["additionalProperties"]
    assert [name for name, field in schema["properties"].items() if "description" not in field] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (10, (10.0, 10.0, 10.0, 1.0)),
        ((10, 5, 50, 5), (10.0, 5.0, 50.0, 5.0)),
        ((10, 5, 50), (10.0, 5.0, 50.0, 1.0)),
        ([0.5, 0.0, 1.0], (0.5, 0.0, 1.0, 0.1)),
        ({"default": 3, "low": 1, "high": 5}, (3.0, 1.0, 5.0, 1.0)),
    ],
)
def test_parameter_ranges_are_read(given: Any, expected: tuple[float, ...]) -> None:
    """A range is a number, three or four numbers, or a record."""
    found = ParameterRange.parse(given)
    assert expected == (found.default, found.low, found.high, found.step)


@pytest.mark.parametrize(
    "bad", ["10", (1, 2), (10, 20, 50, 1), (10, 5, 50, 0), (10, 5, 50, -1), None, True, (float("nan"), 0, 1), {"low": 3}]
)
def test_bad_ranges_are_refused(bad: Any) -> None:
    """A range without a default, the wrong way round or without a step is refused."""
    with pytest.raises(InputError):
        ParameterRange.parse(bad)


def test_the_values_of_a_sweep() -> None:
    """A sweep runs from low to high inclusive and does not drift with small steps."""
    assert ParameterRange(default=10, low=5, high=20, step=5).values() == (5.0, 10.0, 15.0, 20.0)
    assert ParameterRange(default=0.5, low=0.0, high=1.0, step=0.1).values()[-1] == 1.0
    assert len(ParameterRange(default=0.5, low=0.0, high=1.0, step=0.1).values()) == 11
