from __future__ import annotations

import json

import pytest

from workbench.errors import InputError
from workbench.portfolio import Limits


def test_json_round_trip() -> None:
    """Limits read back equal from JSON."""
    limits = Limits(max_daily_loss=0.02, max_position=0.1, max_quantity=3)
    assert limits == Limits.from_dict(json.loads(json.dumps(limits.to_dict())))
    assert str(limits) == "daily loss 2%, position 10%, quantity 3"
    assert str(Limits()) == "none"


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.5, 2, float("nan")])
def test_shares_are_shares(bad: float) -> None:
    """A daily loss outside 0 to 100 % is refused; 2 is not taken for 2 %."""
    with pytest.raises(InputError, match="max_daily_loss"):
        Limits(max_daily_loss=bad)
