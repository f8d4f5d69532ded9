"""The form as a person filled it in: text in every field, nothing checked, nothing lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self

from workbench.portfolio.quantity import percent, plain
from workbench.strategy.rules.statements import DIRECTIONS, WORDS_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.market.windows import TradingWindow
    from workbench.portfolio import Sizing
    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.spec import StrategySpec

LONGEST = 4_100
"""Characters of one field; a little more than a strategy text may have, so that the parser says what is wrong."""
NEW_YORK = "America/New_York"


@dataclass(frozen=True, kw_only=True)
class Form:
    """Everything the authoring desk asks for, as text; an empty field means the default."""

    mode: str = "sentence"
    """``sentence`` (one text with *buy when ...; sell when ...*) or ``directions`` (one condition each)."""
    text: str = ""
    entry_long: str = ""
    exit_long: str = ""
    entry_short: str = ""
    exit_short: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Text of each ``$parameter`` by name; those that no rule uses at the moment are kept."""
    archetype: str = ""
    name: str = ""
    symbols: str = "SPX"
    timeframe: str = "1d"
    session_mode: str = ""
    window: str = ""
    size: str = ""
    max_quantity: str = ""
    stop: str = ""
    target: str = ""
    trailing: str = ""
    time_stop: str = ""
    slippage_ticks: str = ""
    slippage_bps: str = ""
    fee_per_contract: str = ""
    fee_bps: str = ""
    max_daily_loss: str = ""
    max_position: str = ""
    note: str = ""
    shown: str = "250"
    """Bars of the preview."""
    bot_name: str = ""
    capital: str = "100,000"

    @property
    def blank(self) -> bool:
        """Whether no rule has been written yet."""
        return not any(text.strip() for text in self.editors.values())

    @property
    def editors(self) -> dict[str, str]:
        """The rule texts that count in this mode, by editor: ``text``, or the four directions."""
        return {"text": self.text} if self.mode == "sentence" else {name: getattr(self, name) for name in DIRECTIONS}

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self) | {"parameters": dict(self.parameters)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the form of a record; what is unknown is left out and what is no text becomes text, so that old drafts open."""
        known = {entry.name for entry in fields(cls)} - {"parameters"}
        given = {name: _text(value) for name, value in record.items() if name in known}
        ranges = record.get("parameters")
        kept = {_text(name): _text(value) for name, value in ranges.items()} if isinstance(ranges, dict) else {}
        form = cls(**given, parameters=kept)
        return form if form.mode in ("sentence", "directions") else replace(form, mode="sentence")

    @classmethod
    def of(cls, spec: StrategySpec, source: str = "") -> Self:
        """Return the form that says ``spec``; ``source`` is kept as the text where it is what the rules were read from."""
        rules = ";\n".join(f"{WORDS_OF[name]} {text}" for name, text in spec.rules.items())
        costs = spec.costs.to_dict() if spec.costs else {}
        limits, guards = spec.limits, {name: str(guard) for name, guard in spec.brackets.guards.items()}
        return cls(
            text=source or rules,
            **dict(spec.rules),
            **guards,
            **{name: plain(value) for name, value in costs.items()},
            parameters={name: ranged(range_) for name, range_ in spec.parameters.items()},
            archetype=spec.archetype or "",
            name=spec.name,
            symbols=", ".join(spec.symbols),
            timeframe=spec.timeframe.value,
            session_mode=spec.session_mode.value if spec.session_mode else "",
            window=_window(spec.window) if spec.window else ("whole session" if spec.timeframe.intraday else ""),
            size=_size(spec.sizing),
            max_quantity=_optional(spec.sizing.max_quantity),
            time_stop=_optional(spec.brackets.time_stop_bars),
            max_daily_loss="" if limits.max_daily_loss is None else percent(limits.max_daily_loss),
            max_position="" if limits.max_position is None else percent(limits.max_position),
            note=spec.provenance.note,
        )


def ranged(range_: ParameterRange) -> str:
    """Return a parameter's range as the form writes it: ``10`` or ``10, 5, 50, 1``."""
    numbers = (range_.default,) if range_.fixed else (range_.default, range_.low, range_.high, range_.step)
    return ", ".join(plain(value) for value in numbers)


def _text(value: object) -> str:
    return ("" if value is None else value if isinstance(value, str) else str(value))[:LONGEST]


def _window(window: TradingWindow) -> str:
    zone = "" if window.zone == NEW_YORK else f" {window.zone}"
    return f"{window.start}-{window.end}{zone}{'' if window.flat else ' hold'}"


def _size(sizing: Sizing) -> str:
    return str(sizing).partition(", at most")[0]


def _optional(value: float | None) -> str:
    return "" if value is None else plain(value)
