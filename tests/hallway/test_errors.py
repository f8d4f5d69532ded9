from __future__ import annotations

import inspect
import re

import pytest

from workbench import errors


def test_an_unknown_name_suggests_the_nearest() -> None:
    """The message of an unknown name says which known name is meant."""
    error = errors.UnknownNameError("indicator", "smaa", ["sma", "ema", "rsi"])

    assert str(error) == "no indicator named 'smaa'; did you mean sma?"
    assert error.suggestions[0] == "sma"


def test_an_unknown_name_without_a_neighbour_lists_what_is_known() -> None:
    """Where nothing is near, the known names are listed."""
    assert str(errors.UnknownNameError("symbol", "qqqqq", ["ES", "NQ"])) == "no symbol named 'qqqqq'; known: ES, NQ"


def test_a_rule_error_points_at_its_place() -> None:
    """Carets stand under the characters that cannot be read."""
    error = errors.RuleSyntaxError("close > smaa(200)", (8, 12), "no indicator 'smaa'", "did you mean sma?")

    assert str(error) == "no indicator 'smaa'; did you mean sma?\n  close > smaa(200)\n          ^^^^"


def test_a_rule_error_shows_only_the_part_around_its_place() -> None:
    """In a long rule the carets still stand under the right characters."""
    text = "close > open and " * 40 + "bad"
    start = len(text) - 3
    shown, carets = str(errors.RuleSyntaxError(text, (start, start + 3), "no")).splitlines()[1:]

    assert shown[carets.index("^") :] == "bad"


def test_many_problems_are_counted() -> None:
    """A refusal names the first five problems and counts the rest."""
    error = errors.CorruptDataError("ES 1m", [f"problem {number}" for number in range(7)])

    assert "problem 4; and 2 more" in str(error)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    """Every error class is drawn in the module's docstring, and nothing else is."""
    drawn = set(re.findall(r"\b(\w+Error)\b(?! \()", (errors.__doc__ or "").split("Errors carry")[0]))
    drawn |= set(re.findall(r"\b(\w+Error) \(", errors.__doc__ or ""))
    defined = {name for name, item in vars(errors).items() if inspect.isclass(item) and item.__module__ == errors.__name__}

    assert defined == drawn - {"ValueError", "LookupError"}


@pytest.mark.parametrize("kind", [errors.InputError, errors.SettingsError])
def test_wrong_values_are_value_errors_too(kind: type[Exception]) -> None:
    """Code that catches ValueError catches wrong input."""
    assert issubclass(kind, ValueError)
