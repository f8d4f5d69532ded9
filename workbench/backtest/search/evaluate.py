"""What a search asks of a candidate: its record on the training bars, when it held what, its record on the bars it never saw.

The same three functions run in this process and in a child; a child is told in words of JSON and answers in words of JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.backtest.engine import account as a
from workbench.backtest.result import Result
from workbench.backtest.run import backtest, parameter_values, prepared, program_hash_of
from workbench.backtest.stretches import rules_of, signals_on, trade
from workbench.backtest.timeline import Run
from workbench.backtest.trial_record import Tried
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.market import Bars

Question = Literal["train", "held", "unseen"]


def answer(question: Mapping[str, Any], bars: Bars) -> tuple[dict[str, Any], bytes]:
    """Return the answer to one question as JSON and bytes.

    Raises:
        InputError: the candidate cannot run on these bars.
    """
    strategy, cash = Strategy(StrategySpec.from_json(question["spec"])), float(question["cash"])
    kind: Question = question["ask"]
    if kind == "train":
        return {"tried": Tried.of(backtest(strategy, bars, cash=cash)).to_dict()}, b""
    if kind == "held":
        return {}, held(backtest(strategy, bars, cash=cash)).tobytes()
    return {"tried": Tried.of(unseen(strategy, bars, int(question["cut"]), cash)).to_dict()}, b""


def held(result: Result) -> NDArray[np.int8]:
    """Return (n,) what was held at each close: 1 long, -1 short, 0 nothing."""
    rows = result.run.fills
    sides = np.zeros(len(result.bars), dtype=np.int8)
    bar = rows[:, a.FILL_BAR].astype(np.int64)
    for entry in range(0, len(rows), 2):
        until = bar[entry + 1] if entry + 1 < len(rows) else len(sides)
        sides[bar[entry] : until] = 1 if rows[entry, a.FILL_SIDE] > 0 else -1
    return sides


def overlap(first: NDArray[np.int8], second: NDArray[np.int8]) -> float:
    """Return the share of the bars on which either holds something on which both hold the same side; 0 where neither ever does."""
    either = np.count_nonzero((first != 0) | (second != 0))
    return float(np.count_nonzero((first == second) & (first != 0)) / either) if either else 0.0


def unseen(strategy: Strategy, bars: Bars, cut: int, cash: float) -> Result:
    """Return what the strategy does from bar ``cut`` on, starting flat, with signals computed from the first bar of the data.

    Indicators are warm and equal to those of a live session that began at the first bar; no position comes over from before.
    """
    setting = prepared(strategy, bars, cash)
    values = parameter_values(strategy, {})
    whole, warmup = signals_on(strategy, setting, values)
    tape = whole.cut(cut, len(setting.bars))
    rules = rules_of(strategy, setting, values)
    done = trade(tape, rules)
    run = Run(
        prices=tape.prices,
        hours=tape.hours,
        signals=tape.orders,
        rules=rules,
        distance=tape.distance,
        fills=done.fills,
        equity=done.equity,
    )
    return Result(
        spec=strategy.spec,
        parameters=values,
        program_hash=program_hash_of(strategy),
        bars=setting.bars.slice(cut, len(setting.bars)),
        run=run,
        order_rows=done.orders,
        account=done.account,
        warmup=max(0, warmup - cut),
        bars_per_year=setting.bars_per_year,
    )
