"""Values on their way to the browser: what JSON cannot say gets one agreed spelling, arrays become bytes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return ``value`` as JSON can carry it: NaN as None, infinities as words, times as seconds since 1970, enums by value, numpy scalars as numbers.

    The trap: an aware ``datetime`` becomes a number, a ``date`` stays text (``2026-01-31``); naive times are taken as UTC.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (str, int, bytes)):
        return value
    if isinstance(value, (float, Decimal)):
        return _finite(float(value))
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    return _other(value)


def _other(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, datetime):
        return seconds(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a numpy scalar
        return plain(value.item())
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    return str(value)


def _finite(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def seconds(moment: datetime) -> float:
    """Return an aware (or UTC) ``moment`` as seconds since 1970."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def floats(values: Iterable[float] | NDArray[np.float64] | bytes) -> bytes:
    """Return numbers as little-endian float64 bytes, one after the other; NaN marks a gap; None counts as NaN; bytes are taken as they are."""
    if isinstance(values, bytes):
        return values
    import numpy as np  # noqa: PLC0415 - only where arrays travel

    return np.ascontiguousarray(np.asarray(values if hasattr(values, "__len__") else list(values), dtype="<f8")).tobytes()


def moments(times: Iterable[datetime] | Iterable[float] | NDArray[np.int64] | bytes) -> bytes:
    """Return times as float64 seconds since 1970: integers count nanoseconds (as ``Bars.time``), floats seconds, ``datetime64`` and ``datetime`` themselves."""
    if isinstance(times, bytes):
        return times
    import numpy as np  # noqa: PLC0415 - only where arrays travel

    array = np.asarray(times if hasattr(times, "__len__") else list(times))
    if array.dtype.kind == "M":
        return floats(array.astype("datetime64[ns]").astype(np.int64) / 1e9)
    if array.dtype.kind in "iu":
        return floats(array / 1e9)
    if array.dtype.kind == "O":
        return floats([seconds(moment) if isinstance(moment, datetime) else float(moment) for moment in array])
    return floats(array)


def values(packed: bytes) -> NDArray[np.float64]:
    """Return the numbers that ``floats`` or ``moments`` packed."""
    import numpy as np  # noqa: PLC0415 - only where arrays travel

    return np.frombuffer(packed, dtype="<f8")
