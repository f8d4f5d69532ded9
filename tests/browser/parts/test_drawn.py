"""What a person sees of the parts."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.widgets import css, parts
from workbench.widgets.gallery import figures
from workbench.widgets.gallery.board import ACTIONS, TRADE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = '<img src=x onerror="window.broken=1">'


def test_figures_are_written_as_python_writes_them(stage: Callable[..., Any]) -> None:
    """Numbers, signs, shares and ages read the same in a page as in ``workbench.look``."""
    values = [0.0, -0.001, 0.005, 0.015, 2.675, 1e6, -1234.565, 1248310.5, -310.0, 0.5, 1.5, 2.5, None, "Infinity", "-Infinity"]
    python = [math.inf if value == "Infinity" else -math.inf if value == "-Infinity" else value for value in values]
    page = stage()
    got = page.evaluate(
        "(values) => values.map((v) => [0, 2].flatMap((d) => [inside.fmt.number(v, d), inside.fmt.signed(v, d), inside.fmt.percent(v, d), inside.fmt.percent(v, d, true)]))",
        values,
    )

    assert got == [
        [text for d in (0, 2) for text in (look.number(v, d), look.signed(v, d), look.percent(v, d), look.percent(v, d, sign=True))]
        for v in python
    ]


def test_data_is_text_everywhere(stage: Callable[..., Any]) -> None:
    """A name made to break pages is shown as it is written in every part that shows names."""
    row = {"id": HOSTILE, "bot": HOSTILE, "status": HOSTILE, "stage": HOSTILE, "at": HOSTILE, "side": HOSTILE, "hash": HOSTILE}
    columns = [
        {"key": key, "title": HOSTILE, "kind": kind}
        for key, kind in (("bot", "text"), ("status", "status"), ("stage", "stage"), ("at", "time"), ("side", "side"), ("hash", "hash"))
    ]
    page = stage(
        parts.Table(columns, [row], actions=[{"name": "stop", "title": HOSTILE, "confirm": "Stop {name}?", "danger": True}]),
        parts.Cards([{"label": HOSTILE, "value": HOSTILE, "hint": HOSTILE, "parts": None}]),
        parts.GateRows(
            [
                {
                    "gate": "g",
                    "title": HOSTILE,
                    "status": "fail",
                    "words": HOSTILE,
                    "missing": HOSTILE,
                    "due": HOSTILE,
                    "source": HOSTILE,
                    "value": 1.0,
                    "threshold": 2.0,
                }
            ]
        ),
        parts.Timeline([{"at": 1.0, "title": HOSTILE, "who": HOSTILE, "detail": HOSTILE, "hash": HOSTILE}]),
        parts.Log([HOSTILE]),
        parts.Notice("error", HOSTILE, HOSTILE, detail=HOSTILE),
        parts.Empty(HOSTILE, HOSTILE),
        parts.Facts({HOSTILE: HOSTILE}),
        parts.Badge("plain", HOSTILE),
        parts.RuleEditor(HOSTILE, HOSTILE, errors=[{"from": 0, "to": 3, "message": HOSTILE, "suggestion": HOSTILE}]),
        parts.Choice(HOSTILE, [HOSTILE]),
        parts.Button(HOSTILE, error=HOSTILE, done=HOSTILE),
        parts.Header(title=HOSTILE, user=HOSTILE, links=[{"title": HOSTILE, "href": "javascript:window.broken=1"}]),
        parts.HeatMap([HOSTILE], [HOSTILE], [[1.0]], marks=[{"x": 0, "y": 0, "text": HOSTILE}]),
        parts.Candles(figures.bars(60), symbol=HOSTILE),
        parts.Card("x", state="error", message=HOSTILE, remedy=HOSTILE),
    )
    page.locator("td.wb-does button").click()

    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.evaluate("window.broken") is None
    assert page.locator("text=<img").count() > 20
    assert page.locator("a[href^=javascript]").count() == 0


def test_every_status_has_glyph_and_word(stage: Callable[..., Any]) -> None:
    """Colour is never the only sign, and the glyphs are those of ``look.STATUS``."""
    page = stage(*(parts.Badge("status", name) for name in look.STATUS))

    assert page.locator(".wb-badge").all_inner_texts() == [
        f"{glyph}{name.replace('_', ' ')}".upper() for name, (glyph, _) in look.STATUS.items()
    ]


def test_the_last_bar_moves_without_a_new_chart(stage: Callable[..., Any]) -> None:
    """A live bar shows in the head line; twenty thousand bars are drawn, panned and zoomed within a frame or two."""
    count = 20_000
    bars = figures.bars(count)
    chart = parts.Candles(bars, overlays=[{"name": "sma", "values": figures.average(bars["close"], 50)}], symbol="ES", height=500)
    page = stage(chart)
    last = float(bars["time"][-1])
    page.evaluate("(bar) => tell(0, { bar })", [last + 300, 7000.0, 7001.0, 6999.0, 7000.5, 10, 6990.0])
    page.wait_for_timeout(80)
    assert "7,000.50" in page.locator(".wb-legend").inner_text()

    page.locator(".wb-chart").focus()
    spent = page.evaluate("""async () => {
      const node = document.querySelector(".wb-chart");
      const key = (name) => node.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
      const times = [];
      for (const name of ["0", "+", "+", "PageUp", "PageDown", "-", "0", "-"]) {
        const begun = performance.now();
        key(name);
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - begun);
      }
      return Math.max(...times);
    }""")
    assert spent < 200


def test_a_chart_draws_what_it_is_given(stage: Callable[..., Any]) -> None:
    """Rising bars are teal, falling ones vermilion, and the made-up ones say so."""
    page = stage(parts.Candles(figures.bars(200), height=400, badge="SYNTHETIC", volume=False))
    seen = page.evaluate("""() => {
      const canvas = document.querySelector("canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const found = {};
      for (let i = 0; i < data.length; i += 4) { const key = "#" + [data[i], data[i + 1], data[i + 2]].map((c) => c.toString(16).padStart(2, "0")).join(""); found[key] = (found[key] || 0) + 1; }
      return found;
    }""")

    assert seen.get(look.UP, 0) > 200
    assert seen.get(look.DOWN, 0) > 200
    assert page.locator(".wb-hatched").inner_text() == "SYNTHETIC"


def test_states_are_designed(stage: Callable[..., Any]) -> None:
    """Loading is a skeleton, not a spinner; empty, error and forbidden say what and what to do; stale says how stale."""
    made = [
        parts.Table([{"key": "a"}], state=state, message="what", remedy="do `this`") for state in ("loading", "empty", "error", "forbidden")
    ]
    page = stage(*made, parts.Card("Day", 1.0, state="stale", as_of=figures.NOON))

    assert page.locator("[aria-busy=true] .wb-skeleton i").count() == 6
    assert page.locator(".wb-state").all_inner_texts() == ["○\nwhat\ndo this", "▲\nwhat\ndo this", "■\nwhat\ndo this"]
    assert re.match(r"■ stale \d+ d", page.locator(".wb-stale:visible").inner_text())


def test_a_phone_gets_cards_and_large_targets(stage: Callable[..., Any]) -> None:
    """At 390 px nothing is wider than the screen, rows are cards, and everything pressed is at least 40 px high."""
    page = stage(
        parts.Table(TRADE_COLUMNS, figures.trades(30), page_size=5, actions=ACTIONS, name="trades"),
        parts.Cards([{"label": label, "value": 1.0} for label in ("Portfolio", "Day", "Sharpe", "Bots")]),
        parts.GateRows(figures.verdicts()),
        parts.Choice("Window", ["1D", "1W"], kind="segments"),
        parts.Text("Name"),
        parts.Button("Save"),
        parts.Candles(figures.bars(100), height=300),
        width=390,
        height=844,
    )
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea")].filter((one) => one.offsetParent && one.getBoundingClientRect().height < 40).map((one) => one.outerHTML)"""
    )

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("tbody tr[data-id]").first.evaluate("row => getComputedStyle(row).display") == "grid"
    assert small == []


def test_paper_is_white(stage: Callable[..., Any]) -> None:
    """Printed, words are dark on white and buttons are gone."""
    page = stage(parts.Card("Day", 3.0, kind="signed"), parts.Button("Save"))
    page.emulate_media(media="print")

    assert page.locator(".wb-card").evaluate("card => getComputedStyle(card).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".wb-value").evaluate("value => getComputedStyle(value).color") == "rgb(11, 122, 112)"
    assert not page.locator("button").is_visible()


def test_what_can_be_done_has_a_name_for_screen_readers(stage: Callable[..., Any]) -> None:
    """Every control is named: by its words, a label or an aria label."""
    page = stage(
        parts.Table(TRADE_COLUMNS, figures.trades(3), actions=ACTIONS, name="trades", filters={"bot": "x"}),
        parts.Text("Name"),
        parts.Number("Capital"),
        parts.Choice("Stage", ["LAB"]),
        parts.Choice("Window", ["1D", "1W"], kind="segments"),
        parts.Toggle("Short sales"),
        parts.RuleEditor("Entry"),
        parts.Candles(figures.bars(50)),
        parts.Curve([{"name": "equity", "values": np.arange(5.0) + 1}], np.arange(5.0)),
        parts.HeatMap([1], [1], [[1.0]]),
    )
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, [tabindex='0']:not(tr)")].filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length || one.getAttribute("aria-labelledby"))).map((one) => one.outerHTML.slice(0, 120))"""
    )

    assert nameless == []


def test_the_style_is_put_in_once(stage: Callable[..., Any]) -> None:
    """Ten parts share one style element."""
    page = stage(*(parts.Badge("plain", "x") for _ in range(10)))

    assert page.evaluate("document.querySelectorAll('style').length") == 1
    assert page.evaluate("document.querySelector('style').textContent") == json.loads(json.dumps(css.stylesheet()))


def test_silence_is_stale(stage: Callable[..., Any]) -> None:
    """A board that promised news every few seconds and went silent says so by itself; one that promised nothing does not."""
    page = stage(parts.Connection("live", seen_at=figures.NOON, stale_after=10.0), parts.Connection("live", seen_at=figures.NOON))
    first, second = page.locator(".wb-connection").all_inner_texts()

    assert first.startswith("■ stale")
    assert second == "● live"
