"""The child process of a run: started in its own session, listened to, and ended with everything it started.

Jupyter gives the kernel a session of its own, so killing the child's group would leave the kernel behind. Every process of a run carries
``WORKBENCH_RUN_ID`` in its environment, inherited by whatever the notebook starts; ``end_tree`` finds them by it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped,unused-ignore] # its stubs are a package of their own

from workbench import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

GRACE = 5.0  # s between the polite stop and the hard one
_PACKAGE_HOME = Path(__file__).resolve().parent.parent.parent
_QUIET = "ignore::DeprecationWarning,ignore::PendingDeprecationWarning,ignore::FutureWarning"


class Child:
    """One running child."""

    def __init__(self, spec_file: Path, run_id: str, environment: Mapping[str, str]) -> None:
        """Start ``workbench.jobs.child`` on ``spec_file``; what it prints goes to ``log.txt`` beside it."""
        self._run_id = run_id
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._log = (spec_file.parent / "log.txt").open("ab")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "workbench.jobs.child", str(spec_file)],
            stdin=subprocess.PIPE,  # our life line: closes when we die, however we die
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=dict(environment),
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, name=f"run {run_id}", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The operating system's number of the child."""
        return self._process.pid

    def next(self, timeout: float) -> dict[str, Any] | None:
        """Return the next message, ``{"kind": "silence"}`` after ``timeout`` seconds, or None when the child has ended."""
        try:
            return self._messages.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return {"kind": "silence"}

    def exit_code(self) -> int:
        """Return the exit code once the child has closed its line; end what is left of it."""
        try:
            code = self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            code = self.stop()
        end_tree(self._run_id, keep=os.getpid())
        self._close()
        return code

    def stop(self) -> int:
        """End the child politely, then hard after ``GRACE`` seconds, with every process of the run; return its exit code."""
        try:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:  # also on a second Ctrl-C during the wait
            end_tree(self._run_id, keep=os.getpid())
            self._process.kill()
            self._process.wait()
            self._close()
        return self._process.returncode

    def _listen(self) -> None:
        stream = self._process.stdout
        for line in stream or ():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            self._messages.put(message)
        self._messages.put(None)

    def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._listener.join(timeout=GRACE)  # its end of the pipe closes with the last process of the run
        if self._process.stdout is not None and not self._listener.is_alive():
            self._process.stdout.close()
        self._log.close()


def environment(run_id: str, home: Path, database_url: str | None, scratch: Path) -> dict[str, str]:
    """Return the environment of a run: this process's, with the bench's home, store and run, and a kernel without personal start-up files."""
    result = dict(os.environ)
    result |= {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_RUN_ID": run_id,
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PLOTLY_RENDERER": "plotly_mimetype",  # the other default embeds 5 MB of JavaScript per figure
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONUNBUFFERED": "1",
    }
    result.setdefault("PYTHONWARNINGS", _QUIET)
    if database_url:
        result["DATABASE_URL"] = database_url
    if (_PACKAGE_HOME / "pyproject.toml").is_file():  # a checkout need not be installed
        result["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_PACKAGE_HOME), os.environ.get("PYTHONPATH", "")]))
    return result


def members(run_id: str, keep: int = 0) -> list[psutil.Process]:
    """Return the living processes of a run, except ``keep``: those whose environment carries its id."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != keep
                and run_id
                and process.environ().get("WORKBENCH_RUN_ID") == run_id
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_tree(run_id: str, keep: int = 0) -> int:
    """Kill every process of a run except ``keep``; return how many there were. New ones that appear meanwhile are killed too."""
    killed = 0
    deadline = clock.monotonic() + GRACE
    while (processes := members(run_id, keep)) and clock.monotonic() < deadline:
        for process in processes:
            try:
                process.kill()
                killed += 1
            except psutil.Error:
                continue
        time.sleep(0.02)  # not waited for by psutil: that would take the exit code of our own child away
    return killed


def created(pid: int) -> float | None:
    """Return when process ``pid`` was made, seconds since the epoch; None when there is none. With the pid it names a process for ever."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
