"""How a form says costs, filling, brackets and size: the fields behind the fold, and the numbers that a sweep may vary beside ``$parameters``.

Shares are written in percent in the form, as people say them, and are shares everywhere else. What is left empty is as the strategy has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.backtest.variation import VARIED
from workbench.errors import InputError
from workbench.portfolio import Costs, Filling, Sizing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.strategy.spec import StrategySpec
    from workbench.units import Instrument
    from workbench.widgets.backtest.form import Form

    Check = Callable[[str, Callable[[], Any]], Any]

FEE_ON: Mapping[str, str] = {"both": "both sides", "entry": "entry only", "exit": "exit only"}
FILL_AT: Mapping[str, str] = {"next_open": "next open", "close": "same close"}
AT_END: Mapping[str, str] = {"hold": "stay open", "close": "close at last close", "open": "close at last open"}
UNITS: Mapping[str, str] = {"": "as the instrument", "whole": "whole units", "fractions": "fractions"}
SHORTS: Mapping[str, str] = {"": "allowed", "no": "not allowed"}
_MOST_TICKS, _MOST_BPS, _MOST_MONEY, _MOST_PERCENT, _MOST_LEVERAGE = 1e6, 10_000.0, 1e6, 100.0, 100.0
_COSTS: Mapping[str, tuple[str, str, float]] = {
    "slippage": ("slippage_ticks", "slippage", _MOST_TICKS),
    "slippage_bps": ("slippage_bps", "slippage in basis points", _MOST_BPS),
    "fee": ("fee_per_contract", "the fee", _MOST_MONEY),
    "fee_bps": ("fee_bps", "the fee in basis points", _MOST_BPS),
    "fee_minimum": ("fee_minimum", "the least fee", _MOST_MONEY),
    "borrow": ("borrow_rate", "the borrow rate", _MOST_PERCENT),
}
COST_FIELDS = (*_COSTS, "fee_on")
FILLING_FIELDS = ("fill_at", "at_end", "volume_share", "leverage", "maintenance", "units", "shorts")
_TITLES = {"stop": "stop", "target": "target", "trailing": "trailing stop", "time_stop": "time stop", "size": "size"}
_BRACKET_UNITS = {"percent": "%", "ticks": "ticks", "atr": "× ATR"}
_SIZE_UNITS = {"fraction": "% of equity", "risk": "% at risk"}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A bracket or the size as a number that can be changed and varied."""

    name: str
    """What a grid calls it: stop, target, trailing, time_stop or size."""
    title: str
    """What a person calls it, with its unit: ``stop, %``."""
    value: float
    """What the strategy says, in that unit."""


def guards_of(spec: StrategySpec, instrument: Instrument) -> dict[str, Guard]:
    """Return the brackets that a strategy has, and its size, by name; a name that is a ``$parameter`` is left out."""
    found = {
        name: (_BRACKET_UNITS[guard.kind], _in_percent(guard.value, share=guard.kind == "percent"))
        for name, guard in spec.brackets.guards.items()
    }
    if spec.brackets.time_stop_bars is not None:
        found["time_stop"] = ("bars", float(spec.brackets.time_stop_bars))
    sizing = spec.sizing or Sizing.of(instrument)
    fixed = sizing.kind == "fixed"
    found["size"] = (
        _SIZE_UNITS.get(sizing.kind) or ("contracts" if instrument.margined else "units"),
        _in_percent(sizing.value, share=not fixed),
    )
    return {
        name: Guard(name=name, title=f"{_TITLES[name]}, {found[name][0]}", value=found[name][1])
        for name in VARIED
        if name in found and name not in spec.parameters
    }


def cost_values(costs: Costs | None) -> dict[str, Any]:
    """Return how costs stand in a form."""
    if costs is None:
        return {}
    found = {name: getattr(costs, field) for name, (field, _, _) in _COSTS.items()}
    return found | {"borrow": _in_percent(costs.borrow_rate), "fee_on": costs.fee_on}


def filling_values(filling: Filling) -> dict[str, Any]:
    """Return how filling stands in a form."""
    return {
        "fill_at": filling.fill_at,
        "at_end": filling.at_end,
        "volume_share": None if filling.volume_share is None else _in_percent(filling.volume_share),
        "leverage": filling.leverage,
        "maintenance": None if filling.maintenance is None else _in_percent(filling.maintenance),
        "units": {None: "", False: "whole", True: "fractions"}[filling.fractional],
        "shorts": "" if filling.short else "no",
    }


def costs_of(check: Check, form: Form, usual: Costs) -> Costs:
    """Return the costs that a form says; what is empty, or wrong and said so by ``check``, is as usual."""
    changes: dict[str, Any] = {
        "fee_on": check("fee_on", lambda: _known(form.fee_on or usual.fee_on, FEE_ON, "side that pays")) or usual.fee_on
    }
    for name, (field, what, most) in _COSTS.items():
        found = _given(check, form, name, partial(within, getattr(form, name), 0.0, most, what))
        if found is not None:
            changes[field] = found / 100.0 if name == "borrow" else found
    return Costs.from_dict({**{name: getattr(usual, name) for name in Costs.__dataclass_fields__}, **changes})


def filling_of(check: Check, form: Form, usual: Filling) -> Filling:
    """Return the filling that a form says; what is wrong is said by ``check``."""
    shares = {
        name: _given(check, form, name, partial(_share, getattr(form, name), what))
        for name, what in (("volume_share", "the share of volume"), ("maintenance", "maintenance"))
    }
    leverage = check("leverage", lambda: within(1.0 if form.leverage is None else form.leverage, 1.0, _MOST_LEVERAGE, "leverage"))
    return Filling(
        fill_at=check("fill_at", lambda: _known(form.fill_at, FILL_AT, "moment of filling")) or usual.fill_at,
        at_end=check("at_end", lambda: _known(form.at_end, AT_END, "way to end")) or usual.at_end,
        leverage=leverage or usual.leverage,
        fractional={"": None, "whole": False, "fractions": True}[check("units", lambda: _known(form.units, UNITS, "kind of units")) or ""],
        short=check("shorts", lambda: _known(form.shorts, SHORTS, "word about shorts")) != "no",
        **shares,
    )


def within(value: float | None, least: float, most: float, what: str, *, above: bool = False) -> float:
    """Return ``value``.

    Raises:
        InputError: it is missing, not above (or at) ``least``, or beyond ``most``.
    """
    if value is None:
        message = f"{what} is missing; write a number"
        raise InputError(message)
    if not (least < value <= most if above else least <= value <= most):
        message = f"{what} must be {'above' if above else 'at least'} {least:g} and at most {most:g}, not {value:g}"
        raise InputError(message)
    return float(value)


def whole(value: float | None, least: int, most: int, what: str) -> int:
    """Return ``value`` as a whole number.

    Raises:
        InputError: it is missing, outside the limits, or no whole number.
    """
    found = within(value, least, most, what)
    if not found.is_integer():
        message = f"{what} is a whole number, not {found:g}"
        raise InputError(message)
    return int(found)


def _given(check: Check, form: Form, name: str, act: Callable[[], float]) -> float | None:
    """What ``act`` makes of a field; None where it is empty."""
    if getattr(form, name) is None and not form.wrong.get(name):
        return None
    found: float | None = check(name, act)
    return found


def _share(value: float | None, what: str) -> float:
    return round(within(value, 0.0, _MOST_PERCENT, what, above=True) / 100.0, 12)


def _known(value: str, known: Mapping[str, str], what: str) -> str:
    if value not in known:
        message = f"no such {what}: {str(value)[:40]!r}; choose {', '.join(known.values())}"
        raise InputError(message)
    return value


def _in_percent(value: float, *, share: bool = True) -> float:
    return round(value * 100.0, 10) if share else float(value)
