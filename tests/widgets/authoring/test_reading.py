from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.strategy.archetypes import ARCHETYPES
from workbench.strategy.rules.statements import DIRECTIONS
from workbench.strategy.strategy import strategy
from workbench.strategy.templates import template
from workbench.widgets.authoring.fields import FIELDS
from workbench.widgets.authoring.form import Form
from workbench.widgets.authoring.reading import read

GOOD = Form(text="buy when rsi(2) < $low and close > sma(200); sell when rsi(2) > 60", parameters={"low": "10, 5, 25, 5"}, stop="2 atr")


def test_a_good_form_is_a_strategy() -> None:
    """The form gives exactly the strategy that the same words give in Python."""
    made = read(GOOD).strategy

    assert made is not None
    assert strategy(GOOD.text, parameters={"low": (10, 5, 25, 5)}, stop="2 atr").spec_hash == made.spec_hash


def test_an_empty_form_is_empty_not_wrong() -> None:
    """Nothing written is a state of its own, without messages."""
    reading = read(Form())

    assert (reading.state, dict(reading.errors), reading.mistakes) == ("empty", {}, ())


def test_a_misspelt_name_is_pointed_at_with_its_repair() -> None:
    """The mistake has its place, its words and the text that would stand instead."""
    text = "buy when rsi(14) crosses below 30 and close > smaa(200)"
    (mistake,) = read(replace(GOOD, text=text)).mistakes

    assert (text[mistake.start : mistake.end], mistake.repair, mistake.editor) == ("smaa", "sma", "text")
    assert mistake.problem == "there is no series or indicator named 'smaa'"


def test_each_direction_has_its_own_mistake() -> None:
    """By direction, one field that cannot be read leaves the others read."""
    form = replace(GOOD, mode="directions", entry_long="rsi(2) < 10", exit_long="rsi(2) >", entry_short="rsii(2) > 90", exit_short="")
    reading = read(form)

    assert list(reading.rules) == ["entry_long"]
    assert [mistake.editor for mistake in reading.mistakes] == ["exit_long", "entry_short"]


NONSENSE = {
    "archetype": "momentun",
    "name": "x" * 200,
    "symbols": "SPXX",
    "timeframe": "7 fortnights",
    "session_mode": "night",
    "window": "25:00-9",
    "size": "a lot",
    "max_quantity": "-3",
    "stop": "2 bananas",
    "target": "-5%",
    "trailing": "200%",
    "time_stop": "1.5",
    "max_daily_loss": "2",
    "max_position": "150%",
    "slippage_ticks": "-1",
    "slippage_bps": "many",
    "fee_per_contract": "1e99",
    "fee_bps": "NaN",
    "note": "n" * 3000,
    "shown": "0",
    "bot_name": "a\nb",
    "capital": "minus ten",
}


def test_the_table_of_nonsense_is_complete() -> None:
    """Every field is tried with nonsense."""
    assert set(FIELDS) == set(NONSENSE)


@pytest.mark.parametrize(("name", "text"), NONSENSE.items())
def test_nonsense_is_answered_at_its_field(name: str, text: str) -> None:
    """A value that means nothing gives a message at its own field and nowhere else."""
    errors = read(replace(GOOD, **{name: text})).errors

    assert {name} == set(errors)
    assert len(errors[name]) > 10


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"size": "1% risk", "stop": ""}, "size"),
        ({"window": "09:30-12:00"}, "window"),
        ({"symbols": "SYN", "timeframe": "15m", "window": "03:00-12:00"}, "window"),
        ({"stop": "2 atr(10)", "target": "3 atr(20)"}, "target"),
        ({"parameters": {}}, "$low"),
        ({"parameters": {"low": "10, 20, 30"}}, "$low"),
        ({"text": "buy when rsi($low) < 10; sell when rsi(2) > 60", "parameters": {"low": "2.5"}}, "$low"),
        ({"text": "sell when rsi(2) > 60"}, "rules"),
        ({"text": "buy when rsi(2) < 10", "stop": ""}, "rules"),
    ],
)
def test_contradictions_stand_where_they_can_be_solved(changes: dict[str, object], place: str) -> None:
    """What two parts say against each other is put at the field that can solve it."""
    reading = read(replace(GOOD, **changes))

    assert ({place}, None) == (set(reading.errors), reading.strategy)


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
WORDS = st.lists(
    st.sampled_from([*"()[].,;$%<>-=+", "buy", "sell", "when", "rsi", "close", "and", "10", "atr", "1e9", "\n", "09:30", "$a", "is"]),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*FIELDS, *DIRECTIONS, "text"]), TEXT | WORDS.map(" ".join)),
    st.sampled_from(["sentence", "directions"]),
    TEXT,
)
def test_nothing_that_can_be_typed_raises(typed: dict[str, str], mode: str, parameter: str) -> None:
    """Whatever stands in whichever field, reading it returns."""
    reading = read(replace(GOOD, mode=mode, parameters={"low": parameter}, **typed))

    assert reading.state in ("empty", "error", "ready")


@pytest.mark.parametrize("name", ARCHETYPES)
@pytest.mark.parametrize("symbol", ["SPX", "SYN"])
def test_a_strategy_comes_back_from_its_form(name: str, symbol: str) -> None:
    """A template written into the form and read again is the same strategy."""
    spec = template(name, symbol).spec
    reading = read(Form.of(spec, spec.provenance.source_text), spec)

    assert (False, spec.spec_hash) == (reading.changed, reading.strategy and reading.strategy.spec_hash)


def test_what_the_form_cannot_say_is_kept() -> None:
    """Opened on a strategy, the desk keeps its lineage, a window in another zone and a limit the form has no field for."""
    from workbench.market.windows import TradingWindow
    from workbench.portfolio import Limits
    from workbench.strategy.spec import Provenance

    base = strategy(
        "buy when rsi(2) < 10; sell when rsi(2) > 60",
        symbols="SYN",
        timeframe="15m",
        stop="120 ticks",
        window=TradingWindow(start="15:00", end="18:00", zone="Europe/London", flat=False),
        limits=Limits(max_quantity=3, max_daily_loss=0.02),
    ).spec.revised(provenance=Provenance(root="fade", author="ana"))
    made = read(replace(Form.of(base), stop="100 ticks"), base).strategy

    assert made is not None
    assert (base.window, base.limits, "fade", "ana") == (made.spec.window, made.spec.limits, made.spec.lineage, made.spec.provenance.author)
    assert (base.spec_hash,) == made.spec.provenance.parents


def test_an_old_draft_opens() -> None:
    """A record with unknown names, other types and a mode that no longer exists still becomes a form."""
    form = Form.from_dict({"text": 7, "colour": "red", "mode": "haiku", "parameters": {"a": 1}, "stop": None})

    assert (form.text, form.mode, form.stop, dict(form.parameters)) == ("7", "sentence", "", {"a": "1"})
