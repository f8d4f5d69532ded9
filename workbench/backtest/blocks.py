"""Which observations a bootstrap draws: blocks of neighbours, so that what depends on the bar before still does.

Source: D. N. Politis and J. P. Romano, "The Stationary Bootstrap", JASA 89, 1994 (stationary, circular); H. R. Kuensch, Annals of Statistics 17, 1989
(moving); block lengths by D. N. Politis and H. White, Econometric Reviews 23, 2004, with the correction of A. Patton, Politis and White, 28, 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Method = Literal["stationary", "circular", "moving"]


def checked_method(method: str) -> Method:
    """Return ``method`` where there is such a bootstrap.

    Raises:
        UnknownNameError: there is none.
    """
    for known in get_args(Method):
        if method == known:
            return known  # type: ignore[no-any-return]
    kind = "bootstrap"
    raise UnknownNameError(kind, method, get_args(Method))


def checked_length(length: float, count: int) -> float:
    """Return ``length`` where blocks of that many of ``count`` observations can be drawn.

    Raises:
        InputError: below one, or more than there are.
    """
    if not 1.0 <= length <= count:
        message = f"a block of {length:g} is not possible with {count} observations; use 1 to {count}, or leave it out for the data's own"
        raise InputError(message)
    return float(length)


def optimal_length(values: NDArray[np.float64], method: Method) -> float:
    """Return the block length that the dependence of ``values`` (n,) asks for, 1 or more: the mean length of stationary blocks, the length of the others.

    A series without variance, or too short to measure dependence, has 1.
    """
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - it brings statsmodels, and takes a second to import

    if len(values) < 16 or not np.ptp(values) > 0.0:  # noqa: PLR2004 - below that the method's own lags do not fit
        return 1.0
    found = float(optimal_block_length(values)["stationary" if method == "stationary" else "circular"].iloc[0])
    if not np.isfinite(found):
        return 1.0
    return min(max(1.0, found if method == "stationary" else float(np.ceil(found))), float(len(values)))


def drawn(method: Method, count: int, length: float, generator: np.random.Generator, size: int | None = None) -> NDArray[np.int64]:
    """Return ``size`` (``count`` by default) positions from 0 to ``count - 1`` in blocks.

    ``stationary``: lengths are geometric with mean ``length``, running on from the last observation to the first. ``circular``: all of ``length``, running on
    as well. ``moving``: all of ``length``, none crosses the end; the first and the last observations are drawn less often.
    """
    size = count if size is None else size
    place = np.arange(size, dtype=np.int64)
    if method == "stationary":
        fresh = generator.random(size) < 1.0 / length
        fresh[:1] = True
        begun = np.maximum.accumulate(np.where(fresh, place, 0))
        starts = generator.integers(0, count, size)
    else:
        whole = int(length)
        begun = place - place % whole
        starts = generator.integers(0, count if method == "circular" else count - whole + 1, size)
    return np.asarray((starts[begun] + place - begun) % count, dtype=np.int64)
