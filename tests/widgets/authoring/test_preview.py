from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from workbench.backtest.run import backtest
from workbench.market.samples import sample
from workbench.strategy.indicators import values
from workbench.strategy.strategy import strategy
from workbench.widgets.authoring.outline import outline
from workbench.widgets.authoring.preview import Preview, preview
from workbench.widgets.authoring.words import MOST_OFFERED, colours, offers

SPX = sample("SPX")


def test_entries_and_exits_are_those_of_the_backtest() -> None:
    """The markers are the fills of a backtest on all bars, cut to what is shown."""
    made = strategy("buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60", stop="2 atr", target="4 atr")
    seen, fills = preview(made, SPX, 300), backtest(made, SPX).fills
    first = len(SPX) - 300
    expected = [
        (int(bar) - first, "buy" if np.isnan(pnl) else "exit") for bar, pnl in zip(fills["bar"], fills["pnl"], strict=True) if bar >= first
    ]

    assert expected == [(marker["at"], marker["side"]) for marker in seen.markers]
    assert len(seen.bars) == 300
    assert sum(side == "buy" for _, side in expected) == seen.entries > 0
    assert {"stop", "target"} == {level["kind"] for level in seen.levels}
    assert all(0 <= level["from"] <= level["to"] < 300 for level in seen.levels)


def test_overlays_stand_on_their_scale() -> None:
    """What is measured in price lies over the candles, the rest in panes with the heights it is compared with."""
    text = "buy when rsi($n) < $low and close > ema(50) and volume > volume_sma(20) and macd.macd > macd.signal; sell when close < lowest(10)[1]"
    seen = preview(strategy(text, parameters={"n": 2, "low": (10, 5, 20, 5)}, stop="2%"), SPX, 250)

    found = {line["name"]: (line["pane"], line.get("guides")) for line in seen.overlays}
    assert found == {
        "rsi(2)": ("rsi", [10.0]),
        "ema(50)": ("price", None),
        "volume_sma(20)": ("volume", None),
        "macd(12, 26, 9).macd": ("macd", None),
        "macd(12, 26, 9).signal": ("macd", None),
        "lowest(10)": ("price", None),
    }
    drawn = next(line["values"] for line in seen.overlays if line["name"] == "ema(50)")
    assert np.array_equal(values("ema", SPX, period=50).to_numpy()[-250:], drawn)


def test_a_preview_carries_no_performance() -> None:
    """The record has bars, lines, markers, levels and counts; nothing in it says what anything earned."""
    assert {field.name for field in fields(Preview)} == {"bars", "overlays", "markers", "levels", "truths", "entries", "unseen", "beyond"}
    made = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", stop="2 atr")
    assert {key for marker in preview(made, SPX).markers for key in marker} == {"at", "side", "text"}


def test_an_open_position_keeps_its_levels_to_the_last_bar() -> None:
    """A position that nothing has closed shows its stop up to the newest bar."""
    made = strategy("buy when close > 0; sell when close < 0", stop="5%")
    (level,) = preview(made, SPX.head(120), 100).levels

    assert (level["from"], level["to"], level["kind"]) == (0, 99, "stop")


def test_a_level_far_from_the_bars_is_named_not_drawn() -> None:
    """A stop at a tenth of the price would press the candles flat: it is left out and said."""
    seen = preview(strategy("buy when close > 0; sell when close < 0", stop="90%"), SPX, 100)

    assert (seen.levels, seen.beyond) == ((), ("stop",))


def test_too_many_indicators_are_named_not_drawn() -> None:
    """Eight lines are drawn, the others are named."""
    text = "buy when " + " and ".join(f"close > sma({length})" for length in range(10, 120, 10))
    seen = preview(strategy(text, stop="2%"), SPX)

    assert (len(seen.overlays), seen.unseen) == (8, ("sma(90)", "sma(100)", "sma(110)"))


def test_the_outline_says_what_must_hold() -> None:
    """Chains of the same join are one level; the conditions are canonical."""
    rules = strategy(
        "buy when rsi < 30 and (close > open or volume > 5) and not close < sma(20); sell when rsi > 70", stop="2%"
    ).parse.rules
    lines = [("  " * line.depth + line.text) for line in outline(rules)]

    assert lines == [
        "buy when",
        "  all of",
        "    rsi(14) < 30",
        "    any of",
        "      close > open",
        "      volume > 5",
        "    not",
        "      close < sma(20)",
        "sell when",
        "  rsi(14) > 70",
    ]


def test_words_are_coloured_even_where_the_text_cannot_be_read() -> None:
    """Known words keep their colours around a character without meaning."""
    text = "buy when § rsi(2) < $low"
    found = {text[one["from"] : one["to"]]: one["kind"] for one in colours(text)}

    assert found == {"buy": "keyword", "when": "keyword", "rsi": "indicator", "2": "number", "<": "operator", "$low": "param"}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("b", "buy when "),
        ("buy when rs", "rsi(14)"),
        ("buy when macd.s", "signal"),
        ("buy when bb(20, 2).", "upper"),
        ("buy when close > hig", "highest(20)"),
        ("buy when rsi(2) < $", "$low"),
        ("buy when close cro", "crosses above"),
        ("buy when vol", "volume_sma(20)"),
    ],
)
def test_the_word_at_the_caret_is_completed(text: str, first: str) -> None:
    """What has begun is offered to its end, in the place where it was begun."""
    found = offers(text, len(text), ["low"])

    assert first == found[0]["insert"]
    assert len(found) <= MOST_OFFERED
    assert all(one["to"] == len(text) for one in found)


def test_nothing_is_offered_between_words() -> None:
    """After a space, inside a word, or past the end of the text no list pops up."""
    assert offers("buy when ", 9) + offers("buy when rsi(2)", 10) + offers("", 99) == []
