"""The gallery's forms: buttons, fields, the rule editor with a small reader of its own."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from workbench.errors import InputError, nearest
from workbench.widgets import parts as p

_WORDS = {"buy", "sell", "when", "and", "or", "not", "crosses", "above", "below", "short", "cover"}
_INDICATORS = {"rsi", "sma", "ema", "atr", "macd", "bollinger"}
_PRICES = {"open", "high", "low", "close", "volume"}
_TOKEN = re.compile(
    r"(?P<param>\$\w+)|(?P<time>\d{1,2}:\d{2})|(?P<number>\d+(?:\.\d+)?)|(?P<word>[a-z_]\w*)|(?P<operator>[<>=+\-*/]+)", re.IGNORECASE
)


def section() -> Any:  # noqa: ANN401 - a grid
    """Return the panels with buttons, fields and the rule editor."""
    return p.Grid([p.Panel("Buttons", _buttons()), p.Panel("Fields", _fields()), p.Panel("Rules", _rules())], "1fr 1fr 1fr")


def _buttons() -> list[Any]:
    slow = p.Button("Run backtest", "primary", shortcut="Ctrl+Enter")
    slow.on_click(_slow(slow))
    failing = p.Button("Fails politely")
    failing.on_click(_fail)
    return [
        p.Row(slow, p.Button("Save draft"), failing),
        p.Row(
            p.Button("Stop es-orb", "danger", confirm="Its 2 open orders are cancelled; its position of 2 ES stays.", reason=True),
            p.Button("Forget draft", confirm=True),
        ),
        p.Row(p.Button("Request promotion to PAPER", "primary", disabled=True, why="3 gates fail")),
        p.Row(p.Button("Busy", busy=True), p.Button("Kill", "danger", disabled=True, why="operators only")),
        p.Button("Seal evidence", done="sealed as b91c4e77"),
        p.Button("Publish", error="the store is read-only; ask an operator to end maintenance"),
    ]


def _slow(button: p.Button) -> Any:  # noqa: ANN401 - a coroutine function
    async def run(reason: str) -> None:
        del reason
        await asyncio.sleep(1)
        button.done = "312 trades, Sharpe 1.84"

    return run


def _fail(reason: str) -> None:
    del reason
    message = "no such symbol 'ESX'; did you mean ES?"
    raise InputError(message)


def _fields() -> list[Any]:
    return [
        p.Row(
            p.Text("Name", "es-orb", help="Small letters, digits, dashes.", mono=True),
            p.Text("Symbol", "ESX", error="no symbol 'ESX'; did you mean ES?", mono=True),
        ),
        p.Row(
            p.Number("Capital", 100_000.0, least=0.0, unit="USD", step=1_000.0),
            p.Number("Stop", 12.0, least=1.0, most=200.0, unit="ticks"),
            p.Number("Fee", 0.02, digits=2, unit="bps", step=0.01),
        ),
        p.Row(
            p.Choice(
                "Archetype",
                [("trend", "Trend following"), ("revert", "Mean reversion"), {"value": "carry", "title": "Carry", "disabled": True}],
            ),
            p.Text("From", "2024-01-02", kind="date"),
        ),
        p.Choice("Session", [("rth", "Regular"), ("eth", "Electronic"), ("24x7", "24 × 7")], kind="segments"),
        p.Choice("Months", ["Jan", "Feb", "Mar", "Apr"], ["Jan", "Mar"], many=True),
        p.Row(p.Toggle("Fill at the open", value=True), p.Toggle("Short sales", disabled=True, why="not in this account")),
        p.Text("Role", "researcher", disabled=True, why="Only an admin changes roles."),
        p.Text("Reason", kind="multiline", placeholder="Why, in a sentence; it goes into the audit trail"),
    ]


def _rules() -> list[Any]:
    good = p.RuleEditor("Entry long", "rsi(14) crosses below 30\nand close > sma($slow)", note="confidence 96 %")
    wrong = p.RuleEditor("Exit long", "rsi(14) > 70 or close > smaa(200)")
    for editor in (good, wrong):
        read(editor, editor.text)
        editor.on_text(lambda text, editor=editor: read(editor, text))
    return [
        good,
        wrong,
        p.RuleEditor("Entry short", placeholder="sell when rsi(2) > 90", help="Optional."),
        p.RuleEditor("Locked", "close > open", disabled=True, why="A running bot's rule cannot change; make a version."),
    ]


def read(editor: p.RuleEditor, text: str) -> None:
    """Colour ``text`` and point at names that are no indicators: a stand-in for the strategy language."""
    spans, errors = [], []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "name"
        word = found[0].lower()
        if kind == "word":
            kind = "keyword" if word in _WORDS else "indicator" if word in _INDICATORS else "price" if word in _PRICES else "name"
        if kind == "name":
            close = nearest(word, _INDICATORS | _PRICES | _WORDS, 1)
            errors.append(
                {
                    "from": found.start(),
                    "to": found.end(),
                    "message": f"no indicator “{word}”" + (f"; did you mean {close[0]}?" if close else ""),
                    "suggestion": close[0] if close else "",
                }
            )
        spans.append({"from": found.start(), "to": found.end(), "kind": kind})
    editor.answer(spans=spans, errors=errors, note="" if errors else "confidence 96 %")
