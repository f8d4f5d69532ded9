// A plot over a number on one canvas: bands, bars, lines, upright marks; the nearest place is read out.
import { h, clear } from "./dom.js";
import { decimalsOf, logTicks, Palette, roundTicks } from "./axis.js";
import { doubles } from "./candles.js";
import { figure } from "./fmt.js";
import { badgeNode } from "./marks.js";

const FOOT = 20;
const HEAD = 18;

export function plot(ctx) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const place = h("div", { class: "wb-canvas", tabindex: "0", role: "application", "aria-roledescription": "plot", "aria-label": "plot: arrow keys read values" }, canvas);
  const read = h("span", { class: "wb-read", "aria-live": "polite" });
  const badge = h("span");
  ctx.content.append(h("div", { class: "wb-heat wb-plot" }, h("div", { class: "wb-heat-head" }, badge, read), place));
  const view = { ctx, canvas, place, read, palette: new Palette(place), at: null };
  const seen = new ResizeObserver(() => draw(view));
  seen.observe(place);
  ctx.end(() => seen.disconnect());
  ctx.watch("lines bands bars marks x_name y_name x_kind y_kind x_digits y_digits zero_line log badge height", () => {
    load(view);
    clear(badge, ctx.get("badge") ? badgeNode("plain", ctx.get("badge")) : null);
    place.style.height = `${ctx.get("height")}px`;
    draw(view);
    say(view);
  });
  pointer(view);
}

function load(view) {
  const { ctx } = view;
  const unpack = (list, names) => list.map((one) => ({ ...one, ...Object.fromEntries(names.map((name) => [name, doubles(one[name])])) }));
  view.lines = unpack(ctx.get("lines"), ["x", "y"]);
  view.bands = unpack(ctx.get("bands"), ["x", "low", "high"]);
  view.bars = unpack(ctx.get("bars"), ["edges", "heights"]);
  view.marks = ctx.get("marks").filter((mark) => Number.isFinite(mark.x));
  view.at = null;
  const xs = [...view.lines.flatMap((one) => [...one.x]), ...view.bands.flatMap((one) => [...one.x]), ...view.bars.flatMap((one) => [...one.edges]), ...view.marks.map((one) => one.x)].filter(Number.isFinite);
  const ys = [...view.lines.flatMap((one) => [...one.y]), ...view.bands.flatMap((one) => [...one.low, ...one.high]), ...view.bars.flatMap((one) => [0, ...one.heights])].filter(Number.isFinite);
  const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  view.empty = !xs.length || !ys.length;
  view.log = ctx.get("log") && least(ys) > 0;
  const zero = ctx.get("zero_line");
  if (zero !== null && !view.log) ys.push(zero);
  Object.assign(view, room(least(xs), most(xs), "x", 0), view.log ? { ylow: least(ys), yhigh: most(ys) } : room(least(ys), most(ys), "y", view.bars.length ? 0 : 0.04));
  if (view.bars.length) view.yhigh *= 1.06;
  // Places that can be read: every x of the first thing drawn.
  const first = view.bars[0] ? [...view.bars[0].heights].map((_, i) => (view.bars[0].edges[i] + view.bars[0].edges[i + 1]) / 2) : [...(view.lines[0] || view.bands[0] || { x: [] }).x];
  view.stops = first.filter(Number.isFinite);
}

function room(low, high, name, pad) {
  if (!(high >= low)) [low, high] = [0, 1];
  if (high === low) { const some = Math.abs(low) * 0.05 || 0.5; [low, high] = [low - some, high + some]; }
  const more = (high - low) * pad;
  return { [`${name}low`]: low - more, [`${name}high`]: high + more };
}

const write = (view, axis, value, step = 9) => figure(value, view.ctx.get(`${axis}_kind`), Math.min(view.ctx.get(`${axis}_digits`), step)).text;
const scaled = (view, axis, ticks) => decimalsOf(view.ctx.get(`${axis}_kind`) === "percent" ? ticks.map((tick) => tick * 100) : ticks);
// Ticks that can be written with the digits allowed: counts have no halves.
const exact = (view, axis, ticks) => {
  const unit = 10 ** (view.ctx.get(`${axis}_digits`) + (view.ctx.get(`${axis}_kind`) === "percent" ? 2 : 0));
  const kept = ticks.filter((tick) => Math.abs(tick * unit - Math.round(tick * unit)) < 1e-6);
  return kept.length > 1 ? kept : ticks;
};
const x = (view, value) => view.left + ((value - view.xlow) / (view.xhigh - view.xlow)) * (view.right - view.left);

function y(view, value) {
  const [low, high, v] = view.log ? [Math.log(view.ylow), Math.log(view.yhigh), Math.log(value)] : [view.ylow, view.yhigh, value];
  return view.foot - ((v - low) / (high - low)) * (view.foot - HEAD);
}

function draw(view) {
  const { place, canvas, ctx, palette } = view;
  const [width, height] = [place.clientWidth, ctx.get("height")];
  if (!width || !view.stops) return;
  const ratio = window.devicePixelRatio || 1;
  palette.refresh();
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  if (view.empty) return;
  g.font = `11px ${palette.mono}`;
  view.foot = height - FOOT - (ctx.get("x_name") ? 16 : 0);
  const space = Math.max(2, (view.foot - HEAD) / 40);
  const up = exact(view, "y", view.log ? logTicks(view.ylow, view.yhigh, space) : roundTicks(view.ylow, view.yhigh, space));
  const step = scaled(view, "y", up);
  const margin = Math.max(24, ...up.map((tick) => g.measureText(write(view, "y", tick, step)).width)) + 16;
  Object.assign(view, { left: 10, right: width - margin });
  axes(view, g, up, step, height);
  for (const band of view.bands) area(view, g, band);
  for (const bar of view.bars) columns(view, g, bar);
  for (const line of [...view.lines].reverse()) stroke(view, g, line);
  for (const [index, mark] of view.marks.entries()) upright(view, g, mark, index);
  if (view.at !== null) cross(view, g);
}

function axes(view, g, up, step, height) {
  const { palette, ctx } = view;
  const across = exact(view, "x", roundTicks(view.xlow, view.xhigh, Math.max(2, (view.right - view.left) / 80)));
  const fine = scaled(view, "x", across);
  g.strokeStyle = palette.of("line");
  g.lineWidth = 1;
  g.textBaseline = "middle";
  for (const tick of up) {
    const at = Math.round(y(view, tick)) + 0.5;
    g.globalAlpha = 0.55;
    path(g, [[view.left, at], [view.right, at]]);
    g.globalAlpha = 1;
    g.fillStyle = palette.of("faint");
    g.textAlign = "left";
    g.fillText(write(view, "y", tick, step), view.right + 8, at);
  }
  path(g, [[view.left, view.foot + 0.5], [view.right, view.foot + 0.5]]);
  g.textAlign = "center";
  for (const tick of across) {
    const text = write(view, "x", tick, fine);
    const half = g.measureText(text).width / 2;
    g.fillText(text, Math.min(view.right - half, Math.max(view.left + half, x(view, tick))), view.foot + 11);
  }
  g.font = `11px ${palette.sans}`;
  g.fillStyle = palette.of("dim");
  if (ctx.get("x_name")) g.fillText(ctx.get("x_name"), (view.left + view.right) / 2, height - 8);
  g.font = `11px ${palette.mono}`;
  const zero = ctx.get("zero_line");
  if (zero === null || view.log || zero < view.ylow || zero > view.yhigh) return;
  g.strokeStyle = palette.of("faint");
  path(g, [[view.left, Math.round(y(view, zero)) + 0.5], [view.right, Math.round(y(view, zero)) + 0.5]]);
}

function path(g, points) { g.beginPath(); points.forEach(([px, py], i) => (i ? g.lineTo(px, py) : g.moveTo(px, py))); g.stroke(); }

function area(view, g, band) {
  const there = [...band.x.keys()].filter((i) => Number.isFinite(band.low[i]) && Number.isFinite(band.high[i]));
  if (!there.length) return;
  g.beginPath();
  there.forEach((i, n) => (n ? g.lineTo(x(view, band.x[i]), y(view, band.high[i])) : g.moveTo(x(view, band.x[i]), y(view, band.high[i]))));
  there.reverse().forEach((i) => g.lineTo(x(view, band.x[i]), y(view, band.low[i])));
  g.closePath();
  g.globalAlpha = 0.16;
  g.fillStyle = view.palette.of(band.tone || "info");
  g.fill();
  g.globalAlpha = 1;
}

function columns(view, g, bar) {
  g.fillStyle = view.palette.of(bar.tone || "info");
  g.globalAlpha = 0.7;
  bar.heights.forEach((height, i) => {
    const [from, to] = [x(view, bar.edges[i]), x(view, bar.edges[i + 1])];
    if (height) g.fillRect(Math.round(from), y(view, height), Math.max(1, Math.round(to) - Math.round(from) - 1), y(view, Math.max(0, view.ylow)) - y(view, height));
  });
  g.globalAlpha = 1;
}

function stroke(view, g, line) {
  g.strokeStyle = g.fillStyle = view.palette.of(line.tone || "text");
  g.lineWidth = line === view.lines[0] ? 1.5 : 1.15;
  g.setLineDash(line.dashed ? [4, 3] : []);
  g.beginPath();
  let pen = false;
  line.x.forEach((at, i) => {
    pen = Number.isFinite(line.y[i]) && (pen ? (g.lineTo(x(view, at), y(view, line.y[i])), true) : (g.moveTo(x(view, at), y(view, line.y[i])), true));
  });
  g.stroke();
  g.setLineDash([]);
  if (line.dots) line.x.forEach((at, i) => { if (Number.isFinite(line.y[i])) { g.beginPath(); g.arc(x(view, at), y(view, line.y[i]), 2.5, 0, 7); g.fill(); } });
}

function upright(view, g, mark, index) {
  const at = Math.round(x(view, mark.x)) + 0.5;
  g.strokeStyle = g.fillStyle = view.palette.of(mark.tone || "accent");
  g.lineWidth = 1;
  g.setLineDash([3, 3]);
  path(g, [[at, HEAD - 2], [at, view.foot]]);
  g.setLineDash([]);
  g.font = `11px ${view.palette.sans}`;
  const text = String(mark.text || "");
  const wide = g.measureText(text).width;
  g.textAlign = "left";
  g.fillText(text, Math.max(view.left, at + 4 + wide > view.right ? at - 4 - wide : at + 4), 8 + (index % 3) * 13);
  g.font = `11px ${view.palette.mono}`;
}

function cross(view, g) {
  const at = Math.round(x(view, view.stops[view.at])) + 0.5;
  g.strokeStyle = view.palette.of("dim");
  g.setLineDash([2, 2]);
  path(g, [[at, HEAD], [at, view.foot]]);
  g.setLineDash([]);
}

function nearest(xs, value) {
  let best = -1;
  xs.forEach((one, i) => { if (Number.isFinite(one) && (best < 0 || Math.abs(one - value) < Math.abs(xs[best] - value))) best = i; });
  return best;
}

// What stands at the place that is read; without one, what the colours mean.
function say(view) {
  const { ctx, read } = view;
  const colour = (tone, text) => h("span", { style: { color: view.palette.css(tone) } }, text);
  if (view.at === null) {
    clear(read, ctx.get("y_name") ? h("span", { class: "wb-faint", text: `${ctx.get("y_name")}  ` }) : null, [...view.lines, ...view.bands].filter((one) => one.name).map((one) => colour(one.tone || "text", `${one.name}  `)));
    return;
  }
  const place = view.stops[view.at];
  const parts = [h("span", { text: `${ctx.get("x_name")} ${write(view, "x", place)}  ` })];
  for (const bar of view.bars) parts[0] = h("span", { text: `${ctx.get("x_name")} ${write(view, "x", bar.edges[view.at])} to ${write(view, "x", bar.edges[view.at + 1])}: ${write(view, "y", bar.heights[view.at])} ${ctx.get("y_name")}` });
  for (const line of view.lines) { const i = nearest([...line.x], place); if (i >= 0) parts.push(colour(line.tone || "text", `${line.name || ""} ${write(view, "y", line.y[i])}  `)); }
  for (const band of view.bands) { const i = nearest([...band.x], place); if (i >= 0) parts.push(colour(band.tone || "info", `${band.name || ""} ${write(view, "y", band.low[i])} to ${write(view, "y", band.high[i])}  `)); }
  clear(read, parts);
}

function pointer(view) {
  const { canvas, place } = view;
  const show = (at) => { if (at === view.at) return; view.at = at; draw(view); say(view); };
  canvas.addEventListener("pointermove", (event) => {
    if (view.empty || !view.stops.length) return;
    const px = event.clientX - canvas.getBoundingClientRect().left;
    show(nearest(view.stops, view.xlow + ((px - view.left) / (view.right - view.left)) * (view.xhigh - view.xlow)));
  });
  canvas.addEventListener("pointerleave", () => show(null));
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(null);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !view.stops.length) return;
    event.preventDefault();
    event.stopPropagation();
    show(view.at === null ? (step > 0 ? 0 : view.stops.length - 1) : Math.min(view.stops.length - 1, Math.max(0, view.at + step)));
  });
}
