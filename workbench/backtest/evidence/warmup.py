"""The warm-up proof of functions: a decision made again from the declared window alone must be the same.

1. ``window_places`` picks the bars: half of them where a decision changes, half spread, none so early that its window would be all there is.
2. Each is decided again from its last ``window_bars`` bars, as a live session does, and compared with the decision from all bars.
3. Where one differs, the window is doubled until it is the same: that is the warm-up that would have done.

The window holds no later bar either, so this is a second look for look-ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.market.bars import Bars

WINDOWS = 64
_EXPLAINED = 8


@dataclass(frozen=True, kw_only=True)
class Windows:
    """What the windows showed."""

    windows: int
    """Bars decided again."""
    agreed: int
    """How many were decided the same."""
    window_bars: int
    """Bars of a window."""
    asked: int
    """How often the function was asked."""
    bar: int | None = None
    """The first bar decided differently."""
    column: str = ""
    """Which decision."""
    enough: int | None = None
    """Bars of a window that gives the decisions of all bars, for the first bars decided differently; None where only all of them do."""

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of a ``Proof``."""
        if self.bar is None:
            reason = ""
        elif self.enough is None:
            reason = "it depends on everything since the first bar; use what forgets (rolling, or ewm with a longer warm-up)"
        else:
            reason = f"it remembers more than it declares; warmup={self.enough - 1} would have done here"
        return {
            "streaming": self.bar is None,
            "windows": self.windows,
            "agreed": self.agreed,
            "window_bars": self.window_bars,
            "bar": self.bar,
            "column": self.column,
            "reason": reason,
        }


def windows_agree(bound: Any, bars: Bars, full: Mapping[str, NDArray[Any]], count: int = WINDOWS) -> Windows:  # noqa: ANN401 - anything with a window
    """Return whether ``bound`` decides ``count`` sampled bars from its declared window as it does from all bars (``full``)."""
    places = window_places(full, len(bars), max(bound.window_bars, bound.warmup), count)
    said = {bar: _difference(bound.window(bars, bar), full, bar) for bar in places}
    wrong = [bar for bar in places if said[bar]]
    fields: dict[str, Any] = {"windows": len(places), "agreed": len(places) - len(wrong), "window_bars": bound.window_bars}
    if not wrong:
        return Windows(**fields, asked=len(places))
    found = [_enough(bound, bars, full, bar) for bar in wrong[:_EXPLAINED]]
    widths = [width for width, _ in found if width is not None]
    fields["enough"] = max(widths) if len(widths) == len(found) else None
    return Windows(**fields, asked=len(places) + sum(more for _, more in found), bar=wrong[0], column=said[wrong[0]])


def window_places(full: Mapping[str, NDArray[Any]], length: int, first: int, count: int) -> list[int]:
    """Return up to ``count`` bars from ``first`` on, ascending: half where a decision changes, the rest spread over all."""
    if first >= length:
        return []
    if count >= length - first:
        return list(range(first, length))
    changes = (
        np.any([full[name][first:] != full[name][first - 1 : length - 1] for name in DIRECTIONS], axis=0)
        if first
        else np.zeros(length, bool)
    )
    at = np.flatnonzero(changes) + first
    picked = at[np.unique(np.linspace(0, len(at) - 1, count // 2).astype(int))] if len(at) else at
    spread = np.linspace(first, length - 1, count - len(picked)).astype(int)
    return sorted({int(bar) for bar in (*picked, *spread)})


def _difference(said: NDArray[np.uint8], full: Mapping[str, NDArray[Any]], bar: int) -> str:
    """Return the first decision that differs, or nothing."""
    return next((name for place, name in enumerate(DIRECTIONS) if bool(said[place]) != bool(full[name][bar])), "")


def _enough(bound: Any, bars: Bars, full: Mapping[str, NDArray[Any]], bar: int) -> tuple[int | None, int]:  # noqa: ANN401 - anything with a window
    """Return bars of a longer window that decides ``bar`` as all bars do, and how often the function was asked."""
    width, asked = bound.window_bars, 0
    while width < bar + 1:
        width *= 2
        asked += 1
        if not _difference(bound.window(bars, bar, width), full, bar):
            return min(width, bar + 1), asked
    return None, asked
