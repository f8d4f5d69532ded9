"""Steps that follow sessions, on real calendars: the same numbers in columns, sweep and stream, half days and overnight sessions included."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.market import clock_columns, sample, synthetic, validate
from workbench.strategy.columns import Columns
from workbench.strategy.compiler import compile_rules
from workbench.strategy.indicators import find, names, values
from workbench.strategy.rules.tree import Binary, Call, Clock, Cross, Number, Param, Series
from workbench.strategy.series import CLOCK

if TYPE_CHECKING:
    from workbench.market import Bars
    from workbench.strategy.program import Program

FOLLOWS = [name for name in names() if "session_day" in find(name).inputs]


@cache
def bars() -> Bars:
    """Four months of quarter hours with a half day and a clock change."""
    return synthetic("SYN", "15m", sessions=90, start="2022-10-03")


@cache
def program() -> Program:
    """Above the session's average price after the opening range is broken, out in the last half hour; every session step beside it."""
    rules = {
        "entry_long": Binary(
            "and", Cross("above", Series("close"), Call("orb", (Param("n"),), "high")), Binary(">", Series("close"), Call("vwap"))
        ),
        "exit_long": Binary("<", Clock("minutes_to_close"), Number(30.0)),
    }
    extra = {f"{name}_{output}": Call(name, (), output) for name in FOLLOWS for output in find(name).outputs}
    return compile_rules(rules, ["n"], extra)


def fed(table: Bars) -> list[tuple[float, ...]]:
    """The bars as a program is fed them."""
    clock = clock_columns(table)
    columns = [table.open, table.high, table.low, table.close, table.volume, *(getattr(clock, name) for name in CLOCK)]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_columns_sweep_and_stream_say_the_same() -> None:
    """Signals and all session steps are bit-equal in a batch, in a packed sweep and bar by bar with a snapshot in the middle."""
    bound = program().bind({"n": 45.0})
    batch, packed = bound.columns(bars()), program().packed([{"n": 30.0}, {"n": 45.0}], Columns(bars())).signals(1)
    stream, rows = bound.stream(), []
    for place, bar in enumerate(fed(bars())):
        if place == 1000:
            held, stream = stream.snapshot(), bound.stream()
            stream.restore(held)
        rows.append(stream.update(*bar))
    assert batch.entry_long.sum() > 10
    for name in ("entry_long", "exit_long"):
        assert getattr(batch, name).tolist() == getattr(packed, name).tolist() == [int(row[name]) for row in rows]
    for name, column in batch.numbers.items():
        assert np.array_equal(column, [row[name] for row in rows], equal_nan=True), name


def test_every_session_begins_afresh() -> None:
    """The average price of each session is that of the session alone, half days and clock changes included."""
    table = bars()
    typical = pd.Series((table.high + table.low + table.close) / 3)
    money, volume = (typical * table.volume).groupby(table.session).cumsum(), pd.Series(table.volume).groupby(table.session).cumsum()
    assert np.nanmax(np.abs(values("vwap", table).to_numpy() - (money / volume).to_numpy())) <= 1e-9


def test_a_session_joined_midway_says_nothing_until_the_next() -> None:
    """From the third bar of a session on, its average, open and range are unknown; the next session is complete, and so is what it knows of the one before."""
    table = bars()
    part = table.slice(2, len(table))
    first = int(np.flatnonzero(part.session != part.session[0])[0])
    for name in ("vwap", "session_open", "session_high"):
        assert int(np.isnan(values(name, part)).sum()) == first
        assert values(name, part).iloc[first:].tolist() == values(name, table).iloc[first + 2 :].tolist()
    known = values("prior_high", part).notna().to_numpy()
    whole = part.session == part.session[first]  # the first session seen whole
    assert int(known.argmax()) == int(np.flatnonzero(whole)[-1]) + 1
    assert values("prior_close", part).iloc[first] == part.close[first - 1]


def test_a_missing_first_bar_does_not_hide_a_new_session() -> None:
    """Where the data lacks the first bars of a session, the average still starts with the first that is there, the opening range with none of it is unknown."""
    table = bars()
    clock = clock_columns(table)
    third = np.unique(table.session)[3]
    frame = table.frame[~((table.session == third) & (clock.minutes_since_open < 60))]
    part = validate(frame, table.instrument, "15m", source="synthetic", synthetic=True)
    here = part.session == third
    typical = (part.high + part.low + part.close) / 3
    assert values("vwap", part).to_numpy()[here][0] == pytest.approx(typical[here][0], abs=1e-12)
    assert clock_columns(part).session_bar[here][0] == 4.0
    assert values("orb", part, minutes=30)[here].isna().all(axis=None)
    assert values("session_open", part).to_numpy()[here][0] == part.open[here][0]


def test_an_overnight_session_is_one_session() -> None:
    """A CME session from Sunday evening over midnight has one opening price and one running average."""
    times = pd.date_range("2024-03-10 18:00", periods=47, freq="30min", tz="America/New_York").tz_convert("UTC")
    rng = np.random.default_rng(2)
    close = 5000 + np.round(rng.normal(0, 2, 47).cumsum() * 4) / 4
    frame = pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 10.0}, index=times)
    table = validate(frame, "ES", "30m")
    held = len(set(table.session.tolist()))
    opened = values("session_open", table)
    assert opened.nunique() == held
    assert opened.iloc[0] == close[0]
    assert clock_columns(table).session_bar.tolist()[:3] == [0.0, 1.0, 2.0]


def test_daily_bars_are_sessions() -> None:
    """On daily bars the average price of the session is the bar's typical price, and the session before is the bar before."""
    table = sample("SPX").head(300)
    assert np.allclose(values("vwap", table), (table.high + table.low + table.close) / 3, rtol=1e-15)
    assert values("prior_close", table).tolist()[1:] == table.close.tolist()[:-1]


def test_a_plain_frame_has_no_sessions() -> None:
    """Asking about a frame without a calendar ends in a sentence."""
    with pytest.raises(InputError, match="follows the sessions of a calendar"):
        values("vwap", bars().frame)


def test_without_a_clock_the_stream_knows_no_session() -> None:
    """A bar fed without its clock gives NaN, and a part of the clock is refused."""
    stream = compile_rules({}, (), {"x": Call("vwap")}).bind().stream()
    assert np.isnan(stream.update(1.0, 1.0, 1.0, 1.0, 1.0)["x"])
    with pytest.raises(InputError, match="the clock of a bar is minute_of_day, day_of_week, session_bar"):
        stream.update(1.0, 1.0, 1.0, 1.0, 1.0, 570.0, 0.0)
