"""Walk-forward: choose parameters on the past, trade them on what comes next, and see how often that holds.

1. ``fold_edges`` cuts the bars into stretches of equal length, moved to the next session's first bar. Each fold tests one stretch and trains on all
   stretches before it (anchored) or on the last few (rolling).
2. In sample, ``sweep`` runs the grid on the training bars alone; the best Sharpe ratio is chosen (``_chosen``).
3. Out of sample, the chosen parameters trade the test stretch (``_tested``). Indicators are anchored at the first bar of the *data*, so they are warm when
   the stretch begins and equal to those of a live session that started then. They only know earlier bars, decisions start at the stretch's first
   close, and no position comes over from training: nothing of the test stretch is known to the choice, and nothing after a bar to its decision.
4. Money runs on from fold to fold. A position still open at the end of a stretch is taken at its last close, without the cost of closing.

A fold holds when its Sharpe ratio out of sample is above zero; robustness is the share of folds that hold. Given a ledger, every fold's sweep and test
is counted as soon as it is done, so an interrupted walk-forward has counted what it tried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.result import Result
from workbench.backtest.run import distance_of, orders_of, parameter_values, prepared
from workbench.backtest.sweep import planned, sweep
from workbench.backtest.timeline import Run
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from workbench.backtest.ledger import Ledger
    from workbench.backtest.run import Setting
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

ROBUST = 0.6
_FEWEST_FOLDS = 2
_FEWEST_BARS = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkForward:
    """What happened out of sample."""

    subject: str
    """Strategy, symbol and timeframe, for titles."""
    folds: pd.DataFrame
    """One row a fold: fold, train_from, train_to, test_from, test_to (open times, ends exclusive), is_sharpe, oos_sharpe, oos_return,
    oos_drawdown, oos_trades, points, and one column a parameter."""
    equity: pd.Series[float]
    """Money at each close of the test stretches, run on from fold to fold."""
    planned: int
    """Folds asked for; more than ``folds`` has after an interrupt."""
    robustness: float
    """Share of the planned folds with a Sharpe ratio above zero out of sample; a fold without trades, or never run, does not hold."""
    threshold: float
    """Share asked for."""
    oos_sharpe: float
    """Annual Sharpe ratio of the stitched equity; NaN without variance."""
    anchored: bool
    """Whether training always began at the first bar."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def robust(self) -> bool:
        """Whether enough folds hold."""
        return self.robustness >= self.threshold

    @property
    def interrupted(self) -> bool:
        """Whether folds are missing because somebody stopped it."""
        return len(self.folds) < self.planned

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return Sharpe ratios by fold over the stitched equity."""
        from workbench.backtest import figures  # noqa: PLC0415 - drawing only

        return figures.walk_forward(self)

    def __repr__(self) -> str:
        """Say how many folds hold."""
        held = round(self.robustness * self.planned)
        return f"WalkForward({self.subject}: {held} of {self.planned} folds hold, Sharpe out of sample {self.oos_sharpe:.2f})"

    def _repr_html_(self) -> str:
        from workbench.backtest import report  # noqa: PLC0415 - drawing only

        return report.walk_forward_card(self)


@dataclass(frozen=True, kw_only=True)
class _Fold:
    """Positions of one fold: train [first, start), test [start, end)."""

    number: int
    first: int
    start: int
    end: int


@dataclass(frozen=True)
class _Inside:
    """Tells the points of one fold's sweep as a part of all points."""

    outside: Progress
    before: int
    total: int
    what: str

    def at(self, done: int, total: int, what: str) -> None:
        """Pass on how far the whole is."""
        del total, what
        self.outside.at(self.before + done, self.total, self.what)


def walk_forward(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]],
    *,
    folds: int = 5,
    anchored: bool = True,
    train: int = 2,
    cash: float = 100_000.0,
    ledger: Ledger | None = None,
    progress: Progress = SILENT,
) -> WalkForward:
    """Return how parameters chosen on the past did afterwards, fold by fold.

    Args:
        strategy: as ``wb.strategy`` makes it.
        bars: checked bars, or a frame that ``market.validate`` accepts.
        grid: values to try for each ``$parameter``, or the points themselves, as for ``sweep``.
        folds: stretches tested.
        anchored: train on everything before a stretch; otherwise on the ``train`` stretches before it.
        train: stretches before the first one tested; the length of the rolling window.
        cash: starting money.
        ledger: counts every fold's sweep and test where given.
        progress: told after each slice of a fold's points; an interrupt it raises ends the walk-forward after the folds that are finished.

    Raises:
        InputError: fewer than two folds, no training stretch, or stretches too short to measure.
        KeyboardInterrupt: stopped before the first fold was done; later on the finished folds are returned.
    """
    setting = prepared(strategy, bars, cash)
    edges = fold_edges(setting.bars, folds, train)
    rows, results = [], []
    money = cash
    points = planned(strategy, grid)
    for number in range(folds):
        start, end = int(edges[number + train]), int(edges[number + train + 1])
        fold = _Fold(number=number + 1, first=0 if anchored else int(edges[number]), start=start, end=end)
        inside = _Inside(
            progress,
            number * len(points),
            folds * len(points),
            f"fold {fold.number} of {folds}: {setting.bars.frame.index[start]:%Y-%m-%d}",
        )
        swept = sweep(strategy, setting.bars.slice(fold.first, start), points, cash=cash, progress=inside)
        if ledger is not None:
            ledger.record_sweep(swept)
        if swept.interrupted:
            break
        chosen, sharpe = _chosen(strategy, swept.frame)
        tested = _tested(strategy, setting, chosen, fold, max(money, 1.0))
        if ledger is not None:
            ledger.record(tested)
        money = float(tested.equity.iloc[-1])
        results.append(tested)
        rows.append(_row(setting.bars, fold, tested, chosen, sharpe, len(swept.frame)))
    if not results:
        raise KeyboardInterrupt
    done = len(results) * len(points)
    progress.at(done, folds * len(points), "walk-forward done" if len(results) == folds else "interrupted; finished folds are kept")
    return _stitched(strategy, setting, rows, results, planned=folds, anchored=anchored)


def fold_edges(bars: Bars, folds: int, train: int) -> NDArray[np.int64]:
    """Return (folds + train + 1,) positions that cut ``bars`` into stretches, each beginning with a session.

    Raises:
        InputError: fewer than two folds, no training stretch, or stretches shorter than 32 bars.
    """
    if folds < _FEWEST_FOLDS or train < 1:
        message = f"a walk-forward needs two folds or more and a training stretch, not folds={folds} and train={train}"
        raise InputError(message)
    count = folds + train
    starts = np.flatnonzero(np.concatenate([[True], bars.session[1:] != bars.session[:-1]]))
    wanted = (np.arange(count + 1, dtype=np.int64) * len(bars)) // count
    edges = np.append(starts, len(bars))[np.minimum(np.searchsorted(starts, wanted), len(starts))]
    edges[-1] = len(bars)
    if np.diff(edges).min() < _FEWEST_BARS:
        message = f"{len(bars)} bars in {count} stretches leave {int(np.diff(edges).min())} bars for one; use fewer folds or more bars"
        raise InputError(message)
    return np.asarray(edges, dtype=np.int64)


def _chosen(strategy: Strategy, frame: pd.DataFrame) -> tuple[dict[str, float], float]:
    """The point with the best Sharpe ratio in sample, the first of equals; the defaults where no point traded."""
    ratios = frame["sharpe"].to_numpy(dtype=np.float64)
    if not np.isfinite(ratios).any():
        return parameter_values(strategy, {}), math.nan
    best = int(np.nanargmax(ratios))
    return parameter_values(strategy, {name: float(frame[name].iloc[best]) for name in strategy.program.parameters}), float(ratios[best])


def _tested(strategy: Strategy, setting: Setting, chosen: Mapping[str, float], fold: _Fold, money: float) -> Result:
    """Trade the test stretch alone, with signals computed from the first bar of the data."""
    bound = strategy.program.bind(chosen)
    known = setting.bars.head(fold.end)
    signals = bound.columns(known)
    stretch = slice(fold.start, fold.end)
    rules = setting.rules._replace(initial_cash=money)
    prices = Prices(*(np.ascontiguousarray(column[stretch]) for column in Prices.of(known)))
    hours = Hours(*(np.ascontiguousarray(column[stretch]) for column in setting.hours))
    orders = Orders(*(np.ascontiguousarray(column[stretch]) for column in orders_of(signals)))
    distance = np.ascontiguousarray(distance_of(signals, fold.end)[stretch])
    account = new_account(rules)
    fills, order_rows, equity = simulate(account, rules, prices, hours, orders, distance)
    run = Run(prices=prices, hours=hours, signals=orders, rules=rules, distance=distance, fills=fills, equity=equity)
    return Result(
        spec=strategy.spec,
        parameters=dict(chosen),
        program_hash=strategy.program.program_hash,
        bars=setting.bars.slice(fold.start, fold.end),
        run=run,
        order_rows=order_rows,
        account=account,
        warmup=max(0, bound.warmup - fold.start),
        bars_per_year=setting.bars_per_year,
    )


def _row(bars: Bars, fold: _Fold, tested: Result, chosen: Mapping[str, float], sharpe: float, points: int) -> dict[str, Any]:
    index = bars.frame.index
    found = tested.metrics
    return {
        "fold": fold.number,
        "train_from": index[fold.first],
        "train_to": index[fold.start],
        "test_from": index[fold.start],
        "test_to": index[fold.end] if fold.end < len(index) else pd.Timestamp(bars.known_at[-1], unit="ns", tz="UTC"),
        "is_sharpe": sharpe,
        "oos_sharpe": found.sharpe,
        "oos_return": found.total_return,
        "oos_drawdown": found.max_drawdown,
        "oos_trades": int(found.trades),
        "points": points,
        **chosen,
    }


def _stitched(
    strategy: Strategy, setting: Setting, rows: list[dict[str, Any]], results: list[Result], *, planned: int, anchored: bool
) -> WalkForward:
    folds = pd.DataFrame(rows)
    returns = np.concatenate([result.returns.to_numpy() for result in results])
    spread = float(returns.std(ddof=1))
    return WalkForward(
        subject=f"{strategy.name} · {setting.bars.instrument.symbol} {setting.bars.timeframe.value}",
        folds=folds,
        equity=pd.concat([result.equity for result in results]),
        planned=planned,
        robustness=float((folds["oos_sharpe"] > 0).sum() / planned),
        threshold=ROBUST,
        oos_sharpe=float(returns.mean() / spread * math.sqrt(setting.bars_per_year)) if spread > 0.0 else math.nan,
        anchored=anchored,
        synthetic=setting.bars.synthetic,
    )
