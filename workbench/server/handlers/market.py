"""``/market/status``: which instruments trade now, since when and until when, by their own calendars."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from workbench import clock
from workbench.server.handlers.base import Asked, Call, Room, endpoint
from workbench.units import instrument

USUAL = ("ES", "NQ", "CL", "AAPL", "EURUSD", "BTCUSDT")


class MarketQuery(Asked):
    """Which instruments."""

    symbols: Annotated[str, Field(max_length=400, description="separated by commas")] = ",".join(USUAL)


class Market(Room):
    """Open or closed."""

    @endpoint("desk.read", "Whether each instrument's market is open, and when that changes.", query=MarketQuery)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return one entry a symbol."""
        names = [name for name in call.query.symbols.split(",") if name.strip()][:50]
        now = clock.now()
        return {"at": now, "markets": [status(name, now) for name in names]}


def status(symbol: str, now: datetime) -> dict[str, Any]:
    """Return whether the market of ``symbol`` is open at ``now``, and the session that is on or comes next."""
    import numpy as np  # noqa: PLC0415 - calendars bring pandas; a server without this page does not pay

    from workbench.market.calendars import session_table  # noqa: PLC0415

    entry = instrument(symbol)
    table = session_table(entry.calendar, entry.session_mode)
    at = int(now.timestamp() * 1e9)
    row = int(np.searchsorted(table.close, at, side="right"))
    known = row < len(table.close)
    opens = datetime.fromtimestamp(int(table.open[row]) / 1e9, UTC) if known else None
    closes = datetime.fromtimestamp(int(table.close[row]) / 1e9, UTC) if known else None
    on = opens is not None and opens <= now
    return {
        "symbol": entry.symbol,
        "name": entry.name,
        "open": on,
        "opens_at": opens,
        "closes_at": closes,
        "trade_date": str(table.trade_date[row]) if known else None,
        "zone": table.zone,
        "session_mode": str(entry.session_mode.value),
        "synthetic": entry.synthetic,
    }


ROUTES = [(r"/workbench/api/market/status", Market)]
