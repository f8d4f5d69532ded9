"""The sections of a tear sheet: rules, months, drawdowns, evidence, trades."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from workbench import look
from workbench.backtest.calendar_returns import calendar_returns
from workbench.backtest.drawdowns import drawdown_periods
from workbench.backtest.report.words import moment, row, table, text, tone

if TYPE_CHECKING:
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.backtest.result import Result

_MOST_TRADES = 500
_MOST_DRAWDOWNS = 10


def rules(result: Result) -> str:
    """Return the rules, brackets, sizing and parameters as lines."""
    spec = result.spec
    lines = [(direction.replace("_", " "), said) for direction, said in spec.rules.items()]
    lines += [("brackets", str(spec.brackets)), ("sizing", str(spec.sizing))]
    if spec.costs is not None:
        lines.append(("costs", str(spec.costs)))
    if spec.filling.changed:
        lines.append(("filling", str(spec.filling)))
    if result.parameters:
        lines.append(("parameters", ", ".join(f"{name} = {value:g}" for name, value in result.parameters.items())))
    source = f"<pre class='rule'>{text(spec.python.text)}</pre>" if spec.python is not None else ""
    return source + "".join(f"<p class='rule'><b>{text(name)}</b> {text(said)}</p>" for name, said in lines)


def months(result: Result) -> str:
    """Return the returns by month, a row a year, tinted by size."""
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
    written = look.signed(value * 100, 1)
    if not any(digit in written for digit in "123456789"):
        return f"<td class='dim'>{written}</td>"
    share = min(40, round(abs(value) * 800))
    side = "up" if value > 0 else "down"
    return f"<td style='background:color-mix(in srgb,var(--wb-{side}) {share}%,transparent)'>{written}</td>"


def drawdowns(result: Result) -> str:
    """Return the deepest drawdowns with their dates and lengths."""
    found = drawdown_periods(result.equity, initial=result.cash, most=_MOST_DRAWDOWNS)
    if found.empty:
        return "<p class='sub'>Equity never fell below its peak.</p>"
    intraday = result.bars.timeframe.intraday
    rows = [
        row(
            (
                str(place),
                f"<span class='down'>{look.percent(-period['depth'], 2)}</span>",
                moment(period["peak"], intraday=intraday),
                moment(period["trough"], intraday=intraday),
                moment(period["recovered"], intraday=intraday) if period["recovered"] == period["recovered"] else "not yet",
                look.number(period["days"], 0),
                look.number(period["bars_down"], 0),
                look.number(period["bars_up"], 0),
            )
        )
        for place, period in enumerate(cast("list[dict[str, Any]]", found.to_dict("records")), start=1)
    ]
    return f"<div class='scroll'>{table(('', 'depth', 'peak', 'trough', 'recovered', 'days', 'bars down', 'bars up'), rows)}</div>"


def evidence_table(evidence: Evidence) -> str:
    """Return what the statistics and the proofs say."""
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
    rows += [(name.replace("_", " "), "", words) for name, words in evidence.words.items() if name not in {"overfitting", "proof"}]
    lines = "".join(f"<tr><td>{name}</td><td>{value}</td><td class='dim'>{text(words)}</td></tr>" for name, value, words in rows)
    found = "".join(f"<p class='rule'><b>{text(f['severity'])}</b> {text(f['code'])}: {text(f['message'])}</p>" for f in evidence.findings)
    sealed = f"<p class='hash'>evidence {evidence.evidence_hash}</p>"
    return f"<h2>Evidence</h2><table class='wide'>{lines}</table>{found}{sealed}"


def trades_table(result: Result) -> str:
    """Return the last trades, or what would fill the table."""
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
        moment(trade["entry_time"], intraday=intraday),
        moment(trade["exit_time"], intraday=intraday),
        text(str(trade["side"])),
        look.number(quantity, 0 if quantity.is_integer() else 4),
        look.number(float(trade["entry_price"]), digits),
        look.number(float(trade["exit_price"]), digits),
        f"<span class='{tone(gain, 'gain')}'>{look.signed(gain)} {look.arrow(gain)}</span>",
        look.percent(float(trade["return"]), 2, sign=True),
        look.number(float(trade["bars"]), 0),
        text(str(trade["exit_reason"])),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
