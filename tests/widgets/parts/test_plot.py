from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import InputError
from workbench.widgets import parts
from workbench.widgets.parts import wire


def test_numbers_travel_as_bytes() -> None:
    """Lines, bands and bars are packed; marks and names travel beside them."""
    plot = parts.Plot()
    plot.show(
        lines=[{"name": "mean", "x": [1.0, 2.0], "y": [3.0, np.nan]}],
        bands=[{"name": "half", "x": [1.0, 2.0], "low": [0.0, 1.0], "high": [2.0, 3.0]}],
        bars=[{"edges": [0.0, 1.0, 2.0], "heights": [5, 7]}],
        marks=[{"x": 1.5, "text": "here"}],
        x_name="fast",
    )

    assert wire.values(plot.lines[0]["x"]).tolist() == [1.0, 2.0]
    assert np.isnan(wire.values(plot.lines[0]["y"])[1])
    assert wire.values(plot.bars[0]["heights"]).tolist() == [5.0, 7.0]
    assert (plot.marks, plot.x_name) == ([{"x": 1.5, "text": "here"}], "fast")


@pytest.mark.parametrize(
    "given",
    [
        {"lines": [{"name": "mean", "x": [1.0], "y": [1.0, 2.0]}]},
        {"bands": [{"name": "half", "x": [1.0], "low": [1.0], "high": []}]},
        {"bars": [{"name": "runs", "edges": [1.0, 2.0], "heights": [1.0, 2.0]}]},
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(given: dict[str, list[dict[str, object]]]) -> None:
    """The message names what was drawn and how many numbers were found; what was there stays."""
    plot = parts.Plot()
    with pytest.raises(InputError, match="do not belong together"):
        plot.show(**given)

    assert (plot.lines, plot.bands, plot.bars) == ([], [], [])


def test_a_date_that_is_none_is_known_to_python() -> None:
    """What the browser could not read is told as ``wrong`` and shown; a good date takes both back."""
    field = parts.Text("From", kind="date", value="2026-01-31")
    field.wrong = "write a date as 2026-01-31"
    assert (field.error, field.value) == ("write a date as 2026-01-31", "2026-01-31")
    field.value = "2026-02-01"

    assert (field.wrong, field.error) == ("", "")
