"""Users: people who log in with a password, what role they have, and how they are locked out.

1. An account has a name, a role and an argon2id hash; ``add`` makes the first one an admin's.
2. ``verify`` counts the attempt as failed *before* it looks at the password, so parallel guesses cannot outrun the lock-out (``_admit``), and
   takes the same time for a name that does not exist. After five failures each further one waits twice as long, up to a quarter of an hour.
3. Logins and kernel tokens are in ``lifecycle.credentials``; changing a password or disabling an account ends them (``credentials.revoke_all``).

Every change is one transaction with its event in the audit chain. Passwords, hashes and session ids are never in it.
Until the first user is added there is one implicit local user: the user of the operating system, an admin (``local``).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

from sqlalchemy import func, select, update

from workbench import clock
from workbench.errors import InputError, PermissionDeniedError, UnknownNameError
from workbench.lifecycle import credentials
from workbench.lifecycle.access import may, rank, require
from workbench.lifecycle.people import Person, Role, person
from workbench.store import chain
from workbench.store.tables import UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from argon2 import PasswordHasher
    from sqlalchemy.orm import Session

    from workbench.store import Database

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
FREE_ATTEMPTS = 5
"""Wrong passwords before the first wait."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
_AT_ONCE = threading.BoundedSemaphore(2)  # each comparison takes 64 MiB
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_RESERVED = frozenset({"anonymous", "engine", "launcher", "system", "workbench"})

__all__ = [
    "LoginRefusedError",
    "User",
    "add",
    "any_user",
    "disable",
    "enable",
    "find",
    "get",
    "list",
    "may",
    "set_password",
    "set_role",
    "verify",
]


class LoginRefusedError(PermissionDeniedError):
    """A login that was refused; ``wait`` is how many seconds until the next attempt is looked at, 0 for at once."""

    def __init__(self, message: str, wait: int = 0) -> None:
        """Keep the wait beside the message."""
        self.wait = wait
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class User:
    """An account as it was when it was read."""

    name: str
    """Name of the account."""
    role: Role
    """What they may do."""
    disabled: bool
    """Whether logging in is refused."""
    locked_until: datetime | None
    """No attempt is looked at before, aware UTC."""
    last_login_at: datetime | None
    """When they last logged in."""
    created_at: datetime
    """When the account was made."""

    @property
    def person(self) -> Person:
        """The person, as the audit chain and the permissions know them."""
        return Person(name=self.name, role=self.role)


def add(session: Session, name: str, password: str, role: str, *, by: Person | str | None = None) -> User:
    """Make an account and return it.

    Raises:
        InputError: the name or the password cannot be used, the name is taken, or the very first user is not an admin.
        UnknownNameError: no such role.
        PermissionDeniedError: whoever asks is no admin.
    """
    who = _manager(session, by)
    chosen = _checked_name(name)
    rank(role)
    _refuse_weak(chosen, password)
    if session.get(UserRow, chosen) is not None:
        message = (
            f"there is a user {chosen!r} already; choose another name, or give them another role: workbench users role {chosen} {role}"
        )
        raise InputError(message)
    if not any_user(session) and role != "admin":
        message = f"the first user must be an admin, or nobody could add the next; use: workbench users add {chosen} --role admin"
        raise InputError(message)
    row = UserRow(name=chosen, role=role, password_hash=_hasher().hash(password))
    session.add(row)
    session.flush()
    _tell(session, who, "added", chosen, role=role)
    return _user(row)


def any_user(session: Session) -> bool:
    """Return whether anybody was ever added: from then on everybody logs in."""
    return session.scalar(select(UserRow.name).limit(1)) is not None


def find(session: Session, name: str) -> User | None:
    """Return the account, None if there is none."""
    row = session.get(UserRow, name)
    return None if row is None else _user(row)


def get(session: Session, name: str) -> User:
    """Return the account.

    Raises:
        UnknownNameError: no such user; the message names the nearest.
    """
    return _user(_row(session, name))


def list(session: Session) -> tuple[User, ...]:  # noqa: A001 - reads as users.list(...)
    """Return all accounts by name."""
    return tuple(_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name)))


def set_role(session: Session, name: str, role: str, *, by: Person | str | None = None) -> User:
    """Give an account another role, at once also for those logged in, and return it.

    Raises:
        UnknownNameError: no such user or role.
        PermissionDeniedError: whoever asks is no admin, or the last admin would be gone.
    """
    who, row = _manager(session, by), _row(session, name)
    rank(role)
    if row.role == role:
        return _user(row)
    if role != "admin":
        _refuse_last_admin(session, row)
    before, row.role = row.role, role
    session.flush()
    _tell(session, who, "role", row.name, **{"from": before, "to": role})
    return _user(row)


def set_password(session: Session, name: str, password: str, *, by: Person | str | None = None, keep: str | None = None) -> User:
    """Change a password, one's own or as an admin anybody's; every login but ``keep`` (a session id) ends.

    Raises:
        InputError: the password cannot be used.
        PermissionDeniedError: it is somebody else's, and whoever asks is no admin.
    """
    row, who = _row(session, name), person(by)
    if who.name != row.name:
        who = _manager(session, by)
    _refuse_weak(row.name, password)
    row.password_hash, row.failures, row.locked_until = _hasher().hash(password), 0, None
    session.flush()
    ended = credentials.revoke_all(session, row.name, keep=keep)
    _tell(session, who, "password", row.name, sessions_ended=ended)
    return _user(row)


def disable(session: Session, name: str, *, by: Person | str | None = None, reason: str = "") -> User:
    """Refuse an account from now on; its logins and kernel tokens end at once."""
    who, row = _manager(session, by), _row(session, name)
    if row.disabled:
        return _user(row)
    _refuse_last_admin(session, row)
    row.disabled = True
    session.flush()
    ended = credentials.revoke_all(session, row.name)
    _tell(session, who, "disabled", row.name, reason=reason, sessions_ended=ended)
    return _user(row)


def enable(session: Session, name: str, *, by: Person | str | None = None) -> User:
    """Let an account log in again, and forget its failures."""
    who, row = _manager(session, by), _row(session, name)
    row.disabled, row.failures, row.locked_until = False, 0, None
    session.flush()
    _tell(session, who, "enabled", row.name)
    return _user(row)


def verify(database: Database, name: str, password: str) -> User:
    """Return the account that this name and password belong to.

    Takes about 50 ms of one core by design; call it outside any transaction and off the event loop.

    Raises:
        LoginRefusedError: wrong, disabled or locked; the message does not tell a wrong name from a wrong password.
    """
    folded = name.strip().lower()
    stored = _admit(database, folded)
    fits = _matches(stored, password)
    if stored is None or not fits:
        message = "this name and password do not belong together; check both, or ask an admin to set a new password"
        raise LoginRefusedError(message)
    return _welcome(database, folded, stored, password)


def _admit(database: Database, name: str) -> str | None:
    """Count an attempt and return the hash to compare with; None for a name that cannot log in."""
    now = clock.now()
    with database.session() as session:
        row = session.get(UserRow, name, with_for_update=True) if _NAME.fullmatch(name) else None
        if row is None or row.disabled:
            return None
        if row.locked_until is not None and row.locked_until > now:
            wait = max(1, round((row.locked_until - now).total_seconds()))
            message = f"too many wrong passwords for this name; try again in {wait} s, or ask an admin to set a new password"
            raise LoginRefusedError(message, wait)
        row.failures += 1
        over = row.failures - FREE_ATTEMPTS
        row.locked_until = now + min(FIRST_WAIT * 2 ** min(over, 10), LONGEST_WAIT) if over >= 0 else None
        _tell(session, Person(name=name), "login_attempt", name, attempt=row.failures, locked=row.locked_until is not None)
        return row.password_hash


def _welcome(database: Database, name: str, stored: str, password: str) -> User:
    """Forget the failures and return the account, unless it was changed meanwhile."""
    fresh = _hasher().hash(password) if _hasher().check_needs_rehash(stored) else stored
    with database.session() as session:
        changed = session.execute(
            update(UserRow)
            .where(UserRow.name == name, UserRow.password_hash == stored, ~UserRow.disabled)
            .values(failures=0, locked_until=None, last_login_at=clock.now(), password_hash=fresh)
        )
        if not cast(int, changed.rowcount):  # type: ignore[attr-defined]
            message = "the account was changed while you logged in; try again"
            raise LoginRefusedError(message)
        row = session.get_one(UserRow, name, populate_existing=True)
        _tell(session, Person(name=name), "login", name)
        return _user(row)


def _matches(stored: str | None, password: str) -> bool:
    """Return whether the password gives the hash; works as long on a hash of nothing when there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - only where somebody logs in

    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        with _AT_ONCE:
            return _hasher().verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):  # half a surrogate is no text
        return False


@cache
def _hasher() -> PasswordHasher:
    """Return argon2id with the library's parameters (RFC 9106, second recommendation: 64 MiB, 3 passes)."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - only where somebody logs in

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def _manager(session: Session, by: Person | str | None) -> Person:
    """Return who manages users, by the role that the store knows, not the one that was claimed; before the first user anybody is the owner."""
    who = person(by)
    if not any_user(session):
        return who
    known = find(session, who.name)
    if known is not None:
        who = known.person if not known.disabled else Person(name=who.name, role="viewer")
    return require(who, "users.manage")


def _refuse_last_admin(session: Session, row: UserRow) -> None:
    others = select(func.count()).where(UserRow.role == "admin", ~UserRow.disabled, UserRow.name != row.name)
    if row.role == "admin" and not row.disabled and not session.scalar(others):
        message = f"{row.name} is the last admin; make somebody else admin first: workbench users role NAME admin"
        raise PermissionDeniedError(message)


def _checked_name(name: str) -> str:
    chosen = name.strip().lower()
    if not _NAME.fullmatch(chosen) or chosen in _RESERVED:
        message = f"a user's name is 1 to 64 of a-z 0-9 . _ @ - beginning with a letter or digit, and none of {', '.join(sorted(_RESERVED))}; got {name!r}"
        raise InputError(message)
    return chosen


def _refuse_weak(name: str, password: str) -> None:
    """Length is what counts (NIST SP 800-63B); a password that is the name, or one character, is none."""
    problem = ""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        problem = f"it has {len(password)} characters"
    elif name in {password.lower(), password.lower()[::-1]} or password.lower() == name * (len(password) // max(1, len(name))):
        problem = "it is the name"
    elif len(set(password)) < 4:  # noqa: PLR2004 - "aaaaaaaaaa" and "abababababab"
        problem = "it repeats a few characters"
    elif not password.isprintable():
        problem = "it holds a character that cannot be typed"
    if problem:
        message = f"this password cannot be used, {problem}; a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, four words do well"
        raise InputError(message)


def _row(session: Session, name: str) -> UserRow:
    row = session.get(UserRow, name.strip().lower())
    if row is None:
        kind = "user"
        raise UnknownNameError(kind, name, session.scalars(select(UserRow.name)).all())
    return row


def _tell(session: Session, who: Person, act: str, name: str, **detail: str | int | bool) -> None:
    chain.append(session, actor=who.name, action=f"user.{act}", subject=f"user:{name}", detail=detail)


def _user(row: UserRow) -> User:
    return User(
        name=row.name,
        role=cast(Role, row.role),
        disabled=row.disabled,
        locked_until=row.locked_until,
        last_login_at=row.last_login_at,
        created_at=row.created_at,
    )
