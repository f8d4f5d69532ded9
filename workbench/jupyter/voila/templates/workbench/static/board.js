// What a board's page does by itself: keep the skeleton until something is drawn, and say whether the kernel behind it still lives.
const workbench = (() => {
  const byId = (id) => document.getElementById(id);
  const WIDGETS = "application/vnd.jupyter.widget-view+json";
  let cellsArrived = false;

  function say(state, glyph, words, remedy) {
    const slot = byId("wb-link");
    if (!slot || slot.dataset.state === state) return;
    slot.dataset.state = state;
    slot.innerHTML = "";
    const mark = document.createElement("i");
    mark.ariaHidden = "true";
    mark.textContent = glyph;
    const text = document.createElement("span");
    text.textContent = words;
    slot.append(mark, " ", text);
    if (remedy) {
      const button = document.createElement("button");
      button.textContent = remedy;
      button.onclick = () => window.location.reload();
      slot.append(button);
    }
  }

  // Called twice: when the last cell has arrived and, by Voila, when its scripts are ready.
  function finish() {
    if (!cellsArrived) { cellsArrived = true; window.cellLoaded = true; if (!window.themeLoaded) return; }
    const cells = byId("rendered_cells");
    cells.hidden = false;
    const drawn = () => cells.querySelector(".jupyter-widgets, .wb, .lm-Widget .widget-subarea, [data-wb-drawn]")
      || (!waitsForWidgets() && cells.querySelector(".jp-OutputArea-output"));
    const waitsForWidgets = () => [...document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]')].some((each) => each.textContent.includes(WIDGETS))
      || cells.textContent.trim() === "";
    const show = () => {
      const skeleton = byId("wb-skeleton");
      if (!skeleton || !drawn()) return;
      skeleton.remove();
      watcher.disconnect();
      performance.mark("workbench-ready");
      document.body.dataset.ready = "true";
    };
    const watcher = new MutationObserver(show);
    watcher.observe(cells, { childList: true, subtree: true });
    show();
    setTimeout(() => { if (byId("wb-skeleton")) byId("wb-said").textContent = "This board takes longer than usual. If nothing appears, load the page again."; }, 15000);
  }

  // The kernel ends when nobody looks at the page for a while, or with the server. The page then says so instead of looking alive.
  function connect() {
    const page = JSON.parse(byId("jupyter-config-data")?.textContent || "{}");
    const address = `${page.baseUrl || "/"}api/kernels/${page.kernelId}`;
    let failed = 0;
    async function look() {
      try {
        const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
        failed = 0;
        if (answer.status === 404) return say("ended", "■", "ended", "Reload");
        if (answer.status === 401 || answer.status === 403) return say("ended", "■", "signed out", "Sign in");
        if (answer.ok) say("live", "●", "live");
      } catch {
        failed += 1;
        say("reconnecting", "▲", "reconnecting");
      }
      if (byId("wb-link")?.dataset.state !== "ended") timer = setTimeout(look, failed ? 2000 : 10000);
    }
    let timer = setTimeout(look, 0);
    const now = () => { clearTimeout(timer); look(); };
    window.addEventListener("online", now);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) now(); });
  }

  return { finish, connect, say };
})();
