"""How fast a sweep goes and how long it will still take, in words."""

from __future__ import annotations

from workbench import clock

_SOON = 0.5
"""Seconds before a rate means something."""
_UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"))
_ROUND_FROM = 20


class Pace:
    """The pace of one sweep from its first point on; what was finished before does not count."""

    def __init__(self, what: str) -> None:
        """Start the watch."""
        self._what = what
        self._started = clock.monotonic()

    def words(self, done: int, here: int, total: int) -> str:
        """Return what is going on, with rate and time left once they are known; ``here`` points were made since the start."""
        passed = clock.monotonic() - self._started
        if passed < _SOON or here == 0:
            return self._what
        rate = here / passed
        ending = f"{duration(passed)} in all" if done >= total else f"about {duration((total - done) / rate)} left"
        return f"{self._what} · {speed(rate)} · {ending}"


def speed(rate: float) -> str:
    """Return points a second in words, a minute where it is slow."""
    return f"{rate:,.0f} points/s" if rate >= 1.0 else f"{rate * 60.0:.1f} points/min"


def duration(seconds: float) -> str:
    """Return a span of time in its largest unit: ``3 minutes``, ``1 hour``."""
    for size, name in _UNITS:
        if seconds >= 1.5 * size or size == 1.0:
            count = round(seconds / size)
            if size == 1.0 and count >= _ROUND_FROM:
                count = round(count, -1)
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError
