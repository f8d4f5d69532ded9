"""Monte Carlo of trades: the same trades in another order, some twice, some missed, some at worse prices; how bad could it have been?

1. ``ledger_of`` takes from each closed trade what it gained and how deep it was under water, as shares of the money before it (or in money, where the
   quantity is fixed and does not grow with the account).
2. ``replayed`` draws a trade list for every run: ``shuffle`` changes the order only, ``resample`` draws with replacement, ``skip`` misses some, ``slippage`` takes
   each fill at a worse price.
3. ``measured`` makes an equity curve of each list. Its drawdown is measured from the highest equity at a trade's end down to the lowest, the open loss
   inside a trade included; an account with nothing left stays there.

Nothing is chosen and no bar is run again, so it is no trial. A run is seeded by ``seed`` and its own number: the same on every machine, and more runs begin with
the fewer ones. The trap: single trades are drawn as if they did not depend on each other; losses that come in clusters are worse than ``resample`` and
``shuffle`` say. ``bootstrap`` and ``rerun_on_paths`` keep neighbours together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest.engine.rules import FIXED
from workbench.backtest.records import card, plain, records
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

Method = Literal["shuffle", "resample", "skip", "slippage"]
STRENGTH = {"shuffle": 0.0, "resample": 0.0, "skip": 0.1, "slippage": 2.0}
"""How hard a method is by default: share of trades missed, and the most extra basis points that a fill costs."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
WORST = 0.95
_FEWEST_TRADES = 2
_MOST_STOPS = 200
_CHUNK_CELLS = 500_000
_SAID = {
    "shuffle": "the same trades in another order",
    "resample": "trades drawn with replacement",
    "skip": "each trade missed with {:.0%} chance",
    "slippage": "each fill up to {:g} bps worse",
}


class TradeLedger(NamedTuple):
    """Closed trades as a run replays them; float64 arrays (trades,)."""

    start: float
    """Money before the first."""
    gain: NDArray[np.float64]
    """What a trade ended with: a share of the money before it where ``compound``, else money."""
    dip: NDArray[np.float64]
    """Its worst open loss, in the same unit, never above ``gain`` or zero."""
    bps: NDArray[np.float64]
    """What one basis point of price at the entry and the exit costs, (trades, 2), in the same unit."""
    compound: bool
    """Whether gains are shares."""


class Measured(NamedTuple):
    """What is known of each run; float64 arrays (runs,) and (runs, stops)."""

    final: NDArray[np.float64]
    drawdown: NDArray[np.float64]
    lowest: NDArray[np.float64]
    streak: NDArray[np.float64]
    equity: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class MonteCarlo:
    """What the same trades could have done."""

    subject: str
    """Strategy, symbol and timeframe, for titles."""
    method: Method
    """How trades were drawn."""
    words: str
    """The method in words."""
    cash: float
    """Money at the start."""
    trades: int
    """Closed trades."""
    compound: bool
    """Whether a trade gains a share of the money before it; otherwise it gains money."""
    runs: pd.DataFrame
    """One row a run: final (money), total_return, max_drawdown, lowest (money), losing_streak (trades in a row)."""
    own: dict[str, float]
    """The same of the trades as they came."""
    fan: pd.DataFrame
    """Quantiles of equity after each trade, at most 200 rows; columns 0.05 to 0.95 and ``own``; index is the number of trades."""
    ruin: float
    """Share of the starting money whose loss counts as ruin."""
    seed: int
    """What the runs were seeded with."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: what it was, its mean, and its quantiles over the runs."""
        rows = []
        for name in self.runs.columns:
            values = self.runs[name].to_numpy(dtype=np.float64)
            rows.append((name, self.own[name], float(values.mean()), *np.quantile(values, QUANTILES)))
        return pd.DataFrame(rows, columns=["number", "own", "mean", *(f"q{share * 100:.0f}" for share in QUANTILES)])

    @property
    def worst_drawdown(self) -> float:
        """The drawdown a person should be ready for: one run of twenty was deeper."""
        return float(np.quantile(self.runs["max_drawdown"], WORST))

    @property
    def risk_of_ruin(self) -> float:
        """Share of runs in which equity, open losses included, fell by ``ruin`` of the starting money or more."""
        return float((self.runs["lowest"] <= self.cash * (1.0 - self.ruin)).mean())

    @property
    def loss_probability(self) -> float:
        """Share of runs that ended below the starting money."""
        return float((self.runs["final"] < self.cash).mean())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record, without the single runs; what has no meaning is None."""
        return {
            "subject": self.subject,
            "method": self.method,
            "words": self.words,
            "runs": len(self.runs),
            "seed": self.seed,
            "trades": self.trades,
            "compound": self.compound,
            "worst_drawdown": plain(self.worst_drawdown),
            "risk_of_ruin": plain(self.risk_of_ruin),
            "ruin": self.ruin,
            "loss_probability": plain(self.loss_probability),
            "synthetic": self.synthetic,
            "quantiles": records(self.frame),
        }

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the fan of equity beside the spread of the largest drawdown."""
        from workbench.backtest import resample_figures  # noqa: PLC0415 - drawing only

        return resample_figures.monte_carlo(self)

    def __repr__(self) -> str:
        """Say the drawdown to be ready for."""
        return (
            f"MonteCarlo({self.subject}: {self.words}, {len(self.runs)} runs, drawdown {self.own['max_drawdown']:.1%}, "
            f"one of twenty worse than {self.worst_drawdown:.1%})"
        )

    def _repr_html_(self) -> str:
        below = (
            f"{self.words}, {look.number(len(self.runs), 0)} runs of {look.number(self.trades, 0)} trades, seed {self.seed} · be ready for a drawdown of "
            f"{look.percent(self.worst_drawdown)} · down {look.percent(self.ruin, 0)} at some time in {look.percent(self.risk_of_ruin)} of the runs · no trial"
        )
        said = self.frame
        for column in said.columns[1:]:
            said[column] = [
                look.percent(value) if name in {"total_return", "max_drawdown"} else look.number(value, 1 if name == "losing_streak" else 0)
                for name, value in zip(said["number"], said[column], strict=True)
            ]
        said["number"] = [name.replace("_", " ") for name in said["number"]]
        said = said.rename(columns={"own": "as it came"})
        return card(f"{self.subject} · Monte Carlo", below, said, dict.fromkeys(said.columns, str), synthetic=self.synthetic)


def monte_carlo(
    result: Result,
    *,
    runs: int = 1000,
    method: str = "resample",
    strength: float | None = None,
    compound: bool | None = None,
    ruin: float = 0.5,
    seed: int = 0,
) -> MonteCarlo:
    """Return what the closed trades of ``result`` could have done.

    Args:
        result: a backtest.
        runs: how often.
        method: ``shuffle``, ``resample``, ``skip`` or ``slippage``.
        strength: ``skip``: share of trades missed (0.1); ``slippage``: most basis points a fill is worse by, drawn evenly from 0 (2).
        compound: whether a trade gains the same share of the account again (True) or the same money (False); as the strategy sizes when not given.
        ruin: share of the starting money whose loss counts as ruin.
        seed: of the runs.

    Raises:
        InputError: fewer than two trades, no run, or a share that is none.
        UnknownNameError: no such method.
    """
    chosen, hard = _checked(method, strength, runs, ruin)
    ledger = ledger_of(result, compound=compound)
    stops = np.unique(np.linspace(0, len(ledger.gain), min(_MOST_STOPS, len(ledger.gain) + 1)).astype(np.int64))
    step = max(1, _CHUNK_CELLS // len(ledger.gain))
    parts = []
    for first in range(0, runs, step):
        gain, dip = replayed(ledger, chosen, hard, [np.random.default_rng([seed, run]) for run in range(first, min(first + step, runs))])
        parts.append(measured(ledger, gain, dip, stops))
    every = Measured(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    itself = measured(ledger, ledger.gain[None], ledger.dip[None], stops)
    fan = pd.DataFrame(np.quantile(every.equity, QUANTILES, axis=0).T, index=stops, columns=list(QUANTILES))
    return MonteCarlo(
        subject=f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value}",
        method=chosen,
        words=_SAID[chosen].format(hard),
        cash=ledger.start,
        trades=len(ledger.gain),
        compound=ledger.compound,
        runs=_numbers(every, ledger.start),
        own={str(name): float(value) for name, value in _numbers(itself, ledger.start).iloc[0].items()},
        fan=fan.assign(own=itself.equity[0]),
        ruin=ruin,
        seed=seed,
        synthetic=result.bars.synthetic,
    )


def ledger_of(result: Result, *, compound: bool | None = None) -> TradeLedger:
    """Return the closed trades of ``result`` as runs replay them.

    Raises:
        InputError: fewer than two trades, or none of the money was left before the last.
    """
    trades = result.trades
    if len(trades) < _FEWEST_TRADES:
        message = f"{len(trades)} closed trades are too few to draw from; loosen the rules or use more bars"
        raise InputError(message)
    shares = result.run.rules.size_kind != FIXED if compound is None else compound
    profit = trades["pnl"].to_numpy(dtype=np.float64)
    before = result.cash + np.concatenate([[0.0], np.cumsum(profit)[:-1]])
    if shares and before.min() <= 0.0:
        message = "the account was empty before the last trade, so gains are no shares of it; give compound=False"
        raise InputError(message)
    unit = before if shares else np.ones(len(before))
    points = trades["quantity"].to_numpy(dtype=np.float64) * result.run.rules.multiplier / 10_000.0
    bps = np.stack([points * trades["entry_price"].to_numpy(), points * trades["exit_price"].to_numpy()], axis=1)
    dip = np.minimum(np.minimum(trades["mae"].to_numpy(dtype=np.float64), profit), 0.0)
    return TradeLedger(start=result.cash, gain=profit / unit, dip=dip / unit, bps=bps / unit[:, None], compound=shares)


def replayed(
    ledger: TradeLedger, method: Method, strength: float, generators: list[np.random.Generator]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gains and dips of the drawn trades, (runs, trades) each, one run a generator."""
    count = len(ledger.gain)
    if method == "shuffle":
        order = np.stack([generator.permutation(count) for generator in generators])
        return ledger.gain[order], ledger.dip[order]
    if method == "resample":
        order = np.stack([generator.integers(0, count, count) for generator in generators])
        return ledger.gain[order], ledger.dip[order]
    if method == "skip":
        made = np.stack([generator.random(count) >= strength for generator in generators])
        return made * ledger.gain, made * ledger.dip
    worse = np.stack([(generator.random((count, 2)) * strength * ledger.bps).sum(axis=1) for generator in generators])
    return ledger.gain - worse, np.minimum(ledger.dip - worse, 0.0)


def measured(ledger: TradeLedger, gain: NDArray[np.float64], dip: NDArray[np.float64], stops: NDArray[np.int64]) -> Measured:
    """Return what the equity curves of drawn trades (runs, trades) did, and equity after ``stops`` trades."""
    moved = np.cumprod(1.0 + gain, axis=1) * ledger.start if ledger.compound else ledger.start + np.cumsum(gain, axis=1)
    equity = np.concatenate([np.full((len(gain), 1), ledger.start), moved], axis=1)
    alive = np.minimum.accumulate(equity, axis=1) > 0.0
    equity = np.where(alive, equity, 0.0)
    before = equity[:, :-1]
    trough = np.where(alive[:, :-1], np.maximum(before * (1.0 + dip) if ledger.compound else before + dip, 0.0), 0.0)
    peak = np.maximum.accumulate(before, axis=1)
    fall = 1.0 - np.minimum(trough, equity[:, 1:]) / peak
    lowest = np.minimum(trough.min(axis=1), equity.min(axis=1))
    return Measured(equity[:, -1].copy(), np.maximum(fall.max(axis=1), 0.0), lowest, _longest(gain < 0.0), equity[:, stops])


def _longest(lost: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Longest stretch of True in each row."""
    place = np.arange(1, lost.shape[1] + 1)
    since = place - np.maximum.accumulate(np.where(lost, 0, place), axis=1)
    return np.asarray(since.max(axis=1), dtype=np.float64)


def _numbers(found: Measured, start: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "final": found.final,
            "total_return": found.final / start - 1.0,
            "max_drawdown": found.drawdown,
            "lowest": found.lowest,
            "losing_streak": found.streak,
        }
    )


def _checked(method: str, strength: float | None, runs: int, ruin: float) -> tuple[Method, float]:
    if method not in STRENGTH:
        kind = "Monte Carlo method"
        raise UnknownNameError(kind, method, get_args(Method))
    hard = STRENGTH[method] if strength is None else float(strength)
    if runs < 1 or not 0.0 < ruin <= 1.0:
        message = f"give one run or more and a share of the money for ruin, not runs={runs} and ruin={ruin}"
        raise InputError(message)
    if not 0.0 <= hard < math.inf or (method == "skip" and hard > 1.0):
        message = f"strength of {method} is {'a share from 0 to 1' if method == 'skip' else 'basis points, 0 or more'}, not {strength!r}"
        raise InputError(message)
    return method, hard  # type: ignore[return-value]
