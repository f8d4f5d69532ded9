"""Pointers to whole numbers and bytes, beside those of ``engine.bits``: a loop over many symbols reads its arrays through them."""

from __future__ import annotations

from typing import Any

import workbench.compiled  # noqa: F401 - prepares numba's cache folder
from workbench.backtest.engine.bits import _pointer

from llvmlite import ir  # type: ignore[import-untyped]  # isort: skip
from numba.core import types  # isort: skip

integers_at: Any = _pointer(types.int64, ir.IntType(64))
"""Inside compiled code: a pointer to the int64 at an address."""
bytes_at: Any = _pointer(types.uint8, ir.IntType(8))
"""Inside compiled code: a pointer to the uint8 at an address."""
