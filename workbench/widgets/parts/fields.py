"""Form fields with label, help and error in place: text, number, choice, toggle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Enum, Float, Int, List, Unicode, observe

from workbench.widgets.parts.part import Part, synced


class Field(Part):
    """What every field has: label, help, error in place, and why it is disabled. Observe ``value`` to hear changes."""

    label = Unicode(help="What is asked.").tag(sync=True)
    help = Unicode(help="A few dim words under the field.").tag(sync=True)
    error = Unicode(help="What is wrong with the value and what to write instead; empty when nothing is.").tag(sync=True)
    disabled = Bool(help="Whether it cannot be changed; say why.").tag(sync=True)
    why = Unicode(help="Why it is disabled.").tag(sync=True)
    compact = Bool(help="Label beside the field and no room for help: for filter lines and panel tools.").tag(sync=True)


class Text(Field):
    """A line of text; ``value`` follows on Enter or when the field is left, or ``debounce`` ms after the last key.

    A date that is none stays in the field and never reaches ``value``: ``wrong`` then says why, and ``error`` with it.
    """

    part: ClassVar[str] = "text"

    value = Unicode(help="What was written.").tag(sync=True)
    kind = Enum(
        ("text", "search", "password", "date", "multiline"),
        "text",
        help="What is written: dates are ``2026-01-31``, anything else stays in the field with its error.",
    ).tag(sync=True)
    wrong = Unicode(help="Why what stands in a date's field is not taken; empty when ``value`` is what stands there.").tag(sync=True)
    placeholder = Unicode(help="An example in the empty field.").tag(sync=True)
    suggestions = synced(List(Unicode(), help="Values offered while writing."))
    debounce = Int(0, help="Milliseconds after the last key when ``value`` follows; 0 waits for Enter or leaving.").tag(sync=True)
    mono = Bool(help="Set in the monospaced face: names, hashes, rules.").tag(sync=True)
    width = Int(0, help="Width in px; 0 fills the room.").tag(sync=True)

    def __init__(self, label: str = "", value: str = "", **traits: object) -> None:
        """Ask for a text called ``label``."""
        super().__init__(label=label, value=value, **traits)

    @observe("value")
    def _replaced(self, _change: object) -> None:
        self.wrong = ""

    @observe("wrong")
    def _told(self, change: Mapping[str, str]) -> None:
        if change["new"] or self.error == change["old"]:
            self.error = change["new"]


class Number(Field):
    """A number with its unit and limits; what is no number, or outside the limits, stays in the field and never reaches ``value``.

    ``wrong`` then says why, and ``error`` with it: what acts on the value refuses while ``wrong`` is not empty.
    """

    part: ClassVar[str] = "number"

    value = synced(Float(None, allow_none=True, help="The number; None while the field is empty."))
    least = synced(Float(None, allow_none=True, help="Smallest number allowed."))
    most = synced(Float(None, allow_none=True, help="Largest number allowed."))
    step = synced(Float(1.0, help="What ↑ and ↓ add; ten times with Shift."))
    digits = Int(0, help="Decimals shown.").tag(sync=True)
    unit = Unicode(help="Unit behind the number.").tag(sync=True)
    wrong = Unicode(help="Why what stands in the field is not taken; empty when ``value`` is what stands there.").tag(sync=True)
    required = Bool(default_value=True, help="Whether the field may not be empty.").tag(sync=True)
    width = Int(0, help="Width in px; 0 fills the room.").tag(sync=True)

    def __init__(self, label: str = "", value: float | None = None, **traits: object) -> None:
        """Ask for a number called ``label``."""
        super().__init__(label=label, value=value, **traits)

    @observe("value")
    def _replaced(self, _change: object) -> None:
        self.wrong = ""

    @observe("wrong")
    def _told(self, change: Mapping[str, str]) -> None:
        if change["new"] or self.error == change["old"]:
            self.error = change["new"]


class Choice(Field):
    """One (or, ``many``, several) of ``options``: a list to open, or segments side by side for up to six.

    An option is a word, a pair ``(value, title)``, or ``{value, title, hint, disabled}``; values are text.
    """

    part: ClassVar[str] = "choice"

    value = synced(AnyTrait("", help="Value of the chosen option; a list of them with ``many``."))
    options = synced(List(Dict(), help="``[{value, title, hint, disabled}]``."))
    kind = Enum(("list", "segments"), "list", help="How it looks.").tag(sync=True)
    many = Bool(help="Whether several may be chosen.").tag(sync=True)
    width = Int(0, help="Width in px; 0 fills the room.").tag(sync=True)

    def __init__(self, label: str = "", options: Iterable[Any] = (), value: Any = None, **traits: object) -> None:  # noqa: ANN401 - text or list of texts
        """Ask to choose one of ``options``; the first is chosen when no ``value`` is given and not ``many``."""
        listed = [option_of(option) for option in options]
        first = [] if traits.get("many") else (listed[0]["value"] if listed else "")
        super().__init__(label=label, options=listed, value=first if value is None else value, **traits)

    def offer(self, options: Iterable[Any], value: Any = None) -> None:  # noqa: ANN401 - text or list of texts
        """Replace the options; the value stays when it is still offered, else the first is chosen."""
        listed = [option_of(option) for option in options]
        known = [option["value"] for option in listed]
        kept = (
            [one for one in self.value if one in known]
            if self.many
            else (self.value if self.value in known else (known[0] if known else ""))
        )
        with self.hold_sync():
            self.options, self.value = listed, kept if value is None else value


def option_of(option: Any) -> dict[str, Any]:  # noqa: ANN401 - a word, a pair or a mapping
    """Return an option as a mapping with ``value`` and ``title``."""
    if isinstance(option, Mapping):
        return {"title": str(option.get("title", option["value"])), **option, "value": str(option["value"])}
    value, title = option if isinstance(option, tuple) else (option, option)
    return {"value": str(value), "title": str(title)}


class Toggle(Field):
    """Yes or no: ``Toggle("Fill at the open", True)``."""

    part: ClassVar[str] = "toggle"

    value = Bool(help="Whether it is on.").tag(sync=True)

    def __init__(self, label: str = "", value: bool = False, **traits: object) -> None:  # noqa: FBT001, FBT002 - a toggle is a boolean
        """Ask whether ``label`` holds."""
        super().__init__(label=label, value=value, **traits)
