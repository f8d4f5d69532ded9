"""The child process of a search: gets bars, then answers one question after the other within limits of time and memory.

Standard output is the wire. The child opens no database and writes nothing.
"""

from __future__ import annotations

import os
import pickle
import signal
from typing import Any

from workbench.backtest.search.evaluate import answer
from workbench.errors import WorkbenchError
from workbench.strategy.python.wire import EndedError, Wire
from workbench.strategy.python.worker import limit_memory
from workbench.units import INSTRUMENTS, register


def main() -> None:
    """Answer until the parent goes away."""
    wire = Wire(os.dup(0), os.dup(1))
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(silence, standard)
    bars: Any = None
    try:
        while True:
            header, body = wire.receive()
            if "memory" in header:
                limit_memory(int(header["memory"]))
            if header["ask"] == "bars":
                entry, bars = pickle.loads(body)  # noqa: S301 - from the process that started this one
                if entry.symbol not in INSTRUMENTS:
                    register(entry)
                wire.send({"ready": True})
            else:
                _answer(wire, header, bars)
    except EndedError:
        return


def _answer(wire: Wire, header: dict[str, Any], bars: Any) -> None:  # noqa: ANN401 - bars, or nothing yet
    if hasattr(signal, "alarm"):
        signal.alarm(int(header["seconds"]) + 5)  # where the parent is gone and this never ends
    try:
        found, body = answer(header, bars)
    except MemoryError:
        wire.send({"failed": "memory", "words": "it needs more memory than a child may take"})
    except WorkbenchError as error:
        wire.send({"failed": "refused", "words": str(error)})
    except Exception as error:  # noqa: BLE001 - the parent records it
        wire.send({"failed": "error", "words": f"{type(error).__name__}: {error}"})
    else:
        wire.send(found, body)
    finally:
        if hasattr(signal, "alarm"):
            signal.alarm(0)


if __name__ == "__main__":
    main()
