"""The evidence as its page takes it: every statistic with a number and a sentence, the proofs, and what dearer trading and other markets leave."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.evidence import Evidence
    from workbench.backtest.verification import Verification
    from workbench.widgets.backtest.outcome import Outcome

STATISTIC_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "name", "title": "Statistic", "kind": "text", "main": True},
    {"key": "value", "title": "Value", "kind": "text", "align": "right", "main": True},
    {"key": "words", "title": "What it says", "kind": "text", "wide": True},
)
STRESS_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "scenario", "title": "Trading", "kind": "text", "main": True},
    {"key": "sharpe", "title": "Sharpe", "kind": "signed", "digits": 2, "main": True},
    {"key": "total_return", "title": "Return", "kind": "percent", "digits": 1, "sign": True, "main": True},
    {"key": "max_drawdown", "title": "Drawdown", "kind": "percent", "digits": 1, "main": True},
    {"key": "trades", "title": "Trades", "kind": "number", "digits": 0},
    {"key": "fees", "title": "Fees", "kind": "number", "digits": 0},
)
NOT_LOOKED = "not looked at"
_SETTLED = {True: "✓ holds", False: "✗ FAILS", None: NOT_LOOKED}


def gate_rows(found: Verification) -> list[dict[str, Any]]:
    """Return the five questions as gate rows."""
    return [
        {
            "gate": check.name,
            "title": check.title,
            "status": "pass" if check.passed else "fail",
            "value": _finite(check.value),
            "threshold": check.threshold,
            "better": "lower" if check.name == "MAX_DRAWDOWN" else "higher",
            "words": check.words,
            "source": "",
            "missing": "",
            "due": "",
        }
        for check in found.checks
    ]


def verdict_words(outcome: Outcome) -> tuple[str, str, str]:
    """Return kind, sentence and advice about everything on the page."""
    found, verified = outcome.evidence, outcome.verification
    if found is None:
        if verified is None:
            return "info", "Nothing to judge yet.", ""
        kind = "ok" if verified.passed else "warning"
        advice = "Choose Full evidence in the form for walk-forward, overfitting, tests against chance, proofs and gates."
        return kind, f"{verified.words[0].upper()}{verified.words[1:]}.", advice
    blocked, total = [verdict for verdict in outcome.verdicts if not verdict.passed], len(outcome.verdicts)
    rest = " Stopped before the tests that take longer: those are not looked at." if outcome.hurried else ""
    if blocked:
        return "warning", f"{len(blocked)} of {total} gates do not pass: a bot with this evidence stays in LAB.{rest}", ""
    return "ok", f"All {total} gates of LAB pass.{rest}", "Make a bot, then ask for its promotion in its review."


def statistics(found: Evidence) -> list[dict[str, Any]]:
    """Return one row a statistic: name, value, and a sentence about it; what was not looked at says so."""
    words, years = found.words, found.min_backtest
    needed = found.min_track_record
    rows = [
        _row(
            "Probabilistic Sharpe",
            _percent(found.probabilistic_sharpe),
            "Probability that the true Sharpe ratio is above zero, had this been the only trial.",
        ),
        _row(
            "Deflated Sharpe",
            _percent(found.deflated_sharpe),
            f"The same after allowing for all {found.trials:,} trials counted in {found.family or 'its family'}: what the gate goes by.",
        ),
        _row(
            "… if trials were worthless",
            _percent(found.deflated_sharpe_null),
            "With the variance that worthless trials would have in the place of the counted one.",
        ),
        _effective(found),
        _row(
            "Bars needed to be sure",
            _bars(needed),
            f"Before the Sharpe ratio is above zero with 95 % confidence; there are {found.bars:,}.",
        ),
        _row(
            "Years needed",
            look.number(years, 1) if years is not None else "",
            "Below this many, the best of as many worthless trials is expected to look as good.",
        ),
        _row(
            "Overfitting (PBO)",
            _percent(found.pbo),
            f"Probability that the best of {found.pbo_trials:,} points is below the median out of sample.",
        ),
        _row(
            "Walk-forward",
            _percent(found.robustness, 0),
            f"Share of {found.folds} folds that earn out of sample; Sharpe {look.number(found.oos_sharpe)} of them together.",
        ),
        _row("SPA", _p(found.superior_ability, "consistent"), words.get("superior_ability", "")),
        _row("Reality check", _p(found.superior_ability, "reality_check"), "White's test: the strictest reading of the same points."),
        _row("Permutation", _p(found.permutation, "p_value"), words.get("permutation", "")),
        _row("Cost stress", _multiple(found.stress), words.get("stress", "")),
        _row("Regimes", _largest(found.regimes), words.get("regimes", "")),
        _row("Capacity", _money(found.capacity), words.get("capacity", "")),
    ]
    return [{**row, "id": str(place)} for place, row in enumerate(rows)]


def proofs(found: Evidence) -> list[dict[str, Any]]:
    """Return the proofs and the second engine as rows."""
    proof, words, detail = found.proof, found.words, found.cross_check_detail
    cuts = f"{proof.get('decisions', 0):,} decisions compared under {proof.get('truncations', 0)} truncations, {proof.get('at_signals', 0)} behind signals."
    live = f"{proof.get('streamed', 0):,} bars decided one by one as a live session decides them."
    if proof.get("windows"):
        live = f"{proof.get('agreed', 0)} of {proof['windows']} bars decided the same from their last {proof.get('window_bars', 0)} bars alone."
    own, told = (sum((detail.get(name) or {}).values()) for name in ("independent", "replayed"))
    fills = f"{own:,} fills decided by the second engine itself, {told:,} replayed to it." if detail else ""
    rows = [
        _row("No look-ahead", _SETTLED[found.look_ahead], words.get("proof", "") or cuts),
        _row("Live decides the same", _SETTLED[found.streaming], live if found.streaming is not None else ""),
        _row("Second engine", {"equal": "✓ equal", "different": "✗ DIFFERENT"}.get(found.cross_check, found.cross_check), fills),
    ]
    worst = [finding for finding in found.findings if finding.get("severity") in {"SEV-0", "SEV-1"}]
    rows.append(
        _row(
            "Validators",
            "✓ nothing serious" if not worst else f"✗ {len(worst)} serious",
            "; ".join(finding["message"] for finding in found.findings),
        )
    )
    return [{**row, "id": str(place)} for place, row in enumerate(rows)]


def stress_rows(found: Evidence) -> list[dict[str, Any]]:
    """Return one row a way of trading."""
    scenarios = (found.stress or {}).get("scenarios", [])
    return [{**row, "id": str(place)} for place, row in enumerate(scenarios)]


def regime_heat(found: Evidence) -> dict[str, Any] | None:
    """Return the profit by trend and volatility as ``HeatMap`` takes it; None where it was not looked at."""
    cells = (found.regimes or {}).get("cells", [])
    if not cells:
        return None
    trends = list(dict.fromkeys(cell["trend"] for cell in cells))
    wild = list(dict.fromkeys(cell["volatility"] for cell in cells))
    table = np.full((len(wild), len(trends)), np.nan)
    for cell in cells:
        if cell["bars"]:
            table[wild.index(cell["volatility"]), trends.index(cell["trend"])] = cell["profit"]
    return {"x": trends, "y": wild, "z": table}


def _row(name: str, value: str, words: str) -> dict[str, Any]:
    return {"name": name, "value": value or NOT_LOOKED, "words": words if value and value != NOT_LOOKED else ""}


def _effective(found: Evidence) -> dict[str, Any]:
    worth = found.effective_trials
    if worth is None:
        return _row("… by effective trials", "", "")
    said = found.words.get("effective_trials", "")
    return _row("… by effective trials", _percent(worth.get("deflated_sharpe")), f"{said[:1].upper()}{said[1:]}: the lenient reading.")


def _bars(needed: float | None) -> str:
    if needed is None:
        return ""
    return "never" if math.isinf(needed) else look.number(needed, 0)


def _percent(value: float | None, digits: int = 1) -> str:
    return "" if value is None else look.percent(value, digits)


def _p(record: Mapping[str, Any] | None, name: str) -> str:
    return "" if record is None or record.get(name) is None else f"p {look.number(record[name], 3)}"


def _multiple(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    value = record.get("break_even")
    if value in {"Infinity", math.inf}:
        return "never gone"
    return look.MISSING if value is None else f"gone at × {look.number(float(value), 1)}"


def _largest(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    shares = [cell["share_of_profit"] for cell in record.get("cells", []) if cell.get("share_of_profit") is not None]
    return f"{look.percent(max(shares), 0)} from one" if shares else look.MISSING


def _money(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    value = record.get("money")
    return look.MISSING if value is None else "unlimited" if value == "Infinity" else look.number(float(value), 0)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
