// Draws the part that a model names, and the states that every part has.
import { h, clear, flag, prose, put } from "./dom.js";
import { age } from "./fmt.js";
import { heading, header, badge, stages, connection, notice, empty } from "./marks.js";
import { card, cards, spark, facts, progress } from "./figures.js";
import { gates } from "./gates.js";
import { timeline, log } from "./logs.js";
import { button } from "./button.js";
import { text, numberField, choice, toggle } from "./fields.js";
import { rule } from "./rule.js";
import { table, tableModel } from "./table.js";
import { candles, candlesModel } from "./candles.js";
import { curve } from "./curve.js";
import { heatmap } from "./heatmap.js";
import { plot } from "./plot.js";

const PARTS = {
  heading: { draw: heading, shape: "inline" }, header: { draw: header, shape: "inline" }, badge: { draw: badge, shape: "inline" }, stages: { draw: stages, shape: "lines" },
  connection: { draw: connection, shape: "inline" }, notice: { draw: notice, shape: "lines" }, empty: { draw: empty, shape: "lines" }, card: { draw: card, shape: "lines" },
  cards: { draw: cards, shape: "lines" }, spark: { draw: spark, shape: "inline" }, facts: { draw: facts, shape: "lines" }, progress: { draw: progress, shape: "lines" },
  gates: { draw: gates, shape: "rows" }, timeline: { draw: timeline, shape: "rows" }, log: { draw: log, shape: "rows" }, button: { draw: button, shape: "inline" },
  text: { draw: text, shape: "inline" }, number: { draw: numberField, shape: "inline" }, choice: { draw: choice, shape: "inline" }, toggle: { draw: toggle, shape: "inline" },
  rule: { draw: rule, shape: "lines" }, table: { draw: table, shape: "rows", model: tableModel }, candles: { draw: candles, shape: "chart", model: candlesModel },
  curve: { draw: curve, shape: "chart" }, heatmap: { draw: heatmap, shape: "chart" }, plot: { draw: plot, shape: "chart" },
};

const SAYS = {
  empty: ["○", "dim", "Nothing here yet"], error: ["▲", "critical", "This could not be shown"],
  forbidden: ["■", "warn", "Your role may not see this"],
};

export function entry(css) {
  return {
    initialize({ model }) {
      PARTS[model.get("_part")]?.model?.(model);
    },
    render({ model, el }) {
      style(css);
      return mount(model, el);
    },
  };
}

function style(css) {
  const id = "wb-parts-style";
  const found = document.getElementById(id);
  if (found && found.textContent === css) return;
  const node = found || document.head.appendChild(h("style", { id }));
  node.textContent = css;
}

function mount(model, el) {
  const name = model.get("_part");
  const part = PARTS[name];
  const content = h("div", { class: "wb-content" });
  // Keys typed into a part are the part's: Lab must not take j, k or Enter for its own.
  const root = h("div", { class: `wb wb-${name}-part`, "data-part": name, "data-lm-suppress-shortcuts": "true" }, content);
  el.append(root);
  const undo = [];
  const ctx = {
    model, root, content, el,
    get: (key) => model.get(key),
    set: (values) => { for (const [key, value] of Object.entries(values)) model.set(key, value); model.save_changes(); },
    send: (did, fields) => model.send({ did, ...fields }),
    on: (names, act) => { for (const one of names.split(" ")) { model.on(one, act); undo.push(() => model.off(one, act)); } },
    watch: (names, act) => { ctx.on(names.split(" ").map((one) => `change:${one}`).join(" "), soon(act)); act(); },
    end: (act) => undo.push(act),
  };
  if (part) guarded(root, () => part.draw(ctx));
  else content.append(h("div", { class: "wb-state", text: `unknown part ${name}` }));
  states(ctx, part?.shape || "lines");
  return () => undo.forEach((act) => act());
}

// Several traits of one step arrive one after the other: draw once.
function soon(act) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => { waiting = false; act(); });
  };
}

function guarded(root, draw) {
  try {
    draw();
  } catch (error) {
    root.append(h("div", { class: "wb-state" }, h("span", { class: "wb-critical", text: "▲" }), h("div", { text: `this part failed to draw: ${error.message}` })));
    console.error("workbench part", error);
  }
}

function states(ctx, shape) {
  const veil = h("div", { class: "wb-veil", role: "status" });
  const chip = h("div", { class: "wb-stale", role: "status", hidden: true });
  ctx.root.append(veil, chip);
  let timer = 0;
  const tick = () => {
    const since = ctx.get("as_of");
    put(chip, since ? `■ stale ${age(Date.now() / 1000 - since)}` : "■ stale");
  };
  ctx.watch("state message remedy as_of title_for_screen_readers", () => {
    const state = ctx.get("state");
    ctx.root.dataset.state = state;
    flag(ctx.root, "aria-busy", state === "loading" ? "true" : "");
    flag(ctx.root, "aria-label", ctx.get("title_for_screen_readers"));
    if (ctx.get("title_for_screen_readers") && !ctx.root.hasAttribute("role")) ctx.root.setAttribute("role", "group");
    const shown = state === "ready" || state === "stale";
    ctx.content.hidden = !shown;
    clear(veil, shown ? [] : [veiled(ctx, state, shape)]);
    veil.hidden = shown;
    chip.hidden = state !== "stale";
    clearInterval(timer);
    if (state === "stale") { tick(); timer = setInterval(tick, 1000); }
  });
  ctx.end(() => clearInterval(timer));
}

function veiled(ctx, state, shape) {
  const height = shape === "chart" ? `${ctx.get("height") || 240}px` : "";
  if (state === "loading") {
    const widths = { inline: [72], lines: [38, 64, 52], rows: [96, 88, 92, 84, 90, 86], chart: [] }[shape];
    const lines = widths.map((width) => h("i", { style: shape === "inline" ? {} : { width: `${width}%` } }));
    if (shape === "rows") lines.forEach((line) => line.style.setProperty("margin", "5px 0"));
    return h("div", { class: "wb-skeleton", "data-shape": shape, style: height ? { height } : {} }, lines, h("span", { class: "wb-sr", text: "loading" }));
  }
  const [glyph, tone, words] = SAYS[state];
  const head = h("span", { class: `wb-${tone}`, text: glyph, "aria-hidden": "true" });
  const body = h("div", {}, h("div", { text: ctx.get("message") || words }), ctx.get("remedy") ? h("div", { class: "wb-remedy" }, prose(ctx.get("remedy"))) : null);
  const style = height ? { "min-height": height } : {};
  return h("div", { class: "wb-state", "data-shape": shape, role: state === "error" ? "alert" : "note", style }, head, body);
}
