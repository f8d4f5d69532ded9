from __future__ import annotations

import numpy as np
import pytest

from workbench.market import sample
from workbench.strategy.compiler import compile_rules
from workbench.strategy.rules import parse_rule

BARS = sample("SPX").head(600)


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 5, 7, 8, 13, 64])
@pytest.mark.parametrize(("word", "join"), [("within", np.any), ("for", np.all)])
def test_memory_of_conditions(word: str, join: object, bars: int) -> None:
    """What held within or for some bars is what numpy finds in a window of that length, False until the window is full, live as in a batch."""
    program = compile_rules({"entry_long": parse_rule(f"close > open {word} {bars} bars").tree})
    up = np.asarray(BARS.close > BARS.open)
    windows = np.lib.stride_tricks.sliding_window_view(up, bars)
    expected = np.zeros(len(up), dtype=bool)
    expected[bars - 1 :] = join(windows, axis=1)  # type: ignore[operator]
    found = np.asarray(program.bind().columns(BARS).entry_long, dtype=bool)
    assert expected.tolist() == found.tolist()
    stream = program.bind().stream()
    rows = zip(BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume, strict=True)
    assert expected.tolist() == [bool(stream.update(*row)["entry_long"]) for row in rows]
    assert program.warmup() == bars - 1


def test_memory_costs_little() -> None:
    """Ten thousand bars of memory take a few dozen instructions, not ten thousand."""
    program = compile_rules({"entry_long": parse_rule("close > open for 10000 bars").tree})
    assert len(program.instructions) <= 40
