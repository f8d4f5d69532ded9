from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from passing_evidence import good

from workbench.errors import InputError, PermissionDeniedError, UnknownNameError
from workbench.lifecycle import policy
from workbench.lifecycle.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path


def test_the_schema_beside_the_policy_is_the_one_of_the_models() -> None:
    """``policy.schema.json`` is what ``policy.schema()`` gives; write it again after changing the models."""
    assert json.loads(policy.SCHEMA.read_text()) == policy.schema()


def test_the_default_policy_fits_its_published_schema() -> None:
    """An independent JSON Schema validator accepts the file."""
    import jsonschema

    jsonschema.validate(json.loads(policy.DEFAULT.read_text()), json.loads(policy.SCHEMA.read_text()))


def test_lab_to_paper_asks_what_the_specification_lists() -> None:
    """Names and thresholds of the gates between LAB and PAPER."""
    assert [(gate.name, gate.threshold) for gate in policy.default().gates(Stage.LAB)] == [
        ("trades", 30),
        ("sharpe", 0.0),
        ("drawdown", 0.25),
        ("win_rate", 0.45),
        ("profit_factor", 1.2),
        ("walk_forward", 0.6),
        ("deflated_sharpe", 0.9),
        ("overfitting", 0.5),
        ("look_ahead", None),
        ("streaming", None),
        ("cross_check", None),
        ("findings", None),
    ]


def test_the_hash_changes_with_every_threshold() -> None:
    """A policy that asks for one trade more is another policy; the same one again is the same."""
    changed = policy.default().with_thresholds({"trades": 31})

    assert policy.default().with_thresholds({"trades": 30}).policy_hash == policy.default().policy_hash
    assert changed.policy_hash != policy.default().policy_hash
    assert changed.gates(Stage.LAB)[0].threshold == 31


def test_an_archetype_may_have_its_own_threshold() -> None:
    """The policy's entry for an archetype replaces the general number, for it alone."""
    record = json.loads(policy.DEFAULT.read_text())
    record["transitions"]["LAB->PAPER"][3]["by_archetype"] = {"trend_following": 0.35}
    rules = policy.parse(record)

    def found(name: str | None) -> float | None:
        return rules.gates(Stage.LAB, name)[3].threshold

    assert (found("trend_following"), found("momentum"), found(None)) == (0.35, 0.45, 0.45)


def test_a_policy_may_allow_the_second_engine_to_be_absent() -> None:
    """With ``allow_absent`` an absent cross-check passes and says so; a different one still fails."""
    record = json.loads(policy.DEFAULT.read_text())
    record["transitions"]["LAB->PAPER"][10]["allow_absent"] = True
    gate = policy.parse(record).gates(Stage.LAB)[10]

    assert [gate.judge(good(cross_check=said)).status for said in ("absent", "different", "equal")] == ["pass", "fail", "pass"]


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (
            lambda record: record["transitions"]["LAB->PAPER"].append({"gate": "luck", "threshold": 1}),
            UnknownNameError,
            "no gate named 'luck'",
        ),
        (lambda record: record["transitions"]["LAB->PAPER"].append({"gate": "trades"}), InputError, "needs a threshold"),
        (lambda record: record.update(transitions={"LAB->LIVE": []}), InputError, "transitions"),
        (lambda record: record.update(extra=1), InputError, "extra"),
        (lambda record: record.pop("version"), InputError, "version"),
    ],
)
def test_a_wrong_policy_file_is_refused_with_the_place(spoil: Any, error: type[Exception], words: str, tmp_path: Path) -> None:
    """Unknown gates, transitions and fields and missing thresholds are named."""
    record = json.loads(policy.DEFAULT.read_text())
    spoil(record)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(record))

    with pytest.raises(error, match=words):
        policy.load(path)


def test_a_missing_or_broken_file_is_one_sentence(tmp_path: Path) -> None:
    """A path that does not exist and text that is not JSON name the file."""
    with pytest.raises(InputError, match="cannot be read"):
        policy.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match=r"is not JSON: .*line 1"):
        policy.load(tmp_path / "bad.json")


def test_a_transition_without_gates_lets_nobody_pass() -> None:
    """Where the policy names no gates, the step is refused instead of free."""
    record = json.loads(policy.DEFAULT.read_text())
    del record["transitions"]["PAPER->SHADOW"]

    with pytest.raises(PermissionDeniedError, match="names no gates for PAPER->SHADOW"):
        policy.parse(record).gates(Stage.PAPER)


def test_nothing_is_above_live() -> None:
    """LIVE is the highest stage."""
    with pytest.raises(PermissionDeniedError, match="highest stage"):
        policy.default().gates(Stage.LIVE)
