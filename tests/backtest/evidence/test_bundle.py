"""The evidence bundle: complete, plain JSON, and the same hash for the same facts."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import clock, strategy
from workbench.backtest.evidence import (
    Evidence,
    assemble,
    capacity,
    effective_number,
    permutation_test,
    prove,
    regimes,
    stress,
    superior_ability,
)
from workbench.backtest.evidence.pbo import Overfitting
from workbench.backtest.evidence.sharpe import Moments, deflated_sharpe, min_backtest_length
from workbench.backtest.ledger import Count
from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.market import sample
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from workbench.backtest.result import Result

COUNT = Count(family="SPX/common", trials=40, annual_variance=0.25)


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", name="Dip"), sample("SPX").head(600))


def test_evidence_says_what_was_measured(result: Result) -> None:
    """Identity, metrics, proofs, second engine and counts are all there, as the gates read them."""
    proof = prove(result)
    found = assemble(result, COUNT, proof=proof, findings=[SimpleNamespace(severity="SEV-2", code="x", message="y")])
    assert (found.strategy, found.symbol, found.timeframe, found.bars, found.synthetic) == ("Dip", "SPX", "1d", 600, False)
    assert (found.dataset_hash, found.spec_hash, found.program_hash) == (
        result.bars.dataset_hash,
        result.spec.spec_hash,
        result.program_hash,
    )
    assert found.metrics["sharpe"] == result.metrics.sharpe
    assert (found.look_ahead, found.streaming, found.cross_check) == (True, True, result.crosscheck.verdict)
    assert found.findings == ({"severity": "SEV-2", "code": "x", "message": "y"},)
    assert (found.pbo, found.robustness, found.trials) == (None, None, 40)


def test_the_deflated_sharpe_uses_the_counted_trials(result: Result) -> None:
    """The counted number and the family's variance, brought to one bar, go into the formula; without a count it is missing."""
    expected = deflated_sharpe(Moments.of(result.returns.to_numpy()), trials=40, variance=0.25 / result.bars_per_year)
    assert assemble(result, COUNT).deflated_sharpe == expected
    assert assemble(result).deflated_sharpe is None


def test_the_same_facts_have_the_same_hash_at_any_time(result: Result) -> None:
    """Made an hour later from the same run the evidence is the same, and a single other number changes the hash."""
    first = assemble(result, COUNT)
    with clock.frozen(clock.now().replace(year=2031)):
        again = assemble(result, COUNT, proof=None)
    assert again.evidence_hash == first.evidence_hash
    assert replace(first, trials=41).evidence_hash != first.evidence_hash


def test_json_goes_round(result: Result) -> None:
    """Text and record give the same evidence back, with NaN and infinities in their places."""
    overfitting = Overfitting(pbo=0.25, logits=None, loss_probability=0.1, degradation=0.2, trials=8, blocks=16, combinations=12_870)  # type: ignore[arg-type]
    first = replace(assemble(result, COUNT, overfitting=overfitting, proof=prove(result)), min_track_record=math.inf)
    first = replace(first, metrics={**first.metrics, "win_rate": math.nan, "profit_factor": math.inf})
    again = Evidence.from_json(first.to_json())
    assert again.evidence_hash == first.evidence_hash
    assert (again.min_track_record, again.metrics["profit_factor"], again.pbo, again.pbo_trials) == (math.inf, math.inf, 0.25, 8)
    assert math.isnan(again.metrics["win_rate"])
    assert json.loads(first.to_json())["metrics"]["win_rate"] is None


def test_later_pieces_are_kept_with_a_sentence_each(result: Result) -> None:
    """Every piece is in the record and in the words, goes round through JSON, and changes the hash."""
    returns = np.random.default_rng(1).normal(0.0, 0.01, (300, 6))
    pieces = {
        "superior_ability": superior_ability(returns, runs=99),
        "permutation": permutation_test(Strategy(result.spec), result, runs=9),
        "stress": stress(result),
        "regimes": regimes(result),
        "capacity": capacity(result),
    }
    found = assemble(result, COUNT, effective=effective_number(returns, trials=40), **pieces)
    again = Evidence.from_json(found.to_json())
    assert again.evidence_hash == found.evidence_hash != assemble(result, COUNT).evidence_hash
    assert set(found.words) == {*pieces, "effective_trials"}
    assert all(getattr(again, name)["synthetic"] is False for name in ("stress", "regimes", "capacity", "permutation"))
    assert again.effective_trials is not None
    assert again.effective_trials["deflated_sharpe"] >= (again.deflated_sharpe or 0.0)


def test_evidence_sealed_before_a_piece_existed_keeps_its_hash(result: Result) -> None:
    """A record without the later fields is read, and what was not looked at is not in the record again."""
    bare = replace(assemble(result, COUNT), deflated_sharpe_null=None, min_backtest=None, words={})
    record = bare.to_dict()
    assert not {"stress", "regimes", "capacity", "permutation", "superior_ability", "effective_trials", "words"} & set(record)
    assert Evidence.from_dict(record).evidence_hash == bare.evidence_hash


def test_the_minimum_backtest_is_that_of_the_counted_trials(result: Result) -> None:
    """Forty trials and the annual Sharpe ratio measured, in years."""
    found = assemble(result, COUNT)
    assert found.min_backtest == pytest.approx(min_backtest_length(40, found.metrics["sharpe"]))
    assert assemble(result).min_backtest is None


def test_a_record_that_is_not_evidence_is_refused(result: Result) -> None:
    """Missing and unknown fields are named; text that is no JSON object says so."""
    record = assemble(result, COUNT).to_dict()
    del record["pbo"]
    with pytest.raises(InputError, match="pbo"):
        Evidence.from_dict(record)
    with pytest.raises(InputError, match="cannot be read"):
        Evidence.from_json("{")
    with pytest.raises(InputError, match="JSON object"):
        Evidence.from_json("[]")
