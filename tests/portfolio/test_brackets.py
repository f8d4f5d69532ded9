from __future__ import annotations

import json

import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Bracket, Brackets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2%", Bracket(kind="percent", value=0.02)),
        ("0.3 %", Bracket(kind="percent", value=0.003)),
        ("1.5 percent", Bracket(kind="percent", value=0.015)),
        ("16 ticks", Bracket(kind="ticks", value=16.0)),
        ("1 tick", Bracket(kind="ticks", value=1.0)),
        ("2 atr", Bracket(kind="atr", value=2.0, period=14)),
        ("2 ATR", Bracket(kind="atr", value=2.0, period=14)),
        ("1.5x atr(20)", Bracket(kind="atr", value=1.5, period=20)),
        ("3 * atr", Bracket(kind="atr", value=3.0)),
        (".5 atr", Bracket(kind="atr", value=0.5)),
    ],
)
def test_texts_are_read(text: str, expected: Bracket) -> None:
    """A distance is read as people write it; percent is kept as a share."""
    assert expected == Bracket.parse(text)


@pytest.mark.parametrize("text", ["2%", "0.7%", "16 ticks", "1 tick", "2.5 atr(14)"])
def test_words_read_back(text: str) -> None:
    """What a bracket says of itself is text that reads back the same."""
    assert text == str(Bracket.parse(text))


@pytest.mark.parametrize("bad", ["2", 2, "two ticks", "-2%", "0%", "100%", "16 ticks(3)", "2 atr(0)", "", None, "2 points"])
def test_what_is_no_distance_is_refused(bad: object) -> None:
    """A distance without a unit, negative, zero or as large as the price is an error."""
    with pytest.raises(InputError):
        Bracket.parse(bad)


def test_json_round_trip() -> None:
    """Brackets read back equal from JSON, and texts are accepted in a record."""
    brackets = Brackets(stop=Bracket.parse("2 atr"), target=Bracket.parse("5%"), time_stop_bars=10)
    assert brackets == Brackets.from_dict(json.loads(json.dumps(brackets.to_dict())))
    assert brackets == Brackets.from_dict({"stop": "2 atr", "target": "5%", "time_stop_bars": 10})
    assert str(brackets) == "stop 2 atr(14), target 5%, time stop 10 bars"


def test_one_atr_for_all_brackets() -> None:
    """Two different ATR periods in one strategy are refused, one is found."""
    with pytest.raises(InputError, match="one atr"):
        Brackets(stop=Bracket.parse("2 atr(14)"), target=Bracket.parse("3 atr(20)"))
    assert Brackets(stop=Bracket.parse("2 atr(20)"), target=Bracket.parse("3%")).atr_period == 20
    assert Brackets(stop=Bracket.parse("2%")).atr_period is None


@pytest.mark.parametrize("bars", [0, -1, 2.5, True])
def test_a_time_stop_is_a_count(bars: object) -> None:
    """A time stop of no whole number of bars is refused."""
    with pytest.raises(InputError, match="time stop"):
        Brackets(time_stop_bars=bars)  # type: ignore[arg-type]


def test_closes() -> None:
    """Only brackets that can close a position count as an exit."""
    assert [Brackets().closes, Brackets(time_stop_bars=3).closes, Brackets(stop=Bracket.parse("2%")).closes] == [False, True, True]


def test_unknown_fields_name_the_nearest() -> None:
    """A misspelt bracket is not ignored."""
    with pytest.raises(UnknownNameError, match="did you mean trailing"):
        Brackets.from_dict({"trailin": "2%"})
