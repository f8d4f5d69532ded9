"""Combinatorial purged cross-validation: not one way through history out of sample, but many, so that a verdict has a spread.

1. ``skfolio`` cuts the sessions into N groups and takes every k of them as the test once: C(N, k) splits. The rest of the sessions trains, without the
   ``purge`` sessions on both sides of a test and the ``embargo`` sessions after it (``splits_of``).
2. ``_scored`` trades every point of the grid on every stretch that a split trains or tests on: each on its own, beginning flat (``stretches``). Sums of returns
   and their squares are kept, so the Sharpe ratio of any union of stretches costs nothing more.
3. In each split the point with the best Sharpe ratio over the training stretches is chosen and its test groups are taken (``_choices``).
4. Every group is tested in k / N x C(N, k) splits. Taking one of them for each group, in order, makes that many *paths* through all of history, each wholly
   out of sample (``_paths``); a group's money runs on into the next.

**What could leak.** No position spans a border, because every stretch begins flat and ends at its last close; so trades need no purge, and ``purge`` is 0 unless
asked for. Indicators do remember: those of a training stretch after a test still hold bars of the test. ``embargo`` is therefore as many sessions as
the longest warm-up in the grid, unless given. The indicators of a test remember what came before it, as they do live.

**Trials.** The points are swept once over all bars and counted there; trying the same points on parts of the same bars chooses between the same trials,
as in CSCV, and adds none. ``best`` is what that sweep would have promised; the paths are what its way of choosing delivered.

Source: M. Lopez de Prado, "Advances in Financial Machine Learning", Wiley 2018, chapter 12; the splits and paths are skfolio's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from workbench import look
from workbench.backtest.engine import tally as t
from workbench.backtest.metrics import table
from workbench.backtest.records import card, plain, records
from workbench.backtest.run import decider_of, prepared
from workbench.backtest.stretches import FEWEST_BARS, Part, parameters_of, rules_of, session_starts, signals_on, tallied, trade
from workbench.backtest.sweep import planned, sweep
from workbench.errors import InputError
from workbench.progress import SILENT
from workbench.strategy.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.backtest.ledger import Ledger
    from workbench.backtest.run import Setting
    from workbench.backtest.stretches import Traded
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SHOWN = ("sharpe", "total_return", "cagr", "volatility", "max_drawdown", "trades")
_SUM, _SQUARE, _COUNT = 0, 1, 2
_NO_VARIANCE = 1e-12


class Splits(NamedTuple):
    """Who trains and who tests; stretches are pairs of bar positions, the last one excluded."""

    edges: NDArray[np.int64]
    """(N + 1,) bars at which groups begin, and the end."""
    train: list[list[tuple[int, int]]]
    """For each split the stretches that train."""
    test: NDArray[np.int64]
    """(splits, k) groups that are tested."""
    path: NDArray[np.int64]
    """(splits, k) the path that each of them belongs to."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cpcv:
    """Many ways through history, each out of sample."""

    subject: str
    """Strategy, symbol and timeframe, for titles."""
    paths: pd.DataFrame
    """One row a path: path, sharpe, total_return, cagr, volatility, max_drawdown, trades, splits (the split that each group was taken from)."""
    splits: pd.DataFrame
    """One row a split: split, test (groups), train_bars, test_bars, is_sharpe, oos_sharpe, rank (of the choice among all points out of sample, 0 to 1),
    and the choice."""
    equity: pd.DataFrame
    """Money at each session's last close, one column a path."""
    groups: int
    """Number of groups N."""
    test_groups: int
    """Groups tested at a time, k."""
    purge: int
    """Sessions left out on both sides of a test."""
    embargo: int
    """Sessions left out after a test, besides."""
    points: int
    """Points that a split chose from."""
    best: float
    """Sharpe ratio of the best point over all bars, in sample; what a sweep alone would have shown."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def frame(self) -> pd.DataFrame:
        """The paths, one row each."""
        return self.paths

    @property
    def negative(self) -> float:
        """Share of paths whose Sharpe ratio is not above zero; a path without trades counts."""
        return float((~(self.paths["sharpe"] > 0.0)).mean())

    @property
    def overfit(self) -> float:
        """Share of splits whose choice was no better than the median of all points out of sample, as PBO counts; NaN with a single point."""
        return float((self.splits["rank"] <= 0.5).mean()) if self.points > 1 else math.nan  # noqa: PLR2004 - the median

    @property
    def sharpes(self) -> NDArray[np.float64]:
        """Sharpe ratios of the paths; 0 where a path has none."""
        return np.asarray(np.nan_to_num(self.paths["sharpe"].to_numpy(dtype=np.float64)))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; what has no meaning is None."""
        found = self.sharpes
        return {
            "subject": self.subject,
            "groups": self.groups,
            "test_groups": self.test_groups,
            "purge": self.purge,
            "embargo": self.embargo,
            "points": self.points,
            "best": plain(self.best),
            "negative": self.negative,
            "overfit": plain(self.overfit),
            "sharpe_mean": float(found.mean()),
            "sharpe_deviation": plain(float(found.std(ddof=1)) if len(found) > 1 else math.nan),
            "sharpe_quantiles": {f"{share:g}": float(value) for share, value in zip(QUANTILES, np.quantile(found, QUANTILES), strict=True)},
            "synthetic": self.synthetic,
            "paths": records(self.paths),
            "splits": records(self.splits),
        }

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the paths' equity over the spread of their Sharpe ratios."""
        from workbench.backtest import resample_figures  # noqa: PLC0415 - drawing only

        return resample_figures.cpcv(self)

    def __repr__(self) -> str:
        """Say how the paths did."""
        found = self.sharpes
        return (
            f"Cpcv({self.subject}: {len(found)} paths of {len(self.splits)} splits, Sharpe {np.median(found):.2f} "
            f"({found.min():.2f} to {found.max():.2f}), {self.best:.2f} in sample)"
        )

    def _repr_html_(self) -> str:
        found = self.sharpes
        below = (
            f"{self.groups} groups, {self.test_groups} tested at a time: {len(self.splits)} splits, {len(found)} paths · embargo {self.embargo} and purge "
            f"{self.purge} sessions · Sharpe {look.number(float(np.median(found)))} in the middle, {look.number(self.best)} in sample · "
            f"{look.percent(self.negative, 0)} of paths at or below zero"
        )
        shares: dict[str, Callable[[Any], str]] = dict.fromkeys(("total_return", "cagr", "max_drawdown"), look.percent)
        shown: dict[str, Callable[[Any], str]] = {
            "path": str,
            "sharpe": look.number,
            **shares,
            "trades": lambda value: look.number(value, 0),
            "splits": str,
        }
        return card(f"{self.subject} · combinatorial purged cross-validation", below, self.paths, shown, synthetic=self.synthetic)


def cpcv(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]],
    *,
    groups: int = 6,
    test_groups: int = 2,
    purge: int = 0,
    embargo: int | None = None,
    cash: float = 100_000.0,
    ledger: Ledger | None = None,
    progress: Progress = SILENT,
) -> Cpcv:
    """Return how parameters chosen on some groups of sessions did on the others, over all ways to choose them.

    Args:
        strategy: as ``wb.strategy`` makes it.
        bars: checked bars, or a frame that ``market.validate`` accepts.
        grid: values to try for each ``$parameter``, or the points themselves, as for ``sweep``.
        groups: stretches of sessions, three or more.
        test_groups: how many of them are tested at a time, two or more and fewer than ``groups``.
        purge: sessions (daily bars: bars) left out of training on both sides of a test.
        embargo: sessions left out of training after a test, besides; the longest warm-up in the grid when not given.
        cash: starting money of every stretch and path.
        ledger: counts the points, once each, where given.
        progress: told point by point.

    Raises:
        InputError: numbers of groups that make no splits, a purge and embargo that leave nothing of a group, or too few bars.
        KeyboardInterrupt: stopped on the way; what the sweep tried is counted.
    """
    setting = prepared(strategy, bars, cash)
    points = list(planned(strategy, grid))
    inside = Part(progress, 0, 2 * len(points), "cross-validation: sweep")
    swept = sweep(strategy, setting.bars, points, cash=cash, progress=inside)
    if ledger is not None:
        ledger.record_sweep(swept)
    if swept.interrupted or inside.stopped:
        raise KeyboardInterrupt
    columns = Columns(setting.bars)
    warmup = max(decider_of(strategy, parameters_of(strategy, point)).warmup for point in points)
    away = sessions_of(setting.bars, warmup) if embargo is None else embargo
    splits = splits_of(setting.bars, groups, test_groups, purge=purge, embargo=away)
    found = _scored(strategy, setting, points, columns, splits, progress)
    choices, rows = _choices(points, splits, found, setting.bars_per_year)
    paths, equity = _paths(strategy, setting, points, columns, splits, choices)
    ratios = swept.frame["sharpe"].to_numpy(dtype=np.float64)
    return Cpcv(
        subject=f"{strategy.name} · {setting.bars.instrument.symbol} {setting.bars.timeframe.value}",
        paths=paths,
        splits=rows,
        equity=equity,
        groups=groups,
        test_groups=test_groups,
        purge=purge,
        embargo=away,
        points=len(points),
        best=float(np.nanmax(ratios)) if np.isfinite(ratios).any() else math.nan,
        synthetic=setting.bars.synthetic,
    )


def sessions_of(bars: Bars, count: int) -> int:
    """Return how many whole sessions hold ``count`` bars, wherever they begin; less only where the bars end."""
    starts = session_starts(bars)
    return int((np.searchsorted(starts, starts + count) - np.arange(len(starts))).max())


def splits_of(bars: Bars, groups: int, test_groups: int, *, purge: int, embargo: int) -> Splits:
    """Return the splits and paths of skfolio's ``CombinatorialPurgedCV`` over the sessions of ``bars``.

    Raises:
        InputError: as ``cpcv``.
    """
    from skfolio.model_selection import CombinatorialPurgedCV  # noqa: PLC0415 - it takes seconds to import

    starts = session_starts(bars)
    ends = np.append(starts, len(bars))
    each = len(starts) // max(groups, 1)
    if purge < 0 or embargo < 0 or purge + embargo >= each - 1:
        message = (
            f"{groups} groups of {each} sessions leave nothing to train on after an embargo of {embargo} and a purge of {purge}; "
            "use fewer groups, more bars, shorter indicators, or embargo=0"
        )
        raise InputError(message)
    try:
        folds = CombinatorialPurgedCV(n_folds=groups, n_test_folds=test_groups, purged_size=purge, embargo_size=embargo)
    except ValueError as error:
        message = f"no splits from {groups} groups with {test_groups} tested at a time: {error}"
        raise InputError(message) from error
    edges = np.append(starts[np.arange(groups) * each], len(bars))
    if np.diff(edges).min() < FEWEST_BARS:
        message = f"{len(bars)} bars in {groups} groups leave {int(np.diff(edges).min())} bars for one; use fewer groups or more bars"
        raise InputError(message)
    owner = np.minimum(np.arange(len(starts)) // each, groups - 1)
    train = [_runs(kept, owner, ends) for kept, _tests in folds.split(np.zeros((len(starts), 1)))]
    return Splits(edges=edges, train=train, test=folds.test_set_index, path=folds.get_path_ids())


def _runs(kept: NDArray[np.int64], owner: NDArray[np.int64], ends: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The sessions that train as stretches of bars, none over the border of a group."""
    cuts = np.flatnonzero((np.diff(kept) != 1) | (np.diff(owner[kept]) != 0)) + 1
    return [(int(ends[part[0]]), int(ends[part[-1] + 1])) for part in np.split(kept, cuts)]


def _scored(
    strategy: Strategy, setting: Setting, points: Sequence[Mapping[str, float]], columns: Columns, splits: Splits, progress: Progress
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Sum and sum of squares of returns and their number, (points, 3), for every stretch that a split trains or tests on."""
    tests = [(int(first), int(last)) for first, last in zip(splits.edges[:-1], splits.edges[1:], strict=True)]
    stretches = sorted({*tests, *(stretch for train in splits.train for stretch in train)})
    found = {stretch: np.zeros((len(points), 3)) for stretch in stretches}
    row = np.zeros(t.POINT_SIZE)
    for place, point in enumerate(points):
        tape, _warmup = signals_on(strategy, setting, point, columns=columns)
        rules = rules_of(strategy, setting, point)
        for first, last in stretches:
            t.tally(trade(tape.cut(first, last), rules).equity, setting.rules.initial_cash, row)
            sums, squares = row[t.SUMS : t.SUMS + t.BLOCKS], row[t.SQUARES : t.SQUARES + t.BLOCKS]
            found[first, last][place] = sums.sum(), squares.sum(), last - first
        progress.at(len(points) + place + 1, 2 * len(points), "cross-validation: groups")
    return found


def _choices(
    points: Sequence[Mapping[str, float]], splits: Splits, found: Mapping[tuple[int, int], NDArray[np.float64]], bars_per_year: float
) -> tuple[list[int], pd.DataFrame]:
    """The chosen point of each split, the first of equals (the plan's first where no point traded), and the table of splits."""
    choices, rows = [], []
    year = math.sqrt(bars_per_year)
    for number, (train, test) in enumerate(zip(splits.train, splits.test, strict=True)):
        inside = np.sum([found[stretch] for stretch in train], axis=0)
        outside = np.sum([found[int(splits.edges[group]), int(splits.edges[group + 1])] for group in test], axis=0)
        before, after = _sharpe(inside), _sharpe(outside)
        choice = int(np.nanargmax(before)) if np.isfinite(before).any() else 0
        flat = np.nan_to_num(after)
        rank = (np.count_nonzero(flat < flat[choice]) + (np.count_nonzero(flat == flat[choice]) + 1) / 2.0) / (len(points) + 1.0)
        choices.append(choice)
        rows.append(
            {
                "split": number + 1,
                "test": ", ".join(str(group + 1) for group in test),
                "train_bars": int(inside[choice, _COUNT]),
                "test_bars": int(outside[choice, _COUNT]),
                "is_sharpe": before[choice] * year,
                "oos_sharpe": after[choice] * year,
                "rank": rank if len(points) > 1 else math.nan,
                **points[choice],
            }
        )
    return choices, pd.DataFrame(rows)


def _sharpe(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sharpe ratio a bar of each point from its sums (points, 3); NaN without variance."""
    count = sums[:, _COUNT]
    mean = sums[:, _SUM] / count
    spread = sums[:, _SQUARE] - sums[:, _SUM] * mean
    moving = spread > _NO_VARIANCE * sums[:, _SQUARE]
    return np.where(moving, mean / np.sqrt(np.where(moving, spread, 1.0) / np.maximum(count - 1.0, 1.0)), np.nan)


def _paths(
    strategy: Strategy, setting: Setting, points: Sequence[Mapping[str, float]], columns: Columns, splits: Splits, choices: list[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of paths, and their equity at each session's end."""
    edges, money = splits.edges, setting.rules.initial_cash
    count = int(splits.path.max()) + 1
    origin = np.empty((count, len(edges) - 1), dtype=np.int64)
    for split, (test, path) in enumerate(zip(splits.test, splits.path, strict=True)):
        origin[path, test] = split
    traded: dict[tuple[int, int], Traded] = {}
    for choice in sorted(set(choices)):
        tape, _warmup = signals_on(strategy, setting, points[choice], columns=columns)
        for group in {int(group) for split in np.flatnonzero(np.array(choices) == choice) for group in splits.test[split]}:
            traded[choice, group] = trade(tape.cut(int(edges[group]), int(edges[group + 1])), rules_of(strategy, setting, points[choice]))
    ends = np.append(session_starts(setting.bars)[1:], len(setting.bars)) - 1
    rows, curves = np.zeros((count, t.POINT_SIZE)), {}
    for path in range(count):
        parts = [traded[choices[split], group] for group, split in enumerate(origin[path])]
        equity = _stitched([part.equity for part in parts], money)
        t.tally(equity, money, rows[path])
        rows[path, t.TRADES] = sum(tallied(part, money)[t.TRADES] for part in parts)
        curves[path + 1] = equity[ends]
    metrics = table(rows, len(setting.bars), setting.bars_per_year, money)
    frame = pd.DataFrame({"path": np.arange(1, count + 1), **{name: metrics[name] for name in _SHOWN}})
    frame["splits"] = [", ".join(str(split + 1) for split in row) for row in origin]
    return frame, pd.DataFrame(curves, index=setting.bars.frame.index[ends])


def _stitched(parts: Sequence[NDArray[np.float64]], money: float) -> NDArray[np.float64]:
    """One equity curve of groups that each started from ``money``: what one ends with, the next begins with."""
    level, pieces = money, []
    for part in parts:
        pieces.append(part * (level / money))
        level = max(0.0, float(pieces[-1][-1]))
    return np.concatenate(pieces)
