"""Every part in every state, on one page: what the browser tests look at, and where a new face begins.

``show()`` returns the page; ``sections()`` the parts of it by name. All data are made up here from a fixed seed and say so.
"""

from __future__ import annotations

from workbench.widgets.gallery.page import sections, show

__all__ = ["sections", "show"]
