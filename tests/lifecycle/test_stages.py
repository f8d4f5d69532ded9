from __future__ import annotations

import itertools

import pytest

from workbench.errors import PermissionDeniedError, UnknownNameError
from workbench.lifecycle.stages import MAX_CONTRACTS, Stage, refuse_skip, stage


def test_stages_are_the_five_of_the_specification_in_order() -> None:
    """The chain is LAB, PAPER, SHADOW, CANARY, LIVE."""
    assert [member.value for member in Stage] == ["LAB", "PAPER", "SHADOW", "CANARY", "LIVE"]


def test_contract_caps_grow_with_trust() -> None:
    """Caps per trade are those of the specification."""
    assert [MAX_CONTRACTS[member] for member in Stage] == [10, 20, 30, 50, 100]


@pytest.mark.parametrize(("present", "wanted"), list(itertools.product(Stage, Stage)))
def test_only_the_next_stage_may_be_entered_upwards(present: Stage, wanted: Stage) -> None:
    """Of all 25 moves exactly the four single steps up are allowed as promotions."""
    allowed = {("LAB", "PAPER"), ("PAPER", "SHADOW"), ("SHADOW", "CANARY"), ("CANARY", "LIVE")}

    if (present.value, wanted.value) in allowed:
        refuse_skip(present, wanted)
    else:
        with pytest.raises(PermissionDeniedError):
            refuse_skip(present, wanted)


def test_signatures_are_asked_for_real_money_only() -> None:
    """CANARY asks for one signature and LIVE for two; the others ask for none."""
    assert [member.signatures for member in Stage] == [0, 0, 0, 1, 2]


def test_names_are_read_in_any_case_and_trials_is_lab() -> None:
    """``paper`` and the candidates' name ``TRIALS`` are understood, a typo gets a suggestion."""
    assert (stage("paper"), stage("TRIALS")) == (Stage.PAPER, Stage.LAB)
    with pytest.raises(UnknownNameError, match="did you mean PAPER"):
        stage("PAPR")
