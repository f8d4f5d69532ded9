from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest

from workbench.lifecycle.stages import Stage
from workbench.widgets.parts import wire

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (None, math.nan),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (1.5, np.float64(1.5)),
        (7, np.int64(7)),
        (None, np.float32("nan")),
        (0.25, Decimal("0.25")),
        ("PAPER", Stage.PAPER),
        (NOON.timestamp(), NOON),
        (NOON.timestamp(), NOON.astimezone(timezone(timedelta(hours=-5)))),
        (NOON.timestamp(), datetime(2025, 11, 24, 12)),  # noqa: DTZ001 - a naive time is the case
        ("2025-11-24", date(2025, 11, 24)),
        ([1, None], (1, math.nan)),
        ({"a": [None]}, {"a": np.array([np.nan])}),
        (True, True),
        (b"x", b"x"),
    ],
)
def test_every_value_has_one_spelling(expected: object, given: object) -> None:
    """What JSON cannot say becomes what the browser understands."""
    assert wire.plain(given) == expected


def test_floats_come_back_as_they_went() -> None:
    """Packed numbers are the same numbers, gaps included."""
    packed = wire.floats([1.0, None, -2.5])  # type: ignore[list-item]

    assert np.array_equal(wire.values(packed), [1.0, np.nan, -2.5], equal_nan=True)
    assert wire.floats(packed) is packed


@pytest.mark.parametrize(
    "times",
    [
        np.array([1_763_985_600_000_000_000], dtype=np.int64),
        np.array(["2025-11-24T12:00"], dtype="datetime64[s]"),
        [datetime(2025, 11, 24, 12, tzinfo=UTC)],
        [1_763_985_600.0],
    ],
)
def test_times_of_any_kind_are_seconds(times: object) -> None:
    """Nanoseconds, datetimes and seconds all become seconds since 1970."""
    assert list(wire.values(wire.moments(times))) == [1_763_985_600.0]  # type: ignore[arg-type]
