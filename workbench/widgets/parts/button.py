"""A button that says the outcome, asks where it matters, and shows what became of it."""

from __future__ import annotations

from typing import Any, ClassVar

from traitlets import Bool, Enum, Unicode

from workbench.widgets.parts.part import Callback, Part


class Button(Part):
    """A button: ``Button("Request promotion to PAPER", "primary")``.

    With ``confirm`` words (or ``True``) the first press asks in the same place; with ``reason`` it wants words, which the callback gets. While the callback (a function or a
    coroutine function) runs the button is busy; an error it raises is shown under it.
    """

    part: ClassVar[str] = "button"

    label = Unicode(help="A verb and the outcome.").tag(sync=True)
    kind = Enum(("primary", "quiet", "danger"), "quiet", help="One ``primary`` a view; ``danger`` for what destroys or moves money.").tag(
        sync=True
    )
    confirm = Unicode(help="What will happen, asked before it does; empty asks nothing.").tag(sync=True)
    confirm_label = Unicode(help="Words of the confirming button; empty repeats the label.").tag(sync=True)
    reason = Bool(help="Whether a reason must be written.").tag(sync=True)
    disabled = Bool(help="Whether it cannot be pressed; say why.").tag(sync=True)
    why = Unicode(help="Why it is disabled, shown beside it.").tag(sync=True)
    busy = Bool(help="Whether its callback runs.").tag(sync=True)
    error = Unicode(help="What went wrong, shown under it.").tag(sync=True)
    done = Unicode(help="What was achieved, shown under it until the next press.").tag(sync=True)
    shortcut = Unicode(help="A key that presses it while the focus is in its panel: ``Ctrl+Enter``.").tag(sync=True)

    def __init__(
        self, label: str = "", kind: str = "quiet", *, confirm: str | bool | None = None, reason: bool = False, **traits: object
    ) -> None:
        """Make the button; ``confirm=True`` asks with standard words."""
        words = "This cannot be undone." if confirm is True else (confirm or "")
        super().__init__(label=label, kind=kind, confirm=words, reason=reason, **traits)

    def on_click(self, callback: Callback) -> None:
        """Call ``callback(reason)`` after the press and its confirmation; ``reason`` is empty where none is asked."""
        self.listen("click", callback, "reason")

    def press(self, reason: str = "") -> None:
        """Do what a press does, for tests and keyboard commands."""
        self._dispatch("click", {"reason": reason})

    def disable(self, why: str) -> None:
        """Switch it off and say ``why``; an empty ``why`` switches it on."""
        with self.hold_sync():
            self.why, self.disabled = why, bool(why)

    def _dispatch(self, did: str, fields: dict[str, Any]) -> None:
        """Run the callbacks with the button busy; a press of a disabled or busy one, or without the reason it wants, is refused."""
        if did == "click" and (self.disabled or self.busy):
            return
        if did == "click" and self.reason and not str(fields.get("reason", "")).strip():
            self.error = "write the reason: it is recorded with the decision"
            return
        with self.hold_sync():
            self.busy, self.error, self.done = bool(self._callbacks.get(did)), "", ""
        super()._dispatch(did, fields)

    def _settle(self, fields: dict[str, Any], error: str) -> None:
        del fields
        with self.hold_sync():
            self.busy, self.error = False, error
