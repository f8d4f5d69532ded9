// Candles: bars, volume, overlays, panes, markers, levels, the live last bar.
import { h, clear, put } from "./dom.js";
import { TimeAxis } from "./axis.js";
import { Chart } from "./chart.js";
import { compact, number, percent } from "./fmt.js";
import { drawBars, drawLevels, drawMarkers, drawOverlay, drawVolume } from "./candles-draw.js";

// Live bars also go into the model, so a view opened later shows them.
export function candlesModel(model) {
  model.on("msg:custom", ({ bar }) => {
    if (!bar) return;
    const tail = model.get("tail");
    if (tail.length && tail.at(-1)[0] === bar[0]) tail[tail.length - 1] = bar; else tail.push(bar);
  });
}

export const doubles = (packed) => (packed ? new Float64Array(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength)) : new Float64Array(0));

export function candles(ctx) {
  const chart = new CandleChart(ctx);
  ctx.watch("height", () => { chart.node.style.height = `${ctx.get("height")}px`; });
  ctx.watch("bars tail overlays markers levels digits zone daily volume symbol resolution badge", () => { chart.load(); chart.draw(); });
  ctx.on("change:show_bar", () => { chart.show(ctx.get("show_bar")); });
  ctx.on("msg:custom", ({ bar }) => { if (bar) { chart.live(bar); chart.draw(); } });
  if (ctx.get("show_bar") !== null) chart.show(ctx.get("show_bar"));
}

class CandleChart extends Chart {
  constructor(ctx) {
    super(ctx, "candlestick chart: drag to pan, wheel to zoom after a click, arrow keys to read bars");
    this.said = h("div", { class: "wb-sr", "aria-live": "polite" });
    this.node.append(this.said);
  }

  load() {
    const { ctx } = this;
    const all = doubles(ctx.get("bars"));
    const n = all.length / 6;
    const old = this.count;
    this.columns = [0, 1, 2, 3, 4, 5].map((at) => all.subarray(at * n, at * n + n));
    this.lines = ctx.get("overlays").map((one, index) => ({ ...one, values: doubles(one.values), colour: one.color || `c${(index % 8) + 1}`, pane: one.pane || "price" }));
    this.count = n;
    for (const bar of ctx.get("tail")) this.append(bar);
    this.axis = new TimeAxis((i) => this.columns[0][i], this.count, ctx.get("zone"), ctx.get("daily"));
    this.markers = new Map();
    for (const marker of ctx.get("markers")) this.markers.set(marker.at, [...(this.markers.get(marker.at) || []), marker]);
    this.levels = ctx.get("levels");
    this.setBadge(ctx.get("badge"));
    if (!this.view && this.count) this.reset();
    else if (this.view && this.follow && this.count !== old) this.toEnd();
    else if (this.view) this.hold();
    this.legendKey = "";
  }

  reset() {
    const span = Math.min(this.count + 2, this.ctx.get("visible"));
    this.view = { from: this.count - span * 0.96, span };
    this.follow = true;
  }

  show(index) {
    if (index === null || !this.view) return;
    this.view.from = index - this.view.span / 2;
    this.hold();
    this.cross = { x: this.x(index), y: (this.foot || 100) / 3 };
    this.draw();
  }

  // Arrays grow by doubling: a new bar costs nothing.
  append(bar) {
    const at = this.count && bar[0] <= this.columns[0][this.count - 1] ? this.count - 1 : this.count;
    const grow = (array) => { if (at < array.length) return array; const next = new Float64Array(Math.max(64, at * 2)); next.set(array); return next; };
    this.columns = this.columns.map((column, index) => { const next = grow(column); next[at] = bar[index] ?? NaN; return next; });
    this.lines.forEach((line, index) => { line.values = grow(line.values); line.values[at] = bar[6 + index] ?? NaN; });
    this.count = at + 1;
  }

  live(bar) {
    const before = this.count;
    const followed = this.follow;
    this.append(bar);
    this.axis.set(this.count - 1);
    if (!this.view) this.reset();
    else if (followed && this.count > before) { this.view.from += this.count - before; this.hold(); }
  }

  layout() {
    const others = [...new Set(this.lines.map((line) => line.pane))].filter((name) => name !== "price");
    const price = { name: "price", share: Math.max(3, others.length * 1.6), digits: this.ctx.get("digits"), padTop: Math.max(30, this.headRoom()), pad: this.ctx.get("volume") ? 44 : 12 };
    return [price, ...others.map((name) => ({ name, share: 1, padTop: 18, pad: 6 }))];
  }

  range(pane) {
    let [low, high] = [Infinity, -Infinity];
    const see = (v) => { if (v < low) low = v; if (v > high) high = v; };
    const [first, last] = [this.first(), this.last()];
    if (pane.name === "price") for (let i = first; i <= last; i += 1) { see(this.columns[3][i]); see(this.columns[2][i]); }
    const own = this.lines.filter((line) => line.pane === pane.name);
    for (const line of own) {
      for (let i = first; i <= last; i += 1) see(line.values[i]);
      if (line.kind === "bars") see(0);
      for (const guide of line.guides || []) see(guide);
    }
    if (pane.name === "price") for (const level of this.levels) if ((level.to ?? this.count) >= first && level.from <= last) see(level.price);
    if (!(high >= low)) [low, high] = [0, 1];
    if (high === low) [low, high] = [low - Math.abs(low) * 0.001 - 1e-9, high + Math.abs(high) * 0.001 + 1e-9];
    pane.low = low;
    pane.high = high;
    if (pane.name === "price" && this.count) pane.tags = [{ value: this.columns[4][this.count - 1] }];
    else pane.digits = undefined;
  }

  drawSeries(g) {
    const [price] = this.panes;
    this.clip(g, price, () => {
      if (this.ctx.get("volume")) drawVolume(this, g, price);
      drawBars(this, g, price);
      for (const line of this.lines.filter((one) => one.pane === "price")) drawOverlay(this, g, price, line);
      drawLevels(this, g, price);
      drawMarkers(this, g, price);
    });
    for (const pane of this.panes.slice(1)) this.clip(g, pane, () => { for (const line of this.lines.filter((one) => one.pane === pane.name)) drawOverlay(this, g, pane, line); });
    this.lastTags(g, price);
    this.paneNames();
  }

  lastTags(g, price) {
    for (const pane of this.panes.slice(1)) for (const line of this.lines.filter((one) => one.pane === pane.name)) {
      const v = line.values[this.count - 1];
      if (Number.isFinite(v) && v >= pane.low && v <= pane.high) this.tag(g, Math.min(pane.y1 - 8, Math.max(pane.y0 + 8, this.y(pane, v))), this.tickText(pane, v), this.palette.of(line.colour));
    }
    const close = this.columns[4][this.count - 1];
    const open = this.columns[1][this.count - 1];
    if (!Number.isFinite(close)) return;
    const colour = this.palette.of(close >= open ? "up" : "down");
    const y = this.y(price, close);
    const inside = y > price.y0 && y < price.y1;
    if (inside) { g.strokeStyle = colour; g.globalAlpha = 0.7; g.setLineDash([1, 3]); g.lineWidth = 1; this.horizontal(g, y, 0, this.right); g.setLineDash([]); g.globalAlpha = 1; }
    this.tag(g, Math.min(price.y1 - 8, Math.max(price.y0 + 8, y)), number(close, this.ctx.get("digits")), colour);
  }

  paneNames() {
    const key = this.panes.slice(1).map((pane) => `${pane.name}@${Math.round(pane.y0)}`).join("|");
    if (this.namesKey === key) return;
    this.namesKey = key;
    this.paneValues = new Map();
    clear(this.names, this.panes.slice(1).map((pane) => h("div", { class: "wb-pane-name", style: { top: `${pane.y0 + 2}px` } }, this.lines.filter((line) => line.pane === pane.name).map((line) => this.lineLabel(line)))));
    this.legendKey = "";
  }

  lineLabel(line) {
    const value = h("span");
    (this.paneValues ??= new Map()).set(line, value);
    return h("span", { style: { color: this.palette.css(line.colour) } }, `${line.name} `, value);
  }

  // The head line: symbol, the bar under the crosshair (else the last), its change, overlays, what was done there.
  read(at) {
    const { ctx } = this;
    const digits = ctx.get("digits");
    if (this.legendKey !== "built") {
      this.legendKey = "built";
      this.spots = Object.fromEntries(["O", "H", "L", "C", "", "V"].map((name) => [name, h("span")]));
      this.done = h("span");
      const bits = Object.entries(this.spots).map(([name, spot]) => h("span", {}, name ? h("em", { text: name }) : null, spot));
      clear(this.legend, h("b", { text: [ctx.get("symbol"), ctx.get("resolution")].filter(Boolean).join(" · ") }), bits, this.lines.filter((line) => line.pane === "price").map((line) => this.lineLabel(line)), this.done);
    }
    const [, o, hi, lo, c, v] = this.columns.map((column) => column[at]);
    const before = at > 0 ? this.columns[4][at - 1] : o;
    const tone = c >= o ? "wb-up" : "wb-down";
    for (const [name, value] of [["O", o], ["H", hi], ["L", lo], ["C", c]]) { put(this.spots[name], number(value, digits)); this.spots[name].className = tone; }
    put(this.spots[""], `${percent(c / before - 1, 2, true)} ${c >= before ? "▲" : "▼"}`);
    this.spots[""].className = c >= before ? "wb-up" : "wb-down";
    put(this.spots.V, compact(v));
    this.spots.V.parentElement.hidden = !(v > 0);
    for (const [line, node] of this.paneValues || []) put(node, number(line.values[at], line.pane === "price" ? digits : line.digits ?? 2));
    put(this.done, (this.markers.get(at) || []).map((one) => one.text || one.side).join(" · "));
    this.done.style.color = this.palette.css("accent");
  }

  announce(at) {
    const [, o, hi, lo, c] = this.columns.map((column) => column[at]);
    const digits = this.ctx.get("digits");
    put(this.said, `${this.axis.full(at)} open ${number(o, digits)} high ${number(hi, digits)} low ${number(lo, digits)} close ${number(c, digits)} ${(this.markers.get(at) || []).map((one) => one.text || one.side).join(", ")}`);
  }
}
