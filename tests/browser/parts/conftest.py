"""The parts alone, without Jupyter: their script in a blank page, each model a stand-in that holds what Python would send."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from workbench.widgets.parts import assets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.widgets import parts

STAND_IN = """
const bytes = (value) => {
  if (Array.isArray(value)) return value.map(bytes);
  if (value && value.__bytes !== undefined) { const raw = atob(value.__bytes); return new DataView(Uint8Array.from(raw, (c) => c.charCodeAt(0)).buffer); }
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bytes(one)]));
  return value;
};
class Model {
  constructor(state) { this.state = bytes(state); this.heard = {}; this.sent = []; this.changed = new Set(); this.saved = {}; }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; this.changed.add(name); this.fire("change:" + name); }
  save_changes() { for (const name of this.changed) this.saved[name] = this.state[name]; this.changed.clear(); }
  on(name, act) { (this.heard[name] ??= []).push(act); }
  off(name, act) { this.heard[name] = (this.heard[name] || []).filter((one) => one !== act); }
  fire(name, ...given) { for (const act of [...(this.heard[name] || [])]) act(...given); }
  send(message) { this.sent.push(message); }
}
window.models = [];
window.show = (states) => {
  const page = document.body.appendChild(Object.assign(document.createElement("div"), { className: "wb wb-page" }));
  for (const state of states) {
    const model = new Model(state);
    window.models.push(model);
    const el = page.appendChild(Object.assign(document.createElement("div"), { className: "wb-part" }));
    parts.initialize({ model });
    parts.render({ model, el });
  }
};
window.tell = (at, message) => window.models[at].fire("msg:custom", message);
window.update = (at, state) => { for (const [name, value] of Object.entries(state)) window.models[at].set(name, bytes(value)); };
"""


def packed(value: object) -> Any:
    if isinstance(value, bytes):
        return {"__bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: packed(one) for key, one in value.items()}
    return [packed(one) for one in value] if isinstance(value, (list, tuple)) else value


def state_of(part: parts.Part) -> dict[str, Any]:
    return {key: packed(value) for key, value in part.get_state().items() if key not in {"layout", "_esm"}}


@pytest.fixture
def stage(browser: Any) -> Iterator[Callable[..., Any]]:
    """Show parts on a blank page; whatever its console says against us fails the test."""
    complaints: list[str] = []
    opened: list[Any] = []

    def show(*shown: parts.Part, width: int = 1440, height: int = 900, **options: Any) -> Any:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        opened.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        inside = assets.bundle().replace("export default", "window.inside = { fmt: $fmt, rows: $table_rows, axis: $axis };\nconst parts =")
        page.set_content("<!doctype html><html><head><base href='http://127.0.0.1:1/'></head><body></body></html>")
        page.add_script_tag(content=inside + STAND_IN, type="module")
        page.wait_for_function("window.show !== undefined")
        page.evaluate("(states) => window.show(states)", [state_of(part) for part in shown])
        page.wait_for_timeout(80)
        return page

    yield show
    for page in opened:
        page.close()
    assert complaints == []
