"""Real data in LEAN's layout, where the shared folder has it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from market_tables import LEAN, utc

from workbench.market import check, read, resample
from workbench.units import SessionMode

pytestmark = pytest.mark.skipif(not LEAN.is_dir(), reason="the shared LEAN sample is not here")


def test_es_minutes_join_to_one_series() -> None:
    """The week of October 2013, the day of December and two of January 2020 join, each on its contract of most volume."""
    bars = read(LEAN / "future/cme/minute/es")

    assert [roll["contract"] for roll in bars.frame.attrs["rolls"]] == ["201312", "201403", "202003"]
    assert [roll["trade_date"] for roll in bars.frame.attrs["rolls"]] == ["2013-10-07", "2013-12-18", "2020-01-06"]
    assert (len(bars), bars.timeframe, bars.instrument.symbol) == (9599, "1m", "ES")
    assert set((bars.frame[["open", "high", "low", "close"]].to_numpy().ravel() / 0.25 % 1).tolist()) == {0.0}
    assert check(bars.frame, "ES", "1m").fatal is False


def test_es_minutes_are_utc() -> None:
    """The busiest half hour begins with New York's open, in summer and in winter time."""
    bars = read(LEAN / "future/cme/minute/es", "ES", "30m")
    for day in ("2013-10-08", "2020-01-06"):
        one = bars.window(day, str(np.datetime64(day) + 1))
        opening = one.frame.index[int(one.volume.argmax())].tz_convert("America/New_York")
        assert f"{opening:%H:%M}" == "09:30"


def test_es_sessions_follow_the_trade_date() -> None:
    """Sunday evening's first minute is Monday's trade date; Friday ends 16:15 Chicago in 2013, the last bar known then at the latest."""
    bars = read(LEAN / "future/cme/minute/es").window("2013-10-07", "2013-10-12")

    assert str(bars.frame.index[0]) == "2013-10-06 22:00:00+00:00"
    assert sorted({str(date) for date in bars.trade_date}) == ["2013-10-07", "2013-10-08", "2013-10-09", "2013-10-10", "2013-10-11"]
    assert int(bars.known_at[-1]) <= utc("2013-10-11 21:15")
    assert "off calendar" not in set(check(bars.frame, "ES", "1m").frame["kind"])


def test_es_in_regular_hours() -> None:
    """Cut to regular hours a day of five-minute bars has 78."""
    bars = resample(read(LEAN / "future/cme/minute/es").within(SessionMode.RTH_US), "5m")
    counts = pd.Series(bars.trade_date).value_counts()

    assert counts[pd.Timestamp("2013-10-08")] == 78
    assert counts[pd.Timestamp("2020-01-06")] == 78


def test_spy_daily_hourly_and_minutes_agree() -> None:
    """One share in three resolutions: the same scale, and the day's regular prices agree."""
    daily = read(LEAN / "equity/usa/daily/spy.zip").window("2013-10-07", "2013-10-12")
    hourly = resample(read(LEAN / "equity/usa/hour/spy.zip").window("2013-10-07", "2013-10-12"), "1d")
    minutes = resample(read(LEAN / "equity/usa/minute/spy").within(SessionMode.RTH_US).window("2013-10-07", "2013-10-12"), "1d")

    assert daily.trade_date.tolist() == hourly.trade_date.tolist() == minutes.trade_date.tolist()
    assert np.allclose(hourly.open, daily.open, rtol=2e-3)
    assert np.allclose(minutes.close, daily.close, rtol=2e-3)
    assert np.allclose(minutes.high, daily.high, rtol=2e-3)
    assert 165 < daily.close[-1] < 172


def test_spy_hours_are_clock_aligned_and_stay_regular() -> None:
    """The file's 09:00 hour is the session's first; the few late prints of old half days do not widen the hours."""
    bars = read(LEAN / "equity/usa/hour/spy.zip")

    assert bars.instrument.session_mode is SessionMode.RTH_US
    assert f"{bars.frame.index[0].tz_convert('America/New_York'):%H:%M}" == "09:00"
    assert bars.known_at[0] == utc("1998-01-02 15:00")
    assert (np.diff(bars.known_at) > 0).all()


def test_spy_daily_is_complete() -> None:
    """Every NYSE session of 1998 to March 2021 is there."""
    bars = read(LEAN / "equity/usa/daily/spy.zip")

    assert (len(bars), str(bars.trade_date[0]), str(bars.trade_date[-1])) == (5849, "1998-01-02", "2021-03-31")
    assert "gap" not in set(check(bars.frame, "SPY").frame["kind"])
    assert set(check(bars.frame, "SPY").frame["kind"]) <= {"jump"}


def test_eurusd_hours_follow_new_york() -> None:
    """Currency weeks open and close 17:00 New York in summer and winter; few bars are outside."""
    bars = read(LEAN / "forex/oanda/hour/eurusd.zip")
    report = check(bars.frame, "EURUSD", "1h").frame.set_index("kind")

    assert len(bars) == 74439
    assert report.loc["off calendar", "count"] < 50
    assert 1.02 < bars.low.min() < bars.high.max() < 1.61


def test_bitcoin_days_and_minutes() -> None:
    """Coins trade on UTC days; minutes of a day sum to its bar."""
    daily = read(LEAN / "crypto/coinbase/daily/btcusd_trade.zip")
    minutes = resample(read(LEAN / "crypto/coinbase/minute/btcusd"), "1d")
    day = np.datetime64("2017-12-17")
    one, other = (
        bars.slice(int(np.searchsorted(bars.trade_date, day)), int(np.searchsorted(bars.trade_date, day)) + 1) for bars in (daily, minutes)
    )

    assert (str(daily.trade_date[0]), len(daily)) == ("2014-12-01", 1318)
    assert one.frame.to_numpy().ravel() == pytest.approx(other.frame.to_numpy().ravel(), rel=5e-3)
