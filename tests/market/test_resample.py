from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_tables import frame

from workbench.errors import BarsError, UnknownNameError
from workbench.market import completed, resample, sample, synthetic, validate


def test_a_small_table_by_hand() -> None:
    """Three five-minute bars and one after a hole make two quarters of an hour with open, extremes, close and sum."""
    index = pd.DatetimeIndex(["2024-01-03 09:30", "2024-01-03 09:35", "2024-01-03 09:40", "2024-01-03 09:55"], tz="America/New_York")
    table = pd.DataFrame(
        {
            "open": [10.0, 11, 12, 13],
            "high": [11.0, 15, 12, 14],
            "low": [9.0, 10, 8, 13],
            "close": [11.0, 12, 9, 14],
            "volume": [1.0, 2, 3, 4],
        },
        index,
    )
    bars = resample(validate(table, "SPY", "5m"), "15m")

    assert bars.frame.to_numpy().tolist() == [[10.0, 15.0, 8.0, 9.0, 6.0], [13.0, 14.0, 13.0, 14.0, 4.0]]
    assert [f"{label:%H:%M}" for label in bars.frame.index] == ["14:30", "14:45"]
    assert [f"{label:%H:%M}" for label in pd.to_datetime(bars.known_at)] == ["14:45", "15:00"]


def test_bins_start_at_the_session_s_open_and_end_at_its_close() -> None:
    """Four hours of Globex start 17:00 Chicago; the sixth is cut to three hours at the break."""
    bars = resample(validate(frame("2024-01-03 18:00", 46, "30min"), "ES"), "4h")
    local = bars.frame.index.tz_convert("America/Chicago")

    assert [f"{label:%H:%M}" for label in local] == ["17:00", "21:00", "01:00", "05:00", "09:00", "13:00"]
    assert f"{pd.Timestamp(bars.known_at[-1], tz='UTC').tz_convert('America/Chicago'):%H:%M}" == "16:00"


def test_a_trade_date_makes_one_day() -> None:
    """Sunday evening and Monday make Monday's daily bar, known at Monday's close and equal to a daily bar's own labels."""
    intraday = validate(frame("2024-03-10 18:00", 46, "30min"), "ES")
    daily = resample(intraday, "1d")
    direct = validate(frame("2024-03-11", 1, "D", None), "ES", "1d")

    assert len(daily) == 1
    assert (daily.time.tolist(), daily.known_at.tolist()) == (direct.time.tolist(), direct.known_at.tolist())
    assert daily.trade_date.tolist() == direct.trade_date.tolist()
    assert float(daily.volume[0]) == float(intraday.volume.sum())


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["5m", "15m", "30m", "1h", "4h", "1d"]), st.integers(0, 900), st.integers(1, 900))
def test_longer_bars_hold_what_the_shorter_ones_held(bar: str, first: int, count: int) -> None:
    """Volume is kept, extremes are kept, and no longer bar is known before its last shorter one or after the session."""
    minutes = synthetic("SYN", "1m", sessions=3).slice(first, first + count)
    longer = resample(minutes, bar)
    place = np.searchsorted(longer.time, minutes.time, side="right") - 1

    assert longer.volume.sum() == minutes.volume.sum()
    assert (longer.high.max(), longer.low.min()) == (minutes.high.max(), minutes.low.min())
    assert (minutes.known_at <= longer.known_at[place]).all()
    assert (longer.high[place] >= minutes.high).all()
    assert (longer.low[place] <= minutes.low).all()
    assert (np.diff(longer.time) > 0).all()
    assert set(longer.trade_date.tolist()) == set(minutes.trade_date.tolist())


@pytest.mark.parametrize("bar", ["15m", "30m", "1h", "1d"])
def test_two_steps_are_one(bar: str) -> None:
    """Minutes to five minutes to longer is the same as minutes to longer."""
    minutes = synthetic("SYN", "1m", sessions=5)

    assert resample(resample(minutes, "5m"), bar).dataset_hash == resample(minutes, bar).dataset_hash


def test_the_same_timeframe_is_no_change() -> None:
    """Asking for what the bars have returns them."""
    bars = sample("SPX")

    assert resample(bars, "1d") is bars


@pytest.mark.parametrize(("have", "wanted"), [("30m", "5m"), ("1d", "1h")])
def test_shorter_bars_cannot_be_made(have: str, wanted: str) -> None:
    """Only longer, whole multiples can be asked for."""
    with pytest.raises(BarsError, match=f"{have} bars cannot become {wanted}"):
        resample(synthetic("SYN", have, sessions=2), wanted)


def test_an_unknown_timeframe_is_refused() -> None:
    """A timeframe that does not exist is named."""
    with pytest.raises(UnknownNameError, match="timeframe"):
        resample(sample("SPX"), "2w")


def test_hours_of_the_clock_cannot_be_mixed_into_session_bins() -> None:
    """A share's 13:00 hour reaches over 13:30, the end of a four-hour bin: refused, while days are fine."""
    hours = validate(pd.concat([frame(f"2024-01-0{day} 09:00", 7, "1h") for day in (2, 3, 4)]), "SPY")

    with pytest.raises(BarsError, match="do not line up"):
        resample(hours, "4h")
    assert len(resample(hours, "1d")) == 3


def test_a_longer_bar_shows_when_it_is_over() -> None:
    """The quarter of an hour from 09:30 is over with the bar that closes 09:45, and with the next one if that is missing."""
    base = validate(frame("2024-01-03 09:30", 9, "5min"), "SPY")
    holed = validate(frame("2024-01-03 09:30", 9, "5min").drop(base.frame.index[2].tz_convert("America/New_York")), "SPY", "5m")

    assert completed(base, resample(base, "15m")).tolist() == [-1, -1, 0, 0, 0, 1, 1, 1, 2]
    assert completed(holed, resample(holed, "15m")).tolist() == [-1, -1, 0, 0, 1, 1, 1, 2]


def test_shorter_bars_are_not_longer() -> None:
    """Asking the wrong way round, or of another symbol, is refused."""
    hours = synthetic("SYN", "1h", sessions=2)

    with pytest.raises(BarsError, match="not longer bars"):
        completed(hours, synthetic("SYN", "5m", sessions=2))
    with pytest.raises(BarsError, match="not longer bars"):
        completed(hours, synthetic("SYN0", "1d", sessions=2))
