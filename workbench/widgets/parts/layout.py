"""Where parts stand: the page, a grid, a row, a panel with its heading. They nest any widget."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import ipywidgets
from traitlets import Bool, Dict, Enum, Float, List, Unicode

from workbench.widgets.parts.part import Part, synced

if TYPE_CHECKING:
    from collections.abc import Sequence

Widget: TypeAlias = ipywidgets.Widget


def _fractions(columns: str) -> str:
    """Return grid columns whose fractions may shrink below their content: ``2fr 1fr`` as ``minmax(0,2fr) minmax(0,1fr)``."""
    return re.sub(r"(?<![\w.,])([\d.]+fr)", r"minmax(0,\1)", columns)


class Page(ipywidgets.VBox):  # type: ignore[misc]
    """The outermost box of a board: the page's colour, our type, 8 px between what it holds."""

    def __init__(self, *children: Widget) -> None:
        """Hold ``children`` from top to bottom."""
        super().__init__(children)
        _dress(self, "wb-page")


class Grid(ipywidgets.GridBox):  # type: ignore[misc]
    """Widgets in CSS grid columns (``"2fr 1fr"``, ``"repeat(3, 1fr)"``), one column below 700 px."""

    def __init__(self, children: Sequence[Widget] = (), columns: str = "1fr", gap: int = 8) -> None:
        """Hold ``children`` row by row; ``gap`` in px."""
        super().__init__(children)
        _dress(self, "wb-grid")
        self.layout.grid_template_columns = _fractions(columns)
        self.layout.grid_gap = f"{gap}px"
        if len(children) > 1 and "fr" in columns and " " not in columns.strip():  # one column: the last child takes what room is left
            self.layout.grid_template_rows = f"repeat({len(children) - 1}, auto) 1fr"


class Row(ipywidgets.HBox):  # type: ignore[misc]
    """Widgets side by side, wrapping where there is no room."""

    def __init__(self, *children: Widget, end: bool = False) -> None:
        """Hold ``children`` from left to right; ``end`` moves them to the right edge."""
        super().__init__(children)
        _dress(self, "wb-row", *(("wb-row-end",) if end else ()))


def _dress(box: Any, *classes: str) -> Any:  # noqa: ANN401 - an ipywidgets box
    for name in ("wb", *classes):
        box.add_class(name)
    return box


class Heading(Part):
    """The line at the top of a panel: title, status with its word, badge."""

    part: ClassVar[str] = "heading"

    title = Unicode(help="Name of what is shown, set in small capitals.").tag(sync=True)
    status = Unicode(help="A name of ``look.STATUS`` (``running``, ``error``, ...), or empty.").tag(sync=True)
    badge = Unicode(help="``SYNTHETIC``, ``SIMULATED``, a stage or any short word, or empty.").tag(sync=True)
    note = Unicode(help="A few dim words after the title: a unit, a window, a count.").tag(sync=True)


class Panel(ipywidgets.VBox):  # type: ignore[misc]
    """A box with a heading: ``children`` under ``title``, small ``tools`` (buttons, choices) at the heading's right."""

    def __init__(
        self,
        title: str = "",
        children: Sequence[Widget] | Widget = (),
        *,
        status: str = "",
        badge: str = "",
        note: str = "",
        tools: Sequence[Widget] = (),
        flush: bool = False,
    ) -> None:
        """Put ``children`` under the heading; ``flush`` lets them touch the panel's edges, as tables and charts do."""
        self.heading = Heading(title=title, status=status, badge=badge, note=note)
        self._head = _dress(ipywidgets.HBox([self.heading, *tools]), "wb-panel-head")
        self._body = _dress(ipywidgets.VBox(), "wb-panel-body", *(("wb-flush",) if flush else ()))
        super().__init__([self._head, self._body] if title or tools else [self._body])
        _dress(self, "wb-panel")
        self.show(children)

    def show(self, children: Sequence[Widget] | Widget) -> None:
        """Replace what stands in the panel."""
        self._body.children = tuple(children) if isinstance(children, (list, tuple)) else (children,)

    @property
    def tools(self) -> tuple[Widget, ...]:
        """What stands at the heading's right."""
        return tuple(self._head.children[1:])

    @tools.setter
    def tools(self, tools: Sequence[Widget]) -> None:
        self._head.children = (self.heading, *tools)


class Header(Part):
    """The top line of a board: its name, where else one can go, the connection, the exchange's clock, the person and the role."""

    part: ClassVar[str] = "header"

    title = Unicode(help="Name of the board.").tag(sync=True)
    links = synced(List(Dict(), help="Other boards: ``[{title, href, here}]``; ``here`` marks the present one."))
    connection = Enum(("", "live", "reconnecting", "stale"), "", help="How fresh the board is; empty shows nothing.").tag(sync=True)
    seen_at = synced(Float(None, allow_none=True, help="When the last news came, seconds since 1970; the age is counted from here."))
    stale_after = synced(
        Float(0.0, help="Seconds of silence after which the browser itself says stale, as when the kernel died; 0 never does.")
    )
    zone = Unicode("America/New_York", help="IANA zone of the clock; empty shows no clock.").tag(sync=True)
    user = Unicode(help="Who looks.").tag(sync=True)
    role = Unicode(help="What this person may do: viewer, researcher, reviewer, operator, admin.").tag(sync=True)
    halted = Bool(help="Whether the kill switch is on: the line turns red and says so.").tag(sync=True)
