"""The form as Python: what it does, three lines of a notebook cell do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.market.windows import TradingWindow
from workbench.portfolio import Bracket, Sizing
from workbench.portfolio.quantity import plain
from workbench.strategy.parameter_range import ParameterRange
from workbench.widgets.authoring.fields import money
from workbench.widgets.authoring.form import NEW_YORK

if TYPE_CHECKING:
    from workbench.widgets.authoring.form import Form
    from workbench.widgets.authoring.reading import Reading

_WIDE = 100


def code(form: Form, reading: Reading) -> str:
    """Return the cell that makes the same strategy, backtests it and makes the bot; empty while the form says no strategy."""
    if reading.strategy is None:
        return ""
    options = [f"{name}={said(value)}" for name, value in reading.options.items()]
    line = ", ".join(options)
    text = _quoted(reading.text)
    split = len(line) + len(text) > _WIDE or "\n" in text
    call = f"idea = wb.strategy({text},\n    {line})" if split else f"idea = wb.strategy({text}, {line})"
    zone = any(isinstance(value, TradingWindow) for value in reading.options.values()) and "TradingWindow(" in line
    head = ["from workbench.market import TradingWindow"] if zone else []
    symbol, bar = reading.strategy.spec.symbols[0], reading.strategy.spec.timeframe.value
    bot = form.bot_name.strip() or reading.strategy.name
    return "\n".join(
        [
            *head,
            call,
            f"result = bench.backtest(idea, bench.bars({symbol!r}, {bar!r}))",
            f"bot = bench.bots.create(idea, name={bot!r}, capital={_capital(form)})",
        ]
    )


def said(value: Any) -> str:  # noqa: ANN401 - the value of an option
    """Return an option as a person would type it."""
    for kind, write in _SAID.items():
        if isinstance(value, kind):
            return str(write(value))
    return repr(getattr(value, "value", value))


def _size(value: Sizing) -> str:
    return repr(str(value).removesuffix(" of equity") if value.kind == "fraction" else str(value))


def _range(value: ParameterRange) -> str:
    numbers = [plain(number) for number in (value.default, value.low, value.high, value.step)]
    return numbers[0] if value.fixed else f"({', '.join(numbers)})"


def _window(value: TradingWindow) -> str:
    if value.zone == NEW_YORK and value.flat:
        return repr(f"{value.start}-{value.end}")
    return f"TradingWindow(start={value.start!r}, end={value.end!r}, zone={value.zone!r}, flat={value.flat})"


def _several(value: tuple[Any, ...]) -> str:
    return said(value[0]) if len(value) == 1 else f"({', '.join(said(entry) for entry in value)})"


def _named(value: dict[str, Any]) -> str:
    return f"{{{', '.join(f'{name!r}: {said(entry)}' for name, entry in value.items())}}}"


_SAID: dict[type, Any] = {
    Bracket: lambda value: repr(str(value)),
    Sizing: _size,
    ParameterRange: _range,
    TradingWindow: _window,
    tuple: _several,
    dict: _named,
    float: plain,
}


def _quoted(text: str) -> str:
    if "\n" not in text or '"""' in text or "\\" in text or text.endswith('"'):
        return repr(text)
    return f'"""{text}"""'


def _capital(form: Form) -> str:
    try:
        value = money(form.capital)
        return f"{int(value):_}" if value.is_integer() else plain(value)
    except InputError:
        return "100_000"
