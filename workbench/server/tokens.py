"""Tokens of kernels: each kernel carries one that says whose it is, for as long as it lives.

They are kept in this process alone, as hashes; a restarted server has no kernels and knows no token.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose kernel it is."""

    kernel_id: str
    """Jupyter's id of the kernel."""
    user: str
    """Name of the account that asked for it."""
    role: str
    """Role at that moment; what a request may do is looked up again each time."""
    board: str | None = None
    """Path of the notebook when the kernel belongs to a board page."""


class KernelTokens:
    """Who owns which kernel, and which token speaks for it."""

    def __init__(self) -> None:
        """Know nobody."""
        self._owners: dict[str, Owner] = {}
        self._kernels: dict[str, str] = {}

    def issue(self, owner: Owner) -> str:
        """Return a new token for the owner's kernel; an earlier one of that kernel ends."""
        self.revoke(owner.kernel_id)
        token = f"wbk_{secrets.token_urlsafe(32)}"
        self._owners[owner.kernel_id] = owner
        self._kernels[_hashed(token)] = owner.kernel_id
        return token

    def owner_of_token(self, token: str) -> Owner | None:
        """Return whose kernel sent ``token``, None when it is unknown or its kernel has ended."""
        return self._owners.get(self._kernels.get(_hashed(token), ""))

    def owner_of_kernel(self, kernel_id: str) -> Owner | None:
        """Return whose kernel this is, None when it is nobody's, such as one that waits in the pool."""
        return self._owners.get(kernel_id)

    def move(self, kernel_id: str, to: str) -> None:
        """Let the token of one kernel speak for another: a warm kernel gets its identity before its id is known."""
        owner = self._owners.pop(kernel_id)
        self._owners[to] = replace(owner, kernel_id=to)
        for hashed, known in self._kernels.items():
            if known == kernel_id:
                self._kernels[hashed] = to

    def revoke(self, kernel_id: str) -> None:
        """Forget the kernel and its token."""
        self._owners.pop(kernel_id, None)
        for hashed in [hashed for hashed, known in self._kernels.items() if known == kernel_id]:
            del self._kernels[hashed]

    def __len__(self) -> int:
        """Return how many kernels are owned."""
        return len(self._owners)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
