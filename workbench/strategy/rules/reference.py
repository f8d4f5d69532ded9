"""The language reference as data: what can be said, what each way of saying it means. The tests read every example and compare.

Shown by the tutorial on writing a strategy and by the authoring desk's help. ``REFERENCE`` is in the order in which a person learns it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Example:
    """One way of saying something."""

    said: str
    """What a person types."""
    means: str
    """The rule in canonical text; of a strategy, its statements; of what is refused, words of the message."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the language."""

    name: str
    """Short and stable, such as ``timeframes``."""
    title: str
    """For a person."""
    words: str
    """What it is, in a few sentences."""
    examples: tuple[Example, ...]
    """Each is read by the tests."""
    refused: tuple[Example, ...] = ()
    """What looks like it and is an error, with words of the message."""


REFERENCE: tuple[Section, ...] = (
    Section(
        name="strategies",
        title="Strategies",
        words=(
            "A strategy says when to buy, sell, short and cover. Statements end at a semicolon, a full stop or a new line before the next one. Several "
            "statements of one direction are joined by 'or'; 'exit' closes whichever sides are entered. Decisions fall at a bar's close and fill at the "
            "next open. Stops, targets and sizes are given beside the text."
        ),
        examples=(
            Example("buy when rsi(2) < 10; sell when rsi(2) > 60", "buy when rsi(2) < 10; sell when rsi(2) > 60"),
            Example("if rsi(2) < 10 then buy; when rsi(2) > 60, sell", "buy when rsi(2) < 10; sell when rsi(2) > 60"),
            Example(
                "buy: close > sma(50)\nshort: close < sma(50)\nexit at the close",
                "buy when close > sma(50); sell when minutes_to_close == 0; short when close < sma(50); cover when minutes_to_close == 0",
            ),
        ),
        refused=(Example("rsi(2) < 10; close > open", "second statement"),),
    ),
    Section(
        name="prices",
        title="Prices, numbers and arithmetic",
        words=(
            "open, high, low, close and volume are the bar's own. Numbers may carry k or million. + - * / work as everywhere, with abs, min and max. "
            "A percentage is a share (2% is 0.02), except behind + or - after a price, where it is a share of that price."
        ),
        examples=(
            Example("(close - low) / (high - low) > 0.8", "(close - low) / (high - low) > 0.8"),
            Example("volume > 500k", "volume > 500000"),
            Example("close > 1.02 * open", "close > 1.02 * open"),
            Example("close > open + 2%", "close > open * 1.02"),
            Example("close is 2% above sma(20)", "close > sma(20) * 1.02"),
            Example("close within 1% of sma(20)", "close between sma(20) * 0.99 and sma(20) * 1.01"),
            Example("abs(close - open) > 2 * atr(14)", "abs(close - open) > 2 * atr(14)"),
        ),
        refused=(Example("close > 1,000", "thousands commas"), Example("sqrt(close) > 3", "register an indicator")),
    ),
    Section(
        name="indicators",
        title="Indicators",
        words=(
            "An indicator is called with its numbers, or with another series first; what is left out takes the usual value. Where it has several outputs, "
            "a dot names one. Indicators that you register, model columns included, are used the same way."
        ),
        examples=(
            Example("rsi(2) < 10", "rsi(2) < 10"),
            Example("rsi < 30", "rsi(14) < 30"),
            Example("sma(volume, 20) < volume", "sma(volume, 20) < volume"),
            Example("close < bb(20, 2).lower", "close < bb(20, 2).lower"),
            Example("macd crosses above its signal line", "macd(12, 26, 9).macd crosses above macd(12, 26, 9).signal"),
            Example("close is above the 200-day moving average", "close > sma(200)"),
            Example("sma50 > sma200", "sma(50) > sma(200)"),
        ),
        refused=(Example("smaa(50) > close", "did you mean sma"), Example("bb(20, 2) > close", "several outputs")),
    ),
    Section(
        name="conditions",
        title="Conditions",
        words=(
            "Comparisons, crosses (the bar on which it happens), between (both ends included), rising and falling. and, or and not join them; 'and' binds "
            "more tightly than 'or', parentheses more than both. A comparison that names nothing continues the one before."
        ),
        examples=(
            Example("close > sma(200) and rsi(2) < 10", "close > sma(200) and rsi(2) < 10"),
            Example("close crosses above sma(50)", "close crosses above sma(50)"),
            Example("rsi(14) between 40 and 60", "rsi(14) between 40 and 60"),
            Example("rsi(14) is above 30 and below 70", "rsi(14) > 30 and rsi(14) < 70"),
            Example("sma(50) rising 5", "sma(50) rising 5"),
            Example("close up 3 days in a row", "close rising 3"),
            Example("rsi(2) < 5 unless close < sma(200)", "rsi(2) < 5 and not close < sma(200)"),
            Example("crosses above the 50 day ema", "close crosses above ema(50)"),
        ),
        refused=(Example("close crosses sma(20)", "say which way"), Example("close and open", "not a condition")),
    ),
    Section(
        name="lists",
        title="Lists and choices",
        words="Conditions listed in parentheses of which one, all or some must hold, and a choice between two conditions.",
        examples=(
            Example("any of (rsi(2) < 5, close < lowest(10)[1])", "rsi(2) < 5 or close < lowest(10)[1]"),
            Example("all of (close > open, volume > volume_sma(20))", "close > open and volume > volume_sma(20)"),
            Example(
                "at least 2 of (close > open, rsi(14) < 30, low < low[1])",
                "close > open and rsi(14) < 30 or close > open and low < low[1] or rsi(14) < 30 and low < low[1]",
            ),
            Example(
                "if close > sma(200) then rsi(2) < 10 else rsi(2) < 5",
                "close > sma(200) and rsi(2) < 10 or not close > sma(200) and rsi(2) < 5",
            ),
        ),
    ),
    Section(
        name="past",
        title="The past",
        words=(
            "[n] is the value or truth n bars ago; 'within n bars' asks whether a condition held on one of the last n bars, this one included, and "
            "'for n bars' whether on all of them. highest(n)[1] is the highest high of the n bars before this one. Nothing looks ahead."
        ),
        examples=(
            Example("close > close[5]", "close > close[5]"),
            Example("close > close 3 bars ago", "close > close[3]"),
            Example("close breaks above the 20 day high", "close crosses above highest(20)[1]"),
            Example("close crosses above sma(50) within the last 3 bars", "close crosses above sma(50) within 3 bars"),
            Example("close > sma(20) for 5 bars", "close > sma(20) for 5 bars"),
            Example("3 red candles in a row", "close < open for 3 bars"),
        ),
        refused=(
            Example("close[-1] > open", "look into the future"),
            Example("tomorrow's open > close", "looks ahead"),
            Example("ichimoku.chikou > close", "26 bars back"),
        ),
    ),
    Section(
        name="session",
        title="Session and time",
        words=(
            "Times and weekdays are the exchange's. 'first 30 minutes' and 'last hour' are the bars that lie wholly in them; 'within 15 minutes of the close' "
            "speaks of the moment of the decision, the bar's close. minutes_since_open, minutes_to_close and session_bar are the numbers behind these words. "
            "vwap, the opening range and the prior day's levels begin anew with each session."
        ),
        examples=(
            Example("rsi(2) < 10 in the first 30 minutes", "rsi(2) < 10 and minutes_since_open < 30"),
            Example("close > open in the last hour", "close > open and minutes_to_close < 60"),
            Example("within 15 minutes of the close", "minutes_to_close <= 15"),
            Example("after 10:00 and before noon", "time >= 10:00 and time < 12:00"),
            Example("rsi(2) < 10 from 10:00 to 11:30", "rsi(2) < 10 and time between 10:00 and 11:30"),
            Example("rsi(2) < 10 on mondays", "rsi(2) < 10 and day_of_week == monday"),
            Example("not on fridays", "day_of_week != friday"),
            Example("close crosses above the opening range high(30)", "close crosses above orb(30).high"),
            Example("open > yesterday's high", "open > prior_high"),
        ),
        refused=(
            Example("25:00 < time", "no time of day"),
            Example("close crosses above sma(9) within the last 30 minutes", "counts bars"),
        ),
    ),
    Section(
        name="timeframes",
        title="Longer bars",
        words=(
            "'on 1h' or 'on daily' behind a value or a condition in parentheses takes it from longer bars: always the last one that is finished, never the "
            "one still growing. Timeframes are 1m, 5m, 15m, 30m, 1h, 4h and 1d."
        ),
        examples=(
            Example("close > sma(50) on 1h", "close > sma(50) on 1h"),
            Example("daily close > sma(200) on daily", "close on 1d > sma(200) on 1d"),
            Example("rsi(14) on the hourly below 30", "rsi(14) on 1h < 30"),
            Example("(close > sma(50)) on 4h and rsi(2) < 10", "(close > sma(50)) on 4h and rsi(2) < 10"),
            Example("4-hour ema(20) rising", "ema(20) on 4h rising 1"),
        ),
        refused=(Example("sma(50) on 2h > close", "timeframes are"), Example("(sma(50) on 1h) on 1d > close", "another timeframe")),
    ),
    Section(
        name="universe",
        title="Rank among the symbols",
        words=(
            "rank(x) is the place of a symbol among the strategy's symbols by x on the same bar: 1 is the largest. bottom_rank(x) counts from the smallest; "
            "rank_share(x) is the place as a share of all. It needs a strategy with several symbols."
        ),
        examples=(
            Example("rank(roc(90)) <= 10", "rank(roc(90)) <= 10"),
            Example("roc(90) in top 10", "rank(roc(90)) <= 10"),
            Example("top 10 by roc(90)", "rank(roc(90)) <= 10"),
            Example("roc(20) in the bottom 20%", "bottom_rank_share(roc(20)) <= 0.2"),
        ),
        refused=(Example("rank(rank(close)) < 3", "rank of a rank"), Example("roc(90) in top 2.5", "no count of symbols")),
    ),
    Section(
        name="parameters",
        title="Parameters",
        words=(
            "$name leaves a number open. Its usual value and the range a sweep may try stand behind it once, or beside the text as parameters={...}, which goes first."
        ),
        examples=(
            Example("sma($fast=10[5..50 step 5]) > sma($slow=50[20..200 step 10])", "sma($fast) > sma($slow)"),
            Example("rsi($n = 2 from 2 to 6 by 1) < 10", "rsi($n) < 10"),
            Example("$n = 20 from 10 to 60 by 10; close > highest($n)[1]", "close > highest($n)[1]"),
        ),
        refused=(Example("sma($n=10[50..5]) > close", "not between"), Example("close[$n] > open", "whole number")),
    ),
    Section(
        name="names",
        title="Names for parts",
        words="'let name = ...;' names a number or a condition for the rest of the text; the canonical text writes it out.",
        examples=(
            Example("let dip = rsi(2) < 10; dip and close > sma(200)", "rsi(2) < 10 and close > sma(200)"),
            Example("let fast = ema(10); let slow = ema(30); fast crosses above slow", "ema(10) crosses above ema(30)"),
            Example("body = close - open; body > 2 * atr(14)", "close - open > 2 * atr(14)"),
        ),
        refused=(
            Example("let close = open; close > 5", "means something already"),
            Example("let dip = rsi(2) < 10", "no rule that uses it"),
        ),
    ),
)
"""All sections."""


def section(name: str) -> Section:
    """Return the section called ``name``.

    Raises:
        UnknownNameError: there is none.
    """
    for entry in REFERENCE:
        if entry.name == name:
            return entry
    kind = "section of the language reference"
    raise UnknownNameError(kind, name, [entry.name for entry in REFERENCE])


def table() -> pd.DataFrame:
    """Return every example as a row: section, said, means, refused."""
    import pandas as pd  # noqa: PLC0415 - only faces draw

    rows = [
        {"section": entry.title, "said": example.said, "means": example.means, "refused": refused}
        for entry in REFERENCE
        for refused, examples in ((False, entry.examples), (True, entry.refused))
        for example in examples
    ]
    return pd.DataFrame(rows)
