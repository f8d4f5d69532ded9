"""The look: one palette, one plotly template, one way to write a number. Every face reads it from here.

Contrasts on ``BG1`` are computed by a test: text at least 12:1, dim 7:1, labels 4.5:1. Colour is never the only sign: gains carry ▲,
losses ▼, statuses a glyph and a word.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import timedelta

BG0, BG1, BG2 = "#0a0e12", "#10151b", "#172029"  # page, panel, raised or hover
LINE = "#25303b"  # hairlines
TEXT, DIM, FAINT = "#dbe3ea", "#98a6b4", "#7c8996"  # primary, secondary, labels
ACCENT = "#f5b041"  # brand, focus, the one primary action of a view
UP, DOWN = "#2ec4b6", "#ff6b4a"  # gain and loss; told apart under red-green blindness
INFO, WARN, CRITICAL = "#5aa9ff", "#ffd166", "#ff4d6d"
STAGES = MappingProxyType({"LAB": "#93a1af", "PAPER": "#5aa9ff", "SHADOW": "#b39ddb", "CANARY": "#ffd166", "LIVE": "#2ec4b6"})
CATEGORICAL = (*STAGES.values(), "#f78fb3", "#7bd389", "#c7a17a")
DIVERGING = ((0.0, DOWN), (0.5, BG2), (1.0, UP))

# The same roles on white, for print and light themes.
LIGHT = MappingProxyType(
    {
        "bg-0": "#ffffff",
        "bg-1": "#ffffff",
        "bg-2": "#f2f5f7",
        "line": "#d3dae0",
        "text": "#12181e",
        "dim": "#46535f",
        "faint": "#5f6c78",
        "accent": "#8a5a00",
        "up": "#0b7a70",
        "down": "#c23a1b",
        "info": "#1560b3",
        "warn": "#7d5c00",
        "critical": "#c0173c",
    }
)
LIGHT_STAGES = MappingProxyType({"LAB": "#566370", "PAPER": "#1560b3", "SHADOW": "#6a4aa8", "CANARY": "#7d5c00", "LIVE": "#0b7a70"})
LIGHT_CATEGORICAL = (*LIGHT_STAGES.values(), "#b02a62", "#2c7a35", "#7d5a2c")
DARK = MappingProxyType(
    {
        "bg-0": BG0,
        "bg-1": BG1,
        "bg-2": BG2,
        "line": LINE,
        "text": TEXT,
        "dim": DIM,
        "faint": FAINT,
        "accent": ACCENT,
        "up": UP,
        "down": DOWN,
        "info": INFO,
        "warn": WARN,
        "critical": CRITICAL,
    }
)

SANS = "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, system-ui, sans-serif"
MONO = "'JetBrains Mono', 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

STATUS = MappingProxyType(
    {
        "ok": ("●", UP),
        "running": ("●", UP),
        "paused": ("❚❚", WARN),
        "stopped": ("■", DIM),
        "error": ("▲", CRITICAL),
        "info": ("●", INFO),
        "warning": ("▲", WARN),
        "critical": ("■", CRITICAL),
        "pass": ("✓", UP),
        "fail": ("✗", DOWN),
        "not_yet": ("…", INFO),
    }
)

MISSING = "–"
MINUS = "\u2212"
_DIGITS = 2


def css_variables() -> str:
    """Return the palette as CSS: dark by default, light when printed."""
    dark = "".join(f"--wb-{name}:{value};" for name, value in DARK.items())
    light = "".join(f"--wb-{name}:{value};" for name, value in LIGHT.items())
    stages = "".join(f"--wb-stage-{name.lower()}:{value};" for name, value in STAGES.items())
    return f":root{{{dark}{stages}--wb-sans:{SANS};--wb-mono:{MONO};}}@media print{{:root{{{light}}}}}"


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two ``#rrggbb`` colours, 1 to 21.

    Source: WCAG 2.2, definition of contrast ratio and relative luminance.
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[position : position + 2], 16) / 255 for position in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)  # noqa: PLR2004 - WCAG
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def number(value: float | None, digits: int = _DIGITS) -> str:
    """Return ``value`` with thousands separated, a real minus sign and ``digits`` decimals; a dash when it is missing."""
    if value is None or not math.isfinite(value):
        return MISSING if value is None or math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    text = f"{abs(value):,.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) != 0 else text


def signed(value: float | None, digits: int = _DIGITS) -> str:
    """Return ``number`` with a plus sign before gains."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text != MISSING and any(c in "123456789∞" for c in text) else text


def percent(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """Return a share (0.125) as percent (``12.5 %``), signed on demand."""
    shown = None if value is None else value * 100
    text = signed(shown, digits) if sign else number(shown, digits)
    return text if text == MISSING else f"{text} %"


def money(value: float | None, currency: str = "", digits: int = _DIGITS, *, sign: bool = False) -> str:
    """Return an amount with its currency behind it."""
    text = signed(value, digits) if sign else number(value, digits)
    return text if text == MISSING or not currency else f"{text} {currency}"


def arrow(value: float | None) -> str:
    """Return ▲ for a gain, ▼ for a loss, nothing for zero or missing."""
    if value is None or math.isnan(value) or value == 0:
        return ""
    return "▲" if value > 0 else "▼"


def age(span: timedelta) -> str:
    """Return an age as a person says it: ``12 s``, ``4 min``, ``3 h``, ``2 d``."""
    seconds = max(0.0, span.total_seconds())
    for limit, unit, length in ((120, "s", 1), (7200, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def status(name: str) -> str:
    """Return the glyph and the word of a status: ``● running``."""
    glyph, _ = STATUS[name]
    return f"{glyph} {name.replace('_', ' ')}"


def template() -> Any:  # noqa: ANN401 - a plotly template; plotly is imported late
    """Return the plotly template ``workbench``, registered and made the default of this process."""
    import plotly.graph_objects as go  # noqa: PLC0415 - drawing only
    import plotly.io as pio  # noqa: PLC0415 - drawing only

    if "workbench" not in pio.templates:
        axis = {
            "gridcolor": LINE,
            "gridwidth": 1,
            "zeroline": False,
            "showline": False,
            "ticks": "",
            "tickfont": {"family": MONO, "size": 11, "color": FAINT},
            "title": {"font": {"size": 11, "color": FAINT}, "standoff": 8},
            "automargin": True,
        }
        pio.templates["workbench"] = go.layout.Template(
            layout={
                "paper_bgcolor": BG1,
                "plot_bgcolor": BG1,
                "font": {"family": SANS, "size": 12, "color": TEXT},
                "title": {"font": {"size": 13, "color": TEXT}, "x": 0.0, "xanchor": "left", "xref": "container", "pad": {"l": 12, "t": 4}},
                "colorway": list(CATEGORICAL),
                "xaxis": {**axis, "showgrid": False},
                "yaxis": {**axis, "side": "right"},
                "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11, "color": DIM}},
                "margin": {"l": 12, "r": 64, "t": 44, "b": 28},
                "hovermode": "x unified",
                "hoverlabel": {"bgcolor": BG2, "bordercolor": LINE, "font": {"family": MONO, "size": 11, "color": TEXT}},
                "colorscale": {"sequential": "Viridis", "diverging": [list(stop) for stop in DIVERGING]},
            }
        )
        pio.templates.default = "workbench"
    return pio.templates["workbench"]
