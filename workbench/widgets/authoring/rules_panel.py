"""The upper left of the desk: the editors, the parameters they name, what the rules mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from workbench import look
from workbench.strategy.archetypes import ARCHETYPES
from workbench.strategy.rules.statements import WORDS_OF
from workbench.widgets import parts
from workbench.widgets.authoring import html
from workbench.widgets.authoring.boxes import box, show
from workbench.widgets.authoring.outline import outline
from workbench.widgets.authoring.words import colours, offers

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.authoring.model import AuthorModel

_DEBOUNCE = 50  # an answer takes about as long again: together below what a person notices
_EXAMPLES = {
    "text": "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60",
    "entry_long": "rsi(2) < 10 and close > sma(200)",
    "exit_long": "rsi(2) > 60",
    "entry_short": "rsi(2) > 90 and close < sma(200)",
    "exit_short": "rsi(2) < 40",
}


class RulesPanel(parts.Panel):
    """Editors on top, parameters under them, then the outline with confidence, readings and warnings."""

    def __init__(
        self, model: AuthorModel, changed: Callable[[str, str], None], switch: Callable[[str], None], use: Callable[[str], None]
    ) -> None:
        """Show the rules of ``model``; ``changed(field, text)``, ``switch(mode)`` and ``use(archetype)`` take what a person does."""
        self._changed, self._hearing = changed, True
        self.editors = {name: self._editor(name) for name in _EXAMPLES}
        self.mode = parts.Choice(
            "", [("sentence", "One text"), ("directions", "By direction")], model.form.mode, kind="segments", compact=True, width=152
        )
        self.mode.observe(lambda change: switch(str(change["new"])) if self._hearing else None, names="value")
        self.starters = parts.Row(ipywidgets.HTML(html.quiet("Start from an idea")), *[self._starter(name, use) for name in ARCHETYPES])
        self.parameters = box("wb-author-fields")
        self.problem = parts.Notice("warning", "")
        self.tree, self.notes = ipywidgets.HTML(), ipywidgets.HTML()
        self.badge = parts.Badge("plain", "")
        self._ranges: dict[str, parts.Text] = {}
        self.meaning = ipywidgets.VBox([self.starters, self.badge, self.tree, self.notes])
        self.meaning.add_class("wb-author-meaning")
        body = [*self.editors.values(), self.parameters, self.problem, self.meaning]
        super().__init__("Rules", body, tools=(self.mode,))
        self.add_class("wb-author-rules")

    def render(self, model: AuthorModel) -> None:
        """Show what the model says now; a text that is being written is only touched where the model changed it."""
        reading, form = model.reading, model.form
        self._hearing = False
        try:
            if self.mode.value != form.mode:
                self.mode.value = form.mode
            for name, editor in self.editors.items():
                show(editor, when=name in form.editors)
                editor.disabled = bool(model.locked)
                text = getattr(form, name)
                if editor.text != text:
                    editor.text = text
                if name in form.editors:
                    self._answer(editor, name, model)
        finally:
            self._hearing = True
        show(self.starters, when=form.blank and not model.locked)
        self._render_parameters(model)
        self.problem.text = reading.errors.get("rules", "")
        show(self.problem, when=bool(self.problem.text))
        self._render_meaning(model)

    def _render_meaning(self, model: AuthorModel) -> None:
        reading = model.reading
        lines = outline(reading.rules if not reading.mistakes else (reading.rules or model.last_read))
        behind = bool(reading.mistakes)
        self.tree.value = html.tree(lines, behind=behind)
        self.notes.value = "" if behind else html.notes(reading)
        show(self.tree, when=bool(self.tree.value))
        show(self.notes, when=bool(self.notes.value))
        sure = None if behind else reading.confidence
        self.badge.text = "" if sure is None else f"confidence {look.percent(sure, 0)}"
        self.badge.hint = "; ".join(reading.reasons) or "nothing had to be read into the text"
        show(self.badge, when=sure is not None)

    def _answer(self, editor: parts.RuleEditor, name: str, model: AuthorModel) -> None:
        text = editor.text
        wrong = [
            {"from": one.start, "to": one.end, "message": one.problem, "suggestion": one.repair, "hint": _hint(one.suggestion)}
            for one in model.reading.mistakes
            if one.editor == name
        ]
        names = sorted({*model.form.parameters, *model.reading.parameters})
        editor.answer(
            spans=colours(text),
            errors=wrong,
            suggestions=[] if model.locked else offers(text, editor.caret, names, directed=name == "text"),
        )

    def _render_parameters(self, model: AuthorModel) -> None:
        wanted = model.reading.parameters
        for name in wanted:
            field = self._ranges.setdefault(name, self._range(name))
            self._hearing = False
            field.value, field.error = model.form.parameters.get(name, ""), model.reading.errors.get(f"${name}", "")
            field.disabled = bool(model.locked)
            self._hearing = True
        shown = tuple(self._ranges[name] for name in wanted)
        if self.parameters.children != shown:
            self.parameters.children = shown
        show(self.parameters, when=bool(shown))

    def _editor(self, name: str) -> parts.RuleEditor:
        label = "" if name == "text" else WORDS_OF[name]
        editor = parts.RuleEditor(label, placeholder=_EXAMPLES[name], debounce=_DEBOUNCE, lines=3 if name == "text" else 1)
        editor.title_for_screen_readers = "Rules of the strategy" if name == "text" else WORDS_OF[name]
        editor.on_text(lambda text: self._hear(name, text))
        editor.listen("complete", lambda caret=0, **_: self._complete(editor, int(caret), directed=name == "text"))
        return editor

    def _complete(self, editor: parts.RuleEditor, caret: int, *, directed: bool) -> None:
        """Offer what could stand at the caret, because a person asked."""
        if not editor.disabled:
            editor.suggestions = offers(editor.text, caret, sorted(self._ranges), directed=directed, asked=True)

    def _range(self, name: str) -> parts.Text:
        field = parts.Text(f"${name}", placeholder="10, 5, 50, 1", mono=True, debounce=250)
        field.observe(lambda change: self._hear(f"${name}", str(change["new"])), names="value")
        return field

    def _hear(self, name: str, text: str) -> None:
        """Hand on what a person typed, not what this panel writes itself."""
        if self._hearing:
            self._changed(name, text)

    def _starter(self, name: str, use: Callable[[str], None]) -> parts.Button:
        button = parts.Button(name.replace("_", " ").capitalize())
        button.on_click(lambda **_: use(name))
        return button


def _hint(suggestion: str) -> str:
    """Return the suggestion as it stands under the field; a list of all names is what Ctrl+Space is for."""
    return "Ctrl+Space lists what can stand here" if suggestion.startswith("known:") else suggestion
