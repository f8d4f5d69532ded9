"""What a search found, and what is left of it."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench import look
from workbench.backtest.records import card, plain, records
from workbench.errors import InputError
from workbench.strategy.spec import StrategySpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.backtest.search.candidates import Candidate, Ground
    from workbench.backtest.search.objective import Hurdle
    from workbench.backtest.search.outcome import Outcome
    from workbench.backtest.search.space import SearchSpace
    from workbench.market import Bars

_METRICS = ("sharpe", "total_return", "max_drawdown", "win_rate", "profit_factor")


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchResult:
    """The trials of a search, and the best of them verified."""

    key: str
    """Content hash of the search: space, bars, trials, seed, money; named in the note of every candidate."""
    space: SearchSpace
    """Where it looked."""
    bars: Bars
    """All bars; the search saw those before ``cut``."""
    cut: int
    """First bar that was held out."""
    seed: int
    """Of the choices."""
    planned: int
    """Trials asked for; more than there are after an interrupt."""
    hurdle: Hurdle
    """What the scores are measured from."""
    ground: Ground
    """What candidates are judged by; ``ground.counted`` is the family after the search."""
    outcomes: tuple[Outcome, ...]
    """Every trial, in order."""
    candidates: tuple[Candidate, ...]
    """The best that differ from each other, best score first, each verified on the held-out bars."""
    interrupted: bool
    """Whether somebody stopped it; then nothing was verified."""
    in_ledger: bool
    """Whether the trials were counted in a ledger."""
    journal: Path | None = field(default=None, repr=False)
    """Folder from which the same call goes on, or None."""

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a trial, in order: trial, state, reason, archetype, direction, score, sharpe (a year, training bars), trades, other metrics, rules."""
        return pd.DataFrame(
            [_row(outcome) for outcome in self.outcomes],
            columns=[
                "trial",
                "state",
                "reason",
                "archetype",
                "direction",
                "score",
                "sharpe",
                "trades",
                *_METRICS[1:],
                "entry",
                "exit",
                "brackets",
            ],
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a candidate: training and held-out numbers side by side, what they are worth, whether it survives."""
        return pd.DataFrame([candidate.row() for candidate in self.candidates])

    @property
    def survivors(self) -> tuple[Candidate, ...]:
        """The candidates that hold by all levels."""
        return tuple(candidate for candidate in self.candidates if candidate.survives)

    @property
    def best(self) -> Candidate:
        """The first survivor; where none survives the candidate with the best score, whose ``against`` says why it does not.

        Raises:
            InputError: nothing was worth verifying, or the search was stopped before.
        """
        if not self.candidates:
            raise InputError(self.verdict)
        return next(iter(self.survivors), self.candidates[0])

    @cached_property
    def reasons(self) -> dict[str, int]:
        """How many trials were refused or failed, by reason, most frequent first."""
        said = Counter(f"{outcome.state}: {outcome.reason}" for outcome in self.outcomes if outcome.state in ("refused", "failed"))
        return dict(said.most_common())

    @cached_property
    def states(self) -> dict[str, int]:
        """How many trials ended in each state."""
        return dict(Counter(outcome.state for outcome in self.outcomes))

    @cached_property
    def holding(self) -> float:
        """Sharpe ratio a year of holding the instrument over the held-out bars, without costs: what a candidate that only buys gets for nothing."""
        close = self.bars.close[self.cut - 1 :]
        changes = close[1:] / close[:-1] - 1.0
        spread = float(changes.std(ddof=1))
        return float(changes.mean()) / spread * math.sqrt(self.ground.bars_per_year) if spread > 0.0 else math.nan

    @property
    def counted(self) -> str:
        """What was counted, in a sentence."""
        family = self.ground.counted
        where = f"the ledger holds {family.trials:,} in family {family.family} now" if self.in_ledger else "no ledger counted them"
        ran = sum(self.states.get(state, 0) for state in ("scored", "silent"))
        looks = f", of {self.ground.looks} that ever looked at those bars" if self.ground.looks > self.ground.verified else ""
        return f"{ran:,} different candidates ran and {self.ground.verified} were verified{looks}; {where}"

    @property
    def verdict(self) -> str:
        """What is left of the search, in a sentence."""
        if self.interrupted:
            again = "call again to go on" if self.journal is not None else "without a journal the next search starts anew"
            return f"stopped after {len(self.outcomes):,} of {self.planned:,} trials, nothing verified; {again}"
        if not self.candidates:
            return f"nothing to verify: none of {len(self.outcomes):,} candidates earned anything on the training bars with {self.ground.min_trades} trades or more"
        if not self.survivors:
            first = self.candidates[0]
            return f"nothing survives: of {len(self.candidates)} verified none holds; the best, {first.spec.name}, has {'; '.join(first.against)}"
        count = len(self.survivors)
        said = f"{count} of {len(self.candidates)} verified {'survives' if count == 1 else 'survive'}, first {self.best.spec.name}"
        after = self.best.row()["held_out_sharpe"]
        if not after > self.holding:
            said += f"; but holding had a Sharpe ratio of {self.holding:.2f} on the held-out bars, and it has {after:.2f}"
        gate = f"; the promotion gate, which counts the spread of all losers too, gives it {self.best.gate:.2f}"
        return said + (gate if self.best.gate < self.ground.levels.deflated else "")

    def forget(self) -> None:
        """Remove the journal; the same search starts anew."""
        if self.journal is not None:
            shutil.rmtree(self.journal, ignore_errors=True)

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the score of every trial with the running best and the hurdle, beside training and held-out Sharpe ratios of the candidates."""
        from workbench.backtest.search.figure import course  # noqa: PLC0415 - plotly only where a picture is asked for

        return course(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; what has no value is None."""
        return {
            "search": self.key,
            "space": self.space.to_dict(),
            "symbol": self.bars.instrument.symbol,
            "timeframe": self.bars.timeframe.value,
            "dataset": self.bars.dataset_hash,
            "held_out_from": self.bars.frame.index[self.cut].isoformat(),
            "seed": self.seed,
            "planned": self.planned,
            "verdict": self.verdict,
            "holding": plain(self.holding),
            "counted": {"family": self.ground.counted.family, "trials": self.ground.counted.trials, "in_ledger": self.in_ledger},
            "hurdle": self.hurdle.to_dict() | {"sharpe": self.hurdle.sharpe * math.sqrt(self.ground.bars_per_year)},
            "states": self.states,
            "reasons": self.reasons,
            "synthetic": self.bars.synthetic,
            "candidates": [
                {name: plain(value) for name, value in candidate.row().items()}
                | {"spec": candidate.spec.to_record(), "against": list(candidate.against)}
                for candidate in self.candidates
            ],
            "trials": records(self.frame),
        }

    def __len__(self) -> int:
        """Return the number of trials made."""
        return len(self.outcomes)

    def __repr__(self) -> str:
        """Say what is left."""
        return f"SearchResult({self.bars.instrument.symbol} {self.bars.timeframe.value}, {len(self.outcomes):,} trials: {self.verdict})"

    def _repr_html_(self) -> str:
        below = f"{self.verdict}. {self.counted}."
        if self.reasons:
            below += f" Pruned: {', '.join(f'{reason} {count}' for reason, count in self.reasons.items())}."
        if not self.candidates:
            best = self.frame.sort_values("score", ascending=False, kind="stable").head(5)
            return card(self._title, below, best, _TRIED, synthetic=self.bars.synthetic)
        return card(self._title, below, self.table, _SHOWN, synthetic=self.bars.synthetic)

    @property
    def _title(self) -> str:
        return f"Search · {self.bars.instrument.symbol} {self.bars.timeframe.value} · {len(self.outcomes):,} trials"


def _two(value: float) -> str:
    return look.number(value)


def _whole(value: float) -> str:
    return look.number(value, 0)


_SHOWN: dict[str, Callable[[Any], str]] = {
    "strategy": str,
    "direction": str,
    "survives": lambda value: "✓ yes" if value else "✗ no",
    "score": _two,
    "train_sharpe": _two,
    "held_out_sharpe": _two,
    "held_out_trades": _whole,
    "deflated": _two,
    "held_out_deflated": _two,
    "gate": _two,
}


_TRIED: dict[str, Callable[[Any], str]] = {
    "trial": str,
    "archetype": str,
    "direction": str,
    "score": _two,
    "sharpe": _two,
    "trades": _whole,
}


def _row(outcome: Outcome) -> dict[str, Any]:
    spec = StrategySpec.from_json(outcome.spec) if outcome.spec else None
    metrics = {} if outcome.tried is None else outcome.tried.metrics
    values = {name: math.nan if metrics.get(name) is None else float(metrics[name] or 0.0) for name in ("trades", *_METRICS)}
    return {
        "trial": outcome.number,
        "state": outcome.state,
        "reason": outcome.reason,
        "archetype": "" if spec is None else spec.archetype or "",
        "direction": outcome.direction,
        "score": math.nan if outcome.score is None else outcome.score,
        **values,
        "entry": "" if spec is None else _said(spec, "entry"),
        "exit": "" if spec is None else _said(spec, "exit"),
        "brackets": "" if spec is None else str(spec.brackets),
    }


def _said(spec: StrategySpec, what: str) -> str:
    """Return the rules that enter or leave, numbers in place."""
    texts = [text for name, text in spec.rules.items() if name.startswith(what)]
    said = " | ".join(texts)
    for name, value in sorted(spec.defaults.items(), key=lambda item: -len(item[0])):
        said = said.replace(f"${name}", f"{value:g}")
    return said
