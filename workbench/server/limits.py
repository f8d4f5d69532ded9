"""How often somebody may ask: a bucket of tokens for each person and kind of request, refilled at a steady rate."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from workbench import clock

_MOST = 10_000  # buckets kept; the one unused longest goes first, and it was full anyway


class Rate(NamedTuple):
    """A rate of requests."""

    per_second: float
    """Refill."""
    burst: int
    """Requests at once after a rest."""


RATES = {
    "read": Rate(30, 120),  # a board with twelve panels reloads in one burst
    "write": Rate(5, 30),
    "heavy": Rate(0.5, 5),  # verifying the chain, making a bot
    "login": Rate(0.2, 10),  # beside the lock-out of each name
    "connect": Rate(1, 30),
}
"""Kind of request -> rate for one person (or address, before the login)."""


class Limiter:
    """Says how long somebody has to wait."""

    def __init__(self, rates: dict[str, Rate] | None = None) -> None:
        """Begin with full buckets."""
        self._rates = rates or RATES
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def wait(self, kind: str, who: str) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        rate, now = self._rates[kind], clock.monotonic()
        tokens, seen = self._buckets.pop((kind, who), (float(rate.burst), now))
        tokens = min(float(rate.burst), tokens + (now - seen) * rate.per_second)
        self._buckets[kind, who] = (tokens - 1 if tokens >= 1 else tokens, now)
        while len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) / rate.per_second


LIMITER = Limiter()
"""The one of this process."""
