"""A desk with small boards and a running server on it; ``running`` says how to talk to them.

``desk``    a home with two boards and one notebook
``server``  ``workbench up`` on a desk of its own, started once
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running import Up, free_port, lay_out, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "desk")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = start(lay_out(tmp_path_factory.mktemp("bench") / "desk"), free_port(), WARM_KERNELS="1")
    yield running
    running.stop()
