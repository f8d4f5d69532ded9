"""The child process: its limits, its endings, and that none of them harms the parent."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest

from workbench.errors import BacktestError, InputError
from workbench.strategy.python.child import Child
from workbench.strategy.python.source import PythonSource

TIMES = np.arange(50, dtype=np.int64) * 60_000_000_000
ROWS = np.full((5, 50), 100.0)


def child(body: str, **options: float) -> Child:
    text = f"def rule(bars, n=1):\n    {body}\n"
    limits: Any = options
    return Child(PythonSource(entry="rule", text=text, imports={"np": "numpy", "pd": "pandas"}, warmup=2), **limits)


def test_it_answers_again_and_again_from_one_process() -> None:
    """The second question finds the process of the first; printing does not disturb the wire."""
    asked = child("print('x' * 100_000)\n    return bars.close > n")
    assert asked.ask(TIMES, ROWS, {"n": 99.0})[0].sum() == 48
    first = asked._process.pid
    assert asked.ask(TIMES, ROWS, {"n": 101.0})[1].sum() == 48
    assert asked._process.pid == first
    asked.close()


def test_an_endless_loop_is_stopped_in_time_and_the_next_question_starts_anew() -> None:
    """The deadline holds, the process is gone, and the strategy can be asked again."""
    asked = child("while len(bars) > 40:\n        pass\n    return bars.close > 0", seconds=1.5)
    asked.ask(TIMES[:30], ROWS[:, :30], {})
    pid = asked._process.pid
    started = time.monotonic()
    with pytest.raises(BacktestError, match=r"the strategy rule did not answer within 1.5 seconds and was stopped"):
        asked.ask(TIMES, ROWS, {})
    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert asked.ask(TIMES[:30], ROWS[:, :30], {}).shape == (4, 30)
    asked.close()


def test_memory_is_limited() -> None:
    """A function that asks for more memory than it may have is stopped with a sentence."""
    asked = child("huge = np.ones(400_000_000)\n    return bars.close > huge[0]", memory=256 * 2**20)
    with pytest.raises(BacktestError, match="needs more than 256 MB of memory on 50 bars"):
        asked.ask(TIMES, ROWS, {})


def test_errors_and_exits_come_back_as_sentences() -> None:
    """An exception, an answer of the wrong kind, and an exit do not end the parent."""
    with pytest.raises(InputError, match=r"rule fails on 50 bars: ZeroDivisionError.*in rule: return bars.close > 1 / 0"):
        child("return bars.close > 1 / 0").ask(TIMES, ROWS, {})
    with pytest.raises(InputError, match="not nothing; did you forget return"):
        child("bars.close > 0").ask(TIMES, ROWS, {})
    with pytest.raises(InputError, match="rule ended with SystemExit: 3"):
        child("raise SystemExit(3)").ask(TIMES, ROWS, {})


def test_a_process_that_dies_is_told_and_replaced() -> None:
    """A crash of a library is a sentence with its signal, not a hang."""
    asked = child("return bars.close > n")
    asked.ask(TIMES, ROWS, {"n": 1.0})
    os.kill(asked._process.pid, 9)
    with pytest.raises(BacktestError, match="was lost: its process ended by SIGKILL"):
        asked.ask(TIMES, ROWS, {"n": 1.0})
    assert asked.ask(TIMES, ROWS, {"n": 1.0}).shape == (4, 50)
    asked.close()


def test_the_child_has_no_secrets_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what Python and its libraries need is passed on."""
    monkeypatch.setenv("BROKER_TOKEN", "secret")
    asked = child("import os\n    return bars.close > (1e9 if 'BROKER_TOKEN' in os.environ else 0)")
    assert asked.ask(TIMES, ROWS, {})[0].sum() == 48
    asked.close()
