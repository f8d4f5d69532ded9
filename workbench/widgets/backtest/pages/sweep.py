"""The page of a sweep: heat map, whether the best point stands alone, what each parameter does, all points; any of them can be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets.backtest import landscape
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.backtest.present import WORDS
from workbench.widgets.parts import Button, Choice, Grid, HeatMap, Notice, Panel, Plot, Row, Table
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.backtest.plateau import Plateau
    from workbench.widgets.backtest.landscape import Heat, Landscape

_MOST_MARGINS = 8
_TWO_AXES = 2


class SweepPage(Stack):
    """The points of a sweep."""

    def __init__(self) -> None:
        """Be empty until there is a sweep."""
        self.land: Landscape | None = None
        self._plateau: Plateau | None = None
        self._heat: Heat | None = None
        self._open: Callable[[int], Any] = lambda _place: None
        shown = [(name, WORDS[name]) for name in landscape.HEAT_VALUES]
        self.value = Choice("Colour by", shown, "sharpe", compact=True)
        self.across = Choice("Across", (), compact=True)
        self.up = Choice("Up", (), compact=True)
        self.map = HeatMap()
        self.around = Notice("info")
        self.steady = Button("Run the steadiest point")
        self.words = Notice("info")
        self.margins: list[Plot] = []
        self._margins = Grid((), "1fr 1fr")
        self.table = Table((), name="points", page_size=15)
        self.panel = Panel("Sweep", self.map, tools=(self.across, self.up, self.value), flush=True)
        self.sensitivity = Panel("What each parameter does", [self.words, self._margins])
        self.list = Panel("Points, best first", self.table, flush=True, note="choose one to run it")
        self.failed = Notice("error")
        super().__init__(self.failed, self.panel, self.around, Row(self.steady), self.sensitivity, self.list)
        seen(self.failed, visible=False)
        for choice in (self.value, self.across, self.up):
            choice.observe(lambda _change: self._draw(), "value")
        self.map.on_pick(self._pick)
        self.table.on_activate(lambda id: self._opened(int(id)))  # noqa: A006 - the message's own name
        self.steady.on_click(self._run_steady)

    def on_open(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback(row)`` when a person wants to see the run of a point; it may be a coroutine function."""
        self._open = callback

    def show(self, land: Landscape, *, runnable: str = "") -> None:
        """Show a landscape; ``runnable`` says why its points cannot be run, empty where they can."""
        self.land, self._plateau = None, land.plateau
        self._offer_axes(land)
        self.land = land
        with self.table.hold_sync():
            self.table.columns, self.table.rows, self.table.page = landscape.point_columns(land), landscape.point_rows(land), 0
            self.table.selected = ""
        self.panel.heading.note = land.note
        self.list.heading.note = runnable or "choose one to run it"
        with self.failed.hold_sync():
            self.failed.text, self.failed.kind = runnable, "warning"
        seen(self.failed, visible=bool(runnable))
        self._tell()
        self._draw()

    def mark(self, place: int) -> None:
        """Mark the row whose run is shown."""
        self.table.selected = str(place)

    def refuse(self, why: str) -> None:
        """Say why a point could not be run."""
        with self.failed.hold_sync():
            self.failed.kind, self.failed.text = "error", why
        seen(self.failed, visible=bool(why))

    def _offer_axes(self, land: Landscape) -> None:
        options = list(landscape.axis_options(land))
        self.across.offer(options)
        rest = [option for option in options if option[0] != self.across.value]
        self.up.offer(rest)
        for choice in (self.across, self.up):
            seen(choice, visible=len(options) > _TWO_AXES)

    def _tell(self) -> None:
        """Say what surrounds the best point and what each parameter explains."""
        land, found = self.land, self._plateau
        seen(self.around, visible=found is not None)
        seen(self.steady, visible=found is not None and landscape.judged(found) and dict(found.robust) != dict(found.point))
        if found is not None:
            with self.around.hold_sync():
                self.around.kind, self.around.text, self.around.advice = landscape.plateau_words(found)
        matter = land.sensitivity if land is not None else None
        seen(self.sensitivity, visible=matter is not None)
        if matter is None:
            return
        self.words.text = landscape.sensitivity_words(matter)
        names = [str(name) for name in matter.frame.index][:_MOST_MARGINS]
        while len(self.margins) < len(names):
            self.margins.append(Plot(height=190))
        for plot, name in zip(self.margins, names, strict=False):
            drawn = landscape.margins(matter, name)
            plot.show(**drawn | {"x_name": f"{drawn['x_name']} · {landscape.margin_words(matter, name)}"})
        self._margins.children = tuple(self.margins[: len(names)])

    def _draw(self) -> None:
        if self.land is None:
            return
        self._heat = landscape.heat(self.land, self.value.value, self.across.value, self.up.value, self._plateau)
        drawn = self._heat.drawn
        with self.map.hold_sync():
            for name in ("x_name", "y_name", "z_name", "kind", "digits", "diverging"):
                setattr(self.map, name, drawn[name])
            self.map.badge = badge(synthetic=self.land.synthetic)
            self.map.show(drawn["x"], drawn["y"], drawn["z"], marks=drawn["marks"])

    def _pick(self, x: int, y: int) -> Any:  # noqa: ANN401 - what the callback gives
        if self._heat is None or not (0 <= y < self._heat.rows.shape[0] and 0 <= x < self._heat.rows.shape[1]):
            return None
        place = int(self._heat.rows[y, x])
        return self._opened(place) if place >= 0 else None

    def _run_steady(self, reason: str = "") -> Any:  # noqa: ANN401 - what the callback gives
        del reason
        place = self.land.row_of(self._plateau.robust) if self.land is not None and self._plateau is not None else None
        return self._opened(place) if place is not None else None

    def _opened(self, place: int) -> Any:  # noqa: ANN401 - what the callback gives
        if self.land is None or not 0 <= place < len(self.land.frame):
            return None
        return self._open(place)
