"""Bad input ends in one sentence that says what to do; never in a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CSV = "time,open,high,low,close,volume\n2024-01-02 14:30:00+00:00,10,11,9,10,5\n2024-01-02 14:31:00+00:00,10,11,9,{close},5\n2024-01-02 14:32:00+00:00,10,11,9,10,5\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("tour --data /no/such/folder --symbol ES --timeframe 1m", "there is no file or folder /no/such/folder"),
        ("tour --data . --symbol EZ --timeframe 1m", "no symbol named 'EZ'"),
        ("tour --data . --symbol ES --timeframe 1x", "no timeframe named '1x'"),
        ("tour --data .", "--data needs --symbol and --timeframe"),
        ("tour --symbol ES", "give --data as well"),
        ("data check none.csv --symbol ES --timeframe 1m", "there is no file or folder"),
        ("data check good.csv --symbol AAPLE --timeframe 1m", "no symbol named 'AAPLE'; did you mean AAPL"),
        ("data check good.csv --symbol ES --timeframe 1minit", "no timeframe named '1minit'"),
        ("data check text.csv --symbol ES --timeframe 1m", "text.csv"),
        ("job run none.ipynb", "there is no notebook"),
        ("job run prob", "no job named 'prob'; did you mean probe"),
        ("job run probe -p fsat=1", "no parameter named 'fsat'; did you mean fast"),
        ("job run probe -p fast=ten", "parameter fast is 'ten'; it must be a whole number like its default 10"),
        ("job run probe -p fast", "parameter 'fast' is not NAME=VALUE"),
        ("kill --all", "needs a reason"),
        ("kill --all --symbol ES --reason x", "name one scope"),
        ("kill --reason x", "name what to stop"),
        ("kill --symbol EZ --reason x", "no symbol named 'EZ'"),
        ("kill --stage PAPR --reason x", "did you mean PAPER"),
        ("kill --bot none --reason x", "none"),
        ("kill --all --reset --reason x", "is not engaged"),
        ("init good.csv", "is a file; name a folder"),
    ],
)
def test_a_wrong_word_is_answered_with_one_sentence(
    cli: Callable[..., object], notebook: Callable[..., Path], home: Path, words: str, sentence: str
) -> None:
    """Exit code 1, one line on standard error, nothing on standard output."""
    notebook("1")
    (home / "good.csv").write_text(CSV.format(close=10))
    (home / "text.csv").write_text("a;b\n1;2\n")
    said = cli(*words.split())
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DATABASE_URL": "mysql://me:secret@host/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/x.sqlite"}, "the folder /no/such/folder does not exist"),
        ({"DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"}, "cannot be reached"),
        ({"WORKBENCH_HOEM": "/x"}, "did you mean WORKBENCH_HOME"),
        ({"WORKBENCH_HOME": "/dev/null"}, "which is a file; name a folder"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_answered_with_one_sentence(cli: Callable[..., object], changes: dict[str, str], sentence: str) -> None:
    """The name is said, a password never."""
    said = cli("bots", "list", **changes)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert "secret" not in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_file_with_a_missing_price_is_refused_with_its_place(cli: Callable[..., object], home: Path) -> None:
    """The report names the first bad bar and the exit code is 1."""
    (home / "nan.csv").write_text(CSV.format(close=""))
    said = cli("data", "check", "nan.csv", "--symbol", "ES", "--timeframe", "1m")
    assert said.code == 1
    assert said.out.startswith("■ refused · ES 1m")
    assert "✗ fatal" in said.out
    assert "2024-01-02" in said.out
    assert "Traceback" not in said.err


def test_wrong_usage_is_code_2(cli: Callable[..., object]) -> None:
    """A command or option that does not exist is answered by the parser."""
    for words in (["trou"], ["tour", "--dta", "x"], ["data", "check"]):
        said = cli(*words)
        assert said.code == 2
        assert "Traceback" not in said.err


def test_the_unexpected_is_kept_in_a_file_and_said_in_a_line(cli: Callable[..., object], home: Path) -> None:
    """A defect of ours shows its place to us, not to the person."""
    (home / "sitecustomize.py").write_text(
        "import workbench.jobs.doctor as d\ndef examine():\n    raise RuntimeError('boom')\nd.examine = examine\n"
    )
    said = cli("doctor", PYTHONPATH=str(home))
    assert said.code == 1
    assert "unexpected RuntimeError: boom; the full traceback is in" in said.err
    assert "Traceback" not in said.err
    kept = list((home / "data" / "logs").iterdir())
    assert len(kept) == 1
    assert "RuntimeError: boom" in kept[0].read_text()
