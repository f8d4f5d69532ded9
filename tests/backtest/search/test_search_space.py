"""Where a search looks: what it puts together is valid, named by its content, and fits the bars."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_trials import Drawn, Fixed

from workbench.backtest.search import AUTHOR, EXITS, FILTERS, SearchSpace, Span
from workbench.backtest.search.structure import together
from workbench.errors import InputError, SpecError, UnknownNameError
from workbench.market import Bars, sample, synthetic
from workbench.strategy.archetypes import ARCHETYPES, archetype
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy
from workbench.strategy.validators import validate

INTRADAY = SearchSpace().on(synthetic("SYN", "15m", sessions=20))
DAILY = SearchSpace(directions=("long", "short", "both")).on(sample("SPX").head(300))


@pytest.fixture(scope="module")
def minutes() -> Bars:
    return synthetic("SYN", "15m", sessions=20)


@given(st.integers(0, 100_000), st.sampled_from([INTRADAY, DAILY]))
def test_every_suggestion_is_valid(seed: int, space: SearchSpace) -> None:
    """Whatever is chosen reads, compiles, contradicts nothing, has its stop and size, and comes back from its JSON."""
    spec = space.suggest(Drawn(seed))
    assert [str(finding) for finding in validate(spec) if finding.severity == "SEV-0"] == []
    assert Strategy(spec).program.bind(spec.defaults).warmup > 0
    assert StrategySpec.from_json(spec.to_json()) == spec
    assert all(range_.default in range_.values() for range_ in spec.parameters.values())


@given(st.integers(0, 100_000))
def test_only_what_matters_is_asked_for(seed: int) -> None:
    """No choice is asked twice, and no number that the rules do not use."""
    trial = Drawn(seed)
    spec = INTRADAY.suggest(trial)
    numbers = {name.rpartition(".")[2] for name in trial.asked if "." in name} - {"atr", "percent", "bars"}
    assert numbers == {name for name, range_ in spec.parameters.items() if not range_.fixed}


def test_it_is_tagged_and_stays_in_the_common_lineage() -> None:
    """Author and note say where it came from, and its trials are counted with everything else on the symbol."""
    trial = Drawn(17)
    spec = INTRADAY.suggest(trial, search="ab" * 32)
    assert spec.provenance.author == AUTHOR == "autogen"
    assert spec.provenance.note.startswith(f"autogen: trial 17 of search {'ab' * 32}; ")
    assert (spec.lineage, spec.archetype in ARCHETYPES) == ("common", True)
    assert INTRADAY.content_hash in INTRADAY.suggest(Drawn(17)).provenance.note


def test_the_template_itself_is_in_the_space() -> None:
    """With every choice at its plainest the candidate has the rules and brackets of the archetype."""
    plain = SearchSpace(
        archetypes="mean reversion", directions="long", exits="rule", stops=("template",), numbers=False, windows="whole session"
    )
    entry = archetype("mean_reversion")
    space = replace(plain, targets=("template",), trailing=("template",), time_stops=("template",), most_filters=0)
    spec = space.on(synthetic("SYN", "15m", sessions=20)).suggest(Drawn(0))
    assert dict(spec.rules) == {name: entry.predicates[name] for name in ("entry_long", "exit_long")}
    assert (spec.brackets, spec.defaults) == (entry.brackets, {name: entry.parameters[name].default for name in spec.parameters})


def test_candidates_of_one_structure_share_a_program() -> None:
    """Other numbers are other parameter values and brackets, not another program."""
    choices = {
        "archetype": "breakout",
        "direction": "short",
        "exit": "rule",
        "filters": 1,
        "filter_1": "trend",
        "stop": "1 to 6 atr by 0.5",
    }
    first = INTRADAY.suggest(Fixed(**choices))
    second = INTRADAY.suggest(Fixed(**choices, **{"breakout.channel": 7, "shared.filter_trend": 3, "stop.atr": 5}))
    assert Strategy(first).program.program_hash == Strategy(second).program.program_hash
    assert (first.defaults["channel"], second.defaults["channel"], second.defaults["filter_trend"]) == (10.0, 45.0, 200.0)
    assert (str(first.brackets.stop), str(second.brackets.stop)) == ("1 atr(20)", "3.5 atr(20)")


@pytest.mark.parametrize("name", list(EXITS))
def test_each_exit_does_what_it_says(name: str) -> None:
    """The archetype's own rule, the other side's entry, nothing, or a rule of its own with its own number."""
    rules = INTRADAY.suggest(Fixed(archetype="breakout", direction="long", exit=name, filters=0)).rules
    own = {"rule": "close < lowest($retreat)[1]", "opposite": "close < lowest($channel)[1]", "guards": None}
    assert rules.get("exit_long") == own.get(name, EXITS[name].long)
    assert rules["entry_long"] == "close > highest($channel)[1]"


@pytest.mark.parametrize("name", list(FILTERS))
def test_each_filter_stands_beside_the_entry(name: str) -> None:
    """Both sides get the filter's text, and its numbers become parameters."""
    space = SearchSpace(filters=(name, "trend" if name != "trend" else "calm")).on(synthetic("SYN", "15m", sessions=20))
    spec = space.suggest(Fixed(archetype="breakout", direction="both", exit="rule", filters=1, filter_1=name))
    for side in ("long", "short"):
        assert spec.rules[f"entry_{side}"].endswith(f"and {getattr(FILTERS[name], side)}")
    assert set(spec.parameters) == {"channel", "retreat", *FILTERS[name].parameters}


def test_filters_of_a_group_do_not_meet() -> None:
    """Of two that contradict each other the first named stays; the order of the table makes equal sets equal rules."""
    assert [entry.name for entry in together(["calm", "lively"])] == ["calm"]
    assert together(["calm", "trend"]) == together(["trend", "calm", "slope"])


def test_no_parameter_of_an_archetype_can_meet_one_of_a_filter() -> None:
    """The names of the table have prefixes that no template uses."""
    added = {name for part in (*FILTERS.values(), *EXITS.values()) for name in part.parameters}
    assert all(re.match(r"(filter|exit)_", name) for name in added)
    assert not any(re.match(r"(filter|exit)_", name) for entry in ARCHETYPES.values() for name in entry.parameters)


def test_what_does_not_fit_the_bars_is_left_out(minutes: Bars) -> None:
    """Daily bars have no time of day, an index is not sold short unless asked, bars without volume have no busy hours."""
    daily = SearchSpace().on(sample("SPX").head(300))
    assert (daily.directions, daily.windows, daily.symbol, daily.timeframe) == (("long",), ("whole session",), "SPX", "1d")
    assert {"morning", "afternoon", "settled"} & set(daily.filters) == set()
    assert (INTRADAY.directions, INTRADAY.windows) == (("long", "short", "both"), ("whole session", "09:30-12:00", "12:00-16:00"))
    silent = minutes.frame.assign(volume=0.0)
    from workbench.market import validate as checked

    assert "busy" not in SearchSpace().on(checked(silent, "SYN", "15m")).filters
    with pytest.raises(InputError, match="the space is for symbol ES and the bars are of SYN"):
        SearchSpace(symbol="ES").on(minutes)


def test_it_is_named_by_its_content() -> None:
    """JSON and back is the same space; another choice is another hash."""
    space = SearchSpace(archetypes=["MR", "breakout"], stops=("template", Span(kind="percent", low=0.5, high=2, step=0.5)), most_filters=1)
    again = SearchSpace.from_json(space.to_json())
    assert (again, again.content_hash, space.archetypes) == (space, space.content_hash, ("mean_reversion", "breakout"))
    others = [SearchSpace(), SearchSpace(most_filters=1), SearchSpace(exits="rule"), SearchSpace(session_mode="RTH_US"), space]
    assert len({other.content_hash for other in others}) == 5


def test_a_stop_may_be_left_out_and_is_then_refused() -> None:
    """A space that offers no stop makes candidates that the validators refuse; it does not hide them."""
    space = SearchSpace(symbol="SYN", timeframe="15m", directions="long", stops="none", trailing="none")
    codes = {finding.code for seed in range(20) for finding in validate(space.suggest(Drawn(seed))) if finding.severity == "SEV-0"}
    assert codes == {"no-stop"}
    nothing = replace(space, targets=("none",), time_stops=("none",), exits=("guards",), windows=("whole session",))
    with pytest.raises(SpecError, match="opens a position that nothing closes"):
        nothing.suggest(Drawn(0))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"archetypes": ("mean_reversal",)}, "did you mean mean_reversion"),
        ({"filters": ("trendy",)}, "no filter named 'trendy'"),
        ({"exits": ("rules",)}, "did you mean rule"),
        ({"directions": ("up",)}, "no direction named 'up'"),
        ({"directions": ()}, "needs a direction"),
        ({"exits": ()}, "at least one"),
        ({"stops": ("template", "template")}, "different choices"),
        ({"stops": ("2%",)}, "no choice of stops named '2%'"),
        ({"stops": (Span(kind="bars", low=1, high=5, step=1),)}, "of kind bars for time stops only"),
        ({"time_stops": (Span(kind="atr", low=1, high=5, step=1),)}, "of kind bars for time stops only"),
        ({"windows": ("morning",)}, "cannot be read"),
        ({"most_filters": -1}, "most_filters from 0 on"),
        ({"symbol": "NOPE"}, "no symbol named 'NOPE'"),
    ],
)
def test_nonsense_is_refused(given: dict[str, object], message: str) -> None:
    """Names that do not exist and choices that are none are told at once."""
    with pytest.raises(InputError, match=message):
        SearchSpace(**given)


def test_an_open_space_suggests_nothing() -> None:
    """Without symbol and timeframe there is no strategy."""
    with pytest.raises(InputError, match=r"use space.on\(bars\)"):
        SearchSpace().suggest(Drawn(0))
    with pytest.raises(UnknownNameError, match="no field of a search space named 'archetype'"):
        SearchSpace.from_json('{"archetype": ["breakout"]}')


@pytest.mark.parametrize(
    "given",
    [{"kind": "miles"}, {"low": 0.0}, {"step": -1.0}, {"low": 9.0}, {"kind": "bars", "step": 0.5}, {"kind": "percent", "high": 100.0}],
)
def test_a_span_is_a_range_of_positive_values(given: dict[str, object]) -> None:
    """Unknown kinds, turned ranges, half bars and the whole price are refused."""
    with pytest.raises(InputError):
        Span(**({"kind": "atr", "low": 1.0, "high": 5.0, "step": 1.0} | given))


def test_a_span_reaches_its_ends() -> None:
    """First and last value are low and high, and a percent is a share of the price."""
    span = Span(kind="percent", low=0.5, high=5.0, step=0.5)
    assert (span.steps, span.value(0), span.value(span.steps), str(span)) == (9, 0.5, 5.0, "0.5 to 5 percent by 0.5")
    assert span.bracket(3, 14).value == 0.02
