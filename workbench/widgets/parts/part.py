"""What every part shares: its script, its states, and how a person's act reaches Python.

A part is drawn by the module ``js/`` (one text for all parts). State lives in traits, so a page that opens late shows the present; messages only
hurry what a trait already says. What a person did arrives as one message ``{"did": ..., ...}`` and goes to the callbacks registered for it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Literal, TypeAlias

import anywidget
from traitlets import Enum, Float, Unicode

from workbench.errors import WorkbenchError
from workbench.widgets.parts import assets
from workbench.widgets.parts.library import keep_library
from workbench.widgets.parts.wire import plain

State: TypeAlias = Literal["ready", "loading", "empty", "error", "stale", "forbidden"]
STATES = ("ready", "loading", "empty", "error", "stale", "forbidden")
Callback: TypeAlias = Callable[..., Any]


def synced(trait: Any) -> Any:  # noqa: ANN401 - any trait
    """Return ``trait`` marked as shared with the browser, its values spelled as JSON can carry them."""
    return trait.tag(sync=True, to_json=lambda value, _part: plain(value))


class Part(anywidget.AnyWidget):
    """One part of the design system: a state every part has, and the callbacks of what a person does."""

    part: ClassVar[str] = ""

    _part = Unicode().tag(sync=True)
    state = Enum(STATES, "ready", help="ready, loading (skeleton), empty, error, stale (old data, dimmed) or forbidden.").tag(sync=True)
    message = Unicode(help="What to say in the states empty, error and forbidden: what happened, where.").tag(sync=True)
    remedy = Unicode(help="What to do about it, or what would fill an empty part.").tag(sync=True)
    as_of = synced(
        Float(None, allow_none=True, help="When the data were true, seconds since 1970; the state stale counts its age from here.")
    )
    title_for_screen_readers = Unicode(help="Name of the part where nothing visible names it.").tag(sync=True)

    def __init__(self, **traits: object) -> None:
        """Set the given traits and listen to the browser."""
        self._callbacks: dict[str, list[tuple[Callback, tuple[str, ...]]]] = {}
        keep_library()
        super().__init__(_part=self.part, **{name: value for name, value in traits.items() if value is not None})
        self.add_class("wb-part")
        self.on_msg(self._hear)

    @property
    def _esm(self) -> str:
        return assets.script()

    def listen(self, did: str, callback: Callback, *names: str) -> None:
        """Call ``callback`` with the fields ``names`` of the message (all without ``names``) when a person did ``did``.

        It takes as many of them as it wants, by name or in this order, and may be a coroutine function.
        """
        self._callbacks.setdefault(did, []).append((callback, names))

    def fail(self, message: str, remedy: str = "") -> None:
        """Show ``message`` and what to do instead of the content."""
        with self.hold_sync():
            self.message, self.remedy, self.state = message, remedy, "error"

    def ready(self) -> None:
        """Show the content."""
        self.state = "ready"

    def set_trait_quietly(self, name: str, value: object) -> None:
        """Keep ``value`` for pages that open later without sending it to those that are open: a message has told them less."""
        self._trait_values[name] = value

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        fields = dict(content)
        self._dispatch(str(fields.pop("did", "")), fields)

    def _dispatch(self, did: str, fields: dict[str, Any]) -> None:
        """Call everyone who listens to ``did``; what goes wrong is shown by ``_settle`` in the place where it was asked for."""
        for callback, names in self._callbacks.get(did, []):
            try:
                answer = _call(callback, {name: fields.get(name) for name in names or fields})
            except WorkbenchError as error:
                self._settle(fields, str(error))
            except Exception as error:
                self._settle(fields, _surprise(error))
                raise
            else:
                self._await(answer, fields)

    def _await(self, answer: object, fields: dict[str, Any]) -> None:
        if inspect.isawaitable(answer):
            task = asyncio.ensure_future(self._finish(answer, fields))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            return
        self._settle(fields, "")

    async def _finish(self, answer: Awaitable[object], fields: dict[str, Any]) -> None:
        try:
            await answer
        except WorkbenchError as error:
            self._settle(fields, str(error))
        except Exception as error:
            self._settle(fields, _surprise(error))
            raise
        else:
            self._settle(fields, "")

    def _settle(self, fields: dict[str, Any], error: str) -> None:
        """Tell the browser that the act described by ``fields`` is finished, with the ``error`` it ended with."""


def _call(callback: Callback, given: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the callback returns
    """Call with what the callback takes: by name where its names are ours, else in order, no more than it has room for."""
    try:
        wanted = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):  # some built-in callables have no signature
        return callback(*given.values())
    if any(one.kind is one.VAR_POSITIONAL for one in wanted):
        return callback(*given.values())
    if any(one.kind is one.VAR_KEYWORD for one in wanted):
        return callback(**given)
    if all(one.name in given or one.default is not one.empty for one in wanted):
        return callback(**{one.name: given[one.name] for one in wanted if one.name in given})
    return callback(*list(given.values())[: len(wanted)])


def _surprise(error: Exception) -> str:
    return f"that failed unexpectedly ({type(error).__name__}: {error}); the log has the details"
