"""The server process: ``python -m workbench.server``, with its options as one line of JSON on standard input.

It ends when it is told to (SIGTERM, SIGINT) and when standard input ends, which is when its launcher is gone. Kernels end with it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from workbench.server.options import Options

_PATIENCE_SECONDS = 10.0


def main() -> None:
    """Run the server until it is told to end."""
    options = Options.model_validate_json(sys.stdin.readline())
    from workbench.server.application import BenchServer  # noqa: PLC0415 - wrong options are refused before Jupyter is imported

    BenchServer.options = options
    threading.Thread(target=_end_with_launcher, name="launcher-watch", daemon=True).start()
    BenchServer.launch_instance(argv=[])


def _end_with_launcher() -> None:
    """Wait for the end of standard input, then end: politely, and for good if that takes too long."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_PATIENCE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
