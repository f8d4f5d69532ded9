from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_tables import frame

from workbench import clock
from workbench.errors import CorruptDataError
from workbench.market import check, sample, synthetic, validate

DAY = frame("2024-01-03 09:30", 78, "5min")


def broken(row: int, **values: float) -> pd.DataFrame:
    table = DAY.copy()
    for name, value in values.items():
        table.iloc[row, table.columns.get_loc(name)] = value
    return table


CORRUPT = [
    ("duplicate", DAY.iloc[[0, 1, 2, 2, 3, 4]], "14:40"),
    ("unsorted", DAY.iloc[[0, 1, 3, 2, 4]], "14:40"),
    ("missing", broken(4, close=np.nan), "14:50"),
    ("missing", broken(4, volume=np.nan), "14:50"),
    ("infinite", broken(5, high=np.inf), "14:55"),
    ("not positive", broken(6, low=0.0), "15:00"),
    ("not positive", broken(6, open=-3.0, low=-3.0), "15:00"),
    ("negative volume", broken(7, volume=-1.0), "15:05"),
    ("high under low", broken(8, high=90.0, low=95.0), "15:10"),
    ("outside range", broken(9, open=99.0, close=99.0, high=98.99, low=90.0), "15:15"),
    ("outside range", broken(9, close=99.0, open=101.0, high=102.0, low=100.0), "15:15"),
    ("overlap", pd.concat([DAY.iloc[:5], frame("2024-01-03 09:52", 1, "5min"), DAY.iloc[5:]]), "14:52"),
    ("gap", DAY.iloc[::3], "14:45"),
]


@pytest.mark.parametrize(("kind", "table", "first"), CORRUPT, ids=[f"{kind}-{n}" for n, (kind, _, _) in enumerate(CORRUPT)])
def test_corrupt_bars_are_refused_with_their_first_place(kind: str, table: pd.DataFrame, first: str) -> None:
    """Each fault halts the data in one sentence that names the fault and its first bar; nothing is repaired."""
    report = check(table, "SPY", "5m")

    assert [f"{problem.first:%H:%M}" for problem in report.problems if problem.kind == kind] == [first]
    assert report.fatal is True
    with pytest.raises(CorruptDataError, match=f"SPY 5m.*is refused.*{kind}.*2024-01-03 {first} UTC"):
        validate(table, "SPY", "5m")


def test_every_fault_is_counted() -> None:
    """Several faults of several kinds are all listed, with how many bars show each."""
    table = broken(3, high=90.0)
    table.iloc[10:14, table.columns.get_loc("close")] = np.nan
    report = check(table, "SPY", "5m")

    assert dict(zip(report.frame["kind"], report.frame["count"], strict=True)) == {"missing": 4, "high under low": 1}
    assert list(report.frame.columns) == ["kind", "severity", "first", "count", "detail"]


def test_half_a_tick_outside_is_rounding() -> None:
    """A close above the high by less than half a tick is accepted, by more it is not."""
    row = DAY.iloc[[5]]
    high = float(row["high"].iloc[0])

    assert check(broken(5, close=high + 0.004), "SPY", "5m").fatal is False
    assert check(broken(5, close=high + 0.006), "SPY", "5m").fatal is True


def test_a_hole_is_a_warning_with_the_number_of_missing_bars() -> None:
    """One hole, inside a day or over whole sessions, is counted against the calendar and does not refuse the data."""
    inside = check(pd.concat([DAY.iloc[:20], DAY.iloc[25:]]), "SPY", "5m")
    sessions = check(pd.concat([DAY, frame("2024-01-08 09:30", 78, "5min")]), "SPY", "5m")
    daily = check(frame("2024-01-02", 30, "B", None).drop(pd.Timestamp("2024-01-10")).drop(pd.Timestamp("2024-01-15")), "SPY")

    assert [str(problem) for problem in inside.problems] == [
        "gap: 5 bars of the calendar are missing in all, first before the bar at 2024-01-03 16:35 UTC"
    ]
    assert "156 bars" in sessions.problems[0].detail
    assert "1 sessions" in daily.problems[0].detail  # 15 January is a holiday
    assert [report.fatal for report in (inside, sessions, daily)] == [False] * 3


def test_weekends_holidays_and_half_days_are_no_gaps() -> None:
    """Bars that follow the calendar have no gap: over Thanksgiving, over the clock change, over a Globex break."""
    sample_days = synthetic("SYN", "30m", sessions=280)
    globex = pd.concat([frame("2024-03-07 18:00", 46, "30min"), frame("2024-03-10 18:00", 46, "30min")])

    assert "gap" not in set(check(sample_days.frame, "SYN", "30m").frame["kind"])
    assert "gap" not in set(check(globex, "ES", "30m").frame["kind"])


def test_jumps_and_splits_are_told_apart() -> None:
    """A halved price asks for a split; a price that leaves by tens of deviations is a jump."""
    noise = np.random.default_rng(3).normal(size=300).cumsum() * 0.5
    table = frame("2022-01-03", 300, "B", None)
    for name in ("open", "high", "low", "close"):
        table[name] = 200.0 + noise + {"high": 1.0, "low": -1.0}.get(name, 0.0)
    split, jump = table.copy(), table.copy()
    split.iloc[150:, :4] /= 2.0
    jump.iloc[150, :4] *= 1.25

    found = [{problem.kind: f"{problem.first:%Y-%m-%d}" for problem in check(given, "CUSTOM").problems} for given in (split, jump)]
    assert found[0]["split"] == f"{table.index[150]:%Y-%m-%d}"
    assert found[1]["jump"] == f"{table.index[150]:%Y-%m-%d}"
    assert "split" not in found[1]


def test_a_bar_that_is_not_over_yet_is_shown() -> None:
    """The last bar is partial while the clock is before its end."""
    with clock.frozen(datetime(2024, 1, 3, 20, 57, tzinfo=UTC)):
        assert "partial last bar" in set(check(DAY, "SPY", "5m").frame["kind"])
    with clock.frozen(datetime(2024, 1, 3, 21, 0, tzinfo=UTC)):
        assert "partial last bar" not in set(check(DAY, "SPY", "5m").frame["kind"])


def test_bars_outside_the_session_are_shown() -> None:
    """A stray print in the evening is a warning and stays in the table."""
    stray = pd.concat([DAY, frame("2024-01-03 21:00", 1, "5min")])
    report = check(stray, "SPY", "5m")

    assert [(problem.kind, problem.count, problem.severity) for problem in report.problems] == [("off calendar", 1, "warning")]
    assert len(validate(stray, "SPY", "5m")) == 79


def test_the_real_samples_are_usable() -> None:
    """No sample is refused; the two known days without volume in the Nasdaq file are shown."""
    reports = {symbol: check(sample(symbol).frame, symbol) for symbol in ("SPX", "IXIC", "AAPL", "FB", "GOOG", "IBM", "MSFT")}

    assert {symbol for symbol, report in reports.items() if report.fatal} == set()
    assert reports["IXIC"].frame.set_index("kind").loc["zero volume", "count"] == 2


def test_the_report_renders() -> None:
    """As HTML the report says the verdict in words and escapes what came from outside."""
    assert "no problem found" in check(DAY, "SPY", "5m")._repr_html_()
    assert "✗ refused" in check(broken(3, high=90.0), "SPY", "5m")._repr_html_()
    assert "▲ usable, with warnings" in check(pd.concat([DAY.iloc[:20], DAY.iloc[25:]]), "SPY", "5m")._repr_html_()


@given(st.integers(0, 77), st.sampled_from(["open", "high", "low", "close", "volume"]), st.sampled_from([np.nan, np.inf, -np.inf, -1.0]))
def test_no_poisoned_value_gets_through(row: int, column: str, poison: float) -> None:
    """A NaN, infinity or negative number anywhere refuses the data at its bar."""
    with pytest.raises(CorruptDataError, match=f"{DAY.index[row].tz_convert('UTC'):%H:%M} UTC"):
        validate(broken(row, **{column: poison}), "SPY", "5m")
