"""The fields of the form: their words, and what each of their texts means. Each reader raises an InputError that stands at its field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.market.windows import TradingWindow
from workbench.portfolio import Bracket, Sizing
from workbench.portfolio.quantity import amount, positive, share
from workbench.strategy.archetypes import archetype
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.spec import MAX_SYMBOLS
from workbench.units import instrument, session_mode, timeframe
from workbench.widgets.authoring.form import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WHOLE_SESSION = "whole session"
_LONGEST_NAME = 120
_MOST_BARS, _FEWEST_BARS = 2_000, 20
_MOST_TIME = 1_000_000
_NUMBER = re.compile(r"[-+−]?(?:\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})(?:e[-+]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:[, _'\u00a0\u202f]\d{3})+(?:\.\d{0,12})?", re.ASCII)
_WINDOW = re.compile(
    r"(?P<start>\d{1,2}:\d{2})\s*(?:-|–|\bto\b)\s*(?P<end>\d{1,2}:\d{2})(?:\s+(?P<zone>[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)+|UTC))?(?P<hold>\s+hold)?"
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: what a person reads beside it, and how its text is read."""

    label: str
    """What it is, a word or two."""
    help: str
    """What it does and how to say it, one sentence."""
    example: str
    """Shown faintly while it is empty."""
    read: Callable[[str], Any]
    """Text to value, None where empty means the default; raises InputError."""


def number(text: str, what: str) -> float:
    """Return the number that ``text`` says; thousands may be grouped.

    Raises:
        InputError: it is no number; ``what`` names the field.
    """
    folded = text.strip()
    if _GROUPED.fullmatch(folded):
        folded = re.sub(r"[, _'\u00a0\u202f]", "", folded)
    if not _NUMBER.fullmatch(folded):
        message = f"{what} is a number such as 2 or 2.5, not {_short(text)}"
        raise InputError(message)
    return float(folded.replace("−", "-"))


def count(text: str, what: str, low: int, high: int) -> int:
    """Return the whole number that ``text`` says.

    Raises:
        InputError: it is none, or not from ``low`` to ``high``.
    """
    value = number(text, what)
    if value != int(value) or not low <= value <= high:
        message = f"{what} is a whole number from {low:,} to {high:,}, not {_short(text)}"
        raise InputError(message)
    return int(value)


def parameter(text: str, name: str) -> ParameterRange:
    """Return the range that ``10``, ``10, 5, 50, 1`` or ``10, from 5 to 50 by 1`` says.

    Raises:
        InputError: it says none.
    """
    said = re.sub(r"\b(?:from|to|by|step|in|steps|of)\b|[()…;]|\.\.+", " ", text.strip())
    parts = [part for part in re.split(r"[\s,]+", said) if part]
    if len(parts) not in (1, 3, 4):
        message = f"${name} needs a value, such as 10, or a range to sweep: 10, from 5 to 50 by 1" + (
            f"; not {_short(text)}" if text.strip() else ""
        )
        raise InputError(message)
    numbers = [number(part, f"${name}") for part in parts]
    return ParameterRange.parse(numbers[0] if len(numbers) == 1 else numbers)


def money(text: str) -> float:
    """Return the capital that ``text`` says.

    Raises:
        InputError: it is no positive amount.
    """
    value = number(text.strip().removeprefix("$").removesuffix("$"), "capital")
    positive(value, "capital")
    return value


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return repr(folded if len(folded) <= 40 else f"{folded[:39]}…")  # noqa: PLR2004 - what fits under a field


def _name(text: str) -> str | None:
    folded = text.strip()
    if len(folded) > _LONGEST_NAME or not folded.isprintable():
        message = f"a name has up to {_LONGEST_NAME} printable characters"
        raise InputError(message)
    return folded or None


def _symbols(text: str) -> tuple[str, ...]:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if not parts:
        message = "say what it trades, for example SPX"
        raise InputError(message)
    found = tuple(instrument(part).symbol for part in parts[: MAX_SYMBOLS + 1])
    twice = sorted({symbol for symbol in found if found.count(symbol) > 1})
    if twice or len(found) > MAX_SYMBOLS:
        message = f"{twice[0]} is listed twice" if twice else f"a strategy trades up to {MAX_SYMBOLS} symbols"
        raise InputError(message)
    return found


def _timeframe(text: str) -> Any:  # noqa: ANN401 - a Timeframe
    if not text.strip():
        message = "say how long a bar is, for example 1d or 15m"
        raise InputError(message)
    return timeframe(text)


def _window(text: str) -> TradingWindow | str | None:
    folded = " ".join(text.split())
    if not folded:
        return None
    if folded.lower() in (WHOLE_SESSION, "session", "all", "all day"):
        return WHOLE_SESSION
    found = _WINDOW.fullmatch(folded)
    if found is None:
        message = f"a window {_short(text)} cannot be read; write 09:30-12:00 (New York) or whole session"
        raise InputError(message)
    start, end = (found[side].zfill(5) for side in ("start", "end"))
    return TradingWindow(start=start, end=end, zone=found["zone"] or NEW_YORK, flat=found["hold"] is None)


def _optional(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def reader(text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        return read(text.strip()) if text.strip() else None

    return reader


def _cost(what: str) -> Callable[[str], Any]:
    def reader(text: str) -> float:
        value = number(text, what)
        positive(value, what, zero=True)
        if value > 10_000:  # noqa: PLR2004 - a whole price
            message = f"{what} of {value:g} is more than any price"
            raise InputError(message)
        return value

    return _optional(reader)


def _quantity(text: str) -> float:
    value = number(text, "the most to hold")
    positive(value, "the most to hold")
    return value


def _share(what: str) -> Callable[[str], Any]:
    def reader(text: str) -> float:
        found = amount(text, what, "2%")
        if found.unit != "%" or found.argument is not None:
            message = f"{what} is a share of equity, for example 2%, not {_short(text)}"
            raise InputError(message)
        value = round(found.number / 100, 12)
        share(value, what)
        return value

    return _optional(reader)


def _note(text: str) -> str:
    if len(text) > 2_000:  # noqa: PLR2004 - of the record
        message = "a note has up to 2,000 characters"
        raise InputError(message)
    return text.strip()


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "archetype": Field(
            label="Idea",
            help="The family of ideas it belongs to; evidence is compared within it.",
            example="none",
            read=_optional(lambda text: archetype(text).name),
        ),
        "name": Field(label="Name", help="What people call it; empty takes the first words of the rule.", example="dip-buyer", read=_name),
        "symbols": Field(
            label="Symbol", help="What it trades; several with commas, the preview shows the first.", example="SPX", read=_symbols
        ),
        "timeframe": Field(label="Bars", help="How long one bar is.", example="1d", read=_timeframe),
        "session_mode": Field(
            label="Session", help="Hours that count; empty takes the instrument's own.", example="its own", read=_optional(session_mode)
        ),
        "window": Field(
            label="Window",
            help="When it may trade, New York: 09:30-12:00, or whole session. Add hold to keep positions after it.",
            example="09:30-12:00",
            read=_window,
        ),
        "size": Field(
            label="Size",
            help="Of one entry: 1 contract, 95% of equity, or 1% risk at the stop.",
            example="1 contract",
            read=_optional(Sizing.parse),
        ),
        "max_quantity": Field(label="At most", help="Contracts or shares of one entry.", example="no limit", read=_optional(_quantity)),
        "stop": Field(label="Stop", help="Loss that closes: 2%, 16 ticks or 2 atr.", example="2 atr", read=_optional(Bracket.parse)),
        "target": Field(label="Target", help="Gain that closes: 5%, 32 ticks or 4 atr.", example="none", read=_optional(Bracket.parse)),
        "trailing": Field(
            label="Trailing",
            help="A stop that follows the best price: 3%, 20 ticks or 3 atr.",
            example="none",
            read=_optional(Bracket.parse),
        ),
        "time_stop": Field(
            label="Time stop",
            help="Bars after which it closes.",
            example="none",
            read=_optional(lambda text: count(text, "a time stop", 1, _MOST_TIME)),
        ),
        "max_daily_loss": Field(
            label="Daily loss", help="Loss of the session that ends it, a share of equity.", example="none", read=_share("a daily loss")
        ),
        "max_position": Field(label="Position", help="Largest position, a share of equity.", example="none", read=_share("a position")),
        "slippage_ticks": Field(label="Slip, ticks", help="Ticks lost on each market fill.", example="1", read=_cost("slippage")),
        "slippage_bps": Field(label="Slip, bps", help="Basis points lost on each market fill.", example="0", read=_cost("slippage")),
        "fee_per_contract": Field(label="Fee each", help="Money per contract or share and side.", example="0", read=_cost("a fee")),
        "fee_bps": Field(label="Fee, bps", help="Basis points of the notional and side.", example="0", read=_cost("a fee")),
        "note": Field(label="Note", help="Why it should work; kept with the version.", example="why it should work", read=_note),
        "shown": Field(
            label="Bars shown",
            help=f"Bars in the preview, {_FEWEST_BARS} to {_MOST_BARS:,}.",
            example="250",
            read=lambda text: count(text, "the preview", _FEWEST_BARS, _MOST_BARS),
        ),
        "bot_name": Field(
            label="Bot name", help="Unique among your bots; empty takes the strategy's name.", example="dip-buyer-spx", read=_name
        ),
        "capital": Field(label="Capital", help="Money the bot may use.", example="100,000", read=money),
    }
)
"""Every field but the rules and their parameters."""
DECIDES = tuple(name for name in FIELDS if name not in ("shown", "bot_name", "capital"))
"""The fields that are part of the strategy."""
COSTS = ("slippage_ticks", "slippage_bps", "fee_per_contract", "fee_bps")
