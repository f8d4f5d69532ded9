"""How much money the edge carries: at which size market impact takes half of it, and where the market's volume ends.

1. Impact of one fill, as a share of its price: ``y * sigma * sqrt(q / v)`` with q the quantity, v the volume of the fill's session and sigma the deviation of the
   market's returns over a session, both means of the ``sessions`` before [1], [2]; y is of order one.
2. With all quantities m times as large the impact of a fill costs m^1.5 as much while the profit grows by m. The profit per unit of money halves where impact takes half
   of it: m = (profit / (2 sum of impact costs))^2; the costs that the backtest has in its prices already stay as they are.
3. A second limit: with the volume share capped (10 % by default) of a bar, 95 % of the fills must still fit into their own bar.
4. Capacity is the smaller multiple times the money that the backtest started with.

Sources:
    [1] R. Almgren, C. Thum, E. Hauptmann and H. Li, "Direct Estimation of Equity Market Impact", Risk, July 2005.
    [2] B. Toth et al., "Anomalous Price Impact and the Critical Nature of Liquidity in Financial Markets", Physical Review X 1, 2011: the square root,
        with y near one over many markets.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.backtest.engine import account as a
from workbench.backtest.evidence import drawing
from workbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

_COVERED = 0.95
_SIZES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much money the edge carries."""

    money: float
    """Starting money at which the edge has halved or the volume ends; 0 without a profit, NaN where the bars have no volume."""
    by_impact: float
    """The first of the two limits, money."""
    by_volume: float
    """The second, money."""
    participation: float
    """95th percentile of quantity over the volume of the fill's bar, as run."""
    impact: float
    """Cost of impact as run, as a share of the profit before it; NaN without a profit."""
    start: float
    """Money the backtest started with."""
    factor: float
    """y: how strong impact is."""
    volume_share: float
    """Share of a bar's volume that may be ours."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        if math.isnan(self.money):
            return "the bars have no volume, so nothing can be said about capacity"
        if self.money == 0.0:
            return "there is no profit, so there is nothing to scale"
        why = (
            "impact takes half of the edge"
            if self.by_impact <= self.by_volume
            else f"orders reach {self.volume_share:.0%} of a bar's volume"
        )
        return f"about {look.money(self.money, digits=0)} of starting money, where {why}"

    @property
    def frame(self) -> pd.DataFrame:
        """Share of the edge that is left at multiples of the capacity: money, left."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        sizes = np.array(_SIZES) * self.money
        with np.errstate(invalid="ignore", divide="ignore"):
            left = 1.0 - 0.5 * np.sqrt(sizes / self.by_impact)
        return pd.DataFrame({"money": sizes, "left": left})

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the share of the edge that is left as money grows."""
        frame = self.frame
        names = [look.number(value, 0) for value in frame["money"]]
        return drawing.columns(names, frame["left"].tolist(), title="Edge left after impact", of="share of the edge")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return drawing.recorded(asdict(self))

    def _repr_html_(self) -> str:
        return drawing.card("Capacity", self.words, self.frame, synthetic=self.synthetic)


def capacity(result: Result, *, factor: float = 1.0, volume_share: float = 0.1, sessions: int = 20) -> Capacity:
    """Return how much money the strategy of ``result`` could carry.

    Args:
        result: a backtest.
        factor: strength of impact; 1 is the usual size, 0.5 to 1.5 are measured.
        volume_share: share of a bar's volume that our orders may be.
        sessions: sessions over which volume and volatility are averaged.

    Raises:
        InputError: a factor or share that is not positive, or no session.
    """
    if not (factor > 0.0 and 0.0 < volume_share <= 1.0 and sessions >= 1):
        message = f"impact and volume share must be positive and sessions at least 1, not {factor}, {volume_share} and {sessions}"
        raise InputError(message)
    fills, bars = result.run.fills, result.bars
    place = fills[:, a.FILL_BAR].astype(np.int64)
    known = bars.volume[place] > 0.0
    gained = float(result.run.equity[-1]) - result.cash
    said: dict[str, Any] = {"start": result.cash, "factor": factor, "volume_share": volume_share, "synthetic": bars.synthetic}
    if not len(fills) or not known.any():
        nothing = math.nan if len(fills) else 0.0
        return Capacity(money=nothing, by_impact=nothing, by_volume=nothing, participation=math.nan, impact=math.nan, **said)
    quantity, price = fills[:, a.FILL_QTY], fills[:, a.FILL_PRICE]
    deviation, volume = _market(result, sessions)
    per_fill = factor * deviation[place] * np.sqrt(quantity / volume[place]) * quantity * price * result.run.rules.multiplier
    costs = float(per_fill[np.isfinite(per_fill)].sum())
    participation = float(np.quantile(quantity[known] / bars.volume[place][known], _COVERED))
    by_impact = result.cash * (gained / (2.0 * costs)) ** 2 if gained > 0.0 and costs > 0.0 else math.inf if gained > 0.0 else 0.0
    by_volume = result.cash * volume_share / participation if gained > 0.0 else 0.0
    return Capacity(
        money=min(by_impact, by_volume),
        by_impact=by_impact,
        by_volume=by_volume,
        participation=participation,
        impact=costs / gained if gained > 0.0 else math.nan,
        **said,
    )


def _market(result: Result, sessions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each bar, deviation of a session's return and volume of a session, means over the ``sessions`` before its own; the first ones take what there is."""
    bars = result.bars
    first = np.flatnonzero(np.concatenate([[True], bars.session[1:] != bars.session[:-1]]))
    volume = np.add.reduceat(bars.volume, first)
    close = bars.close[np.append(first[1:], len(bars)) - 1]
    moved = np.concatenate([[0.0], close[1:] / close[:-1] - 1.0])
    which = np.cumsum(np.concatenate([[True], bars.session[1:] != bars.session[:-1]])) - 1
    start = np.maximum(0, np.arange(len(first)) - sessions)
    end = np.maximum(np.arange(len(first)), np.minimum(sessions, len(first)))  # the first sessions are judged by the first ones
    squares, volumes = np.concatenate([[0.0], np.cumsum(moved**2)]), np.concatenate([[0.0], np.cumsum(volume)])
    span = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt((squares[end] - squares[start]) / span)
        usual = np.where(volumes[end] > volumes[start], (volumes[end] - volumes[start]) / span, np.nan)
    return deviation[which], usual[which]
