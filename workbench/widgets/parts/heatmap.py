"""A heat map: two parameters, a month by year, bots by timeframe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Bytes, Dict, Enum, Float, Int, List, Unicode

from workbench.errors import InputError
from workbench.widgets.parts import wire
from workbench.widgets.parts.part import Callback, Part, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class HeatMap(Part):
    """Cells of ``z`` (rows of ``y``, columns of ``x``), coloured viridis or, ``diverging``, vermilion to teal around zero; values are written in cells where they fit."""

    part: ClassVar[str] = "heatmap"

    x = synced(List(help="Names of the columns, left to right."))
    y = synced(List(help="Names of the rows, top to bottom."))
    z = Bytes(help="rows x columns float64, little endian, row by row; NaN is an empty cell.").tag(sync=True)
    x_name = Unicode(help="What the columns are.").tag(sync=True)
    y_name = Unicode(help="What the rows are.").tag(sync=True)
    z_name = Unicode(help="What the cells are, with the unit.").tag(sync=True)
    kind = Enum(("number", "signed", "percent", "money"), "number", help="How values are written.").tag(sync=True)
    digits = Int(2, help="Decimals of values.").tag(sync=True)
    diverging = Bool(help="Colours centred on zero.").tag(sync=True)
    low = synced(Float(None, allow_none=True, help="Value of the lowest colour; None takes the smallest."))
    high = synced(Float(None, allow_none=True, help="Value of the highest colour; None takes the largest."))
    marks = synced(List(Dict(), help="Framed cells: ``{x, y, text}`` by column and row number, such as the chosen point."))
    pickable = Bool(help="Whether a cell can be chosen.").tag(sync=True)
    badge = Unicode(help="``SYNTHETIC``, ``SIMULATED`` or empty.").tag(sync=True)

    def __init__(self, x: Sequence[object] = (), y: Sequence[object] = (), z: Any = (), **traits: object) -> None:  # noqa: ANN401 - nested lists or an array
        """Show ``z[row][column]``."""
        super().__init__(**traits)
        if len(x):
            self.show(x, y, z)

    def show(self, x: Sequence[object], y: Sequence[object], z: Any, *, marks: Iterable[Mapping[str, object]] | None = None) -> None:  # noqa: ANN401 - nested lists or an array
        """Replace the cells in one step.

        Raises:
            InputError: ``z`` has not one value a cell.
        """
        packed = wire.floats(z)
        if len(packed) != 8 * len(x) * len(y):
            message = f"a heat map of {len(y)} rows and {len(x)} columns needs {len(x) * len(y):,} values, not {len(packed) // 8:,}"
            raise InputError(message)
        with self.hold_sync():
            self.x, self.y, self.z = list(x), list(y), packed
            if marks is not None:
                self.marks = [dict(mark) for mark in marks]

    def on_pick(self, callback: Callback) -> None:
        """Call ``callback(x, y)`` with column and row number of the cell that was chosen."""
        self.pickable = True
        self.listen("pick", callback, "x", "y")
