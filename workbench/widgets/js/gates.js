// Gate rows: failures first, a bullet bar with the threshold at two thirds, words, what is missing, the source.
import { h, clear } from "./dom.js";
import { statusNode } from "./marks.js";
import { num, statusOf } from "./fmt.js";

const ORDER = { fail: 0, not_yet: 1, pass: 2 };

export function gates(ctx) {
  ctx.watch("verdicts opens source_words", () => {
    const verdicts = ctx.get("verdicts").map((one, index) => [one, index]).sort(([a, i], [b, j]) => (ORDER[a.status] ?? 0) - (ORDER[b.status] ?? 0) || i - j);
    clear(ctx.content, h("table", { class: "wb-gates", "aria-label": "gates" }, h("tbody", {}, verdicts.map(([one]) => row(ctx, one)))));
  });
}

function row(ctx, verdict) {
  const missing = verdict.missing ? h("div", { class: "wb-missing", text: `missing: ${verdict.missing}${verdict.due ? `, ${verdict.due}` : ""}` }) : null;
  return h("tr", { "data-gate": verdict.gate, "data-status": verdict.status },
    h("td", {}, statusNode(verdict.status)), h("th", { scope: "row", text: verdict.title }),
    h("td", { class: "wb-bar-cell" }, bullet(verdict)), h("td", { class: "wb-words" }, h("div", { text: verdict.words }), missing), h("td", { class: "wb-source" }, source(ctx, verdict)));
}

// The bar fills two thirds at the threshold, as Verdict.fill says.
function share(verdict) {
  const value = num(verdict.value);
  const threshold = num(verdict.threshold);
  if (Number.isNaN(value) || Number.isNaN(threshold)) return null;
  return Math.min(1, Math.max(0, threshold <= 0 ? 2 / 3 + value / 3 : ((value / threshold) * 2) / 3));
}

function bullet(verdict) {
  const filled = share(verdict);
  if (filled === null) return null;
  const higher = verdict.better !== "lower";
  const words = higher ? "higher is better" : "lower is better";
  return h("div", { class: `wb-bullet wb-${statusOf(verdict.status).tone}`, title: words, role: "img", "aria-label": `${verdict.words}; ${words}` },
    h("i", { style: { width: `${filled * 100}%` } }), h("b"), h("span", { text: higher ? "▸" : "◂" }));
}

function source(ctx, verdict) {
  if (!verdict.source) return h("span", { class: "wb-faint", text: "–" });
  const short = `${verdict.source.slice(0, 8)}…`;
  if (!ctx.get("opens")) return h("span", { class: "wb-figure wb-faint", title: verdict.source, text: short });
  return h("button", { type: "button", class: "wb-link", title: verdict.source, onclick: () => ctx.send("source", { gate: verdict.gate, source: verdict.source }) }, `${ctx.get("source_words")} ▸`);
}
