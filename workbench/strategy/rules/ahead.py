"""Names that would look ahead: what people ask for that is not known when a rule decides, each with the reason."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError

if TYPE_CHECKING:
    from workbench.strategy.rules.tokens import Word
    from workbench.strategy.rules.vocabulary import Names

_LATER = "a rule decides at the close of a bar and knows no later one; write what happened before, such as close[1]"
_CHIKOU = (
    "the chikou span is the close of a later bar drawn 26 bars back, so on this bar it is the future; compare close with close[26] instead"
)
_REPAINTS = "it moves its earlier turning points when later bars come, so what a chart shows was not known at the time; use highest(20)[1] and lowest(20)[1]"
_CENTRED = "a centred average needs as many later bars as earlier ones; use sma or ema"

AHEAD = MappingProxyType(
    {
        **dict.fromkeys(("chikou", "chikou_span", "lagging_span", "chinkou"), _CHIKOU),
        **dict.fromkeys(("next", "tomorrow", "tomorrows", "future", "upcoming", "lead", "lookahead", "forward", "ahead"), _LATER),
        **dict.fromkeys(
            ("next_open", "next_close", "next_high", "next_low", "next_bar", "next_day", "forward_return", "future_return"), _LATER
        ),
        **dict.fromkeys(("zigzag", "zig_zag", "fractal", "fractals", "swing_high", "swing_low"), _REPAINTS),
        **dict.fromkeys(("centred", "centered", "cma"), _CENTRED),
    }
)
"""Why each name cannot stand in a rule."""


def refuse_ahead(words: list[Word], text: str, names: Names) -> None:
    """Refuse a rule whose words speak of what is not known yet; registered names and those of the text go first.

    Raises:
        RuleSyntaxError: such a word, with the reason.
    """
    for word in words:
        if word.type == "NAME" and word.value in AHEAD and word.value not in names.indicators and word.value not in names.defined:
            problem, _, hint = AHEAD[word.value].partition("; ")
            raise RuleSyntaxError(text, word.span, f"{text[word.span[0] : word.span[1]]!r} looks ahead: {problem}", hint)
