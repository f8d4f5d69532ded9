"""Logins and kernel tokens: random secrets that stand for a person, kept as SHA-256, with an end, and revocable.

A login's secret lives in a browser's cookie, a token's in the environment of one kernel. Both are 256 random bits, so a plain hash is enough.
Whose they are is looked up at every use together with the role, so a change of role counts at once.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, select, update

from workbench import clock
from workbench.lifecycle.people import Person, Role
from workbench.store import chain
from workbench.store.tables import AccessTokenRow, LoginSessionRow, UserRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LOGIN_LASTS = timedelta(hours=12)
"""A working day: nobody logs in twice, nobody stays for ever."""
TOKEN_LASTS = timedelta(days=7)
"""Longer than any kernel should live; it is revoked when the kernel ends."""
TOKEN_PREFIX = "wbk_"  # noqa: S105 - lets secret scanners find a leaked one
_KEPT = timedelta(days=30)


def open_login(session: Session, name: str, *, agent: str = "", lasts: timedelta = LOGIN_LASTS) -> str:
    """Open a login for a user whose password was verified and return its secret; rows that ended a month ago are removed."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    for table in (LoginSessionRow, AccessTokenRow):
        session.execute(delete(table).where(table.expires_at < now - _KEPT))
    session.add(LoginSessionRow(id_hash=_hash(secret), user=name, agent=agent[:200] or None, expires_at=now + lasts))
    session.flush()
    return secret


def login(session: Session, secret: str) -> Person | None:
    """Return the person of a login as they are now; None for one that is unknown, ended, revoked or whose account is disabled."""
    row = session.execute(
        select(UserRow.name, UserRow.role)
        .join(LoginSessionRow, LoginSessionRow.user == UserRow.name)
        .where(
            LoginSessionRow.id_hash == _hash(secret),
            LoginSessionRow.expires_at > clock.now(),
            LoginSessionRow.revoked_at.is_(None),
            ~UserRow.disabled,
        )
    ).first()
    return None if row is None else _person(row.name, row.role)


def close_login(session: Session, secret: str) -> None:
    """End a login; an unknown one is not an error."""
    ended = session.scalar(
        update(LoginSessionRow)
        .where(LoginSessionRow.id_hash == _hash(secret), LoginSessionRow.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(LoginSessionRow.user)
    )
    if ended is not None:
        chain.append(session, actor=ended, action="user.logout", subject=f"user:{ended}")


def issue_token(session: Session, name: str, kernel_id: str, *, lasts: timedelta = TOKEN_LASTS) -> str:
    """Return a new token by which the kernel acts for ``name``; it is shown once and kept as a hash."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(AccessTokenRow(token_hash=_hash(token), user=name, kernel_id=kernel_id, expires_at=clock.now() + lasts))
    session.flush()
    chain.append(session, actor=name, action="user.token_issued", subject=f"user:{name}", detail={"kernel": kernel_id})
    return token


def token_owner(session: Session, token: str, *, local: str | None = None) -> Person | None:
    """Return the person a token acts for as they are now; None for one that is unknown, ended, revoked or whose account is disabled.

    Args:
        session: a reading session.
        token: as issued.
        local: name of the implicit local user; counts only while there is no user at all.
    """
    if not token.startswith(TOKEN_PREFIX):
        return None
    name = session.scalar(
        select(AccessTokenRow.user).where(
            AccessTokenRow.token_hash == _hash(token), AccessTokenRow.expires_at > clock.now(), AccessTokenRow.revoked_at.is_(None)
        )
    )
    if name is None:
        return None
    row = session.get(UserRow, name)
    if row is not None:
        return None if row.disabled else _person(row.name, row.role)
    alone = name == local and session.scalar(select(UserRow.name).limit(1)) is None
    return Person(name=name, role="admin") if alone else None


def revoke_tokens(session: Session, kernel_id: str) -> int:
    """End the tokens of a kernel that ended, and return how many there were."""
    ended = session.scalars(
        update(AccessTokenRow)
        .where(AccessTokenRow.kernel_id == kernel_id, AccessTokenRow.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(AccessTokenRow.user)
    ).all()
    for name in ended:
        chain.append(session, actor=name, action="user.token_revoked", subject=f"user:{name}", detail={"kernel": kernel_id})
    return len(ended)


def revoke_all(session: Session, name: str, *, keep: str | None = None) -> int:
    """End all logins (but the one whose secret is ``keep``) and tokens of a user, and return how many there were."""
    now, kept, ended = clock.now(), _hash(keep) if keep else "", 0
    narrowed: tuple[tuple[Any, Any], ...] = ((LoginSessionRow, LoginSessionRow.id_hash != kept), (AccessTokenRow, True))
    for table, condition in narrowed:
        query = update(table).where(table.user == name, table.revoked_at.is_(None), condition).values(revoked_at=now)
        ended += len(session.scalars(query.returning(table.user)).all())
    return ended


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _person(name: str, role: str) -> Person:
    return Person(name=name, role=cast(Role, role))  # only checked roles are stored
