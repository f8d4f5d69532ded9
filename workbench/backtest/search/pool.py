"""Child processes that evaluate candidates: each question in one of them, within limits, answers in the order of the questions.

1. Children start when the search does and get the bars first; what they are given later (``load``) replaces them.
2. ``ask`` gives each idle child a question and waits for whoever is ready. A child that is late is killed with everything it started. One that dies is
   replaced and its question asked once more, in case somebody else ended it; the second death is the question's own, and its answer says so.
3. Which child answered what leaves no trace in the answers, so any number of children gives the same.

``Here`` answers in this process: no limits, nothing to start.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from workbench import clock
from workbench.backtest.search.evaluate import answer
from workbench.errors import BacktestError, WorkbenchError
from workbench.strategy.python.wire import EndedError, LateError, Wire
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.market import Bars

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "SYSTEMROOT", "NUMBA_CACHE_DIR", "LD_LIBRARY_PATH", "WORKBENCH_HOME")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_START = 120.0  # until a child has imported everything and, where nothing is cached, compiled it
_TRIES = 2
_TOLD = 2_000
Answer = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one evaluation may take."""

    seconds: float = 60.0
    """Longest time."""
    memory: int = 2 * 2**30
    """Bytes on top of Python and its libraries, the bars included."""


class Here:
    """Answers in this process."""

    def __enter__(self) -> Self:
        """Start nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """End nothing."""

    def load(self, bars: Bars) -> None:
        """Ask about these bars from now on."""
        self._bars = bars

    def ask(self, questions: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Return the answers, in order; one that failed has ``failed`` and ``words``."""
        return [self._answer(question) for question in questions]

    def _answer(self, question: Mapping[str, Any]) -> Answer:
        try:
            return answer(question, self._bars)
        except WorkbenchError as error:
            return {"failed": "refused", "words": str(error)}, b""
        except Exception as error:  # noqa: BLE001 - a candidate that fails must not end the search
            return {"failed": "error", "words": f"{type(error).__name__}: {error}"}, b""


class Pool:
    """Answers in child processes; use it as a context."""

    def __init__(self, workers: int, bounds: Bounds) -> None:
        """Use ``workers`` children within ``bounds``."""
        self.bounds = bounds
        self._children = [_Child(bounds) for _ in range(workers)]

    def __enter__(self) -> Self:
        """Start the children."""
        for child in self._children:
            child.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the children."""
        for child in self._children:
            child.end()

    def load(self, bars: Bars) -> None:
        """Ask about these bars from now on."""
        data = pickle.dumps((instrument(bars.instrument.symbol), bars.slice(0, len(bars))))
        for child in self._children:
            child.bars = data

    def ask(self, questions: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Return the answers, in order; one that failed has ``failed`` and ``words``.

        Raises:
            BacktestError: a child cannot start.
        """
        found: dict[int, Answer] = {}
        waiting = deque((place, 1) for place in range(len(questions)))
        busy: dict[_Child, tuple[int, int]] = {}
        try:
            while waiting or busy:
                for child in self._children:
                    if waiting and child not in busy:
                        busy[child] = waiting.popleft()
                        child.send(questions[busy[child][0]])
                for child in _ready(list(busy)):
                    if child.awaited():
                        continue
                    place, tries = busy.pop(child)
                    given = child.receive()
                    if given is None and tries < _TRIES:
                        waiting.appendleft((place, tries + 1))
                    else:
                        found[place] = given or ({"failed": "crash", "words": f"its process ended {child.ending}, {_TRIES} times"}, b"")
        except BaseException:
            for child in busy:
                child.end()
            raise
        return [found[place] for place in range(len(questions))]


class _Child:
    """One child process."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.bars = b""
        self.ending = "without a word"
        self._loaded = b""
        self._awaited = self._able = self._warm = self._broken = False
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: Wire | None = None
        self.until = 0.0
        self._errors: IO[bytes] | None = None

    def start(self) -> None:
        """Start the process; it is not waited for."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        kept |= dict.fromkeys(_ONE_THREAD, "1") | {"PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path)}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbench.backtest.search.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=kept,
            start_new_session=True,
            bufsize=0,
        )
        weakref.finalize(self, _end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        self._process, self._wire = process, Wire(process.stdout.fileno(), process.stdin.fileno())
        self._loaded, self._awaited, self._able, self._warm, self._broken = b"", False, False, False, False

    def end(self) -> None:
        """Kill the process with everything it started."""
        if self._process is not None:
            _end(self._process)
        if self._errors is not None:
            self._errors.close()
        self._process = self._wire = self._errors = None

    def send(self, question: Mapping[str, Any]) -> None:
        """Give the process its next question, and the bars if it has others."""
        if self._process is None:
            self.start()
        assert self._wire is not None
        self.until = clock.monotonic() + self.bounds.seconds + (0.0 if self._warm else _START)
        try:
            if self._loaded is not self.bars:
                limit = {} if self._loaded else {"memory": self.bounds.memory}
                self._wire.send({"ask": "bars", **limit}, self.bars, seconds=_START)
                self._loaded, self._awaited = self.bars, True
            self._wire.send({**question, "seconds": self.bounds.seconds}, seconds=_START)
        except (EndedError, LateError):
            self._broken = True

    def fileno(self) -> int:
        """Return the descriptor that is readable when an answer comes."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def left(self) -> float:
        """Seconds until the answer is late."""
        return 0.0 if self._broken else self.until - clock.monotonic()

    def awaited(self) -> bool:
        """Return whether the process has just said that it has the bars; its answer is still to come."""
        if not self._awaited or self.left <= 0.0:
            return False
        assert self._wire is not None
        try:
            self._wire.receive(seconds=max(self.left, 1.0))
        except (EndedError, LateError):
            self._broken = True
            return False
        self._awaited, self._able = False, True
        self.until = clock.monotonic() + self.bounds.seconds + (0.0 if self._warm else _START)
        return True

    def receive(self) -> Answer | None:
        """Return the answer, None where the process died.

        Raises:
            BacktestError: it died before it had the bars: it cannot work here at all.
        """
        assert self._wire is not None
        if self._broken:
            self._ended()
            return None
        if self._awaited:  # late, and it does not even have the bars yet
            return self._late()
        try:
            given = self._wire.receive(seconds=max(self.left, 0.0))
        except LateError:
            return self._late()
        except EndedError:
            self._ended()
            return None
        self._warm = True
        if given[0].get("failed") == "memory":
            self.end()
        return given

    def _told(self) -> str:
        """Return the last line that the process said."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read()[-_TOLD:].decode(errors="replace").strip().rpartition("\n")[2]

    def _late(self) -> Answer:
        """End the process, and say why."""
        self.end()
        return {"failed": "time", "words": f"it took longer than {self.bounds.seconds:g} seconds"}, b""

    def _ended(self) -> None:
        """Remember how the process ended."""
        code = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=5)
        told = self._told()
        self.end()
        self.ending = "without a word" if code is None else f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
        if code is not None and code > 0 and not self._able:
            message = f"the child processes of the search cannot work here: one ended with exit status {code} before its first question ({told}); use workers=0"
            raise BacktestError(message)


def _ready(busy: list[_Child]) -> list[_Child]:
    """Return the children that have an answer, are late or are gone, at least one."""
    with selectors.DefaultSelector() as selector:
        for child in busy:
            selector.register(child, selectors.EVENT_READ)
        while True:
            late = [child for child in busy if child.left <= 0.0]
            if late:
                return late
            found = [child for key, _ in selector.select(max(0.0, min(child.left for child in busy))) for child in [key.fileobj]]
            if found:
                return [child for child in busy if child in found]


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
