from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from workbench.errors import InputError
from workbench.market import synthetic
from workbench.widgets import parts
from workbench.widgets.parts import wire

TIMES = [1_000.0, 1_060.0, 1_120.0]
BARS = {
    "time": TIMES,
    "open": [1.0, 2.0, 3.0],
    "high": [2.0, 3.0, 4.0],
    "low": [0.5, 1.5, 2.5],
    "close": [1.5, 2.5, 3.5],
    "volume": [10.0, 20.0, 30.0],
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What charts send to the browser, beside their traits."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(parts.Candles, "send", lambda _self, content, **_buffers: messages.append(content))
    return messages


def test_bars_travel_as_bytes_not_lists() -> None:
    """Six columns of float64, time first, as one buffer."""
    chart = parts.Candles(BARS)

    assert np.array_equal(
        wire.values(chart.get_state()["bars"]).reshape(6, 3), [BARS[name] for name in ("time", "open", "high", "low", "close", "volume")]
    )
    assert chart.count == 3


def test_checked_bars_bring_their_facts() -> None:
    """Digits, zone, symbol and the badge follow from the bars; intraday times are open times, days are trade dates."""
    minutes, days = synthetic("SYN", "5m").head(100), synthetic("SYN", "1d").head(20)
    chart, daily = parts.Candles(minutes), parts.Candles(days)

    assert (chart.badge, chart.symbol, chart.daily, chart.resolution) == ("SYNTHETIC", "SYN", False, "5m")
    assert wire.values(chart.bars)[0] == minutes.time[0] / 1e9
    assert (daily.daily, daily.zone) == (True, "UTC")
    assert datetime.fromtimestamp(wire.values(daily.bars)[0], UTC).date() == days.trade_date[0].astype(date)


@pytest.mark.parametrize(("bars", "words"), [({**BARS, "close": [1.0]}, "equally long"), ({**BARS, "time": TIMES[:2]}, "equally long")])
def test_columns_of_different_length_are_refused(bars: dict[str, Any], words: str) -> None:
    """The message says how many values were found."""
    with pytest.raises(InputError, match=words):
        parts.Candles(bars)


def test_an_overlay_has_one_value_a_bar() -> None:
    """Another length is refused with both numbers; the right one travels as bytes."""
    with pytest.raises(InputError, match="'sma' has 2 values for 3 bars"):
        parts.Candles(BARS, overlays=[{"name": "sma", "values": [1.0, 2.0]}])
    chart = parts.Candles(BARS, overlays=[{"name": "sma", "values": [np.nan, 1.0, 2.0], "color": "accent"}])

    assert len(chart.overlays[0]["values"]) == 24


@pytest.mark.parametrize(
    "at", [1, np.int64(1), datetime.fromtimestamp(1_060, UTC), datetime.fromtimestamp(1_090, UTC), "1970-01-01T00:17:45+00:00"]
)
def test_markers_stand_at_an_index_or_a_time(at: Any) -> None:
    """A time finds the bar that it falls into."""
    chart = parts.Candles(BARS, markers=[{"at": at, "side": "buy"}], levels=[{"from": at, "price": 2.0, "kind": "stop"}])

    assert chart.markers == [{"at": 1, "side": "buy"}]
    assert chart.levels == [{"from": 1, "price": 2.0, "kind": "stop"}]


def test_a_live_bar_travels_alone(sent: list[dict[str, Any]]) -> None:
    """The same time changes the last bar, a later one adds; pages that open later get the tail."""
    chart = parts.Candles(BARS, overlays=[{"name": "sma", "values": [1.0, 1.0, 1.0]}])
    chart.update((1_120.0, 3.0, 5.0, 2.5, 4.5, 31.0), {"sma": 2.0})
    chart.update({"time": datetime.fromtimestamp(1_180, UTC), "open": 4.5, "high": 4.5, "low": 4.0, "close": 4.0})

    assert sent == [{"bar": [1_120.0, 3.0, 5.0, 2.5, 4.5, 31.0, 2.0]}, {"bar": [1_180.0, 4.5, 4.5, 4.0, 4.0, 0.0, None]}]
    assert chart.get_state()["tail"] == [message["bar"] for message in sent]


def test_a_long_tail_is_packed(sent: list[dict[str, Any]]) -> None:
    """After four hundred live bars they are packed with the others, overlays too, none lost and none twice."""
    chart = parts.Candles(BARS, overlays=[{"name": "sma", "values": [1.0, 1.0, 1.0]}])
    for step in range(401):
        chart.update((1_120.0 + 60 * step, 1.0, 2.0, 0.5, float(step), 5.0), {"sma": float(step)})
    table = wire.values(chart.bars).reshape(6, -1)

    assert (chart.count, chart.tail, len(sent)) == (403, [], 400)
    assert list(table[0]) == [1_000.0 + 60 * step for step in range(403)]
    assert list(table[4][2:]) == [float(step) for step in range(401)]
    assert list(wire.values(chart.overlays[0]["values"])[:4]) == [1.0, 1.0, 0.0, 1.0]


def test_lines_have_one_value_a_time() -> None:
    """A curve packs its lines; a line of another length is refused by name."""
    curve = parts.Curve([{"name": "equity", "values": [1.0, 2.0, np.nan]}], TIMES)
    assert len(curve.series[0]["values"]) == len(curve.times) == 24
    with pytest.raises(InputError, match="'benchmark' has 1 values for 3 times"):
        curve.show([{"name": "benchmark", "values": [1.0]}], TIMES)


def test_a_heat_map_has_one_value_a_cell() -> None:
    """Rows times columns, by nested lists or an array."""
    heat = parts.HeatMap([1, 2, 3], ["a", "b"], np.arange(6.0).reshape(2, 3))
    assert list(wire.values(heat.z)) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    with pytest.raises(InputError, match="2 rows and 3 columns needs 6 values, not 4"):
        heat.show([1, 2, 3], ["a", "b"], [[1, 2], [3, 4]])


def test_cells_are_picked_only_when_someone_listens() -> None:
    """Listening makes the map pickable; the callback gets column and row."""
    heard: list[tuple[int, int]] = []
    heat = parts.HeatMap([1, 2], ["a"], [[1.0, 2.0]])
    heat.on_pick(lambda x, y: heard.append((x, y)))
    heat._handle_custom_msg({"did": "pick", "x": 1, "y": 0}, [])

    assert heat.pickable
    assert heard == [(1, 0)]
