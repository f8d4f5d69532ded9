"""Headers that tell a browser what our pages may do. They are set where the person is known, so every page of Jupyter carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.web import RequestHandler

# Lab compiles JSON schemas (unsafe-eval) and Voila's template starts inline; anywidget imports modules from blobs. Nothing comes from elsewhere.
CONTENT = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self' ws: wss: blob: data:; worker-src 'self' blob:; frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
CLOSED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For answers that no browser should render."""
_STRICTER = ("sandbox", "default-src")  # Jupyter's own policy of files and of its API is narrower than ours
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "0",  # the filter of old browsers was itself a hole; the policy above is what protects
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def secure(handler: RequestHandler, policy: str = CONTENT) -> None:
    """Set the headers on an answer; a narrower content policy that is there already stays."""
    for name, value in ALWAYS.items():
        handler.set_header(name, value)
    present = handler._headers.get("Content-Security-Policy", "")  # noqa: SLF001 - tornado has no reader of set headers
    if not any(word in present for word in _STRICTER):
        handler.set_header("Content-Security-Policy", policy)
    if handler.request.protocol == "https":
        handler.set_header("Strict-Transport-Security", STRICT_TRANSPORT)
