"""``users``: accounts from the command line; passwords are piped or typed and never an argument."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PASSWORD = "correct horse battery"


def typed(home: Path, *words: str, password: str = PASSWORD) -> tuple[int, str]:
    """Run a command with a password on its standard input."""
    command = [sys.executable, "-m", "workbench", "users", *words]
    done = subprocess.run(
        command,
        env={**os.environ, "WORKBENCH_HOME": str(home), "NO_COLOR": "1"},
        cwd=home,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["add", "list", "role", "password", "disable"])
def test_the_help_teaches_by_example_and_asks_for_no_password(cli: Callable[..., object], command: str) -> None:
    """Each page shows a line that can be typed; none has an option for a password."""
    said = cli("users", command, "--help")
    assert (said.code, f"  workbench users {command}" in said.out, "--password" in said.out) == (0, True, False)


def test_an_account_lives(cli: Callable[..., object], home: Path) -> None:
    """Made, listed, given another role, a new password, disabled and let in again; no output holds a password or a hash."""
    assert cli("users", "list").out.startswith("no user yet")
    assert "the first user must be an admin" in typed(home, "add", "bob", "--role", "viewer")[1]
    said = [
        typed(home, "add", "ana", "--role", "admin"),
        typed(home, "add", "bob"),
        (cli("users", "role", "bob", "viewer").code, ""),
        typed(home, "password", "bob", password="another staple phrase"),
        (cli("users", "disable", "bob", "--reason", "left").code, ""),
    ]
    assert [code for code, _ in said] == [0] * 5
    listed = cli("users", "list", "--json").out
    assert [(user["name"], user["role"], user["disabled"]) for user in json.loads(listed)] == [
        ("ana", "admin", False),
        ("bob", "viewer", True),
    ]
    assert cli("users", "disable", "bob", "--undo").out.strip() == "● bob may log in again"
    assert not [text for text in (*(text for _, text in said), listed) if PASSWORD in text or "argon2" in text]
    assert cli("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "password", "sentence"),
    [
        (("add", "Ana Maria"), PASSWORD, "a user's name is"),
        (("add", "eve", "--role", "root"), PASSWORD, "no role named 'root'"),
        (("add", "eve"), "short", "this password cannot be used"),
        (("add", "eve"), "", "no password was given"),
        (("password", "anna"), PASSWORD, "did you mean ana?"),
        (("role", "ana", "viewer"), PASSWORD, "is the last admin"),
        (("disable", "ana"), PASSWORD, "is the last admin"),
    ],
)
def test_a_mistake_is_one_sentence(home: Path, words: tuple[str, ...], password: str, sentence: str) -> None:
    """Exit code 1 and what would be right."""
    typed(home, "add", "ana", "--role", "admin")
    code, said = typed(home, *words, password=password)
    assert (code, sentence in said) == (1, True), said
