from __future__ import annotations

import json

import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Costs, Filling


def test_the_default_is_what_can_be_traded() -> None:
    """Unless somebody asks, orders fill at the next open, with own money, and nothing is closed because data end."""
    assert Filling().to_dict() == {
        "fill_at": "next_open",
        "at_end": "hold",
        "volume_share": None,
        "leverage": 1.0,
        "maintenance": None,
        "fractional": None,
        "short": True,
    }
    assert Filling().changed == {}


def test_json_round_trip() -> None:
    """What is written as JSON reads back equal, whole numbers included, and so does what was changed alone."""
    filling = Filling(fill_at="close", at_end="open", volume_share=1, leverage=2, maintenance=0.25, fractional=True, short=False)
    assert filling == Filling.from_dict(json.loads(json.dumps(filling.to_dict())))
    assert filling == Filling.from_dict(filling.changed)


def test_it_says_what_it_does() -> None:
    """The words name every convention that is not the default."""
    filling = Filling(fill_at="close", at_end="open", volume_share=0.1, leverage=2, maintenance=0.25, fractional=False, short=False)
    expected = "at the close that decides, closed at the last open, entries at most 10% of a bar's volume, leverage 2, maintenance 25%, whole units, no shorts"
    assert expected == str(filling)
    assert str(Filling()) == "at the next open"


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"fill_at": "open"}, "next_open"),
        ({"at_end": "sell"}, "at_end"),
        ({"volume_share": 0}, "volume_share"),
        ({"volume_share": 1.5}, "volume_share"),
        ({"maintenance": 2}, "maintenance"),
        ({"leverage": 0.5}, "leverage is 1"),
        ({"leverage": 1000}, "leverage is 1"),
        ({"leverage": True}, "leverage"),
        ({"fractional": "yes"}, "fractional"),
        ({"short": 1}, "short"),
    ],
)
def test_impossible_conventions_are_refused(bad: dict[str, object], match: str) -> None:
    """A name that does not exist or a number out of range is an error that says what it may be."""
    with pytest.raises(InputError, match=match):
        Filling(**bad)  # type: ignore[arg-type]


def test_an_unknown_field_names_the_nearest() -> None:
    """A misspelt field is refused."""
    with pytest.raises(UnknownNameError, match="fill_at"):
        Filling.from_dict({"fil_at": "close"})


def test_costs_that_are_due_once_say_so() -> None:
    """Minimum, side and borrowing are read, said, and written only where they are not as by default."""
    costs = Costs.from_dict({"fee_bps": 10, "fee_minimum": 1, "fee_on": "entry", "borrow_rate": 0.03})
    assert str(costs) == "1 tick + 10 bps fee a side, fee at least 1, fees on the entry only, shorts borrow at 3% a year"
    assert costs.to_dict()["fee_on"] == "entry"
    assert "fee_on" not in Costs(fee_bps=10).to_dict()
    with pytest.raises(UnknownNameError, match="entry"):
        Costs(fee_on="entries")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="borrow_rate"):
        Costs(borrow_rate=-0.1)
