"""Headline figures: a card, a row of cards, a sparkline, named facts, progress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from traitlets import Bool, Dict, Enum, Float, Int, List, Unicode, Union

from workbench.widgets.parts.part import Callback, Part, synced

KINDS = ("text", "number", "signed", "percent", "money")
TONES = ("", "up", "down", "info", "warn", "critical", "dim")


class Card(Part):
    """One headline figure with its change: ``Card("Day", 3120.25, kind="signed")``.

    A number is written by ``kind`` (``number``, ``signed``, ``percent`` of a share, ``money``) with ``digits`` decimals; text is shown as it is. None is a dash.
    """

    part: ClassVar[str] = "card"

    label = Unicode(help="What the figure is, with its window: ``Sharpe 30 d``.").tag(sync=True)
    value = synced(Union([Float(), Unicode()], default_value=None, allow_none=True, help="A number or ready text; None is a dash."))
    kind = Enum(KINDS, "number", help="How a number is written.").tag(sync=True)
    digits = Int(2, help="Decimals of ``value`` and ``change``.").tag(sync=True)
    unit = Unicode(help="Currency or unit, set small behind the figure.").tag(sync=True)
    change = synced(Float(None, allow_none=True, help="Signed difference under the figure, with ▲ or ▼."))
    change_kind = Enum(("signed", "percent"), "signed", help="How ``change`` is written.").tag(sync=True)
    tone = Enum(TONES, "", help="Colour of the figure; signed figures colour themselves.").tag(sync=True)
    hint = Unicode(help="A few dim words under the figure.").tag(sync=True)
    spark = synced(List(help="Values of a sparkline beside the figure."))
    href = Unicode(help="Where a click leads; relative or https.").tag(sync=True)

    def __init__(self, label: str = "", value: float | str | None = None, *, change: float | None = None, **traits: object) -> None:
        """Show ``value`` under ``label``."""
        super().__init__(label=label, value=value, change=change, **traits)


class Cards(Part):
    """A row of headline figures in one widget: each a mapping with the fields of ``Card`` (``label``, ``value``, ``kind``, ``digits``, ...), the ones that matter first.

    Assign ``cards`` again to update: only figures that changed flash.
    """

    part: ClassVar[str] = "cards"

    cards = synced(List(Dict(), help="One mapping a card; ``parts`` in a card is a list of ``{status, text}`` shown as glyph and word."))

    def __init__(self, cards: Iterable[Mapping[str, object]] = (), **traits: object) -> None:
        """Show ``cards`` from left to right."""
        super().__init__(cards=[dict(card) for card in cards], **traits)

    def change(self, label: str, **fields: object) -> None:
        """Set ``fields`` of the card called ``label``."""
        self.cards = [{**card, **fields} if card.get("label") == label else card for card in self.cards]


class Spark(Part):
    """A sparkline: the shape of ``values``, the last one marked, coloured by whether it ended above its start."""

    part: ClassVar[str] = "spark"

    values = synced(List(help="Numbers, oldest first; None is a gap."))
    tone = Enum(TONES, "", help="Colour; empty colours by rise or fall.").tag(sync=True)
    zero_line = Bool(help="Whether zero is drawn.").tag(sync=True)

    def __init__(self, values: Iterable[float | None] = (), **traits: object) -> None:
        """Draw ``values``."""
        super().__init__(values=list(values), **traits)


class Facts(Part):
    """Named facts in two columns: ``Facts({"spec": "7f3a…", "capital": {"value": 1e5, "kind": "money"}})``.

    A fact is text, a number, or a mapping with ``value`` and the fields of a table column (``kind``, ``digits``, ``unit``, ``href``, ``target``).
    """

    part: ClassVar[str] = "facts"

    facts = synced(List(Dict(), help="``[{label, value, kind, ...}]`` in order."))
    zone = Unicode("America/New_York", help="IANA zone times are shown in; UTC on hover.").tag(sync=True)
    columns = Int(1, help="Columns of pairs where there is room; one on a phone.").tag(sync=True)

    def __init__(self, facts: Mapping[str, object] | Sequence[Mapping[str, object]] = (), **traits: object) -> None:
        """Show ``facts`` in their order."""
        super().__init__(**traits)
        self.show(facts)

    def show(self, facts: Mapping[str, object] | Sequence[Mapping[str, object]]) -> None:
        """Replace the facts."""
        self.facts = (
            [_fact(label, value) for label, value in facts.items()] if isinstance(facts, Mapping) else [dict(fact) for fact in facts]
        )


def _fact(label: str, value: object) -> dict[str, Any]:
    return {"label": label, **value} if isinstance(value, Mapping) else {"label": label, "value": value}


class Progress(Part):
    """How far something is: a bar, words, the time it will take, and a way to stop it."""

    part: ClassVar[str] = "progress"

    done = synced(Float(0.0, help="How much is finished, in the unit of ``total``."))
    total = synced(Float(None, allow_none=True, help="How much there is; None when nobody knows, and the bar only shows that it moves."))
    words = Unicode(help="What is being done now: ``sweep · 1,204 of 4,096 points``.").tag(sync=True)
    started_at = synced(
        Float(None, allow_none=True, help="When it began, seconds since 1970: elapsed and remaining time are counted from here.")
    )
    status = Unicode("running", help="``running``, ``ok``, ``stopped`` or ``error``.").tag(sync=True)
    stoppable = Bool(help="Whether a stop button is shown.").tag(sync=True)

    def on_stop(self, callback: Callback) -> None:
        """Call ``callback()`` when a person wants it stopped."""
        self.listen("stop", callback)
