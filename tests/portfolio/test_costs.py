from __future__ import annotations

import json

import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Costs
from workbench.portfolio.costs import reason_for
from workbench.units import INSTRUMENTS, instrument


@pytest.mark.parametrize("symbol", sorted(INSTRUMENTS))
def test_every_instrument_has_default_costs_and_a_reason(symbol: str) -> None:
    """No instrument trades for free unless somebody says so, and the default says why."""
    costs = Costs.of(instrument(symbol))
    assert (costs.slippage_ticks > 0 or costs.slippage_bps > 0) is True
    assert len(reason_for(instrument(symbol)).split()) > 5


def test_a_future_pays_a_tick_and_two_fifty_a_side() -> None:
    """The default of futures is one tick and 2.50 a contract."""
    assert Costs(slippage_ticks=1.0, slippage_bps=0.0, fee_per_contract=2.5, fee_bps=0.0) == Costs.of(instrument("ES"))


def test_json_round_trip() -> None:
    """What is written as JSON reads back equal, whole numbers included."""
    costs = Costs(slippage_ticks=2, fee_bps=5.5)
    assert costs == Costs.from_dict(json.loads(json.dumps(costs.to_dict())))
    assert costs.to_dict() == {"slippage_ticks": 2.0, "slippage_bps": 0.0, "fee_per_contract": 0.0, "fee_bps": 5.5}


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), "1", True, None])
def test_impossible_costs_are_refused(bad: object) -> None:
    """A cost that is negative, not finite or no number is an error."""
    with pytest.raises(InputError, match="slippage_ticks"):
        Costs(slippage_ticks=bad)  # type: ignore[arg-type]


def test_an_unknown_field_names_the_nearest() -> None:
    """A misspelt field is not ignored."""
    with pytest.raises(UnknownNameError, match="did you mean fee_bps"):
        Costs.from_dict({"fee_bp": 1.0})


def test_words() -> None:
    """Costs say themselves in words."""
    assert str(Costs(slippage_ticks=1.0, fee_per_contract=2.5)) == "1 tick + 2.5 per contract a side"
    assert str(Costs(slippage_ticks=0.0)) == "no costs"
