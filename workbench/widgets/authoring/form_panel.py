"""The lower left of the desk: every choice beside the rules, in a compact grid, each answered at its own field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from workbench.portfolio import Costs, Sizing
from workbench.portfolio.quantity import plain
from workbench.strategy.archetypes import ARCHETYPES
from workbench.units import INSTRUMENTS, SessionMode, Timeframe, instrument
from workbench.widgets import parts
from workbench.widgets.authoring import html
from workbench.widgets.authoring.boxes import box
from workbench.widgets.authoring.fields import COSTS, FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.authoring.model import AuthorModel

_GROUPS = (
    ("Data", ("symbols", "timeframe", "session_mode", "window")),
    ("Guards", ("stop", "target", "trailing", "time_stop")),
    ("Size and limits", ("size", "max_quantity", "max_daily_loss", "max_position")),
    ("Costs a side", COSTS),
    ("About", ("name", "archetype", "note")),
)
_LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "timeframe": tuple((bar.value, bar.value) for bar in Timeframe),
    "session_mode": (("", "its own"), *((mode.value, mode.value) for mode in SessionMode)),
    "archetype": (("", "none"), *((name, name.replace("_", " ")) for name in ARCHETYPES)),
}
_DEBOUNCE = 250


class FormPanel(parts.Panel):
    """Data, guards, size, costs and names of the strategy."""

    def __init__(self, changed: Callable[[str, str], None], use: Callable[[str], None]) -> None:
        """Ask for everything but the rules; ``changed(field, text)`` and ``use(archetype)`` take what a person does."""
        self._changed, self._hearing = changed, True
        self.fields = {name: self._field(name) for _, names in _GROUPS for name in names}
        self.fill = parts.Button("Fill in its rules")
        self.fill.on_click(lambda **_: use(str(self.fields["archetype"].value)))
        groups = []
        for title, names in _GROUPS:
            row = box("wb-author-fields")
            row.children = tuple(self.fields[name] for name in names) + ((self.fill,) if "archetype" in names else ())
            groups.append(ipywidgets.VBox([ipywidgets.HTML(html.label(title)), row]))
            groups[-1].add_class("wb-author-group")
        super().__init__("Strategy", groups)
        self.add_class("wb-author-form")

    def render(self, model: AuthorModel) -> None:
        """Show values, messages and what an empty field stands for."""
        self._hearing = False
        try:
            for name, field in self.fields.items():
                self._render_field(name, field, model)
        finally:
            self._hearing = True
        for name, text in _standing_for(model).items():
            self.fields[name].placeholder = text
        self.fill.disabled = bool(model.locked) or not model.form.archetype or "archetype" in model.reading.errors

    def _render_field(self, name: str, field: Any, model: AuthorModel) -> None:  # noqa: ANN401 - a form field
        value = getattr(model.form, name)
        if name in _LISTS and value not in (known for known, _ in _LISTS[name]):
            kept = model.reading.values.get(name)
            value = str(getattr(kept, "value", kept) or value)
            if value not in (option["value"] for option in field.options):  # an old draft: shown, with its message
                field.options = [*field.options, {"value": value, "title": value}]
        if field.value != value:
            field.value = value
        field.error = model.reading.errors.get(name, "")
        field.disabled = bool(model.locked)

    def _hear(self, name: str, text: str) -> None:
        """Hand on what a person typed, not what this panel writes itself."""
        if self._hearing:
            self._changed(name, text)

    def _field(self, name: str) -> Any:  # noqa: ANN401 - a form field
        words = FIELDS[name]
        if name in _LISTS:
            field: Any = parts.Choice(words.label, _LISTS[name])
        else:
            field = parts.Text(words.label, placeholder=words.example, debounce=_DEBOUNCE, mono=name not in ("name", "note"))
            if name == "symbols":
                field.suggestions = sorted(INSTRUMENTS)
        field.title_for_screen_readers = words.help
        field.observe(lambda change: self._hear(name, str(change["new"])), names="value")
        return field


def _standing_for(model: AuthorModel) -> dict[str, str]:
    """Return what the empty fields stand for on the chosen instrument."""
    symbols, bar = model.reading.values.get("symbols"), model.reading.values.get("timeframe")
    if not symbols:
        return {}
    traded = instrument(symbols[0])
    costs = Costs.of(traded).to_dict()
    told = {name: plain(costs[name]) for name in COSTS}
    told["size"] = str(Sizing.of(traded))
    mode = model.reading.values.get("session_mode") or traded.session_mode
    daily = bar is not None and not bar.intraday
    told["window"] = "daily: none" if daily else "09:30-12:00" if mode is SessionMode.RTH_US else "whole session"
    return told
