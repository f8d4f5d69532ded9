"""Moving windows over whole stretches, many windows at once, each computed in the order of the step (``window.py``).

1. Sums: ``window.roll`` renews its sum every ``period`` bars, so blocks of ``period`` bars do not depend on each other. ``means`` does four at a time. For
   deviations ``_tile`` writes the bars of up to 64 blocks side by side, and the same place of all of them is done at once, in the order of the ring.
2. Extremes do not round, so any order gives the same number: ``extremes`` doubles the width of its windows until two of them cover ``period`` bars.
3. Weighted sums (``window.weigh``) need the tails of one block and the head of the next; both are made in one pass.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.strategy.indicators.bb import STILL
from workbench.strategy.indicators.memory import numbers_at
from workbench.strategy.indicators.rows import COLUMNS_AT, OUT_AT
from workbench.strategy.indicators.stretch import column, kernel_call, kernel_part, output, parameter, unknown
from workbench.strategy.indicators.window import further

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LANES = 64
_FEWEST = 4  # blocks side by side that are worth the copying
_TILE = 2048
_PIECE = 8192
further_ = kernel_part(further.py_func)  # type: ignore[attr-defined]


@kernel_call
def _tile(values: NDArray[np.float64], period: int, block: int, lanes: int, tile: NDArray[np.float64]) -> None:
    """Copy ``lanes`` blocks, from ``block`` on, into ``tile``: row c holds place c of all of them."""
    for lane in range(lanes):
        held = values[(block + lane) * period : (block + lane + 1) * period]
        for place in range(period):
            tile[place * lanes + lane] = held[place]


@kernel_call
def _spreads(tile: NDArray[np.float64], period: int, lanes: int, means: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fill in ``out``, row by row, the standard deviations around ``means``, adding up in the order of the ring."""
    width = lanes + 1
    for place in range(period):
        mean, spread = means[place * lanes : (place + 1) * lanes], out[place * lanes : (place + 1) * lanes]
        for lane in range(lanes):
            spread[lane] = 0.0
        for cell in range(period):
            shift = cell * width + (1 if cell <= place else 0)
            held = tile[shift : shift + lanes]
            for lane in range(lanes):
                spread[lane] += (held[lane] - mean[lane]) * (held[lane] - mean[lane])
        for lane in range(lanes):
            spread[lane] = sqrt(spread[lane] / period)


@kernel_call
def _untile(tile: NDArray[np.float64], period: int, block: int, lanes: int, out: NDArray[np.float64]) -> None:
    """Copy rows of places back into bars."""
    for lane in range(lanes):
        bars = out[(block + lane) * period : (block + lane + 1) * period]
        for place in range(period):
            bars[place] = tile[place * lanes + lane]


@kernel_part
def means(values: Any, size: int, period: int, out: Any) -> None:  # noqa: ANN401 - pointers
    """Fill in the mean of every window of ``period`` bars, NaN before: four blocks at a time, as the sum of each only waits for itself."""
    for bar in range(min(period - 1, size)):
        out[bar] = np.nan
    if size < period:
        return
    carry = 0.0
    for bar in range(period):
        carry += values[bar]
    out[period - 1] = carry / period
    start, double, triple = period, 2 * period, 3 * period
    while start + 4 * period <= size:
        one, two, three, four = 0.0, 0.0, 0.0, 0.0  # of whole blocks
        for bar in range(start, start + period):
            one += values[bar]
            two += values[bar + period]
            three += values[bar + double]
            four += values[bar + triple]
        first, second, third, fourth = carry, one, two, three
        for bar in range(start, start + period - 1):
            first = first - values[bar - period] + values[bar]
            second = second - values[bar] + values[bar + period]
            third = third - values[bar + period] + values[bar + double]
            fourth = fourth - values[bar + double] + values[bar + triple]
            out[bar] = first / period
            out[bar + period] = second / period
            out[bar + double] = third / period
            out[bar + triple] = fourth / period
        last = start + period - 1
        out[last], out[last + period], out[last + double], out[last + triple] = one / period, two / period, three / period, four / period
        carry = four
        start += 4 * period
    while start < size:
        running = carry
        carry = 0.0
        for bar in range(start, min(start + period, size)):
            carry += values[bar]
            running = running - values[bar - period] + values[bar]
            out[bar] = (carry if bar + 1 == start + period else running) / period
        start += period


@kernel_call
def _spreads_rest(values: NDArray[np.float64], period: int, begin: int, mean: NDArray[np.float64], spread: NDArray[np.float64]) -> None:
    """Fill in deviations from bar ``begin`` on without a tile; the ring's first cells are those of the block the bar is in."""
    for bar in range(begin, len(values)):
        middle, block, squares = mean[bar], bar - bar % period, 0.0
        for held in values[block : bar + 1]:
            squares += (held - middle) * (held - middle)
        for held in values[bar - period + 1 : block]:
            squares += (held - middle) * (held - middle)
        spread[bar] = sqrt(squares / period)


@kernel_call
def windows(values: NDArray[np.float64], period: int, mean: NDArray[np.float64], spread: NDArray[np.float64]) -> None:
    """Fill in the mean and the population standard deviation of every window of ``period`` bars; NaN before."""
    size = len(values)
    means(numbers_at(values.ctypes.data), size, period, numbers_at(mean.ctypes.data))
    unknown(spread, period - 1)
    _spreads_rest(values[: min(size, period)], period, period - 1, mean, spread)
    blocks, block = size // period, 1
    most = min(_LANES, blocks - 1)
    if most >= _FEWEST:
        tile, middles, spreads = np.empty(period * (most + 1)), np.empty(period * most), np.empty(period * most)
        while blocks - block >= _FEWEST:
            lanes = min(most, blocks - block)
            _tile(values, period, block - 1, lanes + 1, tile)
            _tile(mean, period, block, lanes, middles)
            _spreads(tile, period, lanes, middles, spreads)
            _untile(spreads, period, block, lanes, spread)
            block += lanes
    _spreads_rest(values, period, max(block * period, period - 1), mean, spread)


@kernel_call
def _weighed_tile(tile: NDArray[np.float64], period: int, lanes: int, tails: NDArray[np.float64], heavy_tails: NDArray[np.float64]) -> None:
    """Turn ``tails`` and ``heavy_tails``, row by row, into plain and weighted sums of the windows that end in the tile's blocks from its second on."""
    width, length = lanes + 1, float(period)
    head, heavy_head = np.zeros(lanes), np.zeros(lanes)
    for cell in range(period - 1, -1, -1):
        held, weight = tile[cell * width : (cell + 1) * width - 1], cell + 1.0
        tail, heavy_tail = tails[cell * lanes : (cell + 1) * lanes], heavy_tails[cell * lanes : (cell + 1) * lanes]
        for lane in range(lanes):
            heavy_head[lane] = weight * held[lane] + heavy_head[lane]
            head[lane] = held[lane] + head[lane]
            heavy_tail[lane] = heavy_head[lane]
            tail[lane] = head[lane]
    head[:] = 0.0
    heavy_head[:] = 0.0
    for place in range(period):
        held, weight = tile[place * width + 1 : (place + 1) * width], place + 1.0
        total, heavy = tails[place * lanes : (place + 1) * lanes], heavy_tails[place * lanes : (place + 1) * lanes]
        for lane in range(lanes):
            head[lane] = head[lane] + held[lane]
            heavy_head[lane] = heavy_head[lane] + weight * held[lane]
        if place + 1 == period:
            for lane in range(lanes):
                total[lane] = head[lane]
                heavy[lane] = heavy_head[lane] + (length - place - 1.0) * head[lane]
        else:
            following = tails[(place + 1) * lanes : (place + 2) * lanes]
            heavy_following = heavy_tails[(place + 1) * lanes : (place + 2) * lanes]
            for lane in range(lanes):
                total[lane] = following[lane] + head[lane]
                heavy[lane] = (heavy_following[lane] - weight * following[lane]) + (heavy_head[lane] + (length - place - 1.0) * head[lane])


@kernel_call
def _weighed_rest(values: NDArray[np.float64], period: int, begin: int, total: NDArray[np.float64], heavy: NDArray[np.float64]) -> None:
    """Fill in sums from bar ``begin`` on, where a block begins, without a tile."""
    tails, heavy_tails, length = np.zeros(period + 1), np.zeros(period + 1), float(period)
    for start in range(begin, len(values), period):
        tail, heavy_tail, head, heavy_head = 0.0, 0.0, 0.0, 0.0
        for cell in range(period - 1, -1, -1):
            if start > 0:
                heavy_tail = (cell + 1.0) * values[start - period + cell] + heavy_tail
                tail = values[start - period + cell] + tail
                tails[cell], heavy_tails[cell] = tail, heavy_tail
        for place in range(min(period, len(values) - start)):
            value, last = values[start + place], place + 1 == period
            head = head + value
            heavy_head = heavy_head + (place + 1.0) * value
            ahead = heavy_head + (length - place - 1.0) * head
            if len(total) > 0:
                total[start + place] = head if last else tails[place + 1] + head
            if len(heavy) > 0:
                heavy[start + place] = ahead if last else (heavy_tails[place + 1] - (place + 1.0) * tails[place + 1]) + ahead


@kernel_call
def weighed(values: NDArray[np.float64], period: int, total: NDArray[np.float64], heavy: NDArray[np.float64]) -> None:
    """Fill in the sum of every window and the sum weighted by age, each unless its array is empty; NaN before."""
    blocks, block = len(values) // period, 1
    _weighed_rest(values[:period], period, 0, total[:period], heavy[:period])
    unknown(total, period - 1)
    unknown(heavy, period - 1)
    most = min(_LANES, blocks - 1)
    if most >= _FEWEST:
        tile, plain, aged = np.empty(period * (most + 1)), np.empty(period * most), np.empty(period * most)
        while blocks - block >= _FEWEST:
            lanes = min(most, blocks - block)
            _tile(values, period, block - 1, lanes + 1, tile)
            _weighed_tile(tile, period, lanes, plain, aged)
            if len(total) > 0:
                _untile(plain, period, block, lanes, total)
            if len(heavy) > 0:
                _untile(aged, period, block, lanes, heavy)
            block += lanes
    _weighed_rest(values, period, block * period, total, heavy)


@kernel_call
def extremes(values: NDArray[np.float64], period: int, up: bool, out: NDArray[np.float64]) -> None:  # noqa: FBT001 - compiled
    """Fill in the highest (or lowest) number of every window of ``period`` bars; NaN before."""
    size = len(values)
    begin = unknown(out, period - 1)
    reach = _TILE + 4 * period
    narrow, wide = np.empty(min(reach + period, size)), np.empty(min(reach + period, size))
    while begin < size:
        end = min(begin + reach, size)
        held = values[begin - period + 1 : end]
        now, wider = narrow[: len(held)], wide[: len(held)]
        now[:] = held
        width = 1
        while 2 * width <= period:
            _doubled(now, width, up, wider)
            now, wider = wider, now
            width *= 2
        recent, older, part_of_out = now[period - 1 :], now[width - 1 : len(held) - period + width], out[begin:end]
        for bar in range(len(part_of_out)):
            part_of_out[bar] = further_(recent[bar], older[bar], up)
        begin = end


@kernel_call
def _doubled(now: NDArray[np.float64], width: int, up: bool, wider: NDArray[np.float64]) -> None:  # noqa: FBT001 - compiled
    """Fill in extremes of twice the width."""
    recent, older, out = now[width:], now[: len(now) - width], wider[width:]
    for bar in range(len(out)):
        out[bar] = further_(recent[bar], older[bar], up)


@kernel_part
def piece(period: int, size: int) -> int:
    """Return how many bars to do at once where room for intermediate numbers is needed: whole blocks, little enough to stay near the processor."""
    return min(max(_PIECE // period, 2 * _FEWEST) * period, max(size, 1))


@kernel_part
def sma(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:  # noqa: ARG001 - as all that fill in
    """Fill in simple averages."""
    means(numbers_at(row[COLUMNS_AT] + 8 * first), last - first, int(parameter(row, 0)), numbers_at(row[OUT_AT] + 8 * first))


@kernel_part
def stdev(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in standard deviations."""
    values, out, period, size = column(row, 0, first, last), output(row, bars, 0, first, last), int(parameter(row, 0)), last - first
    step = piece(period, size)
    mean, spread = np.empty(step + period), np.empty(step + period)
    for begin in range(0, size, step):
        low, high = max(begin - period, 0), min(begin + step, size)
        windows(values[low:high], period, mean[: high - low], spread[: high - low])
        out[begin:high] = spread[begin - low : high - low]


@kernel_part
def zscore(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in distances from the mean in standard deviations."""
    values, out, period, size = column(row, 0, first, last), output(row, bars, 0, first, last), int(parameter(row, 0)), last - first
    step = piece(period, size)
    mean, spread = np.empty(step + period), np.empty(step + period)
    for begin in range(0, size, step):
        low, high = max(begin - period, 0), min(begin + step, size)
        windows(values[low:high], period, mean[: high - low], spread[: high - low])
        middle, width, prices, scores = mean[begin - low :], spread[begin - low :], values[begin:high], out[begin:high]
        for bar in range(high - begin):
            score = (prices[bar] - middle[bar]) / width[bar]
            scores[bar] = 0.0 if width[bar] <= STILL * abs(middle[bar]) else score


@kernel_part
def bb(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in Bollinger bands."""
    upper, middle, lower = (output(row, bars, 0, first, last), output(row, bars, 1, first, last), output(row, bars, 2, first, last))
    period, deviations = int(parameter(row, 0)), parameter(row, 1)
    windows(column(row, 0, first, last), period, middle, lower)
    for bar in range(last - first):
        width = deviations * lower[bar]
        upper[bar] = middle[bar] + width
        lower[bar] = middle[bar] - width


@kernel_part
def highest(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in highest numbers."""
    extremes(column(row, 0, first, last), int(parameter(row, 0)), True, output(row, bars, 0, first, last))  # noqa: FBT003


@kernel_part
def lowest(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in lowest numbers."""
    extremes(column(row, 0, first, last), int(parameter(row, 0)), False, output(row, bars, 0, first, last))  # noqa: FBT003


@kernel_part
def donchian(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in channels."""
    upper, middle, lower = (output(row, bars, 0, first, last), output(row, bars, 1, first, last), output(row, bars, 2, first, last))
    extremes(column(row, 0, first, last), int(parameter(row, 0)), True, upper)  # noqa: FBT003
    extremes(column(row, 1, first, last), int(parameter(row, 0)), False, lower)  # noqa: FBT003
    for bar in range(last - first):
        middle[bar] = (upper[bar] + lower[bar]) / 2.0


@kernel_part
def williams(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in distances from the top of the range."""
    highs, lows, closes = column(row, 0, first, last), column(row, 1, first, last), column(row, 2, first, last)
    out, period, size = output(row, bars, 0, first, last), int(parameter(row, 0)), last - first
    step = piece(period, size)
    tops, bottoms = np.empty(step + period), np.empty(step + period)
    for begin in range(0, size, step):
        low, high = max(begin - period, 0), min(begin + step, size)
        extremes(highs[low:high], period, True, tops[: high - low])  # noqa: FBT003
        extremes(lows[low:high], period, False, bottoms[: high - low])  # noqa: FBT003
        top, bottom, close, places = tops[begin - low :], bottoms[begin - low :], closes[begin:high], out[begin:high]
        for bar in range(high - begin):
            place = -100.0 * ((top[bar] - close[bar]) / (top[bar] - bottom[bar]))
            places[bar] = 0.0 if top[bar] == bottom[bar] else place


@kernel_part
def wma(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in averages weighted by age."""
    out, period = output(row, bars, 0, first, last), parameter(row, 0)
    weighed(column(row, 0, first, last), int(period), np.empty(0), out)
    weights = period * (period + 1.0) / 2.0
    for bar in range(last - first):
        out[bar] = out[bar] / weights


@kernel_part
def cmf(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in money flows."""
    highs, lows, closes = column(row, 0, first, last), column(row, 1, first, last), column(row, 2, first, last)
    volumes, out, period, size = column(row, 3, first, last), output(row, bars, 0, first, last), int(parameter(row, 0)), last - first
    step = piece(period, size)
    flow, into, total = np.empty(step + period), np.empty(step + period), np.empty(step + period)
    for begin in range(0, size, step):
        low, high = max(begin - period, 0), min(begin + step, size)
        top, bottom, close, volume = highs[low:high], lows[low:high], closes[low:high], volumes[low:high]
        for bar in range(high - low):
            place = ((close[bar] - bottom[bar]) - (top[bar] - close[bar])) / (top[bar] - bottom[bar])
            flow[bar] = (0.0 if top[bar] == bottom[bar] else place) * volume[bar]
        for turn in range(2):  # one place in the code: a second copy of `weighed` would be too much to be made fast
            weighed(
                flow[: high - low] if turn == 0 else volume, period, into[: high - low] if turn == 0 else total[: high - low], np.empty(0)
            )
        flowed, traded, shares = into[begin - low :], total[begin - low :], out[begin:high]
        for bar in range(high - begin):
            share = flowed[bar] / traded[bar]
            shares[bar] = 0.0 if traded[bar] == 0.0 else share
