from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_tables import frame, utc

from workbench.errors import InputError
from workbench.market import Bars, sample, synthetic, validate
from workbench.market.calendars import session_table
from workbench.units import SessionMode, Timeframe, instrument


def known(bars: Bars) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in pd.to_datetime(bars.known_at, utc=True)]


def test_an_intraday_bar_is_known_when_it_is_over() -> None:
    """``known_at`` is the open plus the timeframe, in UTC, whatever zone the frame had."""
    bars = validate(frame("2024-03-08 15:00", 4, "15min"), "SPY")

    assert known(bars) == ["03-08 20:15", "03-08 20:30", "03-08 20:45", "03-08 21:00"]
    assert str(bars.frame.index.dtype) == "datetime64[ns, UTC]"
    assert bars.frame.index.name == "open_time"


def test_a_bar_is_cut_at_the_session_s_end() -> None:
    """The last hour of a share's day begins 15:30 and is known at 16:00; on a half day at 13:00."""
    whole = validate(frame("2024-11-27 09:30", 7, "1h"), "SPY")
    half = validate(frame("2024-11-29 09:30", 4, "1h"), "SPY")

    assert known(whole)[-2:] == ["11-27 20:30", "11-27 21:00"]
    assert known(half)[-2:] == ["11-29 17:30", "11-29 18:00"]


def test_hours_aligned_to_the_clock_belong_to_the_session_they_reach() -> None:
    """A vendor's 09:00 hour of a share belongs to that day's session and is known at 10:00."""
    bars = validate(frame("2024-11-27 09:00", 7, "1h"), "SPY")

    assert bars.instrument.session_mode is SessionMode.RTH_US
    assert known(bars)[0] == "11-27 15:00"
    assert known(bars)[-1] == "11-27 21:00"
    assert set(bars.trade_date.tolist()) == {date(2024, 11, 27)}


def test_globex_across_the_break_and_the_clock_change() -> None:
    """The evening after the daily break belongs to the next trade date; Sunday evening to Monday, on summer time too."""
    friday = frame("2024-03-08 16:30", 1, "30min")
    sunday = frame("2024-03-10 18:00", 2, "30min")
    bars = validate(pd.concat([friday, sunday]), "ES", "30m")

    assert known(bars) == ["03-08 22:00", "03-10 22:30", "03-10 23:00"]
    assert bars.trade_date.tolist() == [date(2024, 3, 8), date(2024, 3, 11), date(2024, 3, 11)]
    assert np.diff(bars.session).tolist() == [3, 0]


def test_four_hours_over_the_break_are_known_only_when_all_has_happened() -> None:
    """A clock-aligned bar that reaches into the next session is not cut at the break it contains."""
    bars = validate(frame("2024-01-10 12:00", 4, "4h", "UTC"), "ES")

    assert known(bars) == ["01-10 16:00", "01-10 20:00", "01-11 00:00", "01-11 04:00"]


def test_a_daily_bar_carries_the_open_and_is_known_at_the_close() -> None:
    """Naive dates are trade dates: the label is the session's open in UTC, over daylight saving time and half days."""
    index = pd.DatetimeIndex(["2024-03-08", "2024-03-11", "2024-11-29"])
    daily = frame("2024-03-08", 3, "D").set_axis(index)
    shares = validate(daily, "SPY")
    future = validate(daily, "ES")

    assert [f"{label:%m-%d %H:%M}" for label in shares.frame.index] == ["03-08 14:30", "03-11 13:30", "11-29 14:30"]
    assert known(shares) == ["03-08 21:00", "03-11 20:00", "11-29 18:00"]
    assert [f"{label:%m-%d %H:%M}" for label in future.frame.index] == ["03-07 23:00", "03-10 22:00", "11-28 23:00"]
    assert known(future) == ["03-08 22:00", "03-11 21:00", "11-29 18:15"]
    assert shares.trade_date.tolist() == [date(2024, 3, 8), date(2024, 3, 11), date(2024, 11, 29)]


def test_what_was_checked_once_is_the_same_when_checked_again() -> None:
    """The frame of checked bars goes through the door again unchanged."""
    for bars in (sample("SPX"), synthetic("SYN", "30m", sessions=20), validate(frame("2024-01-05", 30, "D"), "ES")):
        again = validate(bars.frame, bars.instrument, source=bars.source, synthetic=bars.synthetic)
        assert bars.dataset_hash == again.dataset_hash


@given(
    st.integers(0, 4000),
    st.integers(1, 6),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.sampled_from(["ES", "SPY", "EURUSD", "BTCUSD", "SYN"]),
    st.sampled_from(["5m", "15m", "1h", "4h"]),
)
@settings(deadline=None)
def test_time_never_runs_backwards(first: int, days: int, hole: tuple[float, float], symbol: str, bar: str) -> None:
    """Whatever is missing: a bar is known after it opens, after its predecessor and within its session, and sessions never decrease."""
    length = Timeframe(bar).nanoseconds
    table = session_table(instrument(symbol).calendar, instrument(symbol).session_mode)
    start = int(np.searchsorted(table.trade_date, np.datetime64("2008-01-01"))) + first
    grid = np.concatenate([np.arange(table.open[row], table.close[row], length) for row in range(start, start + days)])
    low, high = sorted(int(share * len(grid)) for share in hole)
    kept = np.delete(grid, slice(low, high))
    if len(kept) == 0:
        return
    index = pd.DatetimeIndex(kept.astype("datetime64[ns]")).tz_localize("UTC")
    bars = validate(frame("2024-01-05", len(kept), "h").set_axis(index), symbol, bar)
    row = table.rows_of(bars.trade_date)

    assert (bars.known_at > bars.time).all()
    assert (bars.known_at == np.minimum(bars.time + length, table.close[row])).all()
    assert (bars.known_at[:-1] <= bars.time[1:]).all()
    assert (np.diff(bars.session) >= 0).all()


def test_columns_are_what_compiled_code_wants() -> None:
    """Arrays are float64 or int64, contiguous and writable: pandas' own views are not."""
    bars = sample("AAPL")

    for values in (bars.open, bars.high, bars.low, bars.close, bars.volume):
        assert (values.dtype, values.flags.c_contiguous, values.flags.writeable) == (np.dtype(np.float64), True, True)
    assert {bars.time.dtype, bars.known_at.dtype, bars.session.dtype} == {np.dtype(np.int64)}


def test_the_hash_covers_what_a_decision_sees() -> None:
    """Another value, time, timeframe, symbol or session mode is another dataset; source and extra columns are not."""
    base = frame("2024-11-27 09:30", 6, "1h")
    first = validate(base, "SPY")
    changed = base.copy()
    changed.iloc[3, 3] += 0.01
    others = [
        validate(changed, "SPY"),
        validate(base, "QQQ"),
        validate(base.iloc[:-1], "SPY"),
        validate(base.set_axis(base.index + pd.Timedelta(days=2)), "SPY"),
        validate(base.iloc[::2], "SPY", "30m"),
    ]

    assert first.dataset_hash == validate(base.assign(signal=1), "SPY", source="elsewhere").dataset_hash
    assert len({first.dataset_hash, *(other.dataset_hash for other in others)}) == 6


def test_the_hash_of_the_sample_is_pinned() -> None:
    """The same real bars have the same address on every machine and in every version."""
    assert sample("SPX").dataset_hash == "b433adf113cfe791a51664268571165bb8623f50c9ac2d81d3e935f15fd53f16"


def test_windows_by_date_and_by_time() -> None:
    """Bounds are half-open; dates compare with trade dates, aware times with open times."""
    bars = synthetic("SYN", "1h", sessions=10)
    dates = sorted(set(bars.trade_date.tolist()))

    assert set(bars.window(dates[2], str(dates[4])).trade_date.tolist()) == {dates[2], dates[3]}
    noon = datetime(2022, 1, 5, 16, 30, tzinfo=UTC)
    assert bars.window(noon).time[0] == utc("2022-01-05 16:30")
    assert bars.window(end=noon).time[-1] == utc("2022-01-05 15:30")
    assert len(bars.window(dates[5], dates[1])) == 0


@pytest.mark.parametrize("bound", ["2022-01-05 12:00", datetime(2022, 1, 5, 12), "someday", None])  # noqa: DTZ001 - that is the point
def test_a_naive_bound_is_refused(bound: object) -> None:
    """A time of day without a zone, or no date at all, says what to write instead."""
    bars = sample("SPX")
    if bound is None:
        assert len(bars.window()) == len(bars)
        return
    with pytest.raises(InputError, match=r"zone|no date"):
        bars.window(bound)


def test_slices_are_views_of_the_same_story() -> None:
    """A slice keeps each bar's own columns, and all slices together are the whole."""
    bars = synthetic("SYN", "30m", sessions=10)
    left, right = bars.slice(0, 50), bars.slice(50, len(bars))

    assert len(left) + len(right) == len(bars)
    assert np.array_equal(np.concatenate([left.known_at, right.known_at]), bars.known_at)
    assert np.array_equal(np.concatenate([left.close, right.close]), bars.close)
    assert bars.head(50).dataset_hash == left.dataset_hash


def test_a_future_cut_to_regular_hours() -> None:
    """``within`` keeps the bars of New York's day and their ends follow its close."""
    bars = validate(frame("2024-11-28 18:00", 36, "30min"), "ES").within(SessionMode.RTH_US)

    assert [f"{label:%H:%M}" for label in bars.frame.index[[0, -1]].tz_convert("America/New_York")] == ["09:30", "11:30"]
    assert bars.instrument.session_mode is SessionMode.RTH_US


def test_daily_bars_cannot_be_cut_to_hours() -> None:
    """Asking for other hours of daily bars says that intraday bars are needed."""
    with pytest.raises(InputError, match="intraday"):
        sample("SPX").within(SessionMode.EXT_US)


def test_bars_show_themselves_and_say_when_they_are_made_up() -> None:
    """Text and HTML name symbol, span and source; made-up bars wear a badge."""
    assert repr(sample("SPX")) == "Bars(SPX 1d, 5,031 bars, 1999-01-04 to 2018-12-31, arch.data)"
    assert "SYNTHETIC" not in sample("SPX")._repr_html_()
    assert "▨ SYNTHETIC" in synthetic("SYN0", "1h", sessions=3)._repr_html_()
