"""Users: who may log in, with what role, and the sessions and tokens by which they are known. Secrets are kept as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, reference


class UserRow(Base):
    """One person who may log in."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(primary_key=True)
    """Name of the account, lower case; the owner column of every other table."""
    role: Mapped[str]
    """viewer, researcher, reviewer, operator or admin."""
    password_hash: Mapped[str]
    """argon2id with its parameters and salt."""
    disabled: Mapped[bool] = mapped_column(default=False)
    """Whether logging in is refused."""
    failures: Mapped[int] = mapped_column(default=0)
    """Attempts since the last successful one."""
    locked_until: Mapped[datetime | None]
    """No attempt is looked at before; None when none has to wait."""
    last_login_at: Mapped[datetime | None]
    """When they last logged in; None before the first time."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When the account was made."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it last changed."""


class LoginSessionRow(Base):
    """One login of a browser."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index("ix_login_sessions_user_expires_at", "user", "expires_at"),)

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the random id in the browser's cookie."""
    user: Mapped[str] = mapped_column(reference("users.name"))
    """Who logged in."""
    agent: Mapped[str | None]
    """What the browser calls itself."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When they logged in."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """When it ends by itself."""
    revoked_at: Mapped[datetime | None]
    """When it was ended; None while it holds."""


class AccessTokenRow(Base):
    """One token by which a kernel acts for its person. The embedded local user has no row in ``users``, so there is no foreign key."""

    __tablename__ = "access_tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the token."""
    user: Mapped[str] = mapped_column(index=True)
    """Whom it acts for."""
    kernel_id: Mapped[str] = mapped_column(index=True)
    """Kernel it was given to; it is revoked when that ends."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was issued."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """When it ends by itself."""
    revoked_at: Mapped[datetime | None]
    """When it was ended; None while it holds."""
