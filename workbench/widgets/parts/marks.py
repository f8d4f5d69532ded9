"""Small marks with one meaning everywhere: badge, stage track, connection, notice, empty state."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from traitlets import Bool, Dict, Enum, Float, List, Unicode

from workbench.widgets.parts.part import Callback, Part, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BADGES = ("synthetic", "simulated", "unsigned", "stage", "status", "plain")


class Badge(Part):
    """A word in a frame: hatched for made-up data, coloured for a stage, glyph and word for a status."""

    part: ClassVar[str] = "badge"

    kind = Enum(
        BADGES,
        "plain",
        help="``synthetic``, ``simulated`` and ``unsigned`` are hatched; ``stage`` and ``status`` take their colour from ``text``.",
    ).tag(sync=True)
    text = Unicode(help="The word; empty writes the kind itself.").tag(sync=True)
    hint = Unicode(help="What it means, on hover.").tag(sync=True)

    def __init__(self, kind: str = "plain", text: str = "", **traits: object) -> None:
        """Show ``text`` as a badge of ``kind``."""
        super().__init__(kind=kind, text=text, **traits)


class StageTrack(Part):
    """How far a bot is trusted: LAB ▸ PAPER ▸ SHADOW ▸ CANARY ▸ LIVE with the present stage filled and dates under those it passed."""

    part: ClassVar[str] = "stages"

    stage = Unicode("LAB", help="The present stage.").tag(sync=True)
    history = synced(List(Dict(), help="``[{stage, at, by}]``: when each stage was entered and who signed; also demotions."))
    wanted = Unicode(help="The stage that was asked for and waits for a checker, or empty.").tag(sync=True)
    counts = synced(Dict(help="Instead of one bot: how many bots stand in each stage, ``{LAB: 34, ...}``."))

    def __init__(self, stage: str = "LAB", history: Iterable[Mapping[str, object]] = (), **traits: object) -> None:
        """Show where a bot stands and how it came there."""
        super().__init__(stage=str(stage), history=[dict(entry) for entry in history], **traits)

    def on_pick(self, callback: Callback) -> None:
        """Call ``callback(stage)`` when a stage is clicked (only with ``counts``)."""
        self.listen("pick", callback, "stage")


class Connection(Part):
    """Whether what is shown is fresh: ● live, ▲ reconnecting, ■ stale with its age."""

    part: ClassVar[str] = "connection"

    link = Enum(("live", "reconnecting", "stale"), "live", help="How fresh the view is.").tag(sync=True)
    seen_at = synced(Float(None, allow_none=True, help="When the last news came, seconds since 1970; the browser counts the age itself."))
    stale_after = synced(
        Float(0.0, help="Seconds of silence after which the browser itself says stale, as when the kernel died; 0 never does.")
    )

    def __init__(self, link: str = "live", *, seen_at: float | None = None, **traits: object) -> None:
        """Show the state of the connection."""
        super().__init__(link=link, seen_at=seen_at, **traits)


class Notice(Part):
    """A sentence that wants attention: what, where, what to do about it."""

    part: ClassVar[str] = "notice"

    kind = Enum(("info", "ok", "warning", "error", "critical"), "info", help="How urgent.").tag(sync=True)
    text = Unicode(help="What happened and where.").tag(sync=True)
    advice = Unicode(help="What to do; words in `backquotes` are set as code.").tag(sync=True)
    detail = Unicode(help="A longer text that unfolds: an output, a traceback.").tag(sync=True)
    dismissible = Bool(help="Whether it can be put away.").tag(sync=True)

    def __init__(self, kind: str = "info", text: str = "", remedy: str = "", **traits: object) -> None:
        """Say ``text`` with the urgency of ``kind`` and what to do about it."""
        super().__init__(kind=kind, text=text, advice=remedy, **traits)

    def on_dismiss(self, callback: Callback) -> None:
        """Call ``callback()`` when it was put away."""
        self.listen("dismiss", callback)


class Empty(Part):
    """What stands where nothing is yet: what would fill it, and how."""

    part: ClassVar[str] = "empty"

    text = Unicode(help="What would be here: ``No bots yet``.").tag(sync=True)
    how = Unicode(help="How to make one; words in `backquotes` are set as code.").tag(sync=True)
    action = Unicode(help="Words of a button that makes one, or empty.").tag(sync=True)

    def __init__(self, text: str = "", how: str = "", action: str = "", **traits: object) -> None:
        """Say what would fill this place."""
        super().__init__(text=text, how=how, action=action, **traits)

    def on_click(self, callback: Callback) -> None:
        """Call ``callback()`` when the button was pressed."""
        self.listen("click", callback)
