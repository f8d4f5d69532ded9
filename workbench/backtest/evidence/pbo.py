"""Probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV).

1. The track record of every trial is cut into S blocks of time of (nearly) equal length; ``block_edges`` says where.
2. For each of the C(S, S/2) ways to take half of the blocks, the trial with the best Sharpe ratio on that half is chosen.
3. Its rank among all trials on the other half gives w = rank / (N + 1), and the logit ln(w / (1 - w)).
4. PBO is the share of choices whose logit is not above zero: the winner was no better than the median afterwards.

Sharpe ratios of unions of blocks need only the sums of r and r^2 per block, so no matrix of returns is kept: 10 000 trials fit
in 16 x 10 000 x 2 numbers.

Two conventions are settable. The relative rank is rank / (N + 1) as in the paper, which keeps logits finite, or rank / N as in the R package ``pbo``
(``relative="n"``; the best of all then has an infinite logit, which is above zero as it should be). Equal Sharpe ratios share their middle rank, or all take
the lowest of them (``ties="worst"``), which is stricter for grids with many copies of one trial.

Source: D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting", Journal of Computational
Finance 20(4), 2017 (algorithm 2.3; definition 2.2 for the logits; section 3 for the degradation and the probability of loss).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.backtest.evidence import drawing
from workbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

BLOCKS = 16
_CHUNK_CELLS = 4_000_000
_FEWEST_TRIALS = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockSums:
    """Sums of the returns of N trials over S blocks of time."""

    sums: NDArray[np.float64]
    """(S, N) sum of r."""
    squares: NDArray[np.float64]
    """(S, N) sum of r squared."""
    counts: NDArray[np.int64]
    """(S,) number of returns in a block, the same for all trials."""

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit together.

        Raises:
            InputError: shapes differ, the number of blocks is odd or below two, or a block is empty.
        """
        blocks = len(self.counts)
        if self.sums.shape != self.squares.shape or self.sums.ndim != _FEWEST_TRIALS or self.sums.shape[0] != blocks:
            message = f"block sums of shapes {self.sums.shape}, {self.squares.shape} and {self.counts.shape} do not fit together"
            raise InputError(message)
        if blocks < 2 or blocks % 2 or (self.counts < 1).any():  # noqa: PLR2004 - half of the blocks against the other half
            message = f"CSCV needs an even number of blocks, none of them empty; got {blocks} with counts {self.counts.tolist()}"
            raise InputError(message)


@dataclass(frozen=True, kw_only=True, eq=False)
class Overfitting:
    """What CSCV found."""

    pbo: float
    """Share of combinations whose winner was at or below the median afterwards, 0 to 1."""
    logits: NDArray[np.float64] = field(repr=False)
    """(C,) logit of the winner's relative rank out of sample, one a combination."""
    loss_probability: float
    """Share of combinations whose winner lost money out of sample."""
    degradation: float
    """Slope of the winner's Sharpe out of sample on its Sharpe in sample; NaN where they do not vary."""
    trials: int
    """Number of trials N."""
    blocks: int
    """Number of blocks S."""
    combinations: int
    """C(S, S/2)."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        return (
            f"of {self.trials:,} points the best of one half of time was at or below the median in the other half in {self.pbo:.0%} of "
            f"{self.combinations:,} splits, and lost money in {self.loss_probability:.0%}"
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row with all numbers."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        return pd.DataFrame([self.to_dict()])

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the logits of the winners' ranks; what lies at or left of zero is overfitted."""
        return drawing.against(self.logits, 0.0, title="Rank of the winner out of sample", of="logit of the relative rank", label="median")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record without the logits."""
        names = ("pbo", "loss_probability", "degradation", "trials", "blocks", "combinations")
        return drawing.recorded({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return drawing.card("Probability of backtest overfitting", self.words, self.frame)


def block_edges(observations: int, blocks: int = BLOCKS) -> NDArray[np.int64]:
    """Return (blocks + 1,) positions: block b holds observations ``edges[b]`` to ``edges[b + 1]``, lengths differing by one at most."""
    return (np.arange(blocks + 1, dtype=np.int64) * observations) // blocks


def block_sums(returns: ArrayLike, blocks: int = BLOCKS) -> BlockSums:
    """Return the block sums of a (T, N) matrix of returns per bar, one column a trial.

    Raises:
        InputError: not a matrix, NaN in it, or fewer rows than blocks.
    """
    matrix = np.asarray(returns, dtype=np.float64)
    if matrix.ndim != 2 or np.isnan(matrix).any():  # noqa: PLR2004 - rows and columns
        message = "give a matrix of returns without NaN: one row a bar, one column a trial"
        raise InputError(message)
    if len(matrix) < 2 * blocks:
        message = f"{len(matrix)} returns are too few for {blocks} blocks; give {2 * blocks} or more"
        raise InputError(message)
    edges = block_edges(len(matrix), blocks)
    return BlockSums(
        sums=np.add.reduceat(matrix, edges[:-1], axis=0),
        squares=np.add.reduceat(matrix**2, edges[:-1], axis=0),
        counts=np.diff(edges),
    )


def probability_of_overfitting(
    trials: BlockSums, *, relative: Literal["n+1", "n"] = "n+1", ties: Literal["middle", "worst"] = "middle"
) -> Overfitting:
    """Return what CSCV finds over all trials of one search.

    A trial without variance in a half (it did not trade) has Sharpe 0 there. Equal Sharpe ratios share their middle rank, so copies of
    one trial do not move the result; the first of equal winners is chosen. ``relative`` and ``ties`` are the conventions of the module.

    Raises:
        InputError: fewer than two trials.
    """
    blocks, count = trials.sums.shape
    if count < _FEWEST_TRIALS:
        message = f"overfitting is about choosing between trials; {count} is no choice"
        raise InputError(message)
    picks = _halves(blocks)
    rank = np.empty(len(picks))
    inside = np.empty(len(picks))
    outside = np.empty(len(picks))
    step = max(1, _CHUNK_CELLS // count)
    for start in range(0, len(picks), step):
        chunk = slice(start, start + step)
        rank[chunk], inside[chunk], outside[chunk] = _winners(trials, picks[chunk], ties)
    share = rank / (count + 1.0 if relative == "n+1" else float(count))
    with np.errstate(divide="ignore"):
        logits = np.log(share / (1.0 - share))
    return Overfitting(
        pbo=float(np.mean(logits <= 0.0)),
        logits=logits,
        loss_probability=float(np.mean(outside < 0.0)),
        degradation=_slope(inside, outside),
        trials=count,
        blocks=blocks,
        combinations=len(picks),
    )


def _halves(blocks: int) -> NDArray[np.float64]:
    """(C, S) rows of 0 and 1: which blocks are in sample."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    picks = np.zeros((len(chosen), blocks))
    np.put_along_axis(picks, chosen, 1.0, axis=1)
    return picks


def _winners(
    trials: BlockSums, picks: NDArray[np.float64], ties: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rank out of sample, Sharpe in sample and Sharpe out of sample of the winner of each row of ``picks``."""
    rows = np.arange(len(picks))
    within = _sharpes(trials, picks)
    best = within.argmax(axis=1)
    inside = within[rows, best]
    after = _sharpes(trials, 1.0 - picks)
    outside = after[rows, best]
    below = (after < outside[:, None]).sum(axis=1)
    equal = (after == outside[:, None]).sum(axis=1)
    return below + ((equal + 1) / 2.0 if ties == "middle" else 1.0), inside, outside


def _sharpes(trials: BlockSums, picks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, N) Sharpe ratios per observation over the picked blocks."""
    count = (picks @ trials.counts.astype(np.float64))[:, None]
    total = picks @ trials.sums
    squares = picks @ trials.squares
    mean = total / count
    variance = (squares - total * mean) / (count - 1.0)
    # Sums of squares lose digits: what is left of a constant series is noise, not variance.
    moving = variance > 1e-13 * squares / count
    return np.divide(mean, np.sqrt(np.where(moving, variance, 1.0)), out=np.zeros_like(mean), where=moving)


def _slope(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    centred = inside - inside.mean()
    spread = float(centred @ centred)
    return float(centred @ (outside - outside.mean()) / spread) if spread > 0.0 else float("nan")
