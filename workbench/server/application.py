"""Jupyter's server application with our configuration above every file it may find."""

from __future__ import annotations

import signal
from typing import Any, ClassVar

from jupyter_server.serverapp import ServerApp

from workbench.server.config import configure
from workbench.server.options import Options  # noqa: TC001 - a class attribute


class BenchServer(ServerApp):
    """The one server."""

    name = "workbench"
    options: ClassVar[Options]

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]  # noqa: FBT001, FBT002 - Jupyter's signature
        """Read the environment's files first, so that what we need wins."""
        super().load_config_file(suppress_errors=suppress_errors)
        self.update_config(configure(self.options))

    def init_signal(self) -> None:
        """End at once on either signal; the launcher has asked already."""
        super().init_signal()
        signal.signal(signal.SIGINT, self._signal_stop)

    def init_configurables(self) -> None:
        """Make the folders of this bench before anything is written into them."""
        self.options.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().init_configurables()

    def running_server_info(self, kernel_count: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - Jupyter's signature
        """Return what the log says at the start; the launcher prints the address, the token is in no log."""
        return "" if kernel_count else f"{self.options.url}"
