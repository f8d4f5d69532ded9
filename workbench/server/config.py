"""The whole configuration of the server process; nothing is copied into the environment's ``share/jupyter``.

Templates, overrides and extensions are found through ``JUPYTER_PATH`` and ``JUPYTER_CONFIG_PATH``, which point into the package. What a person keeps for Lab
(settings, workspaces) lies in the bench's ``data/.jupyter``, so that other Jupyter servers of the environment stay as they are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from workbench import look, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.server.options import Options

JUPYTER = Path(__file__).resolve().parent.parent / "jupyter"
TEMPLATES = Path(__file__).resolve().parent / "templates"
TEMPLATE = "workbench"
# What a board page loads beside Voila itself: without both managers nothing renders, without anywidget none of our parts.
BOARD_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]
_IDLE_SECONDS = 8 * 3600  # a Lab kernel that nobody is connected to survives a night's meeting, not a weekend
_CULL_EVERY_SECONDS = 60


def environment(options: Options, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of the server process, and so of every kernel, from ``given`` (this process's by default)."""
    found = dict(os.environ if given is None else given)
    lab = options.home / "data" / ".jupyter" / "lab"
    found["JUPYTER_PATH"] = _before(JUPYTER, found.get("JUPYTER_PATH"))
    found["JUPYTER_CONFIG_PATH"] = _before(JUPYTER / "config", found.get("JUPYTER_CONFIG_PATH"))
    found["JUPYTER_RUNTIME_DIR"] = str(options.runtime)
    found["JUPYTERLAB_SETTINGS_DIR"] = str(lab / "user-settings")
    found["JUPYTERLAB_WORKSPACES_DIR"] = str(lab / "workspaces")
    found["WORKBENCH_HOME"] = str(options.home)
    found["PYTHONUNBUFFERED"] = "1"
    for name in ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE", "JPY_PARENT_PID", "WORKBENCH_TOKEN", "WORKBENCH_USER", "WORKBENCH_ROLE"):
        found.pop(name, None)  # started from inside a kernel or another server, none of theirs is ours
    return found


def configure(options: Options) -> Config:
    """Return the traitlets configuration of the server process."""
    made = Config()
    made.merge(Config(_server(options)))
    made.merge(Config(_kernels(options)))
    made.merge(Config(_boards(options)))
    made.merge(Config(_lab()))
    return made


def _server(options: Options) -> dict[str, Any]:
    from workbench.server.channels import BenchChannels  # noqa: PLC0415 - the launcher reads this module without Jupyter
    from workbench.server.kernels import BenchKernels  # noqa: PLC0415

    level = "WARN" if settings.current().log_level == "warning" else settings.current().log_level.upper()
    served: dict[str, Any] = {
        "ip": options.host,
        "port": options.port,
        "port_retries": 0,
        "base_url": options.base_url,
        "root_dir": str(options.root),
        "open_browser": False,
        "allow_root": True,
        "quit_button": False,
        "answer_yes": True,
        "log_level": level,
        "default_url": "/lab",
        "extra_template_paths": [str(TEMPLATES)],
        "jinja_template_vars": {"palette": look.css_variables()},
        # Voila is loaded by our own extension, after our routes.
        "jpserver_extensions": {"workbench.server": True, "jupyterlab": True, "voila.server_extension": False},
        "kernel_manager_class": BenchKernels,
        "kernel_websocket_connection_class": BenchChannels,
        **_identity(),
    }
    return {"ServerApp": served, "IdentityProvider": {"token": options.token}}


def _identity() -> dict[str, Any]:
    """Return the classes that say who may do what; under JupyterHub the Hub's own provider stays."""
    if "JUPYTERHUB_SERVICE_PREFIX" in os.environ:
        return {}
    from workbench.server.authorizer import WorkbenchAuthorizer  # noqa: PLC0415
    from workbench.server.identity import WorkbenchIdentity  # noqa: PLC0415

    return {"identity_provider_class": WorkbenchIdentity, "authorizer_class": WorkbenchAuthorizer}


def _kernels(options: Options) -> dict[str, Any]:
    # A page that has gone will not come back for what its kernel says: without buffering no memory grows while the reaper waits.
    return {
        "BenchKernels": {
            "warm_kernels": options.warm_kernels,
            "server_url": options.url,
            "bench_home": str(options.home),
            "cull_idle_timeout": _IDLE_SECONDS,
            "cull_interval": _CULL_EVERY_SECONDS,
        }
    }


def _boards(options: Options) -> dict[str, Any]:
    again = "Reload the page; if it happens again, run workbench doctor, or workbench up --mode dev to see the traceback."
    return {
        "VoilaConfiguration": {
            "template": TEMPLATE,
            "theme": "dark",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_margins": False,
            "show_tracebacks": options.mode == "dev",
            "extension_allowlist": BOARD_EXTENSIONS,
            "file_allowlist": [],
        },
        "VoilaExecutor": {"cell_error_instruction": again, "timeout": 120},
    }


def _lab() -> dict[str, Any]:
    extensions = [str(JUPYTER / "lab" / "labextensions")]
    return {"LabApp": {"extra_labextensions_path": extensions, "extension_manager": "readonly", "news_url": None}}


def _before(first: Path, others: str | None) -> str:
    return os.pathsep.join([str(first), *([others] if others else [])])
