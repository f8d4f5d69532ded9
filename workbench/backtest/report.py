"""The tear sheet: one self-contained HTML page for a backtest, dark on screen and light on paper, and the small card for a cell.

The page opens without network: plotly's own JavaScript from the installed package is written into it once, styles are inline.
"""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from workbench import clock, look
from workbench.backtest.calendar_returns import calendar_returns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.crosscheck import CrossCheck
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

_MOST_TRADES = 500
_HEADLINE = (
    ("total_return", "return", "share"),
    ("cagr", "per year", "share"),
    ("sharpe", "Sharpe", "ratio"),
    ("max_drawdown", "max drawdown", "loss"),
    ("trades", "trades", "count"),
    ("win_rate", "win rate", "plain share"),
    ("profit_factor", "profit factor", "plain ratio"),
)
_TABLES = (
    (
        "Return",
        (
            ("total_return", "total return", "share"),
            ("cagr", "per year (CAGR)", "share"),
            ("volatility", "volatility a year", "plain share"),
            ("exposure", "time in the market", "plain share"),
            ("turnover", "turnover", "plain ratio"),
            ("fees", "fees paid", "amount"),
        ),
    ),
    (
        "Risk",
        (
            ("sharpe", "Sharpe", "ratio"),
            ("sortino", "Sortino", "ratio"),
            ("calmar", "Calmar", "ratio"),
            ("max_drawdown", "max drawdown", "loss"),
            ("max_drawdown_bars", "longest drawdown, bars", "count"),
            ("tail_ratio", "tail ratio", "plain ratio"),
            ("skew", "skew", "plain ratio"),
            ("kurtosis", "kurtosis", "plain ratio"),
        ),
    ),
    (
        "Trades",
        (
            ("trades", "closed trades", "count"),
            ("win_rate", "win rate", "plain share"),
            ("profit_factor", "profit factor", "plain ratio"),
            ("expectancy", "mean P&amp;L a trade", "gain"),
            ("observations", "bars measured", "count"),
        ),
    ),
)
_STYLE = """
.wb,.wb *{box-sizing:border-box;scrollbar-color:var(--wb-line) transparent;scrollbar-width:thin}
.wb{background:var(--wb-bg-0);color:var(--wb-text);font:13px/18px var(--wb-sans);-webkit-font-smoothing:antialiased}
.wb-page{max-width:1120px;margin:0 auto;padding:24px 20px 48px}
.wb h1{font-size:22px;line-height:28px;font-weight:600;margin:0}
.wb h2{font-size:11px;line-height:16px;font-weight:600;text-transform:uppercase;letter-spacing:.06em;color:var(--wb-faint);margin:28px 0 8px}
.wb .sub{color:var(--wb-dim);margin:4px 0 0}
.wb .rule{font:12px/18px var(--wb-mono);color:var(--wb-text);margin:0;padding:2px 0;overflow-wrap:anywhere}
.wb .rule b{display:inline-block;min-width:92px;font-weight:400;color:var(--wb-faint)}
.wb .row{display:flex;flex-wrap:wrap;border-top:1px solid var(--wb-line);border-bottom:1px solid var(--wb-line);margin:16px 0 8px}
.wb .cell{flex:1 1 96px;padding:8px 12px 8px 0;min-width:96px}
.wb .cell span{display:block;font-size:11px;line-height:16px;text-transform:uppercase;letter-spacing:.06em;color:var(--wb-faint);white-space:nowrap}
.wb .cell b{font:500 17px/24px var(--wb-mono);font-variant-numeric:tabular-nums;white-space:nowrap}
.wb .up{color:var(--wb-up)}.wb .down{color:var(--wb-down)}.wb .dim{color:var(--wb-dim)}.wb .warn{color:var(--wb-warn)}
.wb .cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:0 32px}
.wb table{width:100%;border-collapse:collapse;color:inherit}
.wb th{font-size:11px;font-weight:500;letter-spacing:.06em;text-transform:uppercase;color:var(--wb-faint);text-align:right;padding:6px 0 6px 16px;white-space:nowrap}
.wb td{text-align:right;font:12px/18px var(--wb-mono);font-variant-numeric:tabular-nums;padding:4px 0 4px 16px;border-top:1px solid var(--wb-line);white-space:nowrap}
.wb th:first-child,.wb td:first-child{text-align:left;padding-left:0}
.wb td:first-child{font-family:var(--wb-sans);font-size:13px;color:var(--wb-dim)}
.wb .scroll{overflow:auto;max-height:520px}.wb .scroll td:last-child,.wb .scroll th:last-child{padding-right:12px}
.wb .scroll th{position:sticky;top:0;background:var(--wb-bg-0)}
.wb .months td,.wb .months th{padding:4px 6px}.wb .months td:first-child,.wb .months th:first-child{padding-left:0}
.wb .wide td{font-family:var(--wb-sans);white-space:normal}.wb .wide td:last-child,.wb .wide th:last-child{text-align:left}
.wb .badge{display:inline-block;font:11px/16px var(--wb-mono);padding:0 6px;margin-left:10px;vertical-align:4px;border:1px solid var(--wb-warn);color:var(--wb-warn);
 background:repeating-linear-gradient(135deg,transparent 0 4px,color-mix(in srgb,var(--wb-warn) 10%,transparent) 4px 8px)}
.wb .figure{margin:8px 0 0;min-width:0;overflow:hidden}
.wb .hash{font:11px/16px var(--wb-mono);color:var(--wb-faint);overflow-wrap:anywhere}
.wb footer{margin-top:32px;border-top:1px solid var(--wb-line);padding-top:8px;color:var(--wb-faint);font-size:11px;line-height:16px}
.wb-card{border:1px solid var(--wb-line);padding:12px 16px 10px;max-width:1100px}
.wb-card .row{margin:8px 0}.wb-card b.name{font-size:14px}
@media (max-width:480px){.wb-page{padding:16px 12px 32px}.wb .cell{flex:1 1 30%;min-width:30%}}
@media print{.wb .scroll{max-height:none;overflow:visible}.wb-page{max-width:none;padding:0}.wb h2{break-after:avoid}.wb .figure{break-inside:avoid}}
"""
# Printed pages are white: the pictures, drawn for the dark, are redrawn with the light roles while the printer looks.
_PRINT = """
(()=>{const L=%(light)s,D=%(dark)s,all=()=>document.querySelectorAll('.js-plotly-plot');
const swap=(a,b)=>all().forEach(p=>{const m={};Object.keys(a).forEach(k=>m[a[k].toLowerCase()]=b[k]);
 const walk=o=>{if(Array.isArray(o))return o.map(walk);if(o&&typeof o==='object'&&!ArrayBuffer.isView(o)){const r={};for(const k in o)r[k]=walk(o[k]);return r}
 return typeof o==='string'&&m[o.toLowerCase()]?m[o.toLowerCase()]:o};
 Plotly.react(p,walk(p.data),walk(p.layout))});
if(matchMedia('print').matches)swap(D,L);
addEventListener('beforeprint',()=>swap(D,L));addEventListener('afterprint',()=>swap(L,D));})();
"""


def card(result: Result) -> str:
    """Return the summary card of a result as HTML for a notebook cell: headline metrics, verdict of the second engine, badge."""
    verdict = _verdict(result.crosscheck)
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{_STYLE}</style>"
        f"<b class='name'>{_text(result.spec.name)}</b>{_badge(synthetic=result.bars.synthetic)}"
        f"<div class='sub'>{_subject(result)}</div>{_headline(result)}<div class='sub'>{verdict}</div></div>"
    )


def tear_sheet(
    result: Result, *, walk_forward: WalkForward | None = None, evidence: Evidence | None = None, figures: Sequence[Any] = ()
) -> str:
    """Return the complete page as HTML; ``figures`` are further plotly figures, such as the heat map of a sweep."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - five megabytes of text, only for the page

    from workbench.backtest import figures as pictures  # noqa: PLC0415 - drawing only

    drawn = [pictures.performance(result), pictures.trades_on_bars(result), *figures]
    if walk_forward is not None:
        drawn.append(pictures.walk_forward(walk_forward))
    title = f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value}"
    parts = [
        f"<h1>{_text(result.spec.name)}{_badge(synthetic=result.bars.synthetic)}</h1><p class='sub'>{_subject(result)}</p>",
        _headline(result),
        _figure(drawn[0]),
        _metric_tables(result),
        f"<h2>Returns by month, %</h2>{_months(result)}",
        f"<h2>Rules</h2>{_rules(result)}",
        *[_figure(picture) for picture in drawn[1:]],
        f"<h2>Second engine</h2><p class='sub'>{_verdict(result.crosscheck)}</p>",
        _evidence(evidence) if evidence is not None else "",
        f"<h2>Trades</h2>{_trades(result)}",
        _footer(result),
    ]
    swap = _PRINT % {"light": _json(dict(look.LIGHT)), "dark": _json(dict(look.DARK))}
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{_text(title)}</title><style>{look.css_variables()}html{{color-scheme:dark;background:var(--wb-bg-0)}}body{{margin:0}}@media print{{html{{color-scheme:light}}}}{_STYLE}</style><script>{get_plotlyjs()}</script></head>"
        f"<body class='wb'><main class='wb-page'>{''.join(parts)}</main><script>{swap}</script></body></html>"
    )


def write(result: Result, path: str | Path | None = None, **parts: Any) -> str | Path:  # noqa: ANN401 - the keywords of tear_sheet
    """Write the tear sheet to ``path``, which appears complete or not at all, and return the path; without one return the page itself.

    ``parts`` are those of ``tear_sheet``.
    """
    page = tear_sheet(result, **parts)
    if path is None:
        return page
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(target)
    return target


def _headline(result: Result) -> str:
    cells = []
    for name, words, form in _HEADLINE:
        value = float(result.metrics[name])
        cells.append(f"<div class='cell'><span>{words}</span><b class='{_tone(value, form)}'>{_figure_text(value, form)}</b></div>")
    return f"<div class='row'>{''.join(cells)}</div>"


def _metric_tables(result: Result) -> str:
    tables = []
    for title, rows in _TABLES:
        lines = []
        for name, words, form in rows:
            value = float(result.metrics[name])
            lines.append(f"<tr><td>{words}</td><td class='{_tone(value, form)}'>{_figure_text(value, form)}</td></tr>")
        tables.append(f"<section><h2>{title}</h2><table>{''.join(lines)}</table></section>")
    return f"<div class='cols'>{''.join(tables)}</div>"


def _figure_text(value: float, form: str) -> str:
    if form == "count":
        return look.number(value, 0)
    if form == "loss":
        return look.percent(-abs(value), 1)
    if form.endswith("share"):
        return look.percent(value, 1, sign=form == "share")
    if form == "gain":
        return look.signed(value)
    return look.number(value)


def _tone(value: float, form: str) -> str:
    """Colour only what is a gain or a loss; the sign is there as well."""
    if form not in {"share", "gain", "ratio", "loss"} or math.isnan(value) or value == 0:
        return ""
    return "down" if form == "loss" or value < 0 else "up"


def _subject(result: Result) -> str:
    bars = result.bars
    first, last = bars.frame.index[0], bars.frame.index[-1]
    return (
        f"{_text(bars.instrument.name)} · {bars.instrument.symbol} {bars.timeframe.value} · {first:%d %b %Y} – {last:%d %b %Y} · "
        f"{look.number(len(bars), 0)} bars · {_text(bars.source)}"
    )


def _badge(*, synthetic: bool) -> str:
    return "<span class='badge'>SYNTHETIC</span>" if synthetic else ""


def _rules(result: Result) -> str:
    spec = result.spec
    lines = [(direction.replace("_", " "), text) for direction, text in spec.rules.items()]
    lines += [("brackets", str(spec.brackets)), ("sizing", str(spec.sizing))]
    if result.parameters:
        lines.append(("parameters", ", ".join(f"{name} = {value:g}" for name, value in result.parameters.items())))
    return "".join(f"<p class='rule'><b>{_text(name)}</b> {_text(text)}</p>" for name, text in lines)


def _verdict(checked: CrossCheck) -> str:
    tone = {"equal": ("pass", "up"), "different": ("critical", "down"), "absent": ("warning", "warn")}[checked.verdict]
    return f"<b class='{tone[1]}'>{look.STATUS[tone[0]][0]} cross-check: {checked.verdict}</b> · {_text(checked.words)}"


def _months(result: Result) -> str:
    table = calendar_returns(result)
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "year")
    head = "".join(f"<th>{name}</th>" for name in ("", *names))
    rows = []
    for year, values in table.iterrows():
        cells = "".join(_month(float(value)) for value in values)
        rows.append(f"<tr><td>{year}</td>{cells}</tr>")
    return f"<div class='scroll'><table class='months'><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def _month(value: float) -> str:
    """One cell, tinted by size up to 5 %; the sign is in the text as well."""
    text = look.signed(value * 100, 1)
    if not any(digit in text for digit in "123456789"):
        return f"<td class='dim'>{text}</td>"
    share = min(40, round(abs(value) * 800))
    side = "up" if value > 0 else "down"
    return f"<td style='background:color-mix(in srgb,var(--wb-{side}) {share}%,transparent)'>{text}</td>"


def walk_forward_card(outcome: WalkForward) -> str:
    """Return a small table of folds as HTML for a notebook cell."""
    names = ("fold", "test from", "Sharpe in sample", "Sharpe out", "return out", "trades")
    rows = "".join(
        f"<tr><td>{row['fold']}</td><td>{row['test_from']:%Y-%m-%d}</td><td>{look.number(row['is_sharpe'])}</td>"
        f"<td class='{_tone(row['oos_sharpe'], 'ratio')}'>{look.number(row['oos_sharpe'])} {look.arrow(row['oos_sharpe'])}</td>"
        f"<td>{look.percent(row['oos_return'], 1, sign=True)}</td><td>{row['oos_trades']}</td></tr>"
        for row in outcome.folds.to_dict("records")
    )
    held = f"{look.percent(outcome.robustness, 0)} of folds hold, needs {look.percent(outcome.threshold, 0)}"
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{_STYLE}</style><b class='name'>{_text(outcome.subject)} · walk-forward</b>"
        f"{_badge(synthetic=outcome.synthetic)}<div class='sub'>{held} · Sharpe out of sample {look.number(outcome.oos_sharpe)}</div>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _evidence(evidence: Evidence) -> str:
    unseen = "not looked at"
    proofs = {True: "✓ holds", False: "✗ fails", None: "… not looked at"}
    rows = [
        ("probabilistic Sharpe", look.number(evidence.probabilistic_sharpe, 3), "probability that the true Sharpe ratio is above zero"),
        ("deflated Sharpe", look.number(evidence.deflated_sharpe, 3), f"the same after {look.number(evidence.trials, 0)} counted trials"),
        (
            "overfitting (PBO)",
            look.number(evidence.pbo, 2),
            f"CSCV over the sweep's {look.number(evidence.pbo_trials, 0)} points" if evidence.pbo_trials else unseen,
        ),
        (
            "walk-forward",
            look.percent(evidence.robustness, 0),
            f"share of {evidence.folds} folds that hold out of sample" if evidence.folds else unseen,
        ),
        ("shortest track record", look.number(evidence.min_track_record, 0), "bars for 95 % confidence that Sharpe is above zero"),
        ("no look-ahead", proofs[evidence.look_ahead], "decisions unchanged when later bars are taken away"),
        ("live form", proofs[evidence.streaming], "bar by bar decides the same as the batch"),
    ]
    lines = "".join(f"<tr><td>{name}</td><td>{value}</td><td class='dim'>{_text(words)}</td></tr>" for name, value, words in rows)
    found = "".join(
        f"<p class='rule'><b>{_text(f['severity'])}</b> {_text(f['code'])}: {_text(f['message'])}</p>" for f in evidence.findings
    )
    sealed = f"<p class='hash'>evidence {evidence.evidence_hash}</p>"
    return f"<h2>Evidence</h2><table class='wide'>{lines}</table>{found}{sealed}"


def _trades(result: Result) -> str:
    trades = result.trades
    if trades.empty:
        return "<p class='sub'>No trades: the entry rule was never true on a bar that may open a position.</p>"
    digits = max(0, min(8, round(-math.log10(result.bars.instrument.tick) + 0.49)))
    shown = trades.tail(_MOST_TRADES)
    intraday = result.bars.timeframe.intraday
    head = (
        "entry" + ", UTC" * intraday,
        "exit" + ", UTC" * intraday,
        "side",
        "quantity",
        "entry price",
        "exit price",
        "P&amp;L",
        "return",
        "bars",
        "exit by",
    )
    rows = "".join(_trade(trade, digits, intraday=intraday) for trade in cast("list[dict[str, Any]]", shown.to_dict("records")))
    note = f"<p class='sub'>The last {_MOST_TRADES} of {look.number(len(trades), 0)} trades.</p>" if len(trades) > _MOST_TRADES else ""
    cells = "".join(f"<th>{name}</th>" for name in head)
    return f"{note}<div class='scroll'><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"


def _trade(trade: dict[str, Any], digits: int, *, intraday: bool) -> str:
    gain = float(trade["pnl"])
    quantity = float(trade["quantity"])
    cells = (
        _moment(trade["entry_time"], intraday=intraday),
        _moment(trade["exit_time"], intraday=intraday),
        _text(str(trade["side"])),
        look.number(quantity, 0 if quantity.is_integer() else 4),
        look.number(float(trade["entry_price"]), digits),
        look.number(float(trade["exit_price"]), digits),
        f"<span class='{_tone(gain, 'gain')}'>{look.signed(gain)} {look.arrow(gain)}</span>",
        look.percent(float(trade["return"]), 2, sign=True),
        look.number(float(trade["bars"]), 0),
        _text(str(trade["exit_reason"])),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _moment(moment: Any, *, intraday: bool) -> str:  # noqa: ANN401 - a pandas time or NaT
    form = "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d"
    return look.MISSING if pd.isna(moment) else str(moment.strftime(form))


def _footer(result: Result) -> str:
    return (
        f"<footer>Made {clock.stamp()} · spec {result.spec.spec_hash[:16]} · data {result.bars.dataset_hash[:16]} · "
        "decided on the close, filled at the next open, slippage and fees included · past results do not promise future ones</footer>"
    )


def _figure(picture: Any) -> str:  # noqa: ANN401 - a plotly figure
    drawn = picture.to_html(
        full_html=False, include_plotlyjs=False, config={"displaylogo": False, "displayModeBar": False, "responsive": True}
    )
    return f"<div class='figure'>{drawn}</div>"


def _json(colours: dict[str, str]) -> str:
    return "{" + ",".join(f"'{name}':'{value}'" for name, value in colours.items()) + "}"


def _text(value: str) -> str:
    return html.escape(value)
