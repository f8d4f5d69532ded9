// The frame of the time charts: two canvases (what is, and the crosshair over it), panes, axes, pan and zoom by bar index.
import { h, clear } from "./dom.js";
import { decimalsOf, logTicks, Palette, roundTicks } from "./axis.js";
import { number } from "./fmt.js";
import { gestures } from "./chart-gestures.js";
import { badgeNode } from "./marks.js";

const FOOT = 22;

export class Chart {
  constructor(ctx, name) {
    this.ctx = ctx;
    this.base = h("canvas", { "aria-hidden": "true" });
    this.over = h("canvas", { "aria-hidden": "true" });
    this.legend = h("div", { class: "wb-legend" });
    this.tools = h("div", { class: "wb-tools" });
    this.names = h("div");
    this.node = h("div", { class: "wb-chart", tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": name }, this.base, this.over, this.legend, this.names, this.tools);
    ctx.content.append(this.node);
    this.palette = new Palette(this.node);
    this.count = 0;
    this.view = null; // {from, span}: index of the left edge, bars across
    this.cross = null; // {x, y} in px, or null
    this.panes = [];
    this.margin = 64;
    this.follow = true;
    this.pending = 0;
    gestures(this);
    this.toolbar();
    this.watchSize();
  }

  toolbar() {
    const tool = (text, label, act) => h("button", { type: "button", class: "wb-button wb-small wb-ghost", text, title: label, "aria-label": label, onclick: () => { act(); this.draw(); } });
    this.badge = h("span");
    clear(this.tools, tool("−", "zoom out ( − )", () => this.zoom(1.4)), tool("+", "zoom in ( + )", () => this.zoom(1 / 1.4)), tool("⤢", "show all ( 0 )", () => this.fit()), tool("⇥", "to the last bar ( End )", () => this.toEnd()), this.badge);
  }

  watchSize() {
    const seen = new ResizeObserver(() => this.size());
    seen.observe(this.node);
    const head = new ResizeObserver(() => { if (this.legendHeight !== this.legend.offsetHeight) { this.legendHeight = this.legend.offsetHeight; this.draw(); } });
    head.observe(this.legend);
    const repaint = () => { this.palette.refresh(); this.size(); };
    const printing = matchMedia("print");
    printing.addEventListener("change", repaint);
    this.ctx.end(() => { seen.disconnect(); head.disconnect(); printing.removeEventListener("change", repaint); cancelAnimationFrame(this.pending); });
  }

  size() {
    const width = this.node.clientWidth;
    const height = this.node.clientHeight;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (width !== this.width || height !== this.height || ratio !== this.ratio || this.base.width !== Math.round(width * ratio)) {
      Object.assign(this, { width, height, ratio });
      for (const canvas of [this.base, this.over]) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); canvas.style.width = `${width}px`; canvas.style.height = `${height}px`; }
    }
    this.palette.refresh();
    this.paint();
  }

  // Draw at the next frame, once.
  draw() {
    if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; this.paint(); });
  }

  paint() {
    if (!this.width || !this.node.isConnected) return;
    const g = this.base.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.fillStyle = this.palette.of("bg-1");
    g.fillRect(0, 0, this.width, this.height);
    this.tagged = [];
    if (this.count && this.view) { this.arrange(g); this.drawAxes(g); this.drawSeries(g); this.drawHeights(g); }
    this.paintOver();
  }

  get right() { return this.width - this.margin; }

  get foot() { return this.height - FOOT; }

  x(index) { return ((index + 0.5 - this.view.from) / this.view.span) * this.right; }

  index(x) { return Math.floor(this.view.from + (x / this.right) * this.view.span); }

  // Pixel edges of lines one device pixel wide.
  sharp(value) { return (Math.round(value * this.ratio) + 0.5) / this.ratio; }

  first() { return Math.max(0, Math.floor(this.view.from)); }

  last() { return Math.min(this.count - 1, Math.ceil(this.view.from + this.view.span)); }

  // Heights of the panes from their shares, their values from what is in view.
  arrange(g) {
    const panes = this.layout();
    const total = panes.reduce((sum, pane) => sum + pane.share, 0);
    let top = this.top || 0;
    for (const pane of panes) {
      pane.y0 = top;
      pane.y1 = top + ((this.foot - (this.top || 0)) * pane.share) / total;
      top = pane.y1;
      this.range(pane);
      const room = Math.max(2, Math.floor((pane.y1 - pane.y0) / 42));
      pane.ticks = pane.fixed || (pane.log ? logTicks(pane.low, pane.high, room) : roundTicks(pane.low, pane.high, room));
      pane.step = decimalsOf(pane.ticks);
    }
    this.panes = panes;
    g.font = `11px ${this.palette.mono}`;
    const widest = Math.max(...panes.flatMap((pane) => [...pane.ticks, ...(pane.tags || []).map((tag) => tag.value)].map((value) => g.measureText(this.tickText(pane, value)).width)), 24);
    this.margin = Math.ceil(widest) + 16 + (this.labelRoom || 0);
  }

  y(pane, value) {
    const pad = pane.pad ?? 10;
    const [low, high, v] = pane.log ? [Math.log(pane.low), Math.log(pane.high), Math.log(value)] : [pane.low, pane.high, value];
    return pane.y1 - pad - ((v - low) / (high - low || 1)) * (pane.y1 - pane.y0 - pad - (pane.padTop ?? pad));
  }

  value(pane, y) {
    const pad = pane.pad ?? 10;
    const share = (pane.y1 - pad - y) / (pane.y1 - pane.y0 - pad - (pane.padTop ?? pad));
    return pane.log ? Math.exp(Math.log(pane.low) + share * Math.log(pane.high / pane.low)) : pane.low + share * (pane.high - pane.low);
  }

  tickText(pane, value) { return (pane.text || ((one, digits) => number(one, digits)))(value, pane.digits ?? pane.step); }

  drawAxes(g) {
    const line = this.palette.of("line");
    g.lineWidth = 1 / this.ratio;
    g.font = `11px ${this.palette.mono}`;
    g.textBaseline = "middle";
    const ticks = this.axis.ticks(this.first(), this.last(), (this.tickGap || 88) / (this.right / this.view.span));
    g.strokeStyle = line;
    g.globalAlpha = 0.55;
    for (const tick of ticks) this.vertical(g, this.x(tick.index), 0, this.foot);
    for (const pane of this.panes) for (const value of pane.ticks) this.horizontal(g, this.y(pane, value), 0, this.right);
    g.globalAlpha = 1;
    for (const pane of this.panes.slice(1)) this.horizontal(g, pane.y0, 0, this.width);
    this.horizontal(g, this.foot, 0, this.width);
    g.fillStyle = this.palette.of("faint");
    g.textAlign = "center";
    for (const tick of ticks) {
      const x = this.x(tick.index);
      if (x < 16 || x > this.right - 12) continue;
      g.fillStyle = this.palette.of(tick.strong ? "dim" : "faint");
      g.fillText(tick.text, x, this.foot + FOOT / 2);
    }
  }

  // Heights on the axis, where no tag stands.
  drawHeights(g) {
    g.font = `11px ${this.palette.mono}`;
    g.textBaseline = "middle";
    g.textAlign = "left";
    g.fillStyle = this.palette.of("faint");
    for (const pane of this.panes) for (const value of pane.ticks) {
      const y = this.y(pane, value);
      if (y > pane.y0 + 6 && y < pane.y1 - 4 && !this.tagged.some((one) => Math.abs(one - y) < 14)) g.fillText(this.tickText(pane, value), this.right + 8, y);
    }
  }

  // Room that the head line takes, so that it never lies on the lines.
  headRoom() { return Math.min((this.legendHeight || 18) + 12, this.height / 3); }

  horizontal(g, y, from, to) { const at = this.sharp(y); g.beginPath(); g.moveTo(from, at); g.lineTo(to, at); g.stroke(); }

  vertical(g, x, from, to) { const at = this.sharp(x); g.beginPath(); g.moveTo(at, from); g.lineTo(at, to); g.stroke(); }

  // A value on the price axis: the last price, or where the crosshair is.
  tag(g, y, text, colour, ink) {
    const height = 16;
    const at = Math.min(this.foot - height / 2, Math.max(height / 2, y));
    this.tagged?.push(at);
    g.fillStyle = colour;
    g.fillRect(this.right + 1, Math.round(at - height / 2), this.margin - 1, height);
    g.fillStyle = ink || this.palette.of("bg-0");
    g.font = `11px ${this.palette.mono}`;
    g.textAlign = "left";
    g.textBaseline = "middle";
    g.fillText(text, this.right + 8, Math.round(at) + 0.5);
  }

  clip(g, pane, act) {
    g.save();
    g.beginPath();
    g.rect(0, pane.y0, this.right, pane.y1 - pane.y0);
    g.clip();
    act();
    g.restore();
  }

  // A line through values; where bars are narrower than pixels, the smallest and largest of each column.
  path(g, pane, at, step = false) {
    const [first, last] = [Math.max(0, this.first() - 1), Math.min(this.count - 1, this.last() + 1)];
    const perPixel = this.view.span / this.right;
    g.beginPath();
    let pen = false;
    if (perPixel <= 1.5) {
      for (let i = first; i <= last; i += 1) {
        const v = at(i);
        if (!Number.isFinite(v) || (pane.log && v <= 0)) { pen = false; continue; }
        const [x, y] = [this.x(i), this.y(pane, v)];
        if (!pen) g.moveTo(x, y);
        else if (step) { g.lineTo(x, this.y(pane, at(i - 1))); g.lineTo(x, y); } else g.lineTo(x, y);
        pen = true;
      }
      return;
    }
    for (let i = first; i <= last;) {
      const column = Math.floor(this.x(i));
      let [low, high, start, end] = [Infinity, -Infinity, NaN, NaN];
      for (; i <= last && Math.floor(this.x(i)) === column; i += 1) {
        const v = at(i);
        if (!Number.isFinite(v) || (pane.log && v <= 0)) continue;
        if (Number.isNaN(start)) start = v;
        end = v;
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
      if (Number.isNaN(start)) { pen = false; continue; }
      if (pen) g.lineTo(column, this.y(pane, start)); else g.moveTo(column, this.y(pane, start));
      g.lineTo(column, this.y(pane, low));
      g.lineTo(column, this.y(pane, high));
      g.lineTo(column, this.y(pane, end));
      pen = true;
    }
  }

  paintOver() {
    const g = this.over.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    const at = this.hovered();
    if (this.count && this.view && this.cross) this.crosshair(g, at);
    if (this.count && this.view) this.read(at);
  }

  hovered() {
    if (!this.count || !this.view) return -1;
    if (!this.cross) return this.count - 1;
    return Math.min(this.count - 1, Math.max(0, this.index(this.cross.x)));
  }

  crosshair(g, at) {
    const pane = this.panes.find((one) => this.cross.y >= one.y0 && this.cross.y < one.y1);
    g.strokeStyle = this.palette.of("dim");
    g.lineWidth = 1 / this.ratio;
    g.setLineDash([3, 3]);
    const x = this.x(at);
    this.vertical(g, x, 0, this.foot);
    if (pane) this.horizontal(g, this.cross.y, 0, this.right);
    g.setLineDash([]);
    if (this.dots) this.dots(g, at);
    if (pane) this.tag(g, this.cross.y, this.tickText(pane, this.value(pane, this.cross.y)), this.palette.of("bg-2"), this.palette.of("text"));
    const text = this.axis.full(at);
    g.font = `11px ${this.palette.mono}`;
    const half = g.measureText(text).width / 2 + 6;
    const centre = Math.min(this.right - half, Math.max(half, x));
    g.fillStyle = this.palette.of("bg-2");
    g.fillRect(centre - half, this.foot + 2, half * 2, FOOT - 4);
    g.fillStyle = this.palette.of("text");
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.fillText(text, centre, this.foot + FOOT / 2);
  }

  zoom(factor, x = this.right) {
    if (!this.view) return;
    const anchor = this.view.from + (x / this.right) * this.view.span;
    const span = Math.min(this.count + 8, Math.max(8, this.view.span * factor));
    const from = anchor - ((anchor - this.view.from) * span) / this.view.span;
    // Zooming out leaves at most a little room behind the newest bar.
    this.view = { from: factor > 1 ? Math.min(from, Math.max(this.view.from, this.count - span * 0.94)) : from, span };
    this.hold();
  }

  pan(bars) { if (this.view) { this.view.from += bars; this.hold(); } }

  fit() { this.view = { from: -0.5, span: this.count + 1 + this.count * 0.02 }; this.follow = true; }

  toEnd() { if (this.view) { this.view.from = this.count - this.view.span + this.view.span * 0.04; this.hold(); } }

  // A third of the view may be empty, no more; the newest bar in view means new ones are followed.
  hold() {
    const { span } = this.view;
    this.view.from = Math.min(this.count - span / 3, Math.max(-span / 3, this.view.from));
    this.follow = this.view.from + span >= this.count;
  }

  setBadge(word) { clear(this.badge, word ? badgeNode("plain", word) : null); }
}
