"""A child process that asks a function, with limits of time and memory: for strategies that trade, and for those somebody else wrote.

The child gets the text and the bars, and no environment beyond what Python and its libraries need. It starts with the first question, stays for the
next ones, and is killed with everything it started when an answer is late. It limits time and memory; it is no jail for hostile code: run the engine
as another user of the operating system for that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BacktestError, InputError
from workbench.strategy.python.wire import EndedError, LateError, Wire
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.strategy.python.source import PythonSource

SECONDS = 60.0
"""Longest that one answer may take."""
MEMORY = 2 * 2**30
"""Bytes a function may take on top of Python and its libraries."""
_START = 60.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "SYSTEMROOT", "NUMBA_CACHE_DIR", "LD_LIBRARY_PATH", "WORKBENCH_HOME")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Child:
    """Asks a function in a process of its own."""

    def __init__(self, source: PythonSource, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        """Ask ``source``; at most ``seconds`` an answer and ``memory`` bytes. Nothing is started before the first question."""
        self.source, self.seconds, self.memory = source, seconds, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: Wire | None = None
        self._lock = threading.Lock()

    def ask(self, times: NDArray[np.int64], rows: NDArray[np.float64], values: Mapping[str, float]) -> NDArray[np.uint8]:
        """Return the four signal columns as (4, n).

        Raises:
            InputError: the function fails, or its answer is no signals.
            BacktestError: it takes too long or too much memory, or its process died.
        """
        count = len(times)
        body = np.ascontiguousarray(times, dtype=np.int64).tobytes() + np.ascontiguousarray(rows, dtype=np.float64).tobytes()
        with self._lock:
            header, answer = self._exchange({"bars": count, "values": dict(values), "seconds": self.seconds}, body, self.seconds)
            if header.get("error") == "memory":
                self.close()
                raise BacktestError(self._told(f"needs more than {self.memory / 2**20:,.0f} MB of memory on {count} bars"))
        if header:
            raise InputError(str(header.get("words", "")))
        if len(answer) != len(DIRECTIONS) * count:
            raise BacktestError(self._told("answered with something else than signals"))
        return np.frombuffer(answer, dtype=np.uint8).reshape(len(DIRECTIONS), count).copy()

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self._process is not None:
            _end(self._process)
        self._process = self._wire = None

    def _exchange(self, header: dict[str, object], body: bytes, seconds: float) -> tuple[dict[str, object], bytes]:
        wire = self._wire or self._started()
        try:
            wire.send(header, body, seconds=seconds)
            return wire.receive(seconds=seconds)
        except LateError as error:
            self.close()
            raise BacktestError(self._told(f"did not answer within {seconds:g} seconds and was stopped")) from error
        except EndedError as error:
            raise BacktestError(self._told(f"was lost: its process ended {self._ending()}")) from error

    def _started(self) -> Wire:
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        kept |= dict.fromkeys(_ONE_THREAD, "1") | {
            "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench.strategy.python.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept,
            start_new_session=True,
            bufsize=0,
        )
        weakref.finalize(self, _end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        self._process, self._wire = process, Wire(process.stdout.fileno(), process.stdin.fileno())
        ready, _ = self._exchange({"memory": self.memory}, self.source.model_dump_json().encode(), _START)
        if ready:
            self.close()
            raise InputError(str(ready["error"]))
        return self._wire

    def _ending(self) -> str:
        """Say how the process ended, and forget it."""
        code = None
        if self._process is not None:
            try:
                code = self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                code = None
        self.close()
        if code is None:
            return "without a word"
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"

    def _told(self, what: str) -> str:
        return f"the strategy {self.source.entry} {what}; it runs in a child process with limits of time and memory"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with everything it started, and take its ending."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
