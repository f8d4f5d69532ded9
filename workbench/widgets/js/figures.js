// Card, cards, sparkline, facts, progress.
import { h, svg, clear, put, address, flash } from "./dom.js";
import { age, figure, num, statusOf, timeText, timeHint, moment } from "./fmt.js";
import { statusNode, stageNode, badgeNode } from "./marks.js";

export function sparkNode(values, tone, zero, width = 80, height = 18) {
  const shown = values.map(num);
  const real = shown.filter(Number.isFinite);
  const node = svg("svg", { class: "wb-spark", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": real.length ? `from ${real[0]} to ${real.at(-1)}` : "no values" });
  if (real.length < 2) return node;
  const low = Math.min(...real, zero ? 0 : Infinity);
  const high = Math.max(...real, zero ? 0 : -Infinity);
  const x = (i) => (i / (shown.length - 1)) * (width - 4) + 1;
  const y = (v) => height - 2 - ((v - low) / (high - low || 1)) * (height - 4);
  let line = "";
  let pen = false;
  shown.forEach((v, i) => {
    if (!Number.isFinite(v)) { pen = false; return; }
    line += `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = true;
  });
  const last = shown.findLastIndex(Number.isFinite);
  node.style.color = `var(--wb-${tone || (shown[last] >= real[0] ? "up" : "down")})`;
  if (zero) node.append(svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0) }));
  node.append(svg("path", { d: line }), svg("circle", { cx: x(last), cy: y(shown[last]), r: 1.8 }));
  return node;
}

export function spark(ctx) {
  ctx.watch("values tone zero_line", () => clear(ctx.content, sparkNode(ctx.get("values"), ctx.get("tone"), ctx.get("zero_line"))));
}

function cardNode() {
  const label = h("div", { class: "wb-label" });
  const value = h("div", { class: "wb-value" });
  const sub = h("div", { class: "wb-sub" });
  const corner = h("span");
  let node = null;
  let shown = "";
  const build = (href) => h(href ? "a" : "div", { class: "wb-card", href: href || null, "data-card": "" }, label, value, sub, corner);
  return (data) => {
    const href = address(data.href, data);
    if (!node || (node.getAttribute("href") || "") !== href) { const fresh = build(href); node?.replaceWith(fresh); node = fresh; }
    put(label, data.label || "");
    node.title = data.title || "";
    const now = JSON.stringify([data.value, data.parts, data.kind, data.digits]);
    if (now !== shown) {
      const tone = valueInto(value, data);
      if (shown) flash(value, tone);
      shown = now;
    }
    clear(sub, changeNode(data), data.hint ? document.createTextNode(data.hint) : null);
    clear(corner, data.spark?.length ? sparkNode(data.spark, "", false, 56, 18) : null);
    return node;
  };
}

function valueInto(node, data) {
  if (data.parts) {
    node.className = "wb-parts";
    clear(node, data.parts.map((part) => {
      const { glyph, tone, word } = statusOf(part.status);
      return h("span", { title: word }, h("i", { class: `wb-${tone}`, text: glyph, "aria-hidden": "true" }), String(part.text ?? ""), h("small", { text: word }));
    }));
    return "";
  }
  const { text, tone, arrow } = figure(data.value, data.kind || "number", data.digits ?? 2, data.sign);
  node.className = `wb-value${data.tone || tone ? ` wb-${data.tone || tone}` : ""}`;
  clear(node, document.createTextNode(text), arrow ? h("span", { class: "wb-arrow", text: arrow }) : null, data.unit ? h("span", { class: "wb-unit", text: data.unit }) : null);
  return tone;
}

function changeNode(data) {
  if (data.change === null || data.change === undefined) return null;
  const { text, tone, arrow } = figure(data.change, data.change_kind === "percent" ? "percent" : "signed", data.change_digits ?? data.digits ?? 2, true);
  return h("span", { class: `wb-figure wb-${tone || "dim"}`, text: `${text}${arrow ? ` ${arrow}` : ""}` });
}

export function card(ctx) {
  const show = cardNode();
  const fields = ["label", "value", "kind", "digits", "unit", "change", "change_kind", "tone", "hint", "spark", "href"];
  ctx.watch(fields.join(" "), () => {
    const node = show(Object.fromEntries(fields.map((name) => [name, ctx.get(name)])));
    if (node.parentNode !== ctx.content) clear(ctx.content, node);
  });
}

export function cards(ctx) {
  const row = h("div", { class: "wb-cards", role: "list" });
  ctx.content.append(row);
  let made = [];
  ctx.watch("cards", () => {
    const wanted = ctx.get("cards");
    while (made.length < wanted.length) made.push(cardNode());
    made = made.slice(0, wanted.length);
    const nodes = wanted.map((data, index) => made[index](data));
    nodes.forEach((node) => node.setAttribute("role", "listitem"));
    if (nodes.length !== row.children.length || nodes.some((node, index) => row.children[index] !== node)) row.replaceChildren(...nodes);
  });
}

// One value with the kinds a table column has.
export function valueNode(value, spec, record, zone) {
  const kind = spec.kind || (typeof value === "number" ? "number" : "text");
  if (kind === "status") return value ? statusNode(value) : document.createTextNode("–");
  if (kind === "stage") return value ? stageNode(value) : document.createTextNode("–");
  if (kind === "badge") return value ? badgeNode("plain", String(value)) : document.createTextNode("");
  if (kind === "spark") return sparkNode(value || [], "", false, 60, 16);
  if (kind === "time" || kind === "age") return timeNode(value, kind, zone);
  if (kind === "side") return sideNode(value);
  if (kind === "hash") return h("span", { class: "wb-figure wb-dim", title: value || "", text: value ? `${String(value).slice(0, 10)}…` : "–" });
  if (["number", "signed", "percent", "money"].includes(kind)) {
    const { text, tone, arrow } = figure(value, kind, spec.digits, spec.sign);
    return h("span", { class: `wb-figure${tone ? ` wb-${tone}` : ""}`, text: arrow && spec.arrow !== false ? `${text} ${arrow}` : text });
  }
  return document.createTextNode(value === null || value === undefined || value === "" ? "–" : String(value));
}

function timeNode(value, kind, zone) {
  const at = moment(value);
  const text = Number.isNaN(at) ? "–" : kind === "age" ? age(Date.now() / 1000 - at) : timeText(at, zone);
  return h("time", { title: timeHint(at, zone), text });
}

function sideNode(value) {
  const word = String(value || "");
  const tone = /^(buy|long)/i.test(word) ? "up" : /^(sell|short)/i.test(word) ? "down" : "dim";
  return h("span", { class: `wb-${tone}`, text: word || "–" });
}

export function facts(ctx) {
  const list = h("dl", { class: "wb-facts" });
  ctx.content.append(list);
  ctx.watch("facts columns zone", () => {
    list.style.setProperty("--wb-columns", ctx.get("columns"));
    clear(list, ctx.get("facts").flatMap((fact) => {
      const href = address(fact.href, fact);
      const inner = valueNode(fact.value, fact, fact, fact.zone || ctx.get("zone"));
      const shown = href ? h("a", { href, target: fact.target || null, rel: fact.target ? "noopener" : null }, inner) : inner;
      return [h("dt", { text: fact.label }), h("dd", { "data-kind": fact.kind || "text" }, shown, fact.unit ? h("span", { class: "wb-unit", text: fact.unit }) : null)];
    }));
  });
}

export function progress(ctx) {
  const fill = h("i");
  const bar = h("div", { class: "wb-bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const line = h("div", { class: "wb-line" });
  const stop = h("button", { type: "button", class: "wb-button", text: "Stop", onclick: () => { stop.disabled = true; put(stop, "Stopping"); ctx.send("stop", {}); } });
  const frame = h("div", { class: "wb-progress" }, bar, line, h("div", { class: "wb-button-frame" }, stop));
  ctx.content.append(frame);
  const show = () => {
    const [done, total, status, start] = ["done", "total", "status", "started_at"].map((name) => ctx.get(name));
    const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : null;
    const running = status === "running";
    frame.dataset.status = status;
    bar.toggleAttribute("data-unknown", share === null && running);
    fill.style.width = share === null ? (running ? "" : "100%") : `${share * 100}%`;
    if (share === null) bar.removeAttribute("aria-valuenow"); else bar.setAttribute("aria-valuenow", Math.round(share * 100));
    bar.setAttribute("aria-label", ctx.get("words") || "progress");
    const gone = start ? Date.now() / 1000 - start : NaN;
    const left = running && share > 0.02 && gone > 1 ? (gone / share) * (1 - share) : NaN;
    clear(line, statusNode(status), share !== null ? h("span", { class: "wb-figure", text: `${Math.floor(share * 100)} %` }) : null, ctx.get("words") ? h("span", { text: ctx.get("words") }) : null,
      running && gone >= 0 ? h("span", { class: "wb-faint", text: `${age(gone)}${left >= 0 ? `, about ${age(left)} left` : ""}` }) : null);
    stop.hidden = !(ctx.get("stoppable") && running);
    if (!running) { stop.disabled = false; put(stop, "Stop"); }
  };
  ctx.watch("done total words status started_at stoppable", show);
  const timer = setInterval(() => { if (ctx.get("status") === "running") show(); }, 1000);
  ctx.end(() => clearInterval(timer));
}
