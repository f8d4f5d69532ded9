"""How parsed rules show themselves in a notebook: canonical text, confidence, readings and warnings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.rules.parse import ParsedRule

_TITLES = {"entry_long": "buy when", "exit_long": "sell when", "entry_short": "short when", "exit_short": "cover when"}


def frame(title: str, badge: str, body: str) -> str:
    """Return a card with a title line, a word at its right, and HTML under it; colours and fonts are the house's."""
    head = f'<b style="color:{look.TEXT}">{escape(title)}</b><span style="float:right;color:{look.DIM}">{escape(badge)}</span>'
    style = (
        f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};padding:12px 16px;max-width:1100px;font:13px/1.5 {look.SANS}"
    )
    return f'<div class="wb-card" style="{style}"><div style="margin-bottom:8px">{head}</div>{body}</div>'


def table(rows: Mapping[str, str]) -> str:
    """Return a two-column table of labels and values; both are escaped, values set in the monospaced face."""
    label = f"color:{look.FAINT};font:12px/1.6 {look.SANS};text-align:left;padding:2px 16px 2px 0;white-space:nowrap;vertical-align:top;background:none"
    value = f"color:{look.TEXT};text-align:left;padding:2px 0;font-family:{look.MONO};font-size:12px;background:none;white-space:pre-wrap"
    cells = "".join(f'<tr><td style="{label}">{escape(key)}</td><td style="{value}">{escape(text)}</td></tr>' for key, text in rows.items())
    return f'<table style="border-collapse:collapse;margin:0;background:none">{cells}</table>'


def rule_html(rules: Mapping[str, ParsedRule]) -> str:
    """Return the card of parsed rules by direction."""
    rows = {f"{_TITLES.get(name, name)}{' (fallback)' if rule.fallback else ''}": rule.canonical for name, rule in rules.items()}
    confidence = min(rule.confidence for rule in rules.values())
    return frame("Reading", f"confidence {look.percent(confidence, 0)}", table(rows) + notes(rules))


def notes(rules: Mapping[str, ParsedRule]) -> str:
    """Return the readings and warnings of ``rules`` as lines under a table, empty where there are none."""
    stands = [str(rule.fallback) for rule in rules.values() if rule.fallback]
    warned = dict.fromkeys(advice.message for rule in rules.values() for advice in rule.warnings)
    read = dict.fromkeys(f"{entry.said} → {entry.meant}" for rule in rules.values() for entry in rule.reading if entry.doubt > 0)
    lines = [(look.STATUS["warning"], message) for message in (*stands, *warned)]
    lines += [(look.STATUS["info"], f"read as: {' · '.join(read)}")] if read else []
    return "".join(
        f'<div style="color:{look.DIM};font-size:12px;margin-top:6px"><span style="color:{colour}">{glyph}</span> {escape(text)}</div>'
        for (glyph, colour), text in lines
    )
