// Heading, header, badge, stage track, connection, notice, empty state.
import { h, clear, flag, prose, put, address } from "./dom.js";
import { age, clockText, statusOf, stageTone, STAGES, zoneWords, dateText, moment, timeHint } from "./fmt.js";

export function statusNode(name, words) {
  const { glyph, tone, word } = statusOf(name);
  return h("span", { class: "wb-status", "data-status": name }, h("i", { class: `wb-${tone}`, text: glyph, "aria-hidden": "true" }), document.createTextNode(words ?? word));
}

export function stageNode(name) {
  return h("span", { class: "wb-stage", text: name, style: { color: stageTone(name) } });
}

const HATCHED = new Set(["synthetic", "simulated", "unsigned"]);

export function badgeNode(kind, text, hint) {
  const word = text || (kind === "plain" ? "" : kind);
  const key = word.toLowerCase();
  const hatched = HATCHED.has(kind) || (kind === "plain" && HATCHED.has(key));
  const stage = kind === "stage" || (kind === "plain" && STAGES.includes(word));
  const hints = { synthetic: "made-up data", simulated: "no venue saw these orders", unsigned: "a name without a signature" };
  const node = h("span", { class: `wb-badge${hatched ? " wb-hatched" : ""}`, title: hint || hints[key] || undefined, "data-kind": kind });
  if (kind === "status") return h("span", { class: "wb-badge", title: hint || undefined, "data-kind": kind }, statusNode(word));
  if (stage) { node.style.color = stageTone(word); node.style.borderColor = "currentColor"; }
  node.textContent = word;
  return node;
}

export function badge(ctx) {
  ctx.watch("kind text hint", () => clear(ctx.content, badgeNode(ctx.get("kind"), ctx.get("text"), ctx.get("hint"))));
}

export function heading(ctx) {
  const title = h("h2");
  const rest = h("span", { class: "wb-row-inline" });
  const note = h("span", { class: "wb-note" });
  ctx.content.append(h("div", { class: "wb-heading" }, title, note, rest));
  ctx.watch("title status badge note", () => {
    put(title, ctx.get("title"));
    put(note, ctx.get("note"));
    clear(rest, ctx.get("status") ? statusNode(ctx.get("status")) : null, ctx.get("badge") ? badgeNode("plain", ctx.get("badge")) : null);
  });
}

const LINKS = { live: "● live", reconnecting: "▲ reconnecting", stale: "■ stale" };

function connectionNode() {
  const node = h("span", { class: "wb-connection", role: "status" });
  let state = "";
  // A kernel that died can not say so: silence longer than it promised is stale.
  node.show = (said, seen, limit) => {
    const since = seen ? Date.now() / 1000 - seen : NaN;
    const link = said === "live" && limit > 0 && since > limit ? "stale" : said;
    if (state !== link) { node.className = `wb-connection wb-${statusOf(link).tone}`; node.dataset.link = link; state = link; }
    put(node, `${LINKS[link] || ""}${link !== "live" && since >= 0 ? ` ${age(since)}` : ""}`);
    node.title = since >= 0 ? `last news ${age(since)} ago` : "";
  };
  return node;
}

export function connection(ctx) {
  const node = connectionNode();
  ctx.content.append(node);
  const show = () => node.show(ctx.get("link"), ctx.get("seen_at"), ctx.get("stale_after"));
  ctx.watch("link seen_at stale_after", show);
  every(ctx, show);
}

function every(ctx, act) {
  const timer = setInterval(act, 1000);
  ctx.end(() => clearInterval(timer));
}

export function header(ctx) {
  const title = h("h1");
  const nav = h("nav", { "aria-label": "boards" });
  const link = connectionNode();
  const clock = h("span", { class: "wb-figure" });
  const who = h("span");
  const halted = h("b", { text: "■ trading is halted", role: "alert" });
  const line = h("header", { class: "wb-header" }, title, nav, h("div", { class: "wb-right" }, halted, link, clock, who));
  ctx.content.append(line);
  const tick = () => {
    const zone = ctx.get("zone");
    link.hidden = !ctx.get("connection");
    if (ctx.get("connection")) link.show(ctx.get("connection"), ctx.get("seen_at"), ctx.get("stale_after"));
    put(clock, zone ? `${clockText(Date.now() / 1000, zone)} ${zoneWords(zone)}` : "");
    clock.title = zone ? timeHint(Date.now() / 1000, zone) : "";
  };
  ctx.watch("title links connection seen_at stale_after zone user role halted", () => {
    put(title, ctx.get("title"));
    clear(nav, ctx.get("links").map((one) => h("a", { href: address(one.href, one), text: one.title, "aria-current": one.here ? "page" : null })));
    put(who, [ctx.get("user"), ctx.get("role")].filter(Boolean).join(" · "));
    halted.hidden = !ctx.get("halted");
    line.classList.toggle("wb-halted", ctx.get("halted"));
    tick();
  });
  every(ctx, tick);
}

export function stages(ctx) {
  ctx.watch("stage history wanted counts", () => {
    const counts = ctx.get("counts") || {};
    clear(ctx.content, Object.keys(counts).length ? counted(ctx, counts) : track(ctx));
  });
}

function counted(ctx, counts) {
  const items = STAGES.map((name) => h("li", { style: { color: stageTone(name) } },
    h("button", { type: "button", onclick: () => ctx.send("pick", { stage: name }), "aria-label": `${name}: ${counts[name] || 0}` }, h("b", { text: String(counts[name] ?? 0) }), name)));
  return h("ol", { class: "wb-counts" }, items);
}

function track(ctx) {
  const here = STAGES.indexOf(ctx.get("stage"));
  const wanted = ctx.get("wanted");
  const entered = Object.fromEntries(ctx.get("history").map((one) => [one.stage, one]));
  const items = STAGES.map((name, index) => {
    const step = index < here ? "past" : index === here ? "here" : name === wanted ? "wanted" : "ahead";
    const one = index <= here ? entered[name] : null;
    const at = one ? moment(one.at) : NaN;
    const words = step === "wanted" ? "asked for" : one ? [Number.isNaN(at) ? "" : dateText(at, "UTC"), one.by].filter(Boolean).join(" · ") : "";
    return h("li", { "data-step": step, "aria-current": step === "here" ? "step" : null, style: step === "here" ? { color: stageTone(name) } : {} },
      h("span", { class: "wb-dot", "aria-hidden": "true" }), h("b", { text: name }), h("small", { text: words || "\u00a0", title: Number.isNaN(at) ? undefined : timeHint(at, "UTC") }));
  });
  return h("ol", { class: "wb-track", "aria-label": `stage ${ctx.get("stage")}` }, items);
}

const URGENT = { info: ["●", "info", ""], ok: ["●", "up", ""], warning: ["▲", "warn", "Warning"], error: ["▲", "critical", "Error"], critical: ["■", "critical", "Critical"] };

export function notice(ctx) {
  ctx.watch("kind text advice detail dismissible", () => {
    const [glyph, tone, word] = URGENT[ctx.get("kind")];
    const body = h("div", {}, word ? h("b", { text: word }) : null, prose(ctx.get("text")), ctx.get("advice") ? h("div", { class: "wb-remedy" }, prose(ctx.get("advice"))) : null,
      ctx.get("detail") ? h("details", {}, h("summary", { text: "details" }), h("pre", { text: ctx.get("detail") })) : null);
    const away = ctx.get("dismissible") ? h("button", { type: "button", class: "wb-button wb-small wb-ghost", text: "✕", "aria-label": "dismiss", onclick: () => { ctx.root.hidden = true; ctx.send("dismiss", {}); } }) : null;
    ctx.root.hidden = false;
    clear(ctx.content, h("div", { class: `wb-notice wb-${tone}`, role: tone === "critical" ? "alert" : "status", "data-kind": ctx.get("kind") }, h("i", { text: glyph, "aria-hidden": "true" }), body, away));
  });
}

export function empty(ctx) {
  ctx.watch("text how action", () => {
    const act = ctx.get("action") ? h("button", { type: "button", class: "wb-button", text: ctx.get("action"), onclick: () => ctx.send("click", {}) }) : null;
    clear(ctx.content, h("div", { class: "wb-empty" }, h("b", { text: ctx.get("text") }), h("div", {}, prose(ctx.get("how"))), act));
  });
  flag(ctx.root, "role", "note");
}
