"""The columns a program reads: those of a bar and those of the exchange's clock, in the order a live bar is fed."""

from __future__ import annotations

SERIES = ("open", "high", "low", "close", "volume")
"""Columns of a bar."""
CLOCKS = ("minute_of_day", "day_of_week", "session_bar", "minutes_since_open", "minutes_to_close")
"""Columns of the clock that a rule may name (``market.ClockColumns``)."""
ANCHORS = ("session_day", "bar_minutes")
"""Columns of the clock that only steps read: the trade date as a number, and how long the bar lasts."""
CLOCK = (*CLOCKS, *ANCHORS)
"""Every column of the clock."""
FED = (*SERIES, *CLOCK)
"""Everything a live bar brings, in order."""
