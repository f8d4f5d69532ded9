"""What a board asks of the browser itself: the address in its bar, and a file to save."""

from __future__ import annotations

import anywidget
from traitlets import Unicode

_SCRIPT = """
const inVoila = () => location.pathname.includes("/voila/") || location.pathname.includes("/workbench/boards/");
function follow(model) {
  if (!inVoila()) return;
  const kept = new URLSearchParams(location.search);
  const own = new URLSearchParams(model.get("query"));
  const foreign = [...kept].filter(([name]) => /^(voila|theme|template)/.test(name));  // a token is nothing to share
  const text = new URLSearchParams([...own, ...foreign]).toString();
  history.replaceState(null, "", location.pathname + (text ? "?" + text : "") + location.hash);
}
function save(message) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([message.text], { type: message.type }));
  link.download = message.save;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
export default {
  initialize({ model }) {
    model.on("change:query", () => follow(model));
    if (new URLSearchParams(location.search).has("token")) follow(model);
    model.on("msg:custom", message => { if (message.save) save(message); if (message.go) location.assign(message.go); });
  },
  render({ el }) { el.style.display = "none"; },
};
"""


class Browser(anywidget.AnyWidget):
    """The browser that shows a board; it is invisible."""

    _esm = _SCRIPT
    query = Unicode(help="What stands after ? in the address bar.").tag(sync=True)

    def save(self, name: str, text: str, kind: str = "text/csv") -> None:
        """Let the person save ``text`` as a file."""
        self.send({"save": name, "text": text, "type": f"{kind};charset=utf-8"})

    def go(self, address: str) -> None:
        """Leave for another page."""
        self.send({"go": address})
