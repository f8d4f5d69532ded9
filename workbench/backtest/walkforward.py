"""Walk-forward: choose parameters on the past, trade them on what comes next, and see how often that holds.

1. ``fold_edges`` cuts the bars into stretches of equal length, moved to the next session's first bar. Each fold tests one stretch and trains on all
   stretches before it (anchored) or on the last few (rolling).
2. In sample, ``sweep`` runs the grid on the training bars alone, so that each trial can be repeated from its own data; the best Sharpe ratio is chosen
   (``_chosen``). Indicators warm up inside the training bars: a rolling window pays for its warm-up with its own first bars.
3. Out of sample, the chosen parameters trade the test stretch (``_tested``). Indicators are anchored at the first bar of the *data*, so they are warm when
   the stretch begins and equal to those of a live session that started then. They only know earlier bars, decisions start at the stretch's first
   close, and no position comes over from training: nothing of the test stretch is known to the choice, and nothing after a bar to its decision.
4. Money runs on from fold to fold. A position still open at the end of a stretch, training or test, is taken at its last close, without the cost
   of closing, so no trade spans a border.

**Purge and embargo.** A training result needs no later bar than the last of its stretch, so nothing has to be purged for the choice to be blind to the
test; ``purge`` leaves out sessions between the two for people who fear that neighbouring days are alike. An embargo is a gap *after* a test; here no
fold trains on bars after its own test, so there is none to keep. Where training lies on both sides of the test, ``cpcv`` has both.

A fold holds when its Sharpe ratio out of sample is above zero; robustness is the share of folds that hold. A coin holds as well: ``luck`` says how often
folds without any edge would do as well. Given a ledger, every fold's sweep and test is counted as soon as it is done, so an interrupted
walk-forward has counted what it tried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.records import plain, records
from workbench.backtest.result import Result
from workbench.backtest.run import parameter_values, prepared, program_hash_of
from workbench.backtest.stretches import FEWEST_BARS, Part, fold_edges, parameters_of, rules_of, sessions_before, signals_on, trade
from workbench.backtest.sweep import planned, sweep
from workbench.backtest.timeline import Run
from workbench.backtest.variation import varied_spec
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.backtest.ledger import Ledger
    from workbench.backtest.run import Setting
    from workbench.backtest.sweep import SweepResult
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

__all__ = ["ROBUST", "WalkForward", "fold_edges", "walk_forward"]

ROBUST = 0.6


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
    swept: tuple[str, ...] = ()
    """Names of the parameters that the grid varies."""

    @property
    def robust(self) -> bool:
        """Whether enough folds hold."""
        return self.robustness >= self.threshold

    @property
    def frame(self) -> pd.DataFrame:
        """The folds, one row each."""
        return self.folds

    @property
    def stability(self) -> pd.DataFrame:
        """One row a fold: how well its choice held, and how far it moved.

        Columns: fold, holds, is_sharpe, oos_sharpe, ``kept`` (Sharpe out of sample as a share of that in sample; NaN where the latter was not above
        zero), ``moved`` (share of the swept parameters chosen differently from the fold before; NaN in the first), and the choice.
        """
        folds = self.folds
        before, after = folds["is_sharpe"].astype(float), folds["oos_sharpe"].astype(float)
        choice = folds[list(self.swept)]
        moved = choice.ne(choice.shift()).mean(axis=1) if self.swept else pd.Series(0.0, index=folds.index)
        moved = moved.mask(np.arange(len(folds)) == 0)
        kept = (after / before).where(before > 0.0)
        head = {"fold": folds["fold"], "holds": after > 0.0, "is_sharpe": before, "oos_sharpe": after, "kept": kept, "moved": moved}
        return pd.concat([pd.DataFrame(head), choice], axis=1)

    @property
    def luck(self) -> float:
        """Chance that as many folds hold or more when each holds with one half, as without any edge: the binomial tail."""
        held = round(self.robustness * self.planned)
        return sum(math.comb(self.planned, count) for count in range(held, self.planned + 1)) / 2.0**self.planned

    @property
    def interrupted(self) -> bool:
        """Whether folds are missing because somebody stopped it."""
        return len(self.folds) < self.planned

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record: the verdict and the folds; what has no meaning is None."""
        return {
            "subject": self.subject,
            "anchored": self.anchored,
            "planned": self.planned,
            "robustness": self.robustness,
            "threshold": self.threshold,
            "robust": self.robust,
            "luck": self.luck,
            "oos_sharpe": plain(self.oos_sharpe),
            "synthetic": self.synthetic,
            "folds": records(self.folds),
            "stability": records(self.stability),
        }

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
    """Positions of one fold: train [first, until), test [start, end)."""

    number: int
    first: int
    until: int
    start: int
    end: int


def walk_forward(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]],
    *,
    folds: int = 5,
    anchored: bool = True,
    train: int = 2,
    purge: int = 0,
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
        purge: whole sessions left out between training and test (daily bars: bars).
        cash: starting money.
        ledger: counts every fold's sweep and test where given.
        progress: told after each slice of a fold's points; an interrupt it raises ends the walk-forward after the folds that are finished.

    Raises:
        InputError: fewer than two folds, no training stretch, a negative purge, or stretches too short to measure.
        KeyboardInterrupt: stopped before the first fold was done; later on the finished folds are returned.
    """
    setting = prepared(strategy, bars, cash)
    edges = fold_edges(setting.bars, folds, train)
    _refuse_purge(setting.bars, edges, purge, train)
    rows, results = [], []
    money = cash
    points = planned(strategy, grid)
    for number in range(folds):
        start, end = int(edges[number + train]), int(edges[number + train + 1])
        first, until = (0 if anchored else int(edges[number])), sessions_before(setting.bars, start, purge)
        fold = _Fold(number=number + 1, first=first, until=until, start=start, end=end)
        inside = Part(
            progress,
            number * len(points),
            folds * len(points),
            f"fold {fold.number} of {folds}: {setting.bars.frame.index[start]:%Y-%m-%d}",
        )
        swept = sweep(strategy, setting.bars.slice(fold.first, fold.until), points, cash=cash, progress=inside)
        if ledger is not None:
            ledger.record_sweep(swept)
        if swept.interrupted or inside.stopped:
            break
        chosen, sharpe = _chosen(strategy, swept)
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
    return _stitched(strategy, setting, rows, results, planned=folds, anchored=anchored, points=points)


def _refuse_purge(bars: Bars, edges: NDArray[np.int64], purge: int, train: int) -> None:
    """Refuse a purge that is negative or leaves too little of a training stretch."""
    shortest = min(sessions_before(bars, int(edges[place + train]), purge) - int(edges[place]) for place in range(len(edges) - train - 1))
    if purge < 0 or shortest < FEWEST_BARS:
        message = f"a purge of {purge} sessions leaves {max(0, shortest)} bars to train on; use 0 or more, and fewer folds or more bars"
        raise InputError(message)


def _chosen(strategy: Strategy, swept: SweepResult) -> tuple[dict[str, float], float]:
    """The point with the best Sharpe ratio in sample, the first of equals; the defaults where no point traded."""
    ratios = swept.frame["sharpe"].to_numpy(dtype=np.float64)
    if not np.isfinite(ratios).any():
        return parameter_values(strategy, {}), math.nan
    best = int(np.nanargmax(ratios))
    return {name: float(swept.frame[name].iloc[best]) for name in swept.parameters}, float(ratios[best])


def _tested(strategy: Strategy, setting: Setting, chosen: Mapping[str, float], fold: _Fold, money: float) -> Result:
    """Trade the test stretch alone, with signals computed from the first bar of the data."""
    whole, warmup = signals_on(strategy, setting, chosen, fold.end)
    tape = whole.cut(fold.start, fold.end)
    rules = rules_of(strategy, setting, chosen, money)
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
        spec=varied_spec(strategy.spec, setting.bars.instrument, chosen),
        parameters=parameters_of(strategy, chosen),
        program_hash=program_hash_of(strategy),
        bars=setting.bars.slice(fold.start, fold.end),
        run=run,
        order_rows=done.orders,
        account=done.account,
        warmup=max(0, warmup - fold.start),
        bars_per_year=setting.bars_per_year,
    )


def _row(bars: Bars, fold: _Fold, tested: Result, chosen: Mapping[str, float], sharpe: float, points: int) -> dict[str, Any]:
    index = bars.frame.index
    found = tested.metrics
    return {
        "fold": fold.number,
        "train_from": index[fold.first],
        "train_to": index[fold.until],
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
    strategy: Strategy,
    setting: Setting,
    rows: list[dict[str, Any]],
    results: list[Result],
    *,
    planned: int,
    anchored: bool,
    points: Sequence[Mapping[str, float]],
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
        swept=tuple(name for name in points[0] if len({point.get(name) for point in points}) > 1),
    )
