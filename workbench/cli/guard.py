"""How the command line ends: an error becomes one sentence and an exit code, in one place."""

from __future__ import annotations

import inspect
import os
import signal
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup

from workbench import clock
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

C = TypeVar("C", bound="Callable[..., Any]")
INTERRUPTED = 130


class Guarded(TyperGroup):
    """The one place where an error becomes a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's signature
        """Invoke the command; typer's own exceptions pass."""
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            complain(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt as error:
            complain(str(error) or "interrupted; what was finished is kept")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if hasattr(error, "exit_code") or isinstance(error, typer.Abort | BrokenPipeError):
                raise  # typer's own way to end
            complain(f"unexpected {type(error).__name__}: {_first_line(error)}; the full traceback is in {_keep_traceback()}")
            raise typer.Exit(1) from None


def group(**options: Any) -> typer.Typer:  # noqa: ANN401 - typer's options
    """Return an empty group of commands with plain help: no boxes, no installed completion."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, **options)


def taught(command: C) -> C:
    """Return ``command`` with the lines of its examples kept as they are in ``--help``."""
    command.__doc__ = inspect.cleandoc(command.__doc__ or "").replace("\n\nExample", "\n\n\b\nExample")
    return command


def complain(sentence: str) -> None:
    """Write one sentence to standard error."""
    typer.echo(f"{typer.style('■', fg='red')} {sentence}", err=True)


def on_termination() -> None:
    """Let a polite end by the system count as an interrupt, so that nothing is left running."""
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]


def _keep_traceback() -> str:
    from workbench.home import data_folder  # noqa: PLC0415 - on the way out

    try:
        folder = data_folder() / "logs"
        folder.mkdir(exist_ok=True)
    except (WorkbenchError, OSError):
        folder = Path(tempfile.gettempdir())
    path = folder / f"error-{clock.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return str(path)
