"""One Jupyter server, one port: Lab, boards, REST and websocket.

1. ``launch.up`` prepares the store, starts ``python -m workbench.server`` as a child, waits until every part answers and prints the addresses.
2. ``config.configure`` writes the whole configuration of that child; nothing is copied into the environment's ``share/jupyter``.
3. ``extension`` is the server extension: one route table for our handlers, then Voila's own.
4. ``kernels.BenchKernels`` gives each kernel the identity of the person who asked for it, hands boards a kernel that is warm already (``pool``) and
   ends those that nobody looks at any more (``reaper``); ``tokens`` knows whose kernel speaks.
5. ``channels.BenchChannels`` keeps viewers from executing code; ``identity`` and ``authorizer`` say who may do what.
"""

from __future__ import annotations

from typing import Any

__all__ = ["up"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    """Import what is asked for when it is first used."""
    if name == "up":
        from workbench.server.launch import up  # noqa: PLC0415 - the server process needs no launcher

        return up
    message = f"module 'workbench.server' has no attribute {name!r}"
    raise AttributeError(message)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server.extension"}]
