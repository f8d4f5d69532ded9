// Curves over time, labelled at their ends; the drawdown of the first under them.
import { h, clear } from "./dom.js";
import { TimeAxis } from "./axis.js";
import { Chart } from "./chart.js";
import { doubles } from "./candles.js";
import { figure, number, percent } from "./fmt.js";

export function curve(ctx) {
  const chart = new CurveChart(ctx);
  ctx.watch("height", () => { chart.node.style.height = `${ctx.get("height")}px`; });
  ctx.watch("times series drawdown zero_line scale kind digits unit zone daily marks badge", () => { chart.load(); chart.draw(); });
}

class CurveChart extends Chart {
  constructor(ctx) {
    super(ctx, "line chart: drag to pan, wheel to zoom after a click, arrow keys to read values");
    this.said = h("div", { class: "wb-sr", "aria-live": "polite" });
    this.node.append(this.said);
    this.top = 4;
  }

  load() {
    const { ctx } = this;
    const old = this.count;
    this.times = doubles(ctx.get("times"));
    this.count = this.times.length;
    this.lines = ctx.get("series").map((one, index) => ({ ...one, values: doubles(one.values), colour: one.tone || (index === 0 ? "accent" : `c${((index - 1) % 8) + 1}`) }));
    this.axis = new TimeAxis((i) => this.times[i], this.count, ctx.get("zone"), ctx.get("daily"));
    this.fall = ctx.get("drawdown") && this.lines.length ? drawdownOf(this.lines[0].values) : null;
    this.setBadge(ctx.get("badge"));
    if (this.count && (!this.view || this.whole || old === 0)) this.reset();
    else if (this.view && this.follow && this.count !== old) { this.view.from += this.count - old; this.hold(); }
    this.built = false;
  }

  reset() { this.view = { from: -0.5, span: this.count + 0.5 }; this.follow = true; this.whole = true; }

  fit() { this.reset(); }

  zoom(factor, x) { this.whole = false; super.zoom(factor, x); if (this.view && this.view.span >= this.count + 1) this.reset(); }

  hold() { this.whole = false; super.hold(); }

  layout() {
    const main = { name: "main", share: this.fall ? 2.6 : 1, padTop: Math.max(28, this.headRoom()), pad: 10, text: (value, digits) => this.text(value, digits) };
    return this.fall ? [main, { name: "fall", share: 1, padTop: 16, pad: 6, text: (value) => percent(value, 1) }] : [main];
  }

  text(value, digits) {
    const kind = this.ctx.get("kind");
    return kind === "percent" ? percent(value, this.ctx.get("digits")) : kind === "signed" ? figure(value, kind, Math.min(digits, this.ctx.get("digits"))).text : number(value, Math.min(digits, this.ctx.get("digits")));
  }

  range(pane) {
    let [low, high] = [Infinity, -Infinity];
    const see = (v) => { if (Number.isFinite(v)) { if (v < low) low = v; if (v > high) high = v; } };
    const [first, last] = [this.first(), this.last()];
    if (pane.name === "fall") {
      for (let i = first; i <= last; i += 1) see(this.fall[i]);
      pane.low = Math.min(low, -0.001);
      pane.high = 0;
      return;
    }
    for (const line of this.lines) for (let i = first; i <= last; i += 1) see(line.values[i]);
    const zero = this.ctx.get("zero_line");
    const scale = this.ctx.get("scale");
    pane.log = low > 0 && (scale === "log" || (scale === "auto" && high / low > 10));
    if (zero !== null && !pane.log) see(zero);
    if (!(high >= low)) [low, high] = [0, 1];
    if (high === low) [low, high] = [low - Math.abs(low) * 0.01 - 1e-9, high + Math.abs(high) * 0.01 + 1e-9];
    Object.assign(pane, { low, high });
    pane.tags = this.lines.map((line) => ({ value: lastOf(line.values, this.count) })).filter((tag) => Number.isFinite(tag.value));
  }

  drawSeries(g) {
    const [main, fall] = this.panes;
    this.clip(g, main, () => {
      const zero = this.ctx.get("zero_line");
      if (zero !== null && zero >= main.low && zero <= main.high) { g.strokeStyle = this.palette.of("faint"); g.lineWidth = 1; this.horizontal(g, this.y(main, zero), 0, this.right); }
      [...this.lines].reverse().forEach((line) => this.line(g, main, line));
    });
    if (fall) this.underwater(g, fall);
    this.marksOf(g);
    this.ends(g, main);
    if (fall) this.tag(g, Math.max(fall.y0 + 8, Math.min(fall.y1 - 8, this.y(fall, this.fall[this.count - 1]))), percent(this.fall[this.count - 1], 1), this.palette.of("down"));
    this.paneNames(fall);
  }

  line(g, pane, line) {
    g.strokeStyle = this.palette.of(line.colour);
    g.lineWidth = line.width || (line === this.lines[0] ? 1.5 : 1.15);
    g.lineJoin = "round";
    if (line.dashed) g.setLineDash([4, 3]);
    this.path(g, pane, (i) => line.values[i]);
    g.stroke();
    g.setLineDash([]);
    if (!line.area) return;
    // An area stands on the zero line where that is in view.
    const zero = this.ctx.get("zero_line");
    const foot = zero !== null && zero >= pane.low && zero <= pane.high ? this.y(pane, zero) : pane.y1;
    g.lineTo(this.x(this.last()), foot);
    g.lineTo(this.x(this.first()), foot);
    g.closePath();
    g.globalAlpha = 0.08;
    g.fillStyle = this.palette.of(line.colour);
    g.fill();
    g.globalAlpha = 1;
  }

  underwater(g, pane) {
    this.clip(g, pane, () => {
      this.path(g, pane, (i) => this.fall[i]);
      g.strokeStyle = this.palette.of("down");
      g.lineWidth = 1;
      g.stroke();
      g.lineTo(this.x(this.last()), this.y(pane, 0));
      g.lineTo(this.x(this.first()), this.y(pane, 0));
      g.closePath();
      g.globalAlpha = 0.22;
      g.fillStyle = this.palette.of("down");
      g.fill();
      g.globalAlpha = 1;
    });
  }

  marksOf(g) {
    g.font = `11px ${this.palette.sans}`;
    g.textAlign = "left";
    g.textBaseline = "top";
    for (const mark of this.ctx.get("marks")) {
      const x = this.x(mark.at);
      if (x < 0 || x > this.right) continue;
      g.strokeStyle = this.palette.of("dim");
      g.lineWidth = 1;
      g.setLineDash([2, 3]);
      this.vertical(g, x, 24, this.foot);
      g.setLineDash([]);
      g.fillStyle = this.palette.of("dim");
      g.fillText(String(mark.text || ""), Math.min(x + 4, this.right - 80), 26);
    }
  }

  // Tags of the last values on the axis, moved apart where they would cover each other.
  ends(g, pane) {
    const tags = this.lines.map((line) => ({ line, value: lastOf(line.values, this.count) })).filter((tag) => Number.isFinite(tag.value) && !(pane.log && tag.value <= 0)).map((tag) => ({ ...tag, y: this.y(pane, tag.value) }));
    tags.sort((a, b) => a.y - b.y);
    for (let i = 1; i < tags.length; i += 1) tags[i].y = Math.max(tags[i].y, tags[i - 1].y + 17);
    const over = tags.length ? tags.at(-1).y - (pane.y1 - 8) : 0;
    if (over > 0) for (let i = tags.length - 1, limit = pane.y1 - 8; i >= 0; i -= 1) { tags[i].y = Math.min(tags[i].y, limit); limit = tags[i].y - 17; }
    for (const tag of tags) if (tag.y >= pane.y0) this.tag(g, tag.y, this.text(tag.value, pane.step), this.palette.of(tag.line.colour));
  }

  paneNames(fall) {
    const key = fall ? String(Math.round(fall.y0)) : "";
    if (this.namesKey === key) return;
    this.namesKey = key;
    this.fallSpot = h("span", { class: "wb-down" });
    clear(this.names, fall ? h("div", { class: "wb-pane-name", style: { top: `${fall.y0 + 1}px` } }, h("span", { text: "drawdown" }), this.fallSpot) : null);
  }

  read(at) {
    if (!this.built) {
      this.built = true;
      this.spots = this.lines.map(() => h("span"));
      clear(this.legend, this.ctx.get("unit") ? h("span", { class: "wb-faint", text: this.ctx.get("unit") }) : null, this.lines.map((line, index) => h("span", { style: { color: this.palette.css(line.colour) } }, `${line.name || ""} `, this.spots[index])));
    }
    const digits = this.ctx.get("digits");
    this.lines.forEach((line, index) => { this.spots[index].textContent = this.text(line.values[at], digits); });
    if (this.fallSpot && this.fall) this.fallSpot.textContent = percent(this.fall[at], 2);
  }

  dots(g, at) {
    const [main] = this.panes;
    for (const line of this.lines) {
      const v = line.values[at];
      if (!Number.isFinite(v)) continue;
      g.fillStyle = this.palette.of(line.colour);
      g.beginPath();
      g.arc(this.x(at), this.y(main, v), 3, 0, 7);
      g.fill();
    }
  }

  announce(at) { this.said.textContent = `${this.axis.full(at)} ${this.lines.map((line) => `${line.name} ${this.text(line.values[at], this.ctx.get("digits"))}`).join(", ")}`; }
}

function drawdownOf(values) {
  let peak = -Infinity;
  return Float64Array.from(values, (v) => { if (!Number.isFinite(v)) return NaN; peak = Math.max(peak, v); return peak > 0 ? v / peak - 1 : 0; });
}

function lastOf(values, count) {
  for (let i = count - 1; i >= 0; i -= 1) if (Number.isFinite(values[i])) return values[i];
  return NaN;
}
