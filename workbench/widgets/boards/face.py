"""A board that is open: its header, its notices, its filters, its sections and the heart that keeps them alive.

A board is a subclass: ``compose`` returns its widgets (nothing is read yet), ``sections`` says what is read and drawn together, ``fields`` are the
filters that live in its address. Nothing here knows about trading.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.lifecycle import killswitch
from workbench.widgets import parts
from workbench.widgets.boards import charts, query
from workbench.widgets.boards.actions import Actions
from workbench.widgets.boards.live import Health, Live, Section
from workbench.widgets.boards.page import Browser
from workbench.widgets.boards.registry import BOARDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from workbench.execution.views.stored import StoredBars
    from workbench.widgets.boards.desk import Desk
    from workbench.widgets.boards.query import Field
    from workbench.widgets.boards.registry import Board

_MOST_PROBLEMS = 4
_AFTER_PAINT = 0.8
"""Seconds after which the first picture is on the screen."""


class Face:
    """One open board."""

    fields: ClassVar[tuple[Field, ...]] = ()

    def __init__(self, board: Board, desk: Desk, address: str = "") -> None:
        """Compose the board for ``desk`` with the filters in ``address`` (what stands after ``?``)."""
        self.board, self.desk = board, desk
        self.actions = Actions(desk)
        self.address = address
        self.query = query.read("", self.fields)
        self.header = _header(board, desk)
        self.browser = Browser()
        self.notices = ipywidgets.VBox()
        self._away = parts.Notice("warning")
        self._halted: tuple[str, ...] = ()
        self.halted = False
        self._controls: dict[str, Any] = {}
        self._quiet = False
        self.compiler_loaded = False
        self._loading: asyncio.Task[None] | None = None
        self.body = self.compose()
        self.root = parts.Page(self.header, self.notices, *self.body, self.browser)
        self.live = Live(
            desk,
            [Section(name="switches", read=_switches, draw=self._draw_switches, topics=frozenset({"alert"})), *self.sections()],
            self._health,
        )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return the widgets from top to bottom, empty or loading."""
        raise NotImplementedError

    def sections(self) -> Iterable[Section]:
        """Return what is read and drawn together."""
        raise NotImplementedError

    def known(self, session: Session) -> Mapping[str, tuple[str, ...]]:
        """Return the choices of fields that only the store knows, by field name."""
        del session
        return {}

    def switches_changed(self) -> None:
        """Show what an engaged or reset kill switch changes; ``halted`` says whether all trading is stopped."""

    def begin(self) -> None:
        """Read the address and everything else once, so that the first picture is whole; then follow the store."""
        self.read_address()
        self.live.refresh()
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # a script: there is nobody to follow for
            return
        self.live.start()

    def read_address(self) -> None:
        """Take the filters from the address; what cannot be had becomes a notice."""
        known: Mapping[str, tuple[str, ...]] = {}
        try:
            with self.desk.read() as session:
                known = self.known(session)
        except WorkbenchError:
            known = {each.name: (self._claimed(each.name),) for each in self.fields if each.kind == "choice" and not each.choices}
        self._take(query.read(self.address, self.fields, known))
        self._offer()

    def _offer(self) -> None:
        """Offer in the filters what only the store knows, after the option that narrows nothing."""
        dynamic = {each.name for each in self.fields if each.kind == "choice" and not each.choices}
        self._quiet = True
        try:
            for each in self.query.fields:
                control = self._controls.get(each.name)
                if control is not None and each.name in dynamic:
                    control.offer([control.options[0], *each.choices], value=self.query[each.name])
        finally:
            self._quiet = False

    def _claimed(self, name: str) -> str:
        """Return what the address says for a field, unchecked: while the store is away nothing can be checked."""
        return dict(parse_qsl(self.address.lstrip("?"))).get(name, "")

    def _take(self, found: query.Query) -> None:
        """Use these filters from now on."""
        self.query = found
        self.browser.query = found.address
        self._show_notices()
        self._quiet = True
        try:
            for name, control in self._controls.items():
                control.value = found[name]
        finally:
            self._quiet = False

    def narrow(self, **values: object) -> None:
        """Change filters and show what they leave; the address follows."""
        self._take(self.query.with_values(**values))
        self.live.ask()
        self.live.refresh()

    def control(self, name: str, widget: Any) -> Any:  # noqa: ANN401 - a field of parts
        """Tie a form field to a filter and return it."""
        self._controls[name] = widget
        widget.value = self.query[name]
        widget.observe(
            lambda change: None if self._quiet or change["new"] == self.query[name] else self._changed(name, change["new"]), names="value"
        )
        return widget

    def filters(self, *controls: ipywidgets.Widget) -> parts.Row:
        """Return filters in one line, wrapping where there is no room."""
        row = parts.Row(*controls)
        row.layout.align_items = "center"
        for control in controls:
            control.layout.flex = "0 0 auto"
        return row

    def opens(self, table: parts.Table, name: str, key: str = "id") -> None:
        """Let a row that is opened become the value of a filter: its id, or another field of the row."""

        def opened(**fields: str) -> None:
            row = next((each for each in table.rows if each["id"] == fields["id"]), None)
            if row is not None:
                self.narrow(**{name: row[key]})

        table.on_activate(opened)

    def closer(self, name: str) -> parts.Button:
        """Return the button that puts a detail away."""
        button = parts.Button("Close", "quiet")
        button.on_click(lambda **_: self.narrow(**{name: ""}))
        return button

    def _changed(self, name: str, value: object) -> None:
        """A person changed one filter; a board with pages goes back to its first one."""
        first_page = {"page": 1} if "page" in self.query.values and name != "page" else {}
        self.narrow(**{name: value}, **first_page)

    def want_indicators(self, price: charts.Price) -> None:
        """Load the compiler behind the first picture, then draw the chart again with its indicators."""
        if self.compiler_loaded or self._loading or price.bars is None or not price.indicators:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._loading = loop.create_task(self._load(price.bars, price.indicators))

    async def _load(self, bars: StoredBars, indicators: Mapping[str, Mapping[str, float]]) -> None:
        await asyncio.sleep(_AFTER_PAINT)
        await asyncio.to_thread(charts.overlays, bars, indicators)
        self.compiler_loaded = True
        self.live.ask("price")

    def show_problem(self, error: str) -> None:
        """Say what went wrong with an act that has no place of its own."""
        self.notices.children = (*self.notices.children, parts.Notice("error", error, dismissible=True))

    def _health(self, health: Health) -> None:
        changed = (self.header.connection, self._away.text) != (health.state, health.message)
        with self.header.hold_sync():
            self.header.connection, self.header.seen_at = health.state, health.seen_at
        if changed:
            self._away.text = health.message
            self._away.advice = (
                "Nothing is lost: the board asks again by itself and goes on when the store answers." if health.message else ""
            )
            self._show_notices()

    def _draw_switches(self, engaged: tuple[str, ...]) -> None:
        self._halted = engaged
        self.halted = any(text.startswith("kill switch all ") for text in engaged)
        self.header.halted = self.halted
        self.switches_changed()
        self._show_notices()

    def _show_notices(self) -> None:
        away = [self._away] if self._away.text else []
        halted = [parts.Notice("critical", text, "An operator resets it with a reason: `workbench kill --reset`.") for text in self._halted]
        told = ". ".join(text[:1].upper() + text[1:] for text in self.query.problems[:_MOST_PROBLEMS])
        wrong = [parts.Notice("warning", f"{told}.", "The rest of the address applies.")] if told else []
        self.notices.children = (*away, *halted, *wrong)


def _header(board: Board, desk: Desk) -> parts.Header:
    """Return the board's top line; on a page of our server the frame around it says already where else one can go and who looks."""
    if os.environ.get("WORKBENCH_SERVER") and os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return parts.Header(title=board.title)
    return parts.Header(title=board.title, links=_links(board), user=desk.who.name, role=desk.who.role)


def _links(board: Board) -> list[dict[str, Any]]:
    """Return the way to the other boards: beside this notebook's own address, wherever Voila serves it."""
    return [{"title": each.title, "href": f"{each.name}.ipynb", "here": each.name == board.name} for each in BOARDS.values()]


def _switches(session: Session) -> tuple[str, ...]:
    return tuple(str(switch) for switch in killswitch.engaged(session))
