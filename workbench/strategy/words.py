"""Booleans as bits: 64 bars to a word, bit ``b`` of word ``w`` is bar ``64 w + b``.

1. ``compare_rows`` makes the rows of many comparisons at once. Bars are walked in blocks that stay in the cache while all comparisons read them; 64
   pairs of numbers become one word by vector instructions (``memory.word_comparison``). A NaN on either side gives 0.
2. ``combine_rows`` evaluates and/or/not/delay over such rows for many outputs that share one piece of code, and clears the warm-up.
3. ``packed_row`` and ``unpacked_row`` go between words and one byte a bar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.compiled import inlined_kernel, parallel_kernel
from workbench.strategy.indicators.memory import numbers_at, word_comparison
from workbench.strategy.ops import Op

import numba  # isort: skip - after workbench.compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 64
_BLOCK = 16  # words walked by all comparisons before the next ones: 1024 bars, 8 KiB a column
OP, LEFT, LEFT_STRIDE, RIGHT, RIGHT_STRIDE, INTO, JOB_WIDTH = range(7)  # a comparison; the stride is 0 for a fixed number
_LESS, _LESS_EQUAL, _GREATER, _GREATER_EQUAL, _EQUAL = (int(op) for op in (Op.LESS, Op.LESS_EQUAL, Op.GREATER, Op.GREATER_EQUAL, Op.EQUAL))
_NOT, _AND, _OR = int(Op.NOT), int(Op.AND), int(Op.OR)


_less, _less_equal, _greater, _greater_equal, _equal, _unequal = (
    word_comparison(relation) for relation in ("<", "<=", ">", ">=", "==", "!=")
)


@inlined_kernel
def _holds(op: int, left: float, right: float) -> bool:
    if op == _LESS:
        return left < right
    if op == _LESS_EQUAL:
        return left <= right
    if op == _GREATER:
        return left > right
    if op == _GREATER_EQUAL:
        return left >= right
    if op == _EQUAL:
        return left == right
    return left < right or left > right


@inlined_kernel
def _full_words(op: int, left: int, right: int, steps: tuple[int, int], row: NDArray[np.uint64]) -> None:
    """Fill ``row`` from addresses that move by ``steps`` bytes a word."""
    if op == _LESS:
        for word in range(len(row)):
            row[word] = _less(left + word * steps[0], right + word * steps[1])
    elif op == _LESS_EQUAL:
        for word in range(len(row)):
            row[word] = _less_equal(left + word * steps[0], right + word * steps[1])
    elif op == _GREATER:
        for word in range(len(row)):
            row[word] = _greater(left + word * steps[0], right + word * steps[1])
    elif op == _GREATER_EQUAL:
        for word in range(len(row)):
            row[word] = _greater_equal(left + word * steps[0], right + word * steps[1])
    elif op == _EQUAL:
        for word in range(len(row)):
            row[word] = _equal(left + word * steps[0], right + word * steps[1])
    else:
        for word in range(len(row)):
            row[word] = _unequal(left + word * steps[0], right + word * steps[1])


@parallel_kernel
def compare_rows(jobs: NDArray[np.int64], bars: int, rows: NDArray[np.uint64]) -> None:
    """Fill ``rows[jobs[k, INTO]]`` with comparison ``jobs[k]`` over ``bars`` bars; a fixed number stands 64 times behind its address."""
    full = bars // BITS
    for block in numba.prange((full + _BLOCK - 1) // _BLOCK):
        first = block * _BLOCK
        last = min(first + _BLOCK, full)
        for job in range(len(jobs)):
            steps = (jobs[job, LEFT_STRIDE] * 8 * BITS, jobs[job, RIGHT_STRIDE] * 8 * BITS)
            left, right = jobs[job, LEFT] + first * steps[0], jobs[job, RIGHT] + first * steps[1]
            _full_words(jobs[job, OP], left, right, steps, rows[jobs[job, INTO], first:last])
    if full * BITS < bars:
        for job in numba.prange(len(jobs)):
            left, right = numbers_at(jobs[job, LEFT]), numbers_at(jobs[job, RIGHT])
            word = np.uint64(0)
            for bar in range(full * BITS, bars):
                holds = _holds(jobs[job, OP], left[bar * jobs[job, LEFT_STRIDE]], right[bar * jobs[job, RIGHT_STRIDE]])
                word |= np.uint64(holds) << np.uint64(bar - full * BITS)
            rows[jobs[job, INTO], full] = word


@inlined_kernel
def _delay_row(source: NDArray[np.uint64], bars: int, out: NDArray[np.uint64]) -> None:
    words, bits = bars // BITS, np.uint64(bars % BITS)
    for word in range(min(words, len(out))):
        out[word] = 0
    if bits == 0:
        for word in range(words, len(out)):
            out[word] = source[word - words]
    else:
        rest = np.uint64(BITS) - bits
        if words < len(out):
            out[words] = source[0] << bits
        for word in range(words + 1, len(out)):
            out[word] = (source[word - words] << bits) | (source[word - words - 1] >> rest)


@inlined_kernel
def _clear(row: NDArray[np.uint64], bars: int) -> None:
    """Clear the first ``bars`` bits."""
    words = min(bars // BITS, len(row))
    for word in range(words):
        row[word] = 0
    if words < len(row):
        row[words] &= ~np.uint64(0) << np.uint64(bars % BITS)


@parallel_kernel
def combine_rows(
    code: NDArray[np.int64], uses: NDArray[np.int64], rows: NDArray[np.uint64], warmup: NDArray[np.int64], out: NDArray[np.uint64]
) -> None:
    """Fill ``out[k]`` with an expression over ``rows``, its first ``warmup[k]`` bits cleared.

    ``code`` rows are (op, left, right), one slot each; an operand that is not negative is a slot, ``-1 - j`` is row ``uses[k, j]``. ``right`` of a
    delay is its bars. The last slot is the result; without code it is row ``uses[k, 0]``.
    """
    for item in numba.prange(len(out)):
        slots = np.empty((len(code) + 1, out.shape[1]), dtype=np.uint64)
        result = out[item]
        if len(code) == 0:
            result[:] = rows[uses[item, 0]]
        for slot in range(len(code)):
            op, left_at, right_at = code[slot]
            target = result if slot == len(code) - 1 else slots[slot]
            left = rows[uses[item, -1 - left_at]] if left_at < 0 else slots[left_at]
            if op == _NOT:
                for word in range(len(target)):
                    target[word] = ~left[word]
            elif op in (_AND, _OR):
                right = rows[uses[item, -1 - right_at]] if right_at < 0 else slots[right_at]
                if op == _AND:
                    for word in range(len(target)):
                        target[word] = left[word] & right[word]
                else:
                    for word in range(len(target)):
                        target[word] = left[word] | right[word]
            else:
                _delay_row(left, right_at, target)
        _clear(result, warmup[item])


def words_for(bars: int) -> int:
    """Return how many words hold ``bars`` bits."""
    return (bars + BITS - 1) // BITS


def packed_row(truth: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return one bit a bar; the bits after the last bar are 0."""
    padded = np.zeros(words_for(len(truth)) * BITS, dtype=np.bool_)
    padded[: len(truth)] = truth
    return np.packbits(padded, bitorder="little").view(np.uint64)


def unpacked_row(row: NDArray[np.uint64], bars: int) -> NDArray[np.uint8]:
    """Return one byte a bar, 0 or 1."""
    return np.unpackbits(np.ascontiguousarray(row).view(np.uint8), count=bars, bitorder="little")
