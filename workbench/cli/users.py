"""``users``: who may log in, and with what role. Passwords are typed or piped in, never given as arguments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from workbench import clock
from workbench.cli import show
from workbench.cli.given import store
from workbench.cli.guard import group, taught
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.lifecycle.users import User

app = group(help="Say who may log in, and with what role.")
Name = Annotated[str, typer.Argument(help="Name of the account.")]
_ROLES = "viewer, researcher, reviewer, operator or admin"


@app.command("add")
@taught
def users_add(name: Name, *, role: Annotated[str, typer.Option(help=f"What they may do: {_ROLES}.")] = "researcher") -> None:
    """Add a user; the first one must be an admin. The password is asked for, or read from standard input.

    Examples:
      workbench users add ana --role admin
      workbench users add bob --role viewer < password.txt
    """
    database = store()
    from workbench.lifecycle import users  # noqa: PLC0415 - after the store: a wrong address is said at once

    with database.read() as session:
        if not users.any_user(session) and role != "admin":
            message = f"the first user must be an admin, or nobody could add the next; use: workbench users add {name} --role admin"
            raise InputError(message)
    password = _typed_password()
    with database.session() as session:
        made = users.add(session, name, password, role)
    typer.echo(f"● {made.name} may log in as {made.role}")


@app.command("list")
@taught
def users_list(*, as_json: show.Json = False) -> None:
    """List the users with their roles.

    Example:
      workbench users list --json
    """
    database = store()
    from workbench.lifecycle import users  # noqa: PLC0415

    with database.read() as session:
        found = users.list(session)
    if as_json:
        show.print_json([_fields(user) for user in found])
        return
    show.table(
        ("user", "role", "status", "last login (UTC)"),
        [(user.name, user.role, _status(user), f"{user.last_login_at:%Y-%m-%d %H:%M}" if user.last_login_at else "–") for user in found],
        empty="no user yet: whoever starts the server is its admin. Add one: workbench users add NAME --role admin",
    )


@app.command("role")
@taught
def users_role(name: Name, role: Annotated[str, typer.Argument(help=f"{_ROLES[0].upper()}{_ROLES[1:]}.")]) -> None:
    """Give a user another role, at once also where they are logged in.

    Example:
      workbench users role bob reviewer
    """
    database = store()
    from workbench.lifecycle import users  # noqa: PLC0415

    with database.session() as session:
        changed = users.set_role(session, name, role)
    typer.echo(f"● {changed.name} is {changed.role}")


@app.command("password")
@taught
def users_password(name: Name) -> None:
    """Set a new password, asked for or read from standard input; every login of the user ends, and a lock-out too.

    Examples:
      workbench users password bob
      workbench users password bob < password.txt
    """
    database = store()
    from workbench.lifecycle import users  # noqa: PLC0415

    with database.read() as session:
        users.get(session, name)
    password = _typed_password()
    with database.session() as session:
        changed = users.set_password(session, name, password)
    typer.echo(f"● {changed.name} has a new password; their logins have ended")


@app.command("disable")
@taught
def users_disable(
    name: Name,
    *,
    reason: Annotated[str, typer.Option(help="Why; the audit chain keeps it.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Let them log in again.")] = False,
) -> None:
    """Refuse a user from now on; their logins and kernel tokens end at once.

    Examples:
      workbench users disable bob --reason "left the desk"
      workbench users disable bob --undo
    """
    database = store()
    from workbench.lifecycle import users  # noqa: PLC0415

    with database.session() as session:
        changed = users.enable(session, name) if undo else users.disable(session, name, reason=reason)
    typer.echo(f"■ {changed.name} is disabled" if changed.disabled else f"● {changed.name} may log in again")


def _typed_password() -> str:
    """Return a password from the terminal, typed twice, or the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        message = "no password was given; type it when asked, or pipe one line in: workbench users password NAME < file"
        raise InputError(message)
    return line


def _status(user: User) -> str:
    if user.disabled:
        return "■ disabled"
    return "▲ locked" if user.locked_until is not None and user.locked_until > clock.now() else "● active"


def _fields(user: User) -> dict[str, str | bool | None]:
    times = {
        name: clock.stamp(at) if at else None for name, at in (("locked_until", user.locked_until), ("last_login_at", user.last_login_at))
    }
    return {"name": user.name, "role": user.role, "disabled": user.disabled, **times, "created_at": clock.stamp(user.created_at)}
