"""The batch loops of built-in steps against the loop that serves every step: the same bits, however they go about it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_tables import walk
from test_step import BUILT_IN, bits, parameters

from workbench.strategy.indicators import driver, find, rows

if TYPE_CHECKING:
    from pathlib import Path

BARS = [0, 1, 2, 5, 40, 63, 64, 65, 300, 2500]


def driven(entry: Any, columns: list[np.ndarray], params: tuple[float, ...], *, own: bool) -> np.ndarray:
    """Outputs by the step's own loop, or by the one for all steps."""
    out = np.full((len(entry.outputs), len(columns[0])), 7.0)
    call = entry.call(params, out)
    call.feed(columns)
    assert call.row[rows.LOOP] != 0
    if not own:
        call.row[rows.LOOP] = 0
    driver.drive(call.row, len(columns[0]))
    return out


def spoiled(table: dict[str, np.ndarray], holes: float, zeros: bool, seed: int) -> dict[str, np.ndarray]:
    """The table with holes, or with nothing but ties and zeros of both signs."""
    rng = np.random.default_rng(seed)
    made = {}
    for name, values in table.items():
        size = len(values)
        column = rng.choice([0.0, -0.0, 1.0, -1.0], size) if zeros else values.copy()
        column[rng.random(size) < holes] = rng.choice([np.nan, np.inf, -np.inf])
        made[name] = column
    return made


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(BUILT_IN),
    st.sampled_from(BARS),
    st.sampled_from([0.0, 0.01, 0.5]),
    st.booleans(),
    st.integers(0, 2**31),
    st.sampled_from([3, 9, 40, 400]),
    st.data(),
)
def test_own_loops_give_the_bits_of_the_step(
    name: str,
    bars: int,
    holes: float,
    zeros: bool,
    seed: int,
    most: int,
    data: Any,
) -> None:
    """On walks, ties and zeros, with and without holes, for short and long windows: every output, bit by bit."""
    entry = find(name)
    params = data.draw(parameters(entry, most))
    table = spoiled(walk(2500, seed=seed % 50), holes, zeros, seed)
    columns = [np.ascontiguousarray(table[series][:bars]) for series in entry.inputs]
    assert bits(driven(entry, columns, params, own=True)) == bits(driven(entry, columns, params, own=False))


@pytest.mark.parametrize("period", [2, 3, 7, 20, 64, 101, 999])
@pytest.mark.parametrize(
    "name", ["sma", "stdev", "bb", "zscore", "wma", "cmf", "highest", "lowest", "donchian", "williams", "atr", "natr", "roc", "mom"]
)
def test_long_stretches_are_cut_without_a_seam(name: str, period: int) -> None:
    """Over stretches longer than what is done at once, the numbers on both sides of every cut are those of the step."""
    entry = find(name)
    table = walk(30_000, seed=period)
    columns = [np.ascontiguousarray(table[series]) for series in entry.inputs]
    params = entry.checked((period,))
    assert bits(driven(entry, columns, params, own=True)) == bits(driven(entry, columns, params, own=False))


LATER = """
import numpy as np
from workbench.strategy.indicators import Stream, batch, find, memory, names
made = {"session_bar": np.zeros(80), "session_day": np.arange(80.0), "minutes_since_open": np.zeros(80), "bar_minutes": np.full(80, 1440.0)}
made |= {name: 100 + np.arange(80.0) % 7 + place for place, name in enumerate(("low", "open", "close", "high"))} | {"volume": np.ones(80)}
missed = 0
for name in NAMES:
    entry = find(name)
    batch(entry, [made[series] for series in entry.inputs])
    Stream(entry).update(*[float(made[series][0]) for series in entry.inputs])
    missed += sum(entry.step.stats.cache_misses.values()) + sum(memory.LOOPS[id(entry.step)].stats.cache_misses.values())
compiled = [name for name in names() if find(name).step.signatures]
print(missed, len(compiled))
"""


def test_only_what_is_used_is_compiled_and_only_once(tmp_path: Path) -> None:
    """On an empty cache three indicators compile three steps and three loops; the next process finds all of them on disk."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", LATER.replace("NAMES", "('obv', 'mom', 'vwap')")],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert said == [["6", "3"], ["0", "3"]]
