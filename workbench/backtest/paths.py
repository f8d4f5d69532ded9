"""Other histories: bars drawn again in blocks, put together to prices that never were, and the strategy run on each. SYNTHETIC, always.

1. ``moves_of`` describes each bar by logarithms: the step from the close before to its open, and from its open to high, low and close. So a drawn bar
   keeps its shape and range at another price.
2. ``drawn_bars`` draws whole sessions in blocks of neighbours (daily bars: bars). A session is only replaced by one with as many bars, so the time of day,
   session borders, trading hours and half days stay where they were.
3. ``path_of`` adds the steps up from the first price, onto the tick grid. Times, calendar and hours are those of the given bars.
4. ``rerun_on_paths`` runs the strategy on every path through the same signals, fill model and tally as a backtest, all paths in threads.

What the strategy earns on paths comes from what lasts inside a block: the drift, and patterns shorter than blocks. What needs the one order of this history
is gone. Nothing is chosen, so the runs are no trials. A path is seeded by ``seed`` and its own number.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest import blocks
from workbench.backtest.metrics import table
from workbench.backtest.records import card, plain, records
from workbench.backtest.run import parameter_values, prepared, require_bars, varied_names
from workbench.backtest.stretches import rules_of, session_starts, signals_on, tallied, trade
from workbench.errors import InputError
from workbench.progress import SILENT

from numba import get_num_threads  # isort: skip - its cache folder must be known first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.run import Setting
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SHOWN = ("total_return", "cagr", "sharpe", "sortino", "max_drawdown", "trades", "win_rate", "exposure")
_MONTH = 20
_MOST_STOPS = 200


class Moves(NamedTuple):
    """Bars as logarithmic steps, float64 (n,); ``volume`` as it is."""

    gap: NDArray[np.float64]
    """From the close before to the open; 0 for the first bar."""
    high: NDArray[np.float64]
    """From the open; the next two as well."""
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """What the strategy did on histories that never were."""

    subject: str
    """Strategy, symbol and timeframe, for titles."""
    frame: pd.DataFrame
    """One row a path: path, total_return, cagr, sharpe, sortino, max_drawdown, trades, win_rate, exposure, market_return (of the prices)."""
    own: dict[str, float]
    """The same on the given bars."""
    fan: pd.DataFrame
    """Quantiles of equity over the paths at session ends, at most 200 rows; columns 0.05 to 0.95 and ``own``."""
    parameters: dict[str, float]
    """Value of each ``$parameter``."""
    block: float
    """Mean length of the blocks in sessions."""
    method: blocks.Method
    """How blocks were drawn."""
    seed: int
    """What the paths were seeded with."""

    @property
    def synthetic(self) -> bool:
        """True: nobody ever saw these prices."""
        return True

    @property
    def loss_probability(self) -> float:
        """Share of paths that lost money."""
        return float((self.frame["total_return"] < 0.0).mean())

    @property
    def rank(self) -> float:
        """Share of paths with a Sharpe ratio below that on the given bars; near one says that the real order was lucky, or mattered."""
        return float((self.frame["sharpe"].fillna(0.0) < self.own["sharpe"]).mean()) if math.isfinite(self.own["sharpe"]) else math.nan

    def quantiles(self) -> pd.DataFrame:
        """Return one row a number: on the given bars, mean and quantiles over the paths that have a value."""
        rows = []
        for name in self.frame.columns[1:]:
            values = self.frame[name].to_numpy(dtype=np.float64)
            values = values[np.isfinite(values)]
            found = np.quantile(values, QUANTILES) if len(values) else np.full(len(QUANTILES), np.nan)
            rows.append((name, self.own[name], float(values.mean()) if len(values) else math.nan, *found))
        return pd.DataFrame(rows, columns=["number", "own", "mean", *(f"q{share * 100:.0f}" for share in QUANTILES)])

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record, without the single paths; what has no meaning is None."""
        return {
            "subject": self.subject,
            "paths": len(self.frame),
            "block": self.block,
            "method": self.method,
            "seed": self.seed,
            "parameters": self.parameters,
            "loss_probability": plain(self.loss_probability),
            "rank": plain(self.rank),
            "synthetic": True,
            "quantiles": records(self.quantiles()),
        }

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the fan of equity beside the spread of the Sharpe ratio."""
        from workbench.backtest import resample_figures  # noqa: PLC0415 - drawing only

        return resample_figures.paths(self)

    def __repr__(self) -> str:
        """Say how the strategy did on other histories."""
        middle = float(self.frame["sharpe"].median())
        return f"Paths({self.subject}: {len(self.frame)} SYNTHETIC paths, median Sharpe {middle:.2f}, {self.own['sharpe']:.2f} on the given bars)"

    def _repr_html_(self) -> str:
        below = (
            f"{look.number(len(self.frame), 0)} paths, {self.method} blocks of {look.number(self.block, 1)} sessions, seed {self.seed} · "
            f"{look.percent(self.loss_probability)} lost money · the given bars beat {look.percent(self.rank)} of the paths · no trial"
        )
        said = self.quantiles()
        for column in said.columns[1:]:
            said[column] = [_said(name, value) for name, value in zip(said["number"], said[column], strict=True)]
        said["number"] = [name.replace("_", " ") for name in said["number"]]
        said = said.rename(columns={"own": "given bars"})
        return card(f"{self.subject} · other histories", below, said, dict.fromkeys(said.columns, str), synthetic=True)


def rerun_on_paths(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    runs: int = 200,
    *,
    parameters: Mapping[str, float] | None = None,
    block: float | None = None,
    method: str = "stationary",
    cash: float = 100_000.0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Paths:
    """Return what ``strategy`` does on ``runs`` histories made of the sessions of ``bars``.

    Args:
        strategy: as ``wb.strategy`` makes it.
        bars: checked bars, or a frame that ``market.validate`` accepts.
        runs: paths.
        parameters: values for the strategy's ``$parameters``; its defaults where not given.
        block: length of the blocks in sessions (daily bars: bars), the mean one for stationary blocks. When not given: a month, or as long as the
            indicators' warm-up where that is longer, so that they mostly see sessions that followed each other; a quarter of the bars at most.
        method: ``stationary``, ``circular`` or ``moving``.
        cash: starting money.
        seed: of the paths.
        progress: told after each path.

    Raises:
        InputError: no path, too few bars, a block that does not fit, or money that is not positive.
        UnknownNameError: no such method or parameter.
    """
    setting, chosen = prepared(strategy, bars, cash), blocks.checked_method(method)
    if runs < 1:
        message = f"give one path or more, not {runs}"
        raise InputError(message)
    given = dict(parameters or {})
    own = varied_names(strategy.spec, list(given))
    values = {name: given[name] for name in own} | parameter_values(
        strategy, {name: value for name, value in given.items() if name not in own}
    )
    _tape, warmup = signals_on(strategy, setting, values)
    require_bars(len(setting.bars), warmup)
    starts = session_starts(setting.bars)
    length = _default_block(setting.bars, starts, warmup) if block is None else blocks.checked_length(block, len(starts))
    moves, stops = moves_of(setting.bars), _stops(setting.bars, starts)

    def done(path: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        index = drawn_bars(setting.bars, chosen, length, np.random.default_rng([seed, path]))
        made = path_of(setting.bars, moves, index)
        return _run(strategy, replace(setting, bars=made), values, stops)

    found = []
    with ThreadPoolExecutor(max_workers=get_num_threads()) as pool:
        try:
            for path, one in enumerate(pool.map(done, range(runs))):
                found.append(one)
                progress.at(path + 1, runs, "other histories")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    itself = _run(strategy, setting, values, stops)
    equity = np.stack([one[1] for one in found])
    fan = pd.DataFrame(np.quantile(equity, QUANTILES, axis=0).T, index=setting.bars.frame.index[stops], columns=list(QUANTILES))
    same = _table([itself], setting, cash)
    return Paths(
        subject=f"{strategy.name} · {setting.bars.instrument.symbol} {setting.bars.timeframe.value}",
        frame=_table(found, setting, cash),
        own={str(name): float(same[name].iloc[0]) for name in same.columns[1:]},
        fan=fan.assign(own=itself[1]),
        parameters=values,
        block=length,
        method=chosen,
        seed=seed,
    )


def moves_of(bars: Bars) -> Moves:
    """Return ``bars`` as logarithmic steps."""
    opened = np.log(bars.open)
    gap = np.concatenate([[0.0], opened[1:] - np.log(bars.close[:-1])])
    return Moves(gap, np.log(bars.high) - opened, np.log(bars.low) - opened, np.log(bars.close) - opened, bars.volume)


def drawn_bars(bars: Bars, method: blocks.Method, length: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return for each bar the position of the bar that takes its place: whole sessions, in blocks, each for one with as many bars."""
    starts = session_starts(bars)
    sizes = np.diff(np.append(starts, len(bars)))
    source = np.empty(len(starts), dtype=np.int64)
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        source[alike] = alike[blocks.drawn(method, len(alike), min(length, float(len(alike))), generator)]
    inside = np.arange(len(bars)) - np.repeat(starts, sizes)
    return np.asarray(np.repeat(starts[source], sizes) + inside, dtype=np.int64)


def path_of(bars: Bars, moves: Moves, index: NDArray[np.int64]) -> Bars:
    """Return the bars that drawn steps make from the first open of ``bars``, marked synthetic; the times are those of ``bars``."""
    gap, high, low, close, volume = (column[index] for column in moves)
    ends = np.cumsum(gap + close) + math.log(bars.open[0]) - gap[0]
    opened = ends - close
    tick = float(bars.instrument.tick)
    columns = {
        "open": _on_grid(np.exp(opened), tick),
        "high": _on_grid(np.exp(opened + high), tick),
        "low": _on_grid(np.exp(opened + low), tick),
        "close": _on_grid(np.exp(ends), tick),
        "volume": volume,
    }
    # Logarithms and back may put the open a rounding above the high where there is no grid.
    columns["high"] = np.maximum.reduce([columns[name] for name in ("open", "high", "close")])
    columns["low"] = np.minimum.reduce([columns[name] for name in ("open", "low", "close")])
    frame = pd.DataFrame(columns, index=bars.frame.index)
    return replace(bars, frame=frame, source=f"paths of {bars.source}", synthetic=True)


def _on_grid(prices: NDArray[np.float64], tick: float) -> NDArray[np.float64]:
    """Nearest whole tick, one at least; ``tick`` 0 leaves prices alone."""
    if not tick > 0.0:
        return prices
    per = 1.0 / tick
    per = round(per) if abs(per - round(per)) <= 1e-9 * per else per  # as the engine does: whole ticks over a whole number
    return np.asarray(np.maximum(np.rint(prices * per), 1.0) / per)


def _run(
    strategy: Strategy, setting: Setting, values: Mapping[str, float], stops: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Tallied row, equity at ``stops`` and the market's return of one history."""
    tape, _warmup = signals_on(strategy, setting, values)
    done = trade(tape, rules_of(strategy, setting, values))
    row = tallied(done, setting.rules.initial_cash)
    return row, done.equity[stops], float(tape.prices.close[-1] / tape.prices.open[0] - 1.0)


def _table(found: list[tuple[NDArray[np.float64], NDArray[np.float64], float]], setting: Setting, cash: float) -> pd.DataFrame:
    metrics = table(np.stack([row for row, _, _ in found]), len(setting.bars), setting.bars_per_year, cash)
    chosen = {name: metrics[name] for name in _SHOWN}
    return pd.DataFrame({"path": np.arange(len(found)), **chosen, "market_return": [market for _, _, market in found]})


def _stops(bars: Bars, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Last bars of at most 200 sessions, the last one among them."""
    ends = np.append(starts[1:], len(bars)) - 1
    return np.asarray(ends[np.unique(np.linspace(0, len(ends) - 1, min(_MOST_STOPS, len(ends))).astype(np.int64))])


def _default_block(bars: Bars, starts: NDArray[np.int64], warmup: int) -> float:
    sessions = math.ceil(warmup * len(starts) / len(bars))
    return float(max(1, min(max(_MONTH, sessions), len(starts) // 4)))


def _said(name: str, value: float) -> str:
    if name in {"total_return", "cagr", "max_drawdown", "win_rate", "exposure", "market_return"}:
        return look.percent(value)
    return look.number(value, 0 if name == "trades" else 2)
