from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from workbench import clock
from workbench.errors import InputError

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_now_is_aware_and_utc() -> None:
    """The present has the zone UTC."""
    assert clock.now().tzinfo is UTC


def test_a_frozen_clock_stands_and_runs_again() -> None:
    """Inside the block time stands still; after it, it runs."""
    with clock.frozen(NOON):
        assert clock.now() == NOON

    assert clock.now() > NOON - timedelta(days=36500)
    assert clock.now() != NOON


def test_another_zone_is_brought_to_utc() -> None:
    """An aware time keeps its moment."""
    eastern = datetime(2026, 1, 31, 7, tzinfo=timezone(timedelta(hours=-5)))

    assert clock.aware(eastern) == NOON


def test_a_naive_time_is_refused() -> None:
    """A time without a zone is an error that says what to do."""
    with pytest.raises(InputError, match="tz_localize"):
        clock.aware(datetime(2026, 1, 31), "start")  # noqa: DTZ001 - naive on purpose


def test_a_stamp_sorts_as_text() -> None:
    """Stamps have fixed width, so text order is time order."""
    assert clock.stamp(NOON) == "2026-01-31T12:00:00.000000Z"
