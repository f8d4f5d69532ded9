// Timeline of events, log of lines.
import { h, clear, address } from "./dom.js";
import { clockText, dayText, moment, stageTone, STAGES, statusOf, timeHint } from "./fmt.js";

export function timeline(ctx) {
  ctx.watch("events zone newest_first", () => {
    const zone = ctx.get("zone");
    const events = ctx.get("events").map((event, index) => ({ event, index, at: moment(event.at) }));
    if (ctx.get("newest_first")) events.sort((a, b) => b.at - a.at || b.index - a.index);
    const out = [];
    let day = null;
    let list = null;
    for (const one of events) {
      const today = Number.isNaN(one.at) ? "" : dayText(one.at, zone);
      if (today !== day) { day = today; list = h("ol", { class: "wb-timeline" }); out.push(h("div", { class: "wb-timeline" }, today ? h("h3", { text: today }) : null), list); }
      list.append(item(ctx, one, zone));
    }
    clear(ctx.content, out);
  });
}

function item(ctx, { event, index, at }, zone) {
  const stage = STAGES.includes(event.kind);
  const { glyph, tone } = statusOf(event.kind || "info");
  const mark = h("span", { class: `wb-glyph${stage ? "" : ` wb-${tone}`}`, text: stage ? "◆" : glyph, title: event.kind || "", style: stage ? { color: stageTone(event.kind) } : {} });
  const href = address(event.href, event);
  const title = href ? h("a", { href, text: event.title }) : event.opens ? h("button", { type: "button", class: "wb-link", text: event.title, onclick: () => ctx.send("open", { index }) }) : h("span", { text: event.title });
  const what = h("div", { class: "wb-what" }, title, event.who ? h("span", { class: "wb-who", text: ` · ${event.who}` }) : null,
    event.hash ? h("span", { class: "wb-hash", title: event.hash, text: ` · ${event.hash.slice(0, 10)}…` }) : null, event.detail ? h("div", { class: "wb-detail", text: event.detail }) : null);
  return h("li", {}, h("time", { title: timeHint(at, zone), text: Number.isNaN(at) ? "–" : clockText(at, zone) }), mark, what);
}

const LEVELS = { info: ["", ""], warning: ["▲", "warn"], error: ["▲", "critical"], critical: ["■", "critical"] };

export function log(ctx) {
  const list = h("ol", { role: "log", tabindex: "0", "aria-label": "log", style: { "max-height": `${ctx.get("height")}px` } });
  const follow = h("button", { type: "button", class: "wb-button wb-small wb-follow", text: "↓ follow", hidden: true, onclick: () => { list.scrollTop = list.scrollHeight; } });
  ctx.content.append(h("div", { class: "wb-log" }, list, follow));
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  list.addEventListener("scroll", () => { follow.hidden = atEnd(); });
  const add = (lines) => {
    const end = atEnd();
    list.append(...lines.map((line) => lineNode(line, ctx.get("zone"))));
    while (list.children.length > ctx.get("most")) list.firstChild.remove();
    if (end) list.scrollTop = list.scrollHeight;
  };
  ctx.watch("lines zone", () => { clear(list); add(ctx.get("lines")); list.scrollTop = list.scrollHeight; });
  ctx.on("msg:custom", (message) => {
    if (!message.added) return;
    ctx.get("lines").push(...message.added);
    add(message.added);
  });
}

function lineNode(line, zone) {
  const at = moment(line.at);
  const level = line.level || (Number.isNaN(at) ? "" : "info");
  const [glyph, tone] = LEVELS[level] || ["", ""];
  const text = h("span", { class: tone === "critical" ? "wb-critical" : "", text: line.text });
  if (level === "") return h("li", { "data-level": "" }, text);
  return h("li", { "data-level": level }, h("time", { text: Number.isNaN(at) ? "" : clockText(at, zone), title: timeHint(at, zone) }), h("i", { class: tone ? `wb-${tone}` : "", text: glyph, title: level, style: { "font-style": "normal", "font-size": "9px" } }), text);
}
