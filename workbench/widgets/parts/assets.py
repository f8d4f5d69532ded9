"""The script and the stylesheet of all parts, as the browser gets them.

1. ``bundle`` joins the files of ``js/`` into one ES module: each file becomes a function scope, its imports become names of earlier scopes.
2. In a kernel that ``workbench up`` started, a part carries a shim of a few lines that imports ``/workbench/static/parts.js`` (``script``).
3. Elsewhere one hidden ``Library`` widget carries the whole text once, and every part a shim that waits for it.
4. ``static_files`` is what the server hands out under ``/workbench/static/``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import lru_cache
from importlib import resources

from workbench.widgets.css import stylesheet

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\*? (\w+))", re.MULTILINE)
_NAMES = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
_ENTRY = "main"

_SERVER_SHIM = """const page = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
const base = new URL((page.baseUrl || "/").replace(/\\/?$/, "/"), window.location.origin);
const parts = await import(new URL("workbench/static/parts.js?v=%s", base).href);
export default parts.default;
"""

_LIBRARY_SHIM = """const shelf = globalThis.__workbenchParts ??= {};
const slot = shelf["%s"] ??= Promise.withResolvers?.() ?? (() => { const s = {}; s.promise = new Promise(r => { s.resolve = r; }); return s; })();
export default async () => (await slot.promise).default;
"""


def sources() -> dict[str, str]:
    """Return the text of every script file by its name without suffix."""
    folder = resources.files("workbench.widgets") / "js"
    return {entry.name[:-3]: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".js")}


@lru_cache(maxsize=1)
def bundle() -> str:
    """Return one ES module with all parts; its default export draws the part that a model names."""
    files = sources()
    scopes = "".join(_scope(name, files[name]) for name in _order(files))
    return f"const CSS = {json.dumps(stylesheet(), ensure_ascii=False)};\n{scopes}export default ${_ENTRY}.entry(CSS);\n"


def _scope(name: str, text: str) -> str:
    body = _IMPORT.sub(lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = ${_identifier(found[2])};\n", text)
    names = ", ".join(_NAMES.findall(body))
    return f"const ${_identifier(name)} = (() => {{\n{_EXPORT.sub('', body)}return {{ {names} }};\n}})();\n"


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _order(files: dict[str, str]) -> list[str]:
    """Return the names so that each file comes after those it imports."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name not in done:
            for needed in sorted(found[2] for found in _IMPORT.finditer(files[name])):
                visit(needed)
            done.append(name)

    visit(_ENTRY)
    return done


@lru_cache(maxsize=1)
def version() -> str:
    """Return the content hash of the script, twelve characters; an address with it may be cached for ever."""
    return hashlib.sha256(bundle().encode()).hexdigest()[:12]


def served() -> bool:
    """Whether this kernel was started by our server, which hands out the script itself."""
    return bool(os.environ.get("WORKBENCH_SERVER"))


def script() -> str:
    """Return what a part carries as its script: a shim for the server's address, or one that waits for the library."""
    return (_SERVER_SHIM if served() else _LIBRARY_SHIM) % version()


def static_files() -> dict[str, bytes]:
    """Return the files the server hands out under ``/workbench/static/`` by name; ``?v=`` plus ``version()`` makes them cacheable for ever."""
    return {"parts.css": stylesheet().encode(), "parts.js": bundle().encode()}
