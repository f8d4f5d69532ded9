"""What is written down about the package agrees with what it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from workbench import settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OWNERS = {
    "jupyterlab", "ipywidgets", "voila", "pandas", "vectorbt", "plotly", "scikit-learn", "torch",
    "mlflow", "sqlalchemy", "papermill", "pytest", "nbval",
}  # fmt: skip
RUN = "python -m pip install -e . && workbench tour"
TEST = "python -m pip install -e '.[test]' && pytest"


def name(requirement: str) -> str:
    return re.split(r"[\[<>=;! ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_the_owners_packages_are_dependencies() -> None:
    """Every package that the owner fixed is required."""
    assert OWNERS - {name(requirement) for requirement in PROJECT["dependencies"]} == set()


def test_every_requirement_has_a_lower_bound() -> None:
    """No requirement, optional or not, is open downwards."""
    listed = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]

    assert [requirement for requirement in listed if not re.search(r"(>=|==)\d", requirement)] == []


def test_environment_yml_is_in_step() -> None:
    """environment.yml installs exactly the requirements of pyproject.toml with its test extra."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]

    expected = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    assert expected == pip


def test_the_readme_opens_with_the_two_commands() -> None:
    """The two commands stand in the README word for word, each on a line of its own, near the top."""
    lines = (ROOT / "README.md").read_text().splitlines()

    assert RUN in lines[:30]
    assert TEST in lines[:30]


def test_ci_calls_the_readmes_command() -> None:
    """.ci/run makes a fresh virtual environment and evaluates the README's test command."""
    script = (ROOT / ".ci" / "run").read_text()

    assert "python3 -m venv" in script
    assert "README.md" in script


def test_the_example_environment_lists_every_setting() -> None:
    """.env.example names every setting that is read, and no other."""
    text = (ROOT / ".env.example").read_text()

    assert re.findall(r"^#?([A-Z_]+)=", text, flags=re.MULTILINE) == settings.names()
