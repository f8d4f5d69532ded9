"""Lines over time: equity over its drawdown, benchmarks, any measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Bytes, Dict, Enum, Float, Int, List, Unicode

from workbench.errors import InputError
from workbench.widgets.parts import wire
from workbench.widgets.parts.part import Callback, Part, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Curve(Part):
    """One or more lines on one time axis, labelled at their ends; under them the drawdown of the first.

    ``series`` are ``{name, values, tone, dashed, area}``: values (n,), NaN is a gap, ``tone`` a token (``up``, ``dim`` for a benchmark, ``c2``) or ``#rrggbb``.
    ``marks`` are ``{at, text}`` by index: promotions, model changes, events.
    """

    part: ClassVar[str] = "curve"

    times = Bytes(help="n float64, little endian: seconds since 1970.").tag(sync=True)
    series = List(Dict(), help="The lines; values packed.").tag(sync=True)
    drawdown = Bool(default_value=True, help="Whether the drawdown of the first line stands under it, as a share of its peak.").tag(
        sync=True
    )
    zero_line = synced(Float(None, allow_none=True, help="Height of a line drawn through: 0 for P&L, the start for equity."))
    scale = Enum(("auto", "linear", "log"), "auto", help="Axis: logarithmic by itself when positive values pass a tenfold range.").tag(
        sync=True
    )
    kind = Enum(("number", "signed", "percent", "money"), "number", help="How values are written.").tag(sync=True)
    digits = Int(2, help="Decimals of values.").tag(sync=True)
    unit = Unicode(help="Unit of the axis, in its head.").tag(sync=True)
    zone = Unicode("America/New_York", help="IANA zone of the time axis.").tag(sync=True)
    daily = Bool(help="Points are whole days: the axis shows dates only.").tag(sync=True)
    marks = synced(List(Dict(), help="``[{at, text}]``: dashed lines through both panes."))
    badge = Unicode(help="``SYNTHETIC``, ``SIMULATED`` or empty.").tag(sync=True)
    height = Int(300, help="Height in px.").tag(sync=True)

    def __init__(self, series: Iterable[Mapping[str, Any]] = (), times: Any = (), **traits: object) -> None:  # noqa: ANN401 - any times ``wire.moments`` takes
        """Show ``series`` at ``times``."""
        super().__init__(**traits)
        lines = list(series)
        if lines:
            self.show(lines, times)

    def show(self, series: Iterable[Mapping[str, Any]], times: Any) -> None:  # noqa: ANN401 - any times ``wire.moments`` takes
        """Replace lines and times in one step.

        Raises:
            InputError: a line has not one value a time.
        """
        packed = wire.moments(times)
        lines = [{**line, "values": wire.floats(line["values"])} for line in series]
        for line in lines:
            if len(line["values"]) != len(packed):
                message = f"line {line.get('name', '')!r} has {len(line['values']) // 8:,} values for {len(packed) // 8:,} times; give one value a time"
                raise InputError(message)
        with self.hold_sync():
            self.times, self.series = packed, lines

    def on_pick(self, callback: Callback) -> None:
        """Call ``callback(index)`` with the point that was clicked."""
        self.listen("pick", callback, "index")
