"""A field for rules: highlighted as you type, errors at their place with the repair, the caret never moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Dict, Int, List, Unicode

from workbench.widgets.parts.fields import Field
from workbench.widgets.parts.part import Callback, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SPANS = ("keyword", "indicator", "price", "number", "operator", "param", "time", "name")


class RuleEditor(Field):
    """Text with spans, errors and completions that Python gives while a person writes.

    The browser sends ``text`` ``debounce`` ms after the last key, with the place of the ``caret`` and a growing ``revision``. ``on_text`` gets the text; ``answer`` puts spans,
    errors and suggestions under it, and an answer to an older text is ignored. ``spans`` are ``{from, to, kind}`` (kinds: ``SPANS``), ``errors`` ``{from, to, message, suggestion,
    hint}`` where ``suggestion`` is the text that would stand instead (a click or Tab applies it), ``suggestions`` completions ``{from, to, insert, title, hint}`` for the caret.
    """

    part: ClassVar[str] = "rule"

    text = Unicode(help="What is written.").tag(sync=True)
    caret = Int(0, help="Characters before the caret.").tag(sync=True)
    revision = Int(0, help="Grows with each text the browser sends.").tag(sync=True)
    answered = Int(-1, help="The revision that spans, errors and suggestions belong to.").tag(sync=True)
    spans = synced(List(Dict(), help="What to colour."))
    errors = synced(List(Dict(), help="What cannot be read, and where."))
    suggestions = synced(List(Dict(), help="What could come next at the caret."))
    debounce = Int(120, help="Milliseconds after the last key when the text is sent.").tag(sync=True)
    placeholder = Unicode(help="An example in the empty field.").tag(sync=True)
    lines = Int(2, help="Lines of room at least; it grows with the text.").tag(sync=True)
    note = Unicode(help="Words at the field's right: ``confidence 96 %``.").tag(sync=True)

    def __init__(self, label: str = "", text: str = "", **traits: object) -> None:
        """Ask for a rule called ``label``."""
        super().__init__(label=label, text=text, **traits)

    def on_text(self, callback: Callback) -> None:
        """Call ``callback(text)`` when the text changed, by the person or by Python."""
        self.observe(lambda change: callback(change["new"]), names="text")

    def answer(
        self,
        *,
        spans: Iterable[Mapping[str, Any]] = (),
        errors: Iterable[Mapping[str, Any]] = (),
        suggestions: Iterable[Mapping[str, Any]] = (),
        note: str | None = None,
    ) -> None:
        """Show what Python made of the present text, in one step."""
        with self.hold_sync():
            self.spans, self.errors, self.suggestions = (
                [dict(one) for one in spans],
                [dict(one) for one in errors],
                [dict(one) for one in suggestions],
            )
            self.answered = self.revision
            if note is not None:
                self.note = note
