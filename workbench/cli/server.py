"""``up``: the server with Lab, boards and REST."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import show

if TYPE_CHECKING:
    from workbench.server.launch import Addresses


def up(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8888,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is every network this machine is in.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open Lab in a browser.")] = True,
    mode: Annotated[str, typer.Option(help="simple, or dev: tracebacks on boards, restart on change.")] = "simple",
) -> None:
    """Serve JupyterLab, the boards and REST on one port until Ctrl-C.

    Examples:
      workbench up
      workbench up --port 9000 --no-browser
    """
    from workbench.home import home  # noqa: PLC0415
    from workbench.server import launch  # noqa: PLC0415

    progress = show.Progress()

    def ready(addresses: Addresses) -> None:
        progress.leave()
        typer.echo(f"● every part answers, after {addresses.seconds:.1f} s")
        for name, address in {"Lab": addresses.lab, "boards": addresses.boards, "REST": addresses.api}.items():
            typer.echo(f"  {name:<7} {address}")
        typer.echo("  Ctrl-C ends it, with every kernel.")
        if browser:
            webbrowser.open(addresses.lab)

    try:
        launch.up(home(), port=port, host=host, mode=mode, progress=progress, ready=ready)
    except KeyboardInterrupt:
        progress.leave()
        typer.echo("■ stopped; no process is left")
    except BaseException:
        progress.leave()
        raise
