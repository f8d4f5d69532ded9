"""What the calendar library gets wrong or leaves out, one dated row each, with the reason and where it is from.

``close`` is local time of the calendar's zone; None means that the venue did not trade that date.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Override:
    """One trade date whose close differs from the library's."""

    calendar: str
    """``CME_EQUITY`` or ``CME_ENERGY_METALS``."""
    date: str
    """Trade date, ISO."""
    close: str | None
    """Local time of the early close, ``HH:MM``; None for a full holiday."""
    source: str
    """Where it is from."""


@dataclass(frozen=True, kw_only=True)
class Era:
    """A span of trade dates with another regular close."""

    calendar: str
    """``CME_EQUITY`` or ``CME_ENERGY_METALS``."""
    until: str
    """First trade date of the next regime, ISO; the era holds before it."""
    close: str
    """Local time of the regular close in the era."""
    source: str
    """Where it is from."""


_METALS_2026 = "CME Group 2026 Globex holiday calendar as quoted in pandas_market_calendars issue 464 (2026-05-29)"
_METALS_2025 = (
    "the rule of CME's 2026 calendar applied to 2025; the library has 12:45 and no early close; not checked against CME's notice for 2025"
)
_NO_PAYROLLS = (
    "no US jobs report that day: equity index futures trade on Good Friday only with one (2021 and 2023: pandas_market_calendars issues 132, 311), "
    "otherwise Globex is closed (CME press release of 2005-03-16); the library has an 08:15 close"
)

OVERRIDES: tuple[Override, ...] = (
    Override(calendar="CME_EQUITY", date="2024-03-29", close=None, source=_NO_PAYROLLS),
    Override(calendar="CME_EQUITY", date="2025-04-18", close=None, source=_NO_PAYROLLS),
    Override(calendar="CME_ENERGY_METALS", date="2025-11-28", close="13:45", source=_METALS_2025),
    Override(calendar="CME_ENERGY_METALS", date="2025-12-24", close="12:45", source=_METALS_2025),
    Override(calendar="CME_ENERGY_METALS", date="2026-06-19", close="12:00", source=_METALS_2026),
    Override(calendar="CME_ENERGY_METALS", date="2026-07-03", close="12:00", source=_METALS_2026),
    Override(calendar="CME_ENERGY_METALS", date="2026-09-07", close="13:30", source=_METALS_2026),
    Override(calendar="CME_ENERGY_METALS", date="2026-11-27", close="13:45", source=_METALS_2026),
    Override(calendar="CME_ENERGY_METALS", date="2026-12-24", close="12:45", source=_METALS_2026),
)

_SEPTEMBER_2015 = "CME Globex closed 16:15 Chicago until the trade date 2015-09-21; data: ES minutes of October 2013 end at 16:14"

ERAS: tuple[Era, ...] = (
    Era(calendar="CME_EQUITY", until="2015-09-21", close="16:15", source=_SEPTEMBER_2015),
    Era(calendar="CME_ENERGY_METALS", until="2015-09-21", close="16:15", source=_SEPTEMBER_2015),
)
