"""The stylesheet of the faces: the palette of ``workbench.look`` as CSS variables, and the rules of ``styles/``, all under ``.wb``.

Dark by default. White when printed or inside an element with ``data-wb-theme="light"``. Nothing moves under ``prefers-reduced-motion``.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from workbench import look

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = ("base", "marks", "figures", "fields", "table", "charts", "narrow")


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """Return the whole stylesheet; every rule applies inside an element of class ``wb`` only."""
    folder = resources.files("workbench.widgets") / "styles"
    rules = "".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in _FILES)
    return f"{variables()}\n{rules}"


def variables() -> str:
    """Return the tokens as CSS variables: dark, and the light set for print and for ``data-wb-theme="light"``."""
    light = _declared({**look.LIGHT, **_stages(look.LIGHT_STAGES), **_series(look.LIGHT_CATEGORICAL)})
    fonts = f"--wb-sans:{look.SANS};--wb-mono:{look.MONO};"
    dark = _declared({**look.DARK, **_stages(look.STAGES), **_series(look.CATEGORICAL)})
    return f'.wb{{{dark}{fonts}color-scheme:dark;}}\n[data-wb-theme="light"] .wb{{{light}color-scheme:light;}}\n@media print{{.wb{{{light}color-scheme:light;}}}}'


def _declared(tokens: dict[str, str]) -> str:
    return "".join(f"--wb-{name}:{value};" for name, value in tokens.items())


def _stages(colours: Mapping[str, str]) -> dict[str, str]:
    return {f"stage-{name.lower()}": value for name, value in colours.items()}


def _series(colours: tuple[str, ...]) -> dict[str, str]:
    return {f"c{number}": colour for number, colour in enumerate(colours, start=1)}
