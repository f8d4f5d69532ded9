"""The promotion policy: which gates stand before each stage, as a file with a schema, known by its content hash.

``policy.json`` beside this module is the default; its schema ``policy.schema.json`` is written from the models here (a test
keeps them equal). Every promotion records the hash of the policy that decided it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench import content
from workbench.errors import InputError, PermissionDeniedError, UnknownNameError
from workbench.lifecycle.gates import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.lifecycle.gates import Gate
    from workbench.lifecycle.stages import Stage

DEFAULT = Path(__file__).with_name("policy.json")
SCHEMA = Path(__file__).with_name("policy.schema.json")
Transition = Literal["LAB->PAPER", "PAPER->SHADOW", "SHADOW->CANARY", "CANARY->LIVE"]


class Requirement(BaseModel):
    """One gate of a transition, with its threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: str = Field(description="name of a gate in workbench.lifecycle.gates")
    threshold: float | None = Field(
        None, description="the number it is held against, in the gate's unit; leave out for proofs", allow_inf_nan=False
    )
    by_archetype: dict[str, float] = Field(default_factory=dict, description="thresholds of named archetypes, instead of the general one")
    allow_absent: bool = Field(default=False, description="cross_check only: pass where the second engine is not installed")

    def build(self, archetype: str | None = None) -> Gate:
        """Return the gate, with the threshold of ``archetype`` where the policy names one."""
        threshold = self.by_archetype.get(archetype or "", self.threshold)
        return build(self.gate, threshold, allow_absent=self.allow_absent)


class Policy(BaseModel):
    """The gates of every transition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_file: str = Field("policy.schema.json", alias="$schema", description="where the schema of this file is")
    name: str = Field(description="what people call this policy", min_length=1)
    version: int = Field(description="counts up with each change", ge=1)
    transitions: dict[Transition, Annotated[tuple[Requirement, ...], Field(min_length=1)]] = Field(description="gates before each step up")
    two_people: tuple[Transition, ...] = Field(
        ("SHADOW->CANARY", "CANARY->LIVE"), description="steps that nobody may approve who asked for them"
    )

    @property
    def policy_hash(self) -> str:
        """Content hash of everything the policy demands."""
        return content.content_hash(self.model_dump(mode="json"))

    def gates(self, present: Stage, archetype: str | None = None) -> tuple[Gate, ...]:
        """Return the gates between ``present`` and the next stage, in the policy's order.

        Raises:
            PermissionDeniedError: there is no stage above, or the policy does not name the transition.
        """
        above = present.next
        if above is None:
            message = f"{present} is the highest stage; there is nothing to promote to"
            raise PermissionDeniedError(message)
        requirements = self.transitions.get(f"{present}->{above}")  # type: ignore[call-overload]
        if not requirements:
            message = f"policy {self.name} names no gates for {present}->{above}, so nobody may pass; add them to the policy file"
            raise PermissionDeniedError(message)
        return tuple(requirement.build(archetype) for requirement in requirements)

    def needs_two(self, present: Stage) -> bool:
        """Return whether the step above ``present`` takes two people: one who asks and another who approves."""
        return f"{present}->{present.next}" in self.two_people

    def thresholds(self, archetype: str | None = None, transition: Transition = "LAB->PAPER") -> dict[str, float]:
        """Return the numbers of a transition's gates by name, those of ``archetype`` where the policy has them; proofs have none."""
        chosen = {entry.gate: entry.by_archetype.get(archetype or "", entry.threshold) for entry in self.transitions.get(transition, ())}
        return {gate: threshold for gate, threshold in chosen.items() if threshold is not None}

    def with_thresholds(self, thresholds: Mapping[str, float]) -> Policy:
        """Return a policy whose LAB->PAPER gates have other ``thresholds`` by name; its hash differs where a number does."""
        unknown = sorted(set(thresholds) - {requirement.gate for requirement in self.transitions["LAB->PAPER"]})
        if unknown:
            kind = "gate of LAB->PAPER"
            raise UnknownNameError(kind, unknown[0], [requirement.gate for requirement in self.transitions["LAB->PAPER"]])
        changed = tuple(
            requirement.model_copy(update={"threshold": thresholds[requirement.gate], "by_archetype": {}})
            if requirement.gate in thresholds and thresholds[requirement.gate] != requirement.threshold
            else requirement
            for requirement in self.transitions["LAB->PAPER"]
        )
        return self.model_copy(update={"transitions": {**self.transitions, "LAB->PAPER": changed}})


@cache
def default() -> Policy:
    """Return the policy that ships with the package."""
    return load(DEFAULT)


def load(path: Path | str = DEFAULT) -> Policy:
    """Return the policy of a JSON file.

    Raises:
        InputError: the file is missing, is not JSON, or does not fit the schema; the message names the place.
        UnknownNameError: a gate that does not exist.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the policy file {path} cannot be read ({error.strerror}); the default is {DEFAULT}"
        raise InputError(message) from error
    except json.JSONDecodeError as error:
        message = f"the policy file {path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise InputError(message) from error
    return parse(record, str(path))


def parse(record: Any, where: str = "policy") -> Policy:  # noqa: ANN401 - what JSON gives
    """Return the policy of a JSON value; ``where`` names it in messages."""
    try:
        policy = Policy.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{where} does not fit the policy schema at {place or 'the top'}: {first['msg']}"
        raise InputError(message) from None
    for requirements in policy.transitions.values():
        for requirement in requirements:
            requirement.build()
    return policy


def schema() -> dict[str, Any]:
    """Return the JSON schema of a policy file."""
    return Policy.model_json_schema()
