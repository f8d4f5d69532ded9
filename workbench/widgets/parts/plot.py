"""A small plot whose axis across is a number, not time: how values are spread, how something depends on something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Dict, Enum, Float, Int, List, Unicode

from workbench.errors import InputError
from workbench.widgets.parts import wire
from workbench.widgets.parts.part import Part, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KINDS = ("number", "signed", "percent", "money")


class Plot(Part):
    """Lines, bands and bars over a number, upright marks with words; the nearest place is read out under the pointer or by the arrow keys.

    ``lines`` are ``{name, x, y, tone, dashed, dots}``, ``bands`` ``{name, x, low, high, tone}``, ``bars`` ``{name, edges, heights, tone}`` with one edge more than
    heights. ``marks`` are ``{x, text, tone}``: where the strategy itself stands, a threshold. NaN is a gap; ``tone`` a token (``up``, ``dim``, ``c2``).
    """

    part: ClassVar[str] = "plot"

    lines = List(Dict(), help="``[{name, x, y, tone, dashed, dots}]``; numbers packed.").tag(sync=True)
    bands = List(Dict(), help="``[{name, x, low, high, tone}]``; numbers packed.").tag(sync=True)
    bars = List(Dict(), help="``[{name, edges, heights, tone}]``; numbers packed.").tag(sync=True)
    marks = synced(List(Dict(), help="``[{x, text, tone}]``: dashed upright lines."))
    x_name = Unicode(help="What goes across.").tag(sync=True)
    y_name = Unicode(help="What goes up.").tag(sync=True)
    x_kind = Enum(_KINDS, "number", help="How numbers across are written.").tag(sync=True)
    y_kind = Enum(_KINDS, "number", help="How numbers upwards are written.").tag(sync=True)
    x_digits = Int(2, help="Decimals across, at most.").tag(sync=True)
    y_digits = Int(2, help="Decimals upwards, at most.").tag(sync=True)
    zero_line = synced(Float(None, allow_none=True, help="Height of a line drawn through, kept in view."))
    log = Bool(help="Whether heights are logarithmic where all are above zero.").tag(sync=True)
    badge = Unicode(help="``SYNTHETIC``, ``SIMULATED`` or empty.").tag(sync=True)
    height = Int(220, help="Height in px.").tag(sync=True)

    def show(
        self,
        *,
        lines: Iterable[Mapping[str, Any]] = (),
        bands: Iterable[Mapping[str, Any]] = (),
        bars: Iterable[Mapping[str, Any]] = (),
        marks: Iterable[Mapping[str, Any]] = (),
        **traits: object,
    ) -> None:
        """Replace what is drawn, and ``traits``, in one step.

        Raises:
            InputError: numbers that belong together are not equally many.
        """
        packed_lines = [_packed(one, ("x", "y")) for one in lines]
        packed_bands = [_packed(one, ("x", "low", "high")) for one in bands]
        packed_bars = [_packed(one, ("edges", "heights"), more=1) for one in bars]
        with self.hold_sync():
            self.lines, self.bands, self.bars = packed_lines, packed_bands, packed_bars
            self.marks = [dict(mark) for mark in marks]
            for name, value in traits.items():
                setattr(self, name, value)


def _packed(one: Mapping[str, Any], names: tuple[str, ...], *, more: int = 0) -> dict[str, Any]:
    packed = {name: wire.floats(one[name]) for name in names}
    first, *others = (len(values) // 8 for values in packed.values())
    if any(count + more != first for count in others):
        message = f"{one.get('name', '')!r} has {first:,} and {others[0]:,} numbers in {' and '.join(names)}, which do not belong together"
        raise InputError(message)
    return {**one, **packed}
