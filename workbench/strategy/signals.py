"""What a program says: four boolean columns and named numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIRECTIONS = ("entry_long", "exit_long", "entry_short", "exit_short")


@dataclass(frozen=True, eq=False)
class Signals:
    """What the rules say on every bar; decided at that bar's close."""

    entry_long: NDArray[np.uint8]
    exit_long: NDArray[np.uint8]
    entry_short: NDArray[np.uint8]
    exit_short: NDArray[np.uint8]
    numbers: dict[str, NDArray[np.float64]]
    """Other outputs by name, float64; NaN where not known."""
    warmup: int
    """Number of leading bars on which the four columns are forced to 0."""
