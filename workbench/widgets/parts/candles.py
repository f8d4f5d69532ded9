"""A candlestick chart drawn by ourselves: bars by index (closed hours take no room), overlays, panes, markers, levels, live last bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Bytes, Dict, Int, List, Unicode

from workbench.errors import InputError
from workbench.widgets.parts import wire
from workbench.widgets.parts.part import Callback, Part, synced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.market.bars import Bars

_FIELDS = ("open", "high", "low", "close", "volume")
_LONGEST_TAIL = 400  # live bars that travel beside the packed ones before they are packed too


class Candles(Part):
    """Candles with what a strategy saw and did: drag to pan, wheel or pinch to zoom, crosshair with the values in the head line.

    ``bars`` is packed (``pack``); ``overlays`` are ``{name, values, color, pane, kind, guides}``: values (n,) with NaN where there is none, ``pane`` ``"price"`` (the
    default) or the name of a pane under it, ``kind`` ``line``, ``step`` or ``bars``, ``color`` a token (``accent``, ``stage-shadow``, ``c6``) or ``#rrggbb``, ``guides``
    dashed heights of the pane. ``markers`` are ``{at, side, text}``: ``at`` a bar's index or a time, ``side`` ``buy``, ``sell`` or ``exit``. ``levels`` are ``{from, to, price,
    kind}`` with ``kind`` ``entry``, ``stop`` or ``target``; without ``to`` they run to the last bar.
    """

    part: ClassVar[str] = "candles"

    bars = Bytes(help="Six columns of n float64, little endian: seconds since 1970, open, high, low, close, volume.").tag(sync=True)
    tail = synced(List(help="Live bars after ``bars``: ``[[seconds, open, high, low, close, volume, overlay values ...]]``."))
    overlays = List(Dict(), help="Lines over the bars and in panes under them; values packed.").tag(sync=True)
    markers = synced(List(Dict(), help="Entries and exits: ``{at (bar index), side, text}``."))
    levels = synced(List(Dict(), help="Dashed price levels: ``{from, to, price, kind}`` by bar index."))
    digits = Int(2, help="Decimals of a price.").tag(sync=True)
    zone = Unicode("America/New_York", help="IANA zone of the time axis.").tag(sync=True)
    daily = Bool(help="Bars are whole days: the axis shows dates only.").tag(sync=True)
    volume = Bool(default_value=True, help="Whether volume stands at the foot of the chart.").tag(sync=True)
    badge = Unicode(help="``SYNTHETIC``, ``SIMULATED`` or empty.").tag(sync=True)
    height = Int(420, help="Height in px.").tag(sync=True)
    visible = Int(160, help="Bars in view at first.").tag(sync=True)
    symbol = Unicode(help="What is charted, shown in the head line.").tag(sync=True)
    show_bar = synced(Int(None, allow_none=True, help="Bar index that is brought into view when set."))
    resolution = Unicode(help="Length of a bar in words, ``5 min``, shown after the symbol.").tag(sync=True)

    def __init__(self, bars: Bars | Mapping[str, Any] | None = None, **traits: object) -> None:
        """Show ``bars``: a ``Bars``, or a mapping with ``time``, ``open``, ``high``, ``low``, ``close`` and perhaps ``volume``; overlays, markers and levels as traits."""
        later: dict[str, Any] = {name: traits.pop(name) for name in ("overlays", "markers", "levels") if name in traits}
        super().__init__(**traits)
        if bars is not None:
            self.show(bars, **later)

    def show(
        self,
        bars: Bars | Mapping[str, Any],
        *,
        overlays: Iterable[Mapping[str, Any]] = (),
        markers: Iterable[Mapping[str, Any]] = (),
        levels: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Replace bars and everything drawn on them, in one step."""
        packed, facts = _packed(bars)
        with self.hold_sync():
            self.bars, self.tail = packed, []
            for name, value in facts.items():
                setattr(self, name, value)
            self.overlay(overlays)
            self.mark(markers, levels)

    def overlay(self, overlays: Iterable[Mapping[str, Any]]) -> None:
        """Replace the overlays.

        Raises:
            InputError: an overlay has not one value a bar.
        """
        chosen = [{**overlay, "values": wire.floats(overlay["values"])} for overlay in overlays]
        for one in chosen:
            found, wanted = len(one["values"]) // 8, self.count
            if found != wanted:
                message = f"overlay {one.get('name', '')!r} has {found:,} values for {wanted:,} bars; give one value a bar, NaN where there is none"
                raise InputError(message)
        self.overlays = chosen

    def mark(self, markers: Iterable[Mapping[str, Any]] = (), levels: Iterable[Mapping[str, Any]] = ()) -> None:
        """Replace markers and levels; times become bar indices."""
        self.markers = [{**marker, "at": self._index(marker["at"])} for marker in markers]
        self.levels = [
            {**level, **{end: self._index(level[end]) for end in ("from", "to") if level.get(end) is not None}} for level in levels
        ]

    def update(self, bar: Sequence[float] | Mapping[str, Any], overlays: Mapping[str, float] | None = None) -> None:
        """Change the last bar (same time) or add one (later time) and the overlays' values at it; only this bar travels.

        ``bar`` is ``(time, open, high, low, close, volume)`` or a mapping with these names; overlays that are not named get a gap.
        """
        values = [bar.get(name, 0.0) for name in ("time", *_FIELDS)] if isinstance(bar, Mapping) else list(bar)
        at = wire.seconds(values[0]) if isinstance(values[0], datetime) else float(values[0])
        given = overlays or {}
        row = wire.plain([at, *values[1:], *(given.get(str(one.get("name"))) for one in self.overlays)])
        tail = list(self.tail)
        if tail and tail[-1][0] == at:
            tail[-1] = row
        else:
            tail.append(row)
        if len(tail) > _LONGEST_TAIL:
            self._pack_tail(tail)
            return
        self.set_trait_quietly("tail", tail)
        self.send({"bar": row})

    @property
    def count(self) -> int:
        """Bars that are packed, without the live tail."""
        return len(self.bars) // 48

    def on_pick(self, callback: Callback) -> None:
        """Call ``callback(index)`` with the bar that was clicked."""
        self.listen("pick", callback, "index")

    def _index(self, at: Any) -> int:  # noqa: ANN401 - an index or a time
        """Return the bar of an index (anything that counts) or a time: the last bar that had begun by then."""
        if hasattr(at, "__index__"):
            return int(at)
        import numpy as np  # noqa: PLC0415 - only where arrays travel

        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        found = wire.values(wire.moments([moment]))[0]
        return max(0, int(np.searchsorted(wire.values(self.bars)[: self.count], found, side="right")) - 1)

    def _pack_tail(self, tail: list[list[float | None]]) -> None:
        import numpy as np  # noqa: PLC0415 - only where arrays travel

        table = wire.values(self.bars).reshape(6, -1)
        last = np.array(tail, dtype="<f8").T
        kept = table[:, : np.searchsorted(table[0], last[0, 0])]
        overlays = [
            {**one, "values": wire.floats(np.concatenate([wire.values(one["values"])[: kept.shape[1]], last[6 + position]]))}
            for position, one in enumerate(self.overlays)
        ]
        with self.hold_sync():
            self.bars, self.tail, self.overlays = wire.floats(np.concatenate([kept, last[:6]], axis=1).ravel()), [], overlays


def pack(time: bytes, columns: Sequence[Iterable[float] | NDArray[np.float64]]) -> bytes:
    """Return packed bars from packed ``time`` and the columns open, high, low, close, volume, all as long.

    Raises:
        InputError: the columns are not equally long.
    """
    packed = [wire.floats(column) for column in columns]
    if {len(column) for column in packed} - {len(time)}:
        message = f"bars need equally long columns; found {', '.join(f'{len(column) // 8:,}' for column in (time, *packed))} values"
        raise InputError(message)
    return time + b"".join(packed)


def _packed(bars: Bars | Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return packed bars and the traits that follow from them."""
    if isinstance(bars, Mapping):
        time = wire.moments(bars["time"])
        return pack(time, [*(bars[name] for name in _FIELDS[:4]), bars.get("volume", [0.0] * (len(time) // 8))]), {}
    whole_days = not bars.timeframe.intraday
    time = wire.moments(bars.trade_date if whole_days else bars.time)
    facts = {
        "digits": bars.instrument.decimals,
        "daily": whole_days,
        "zone": "UTC" if whole_days else zone_of(bars),
        "badge": "SYNTHETIC" if bars.synthetic else "",
        "symbol": bars.instrument.symbol,
        "resolution": bars.timeframe.value,
    }
    return pack(time, [getattr(bars, name) for name in _FIELDS]), facts


def zone_of(bars: Bars) -> str:
    """Return the IANA zone of the bars' calendar."""
    from workbench.market.calendars import zone  # noqa: PLC0415 - the caller has it: it made bars

    return zone(bars.instrument.calendar)
