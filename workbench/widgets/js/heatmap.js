// A heat map on one canvas: cells, names, a scale; the cell under the pointer or the arrow keys is read out.
import { h, clear, put } from "./dom.js";
import { bright, mix, Palette, scaleStops } from "./axis.js";
import { doubles } from "./candles.js";
import { figure } from "./fmt.js";
import { badgeNode } from "./marks.js";

export function heatmap(ctx) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const place = h("div", { class: "wb-canvas", tabindex: "0", role: "application", "aria-roledescription": "heat map", "aria-label": "heat map: arrow keys read cells" }, canvas);
  const read = h("span", { class: "wb-read", "aria-live": "polite" });
  const scale = h("span", { class: "wb-scale" });
  const badge = h("span");
  ctx.content.append(h("div", { class: "wb-heat" }, h("div", { class: "wb-heat-head" }, badge, read, scale), place));
  const map = { ctx, canvas, place, read, scale, palette: new Palette(place), at: null };
  const seen = new ResizeObserver(() => draw(map));
  seen.observe(place);
  ctx.end(() => seen.disconnect());
  ctx.watch("x y z x_name y_name z_name kind digits diverging low high marks pickable badge", () => {
    map.z = doubles(ctx.get("z"));
    map.rows = ctx.get("y").length;
    map.columns = ctx.get("x").length;
    clear(badge, ctx.get("badge") ? badgeNode("plain", ctx.get("badge")) : null);
    limits(map);
    scaleLine(map);
    draw(map);
    say(map);
  });
  pointer(map);
}

const write = (map, value) => figure(value, map.ctx.get("kind"), map.ctx.get("digits")).text;

function limits(map) {
  const { ctx } = map;
  const real = [...map.z].filter(Number.isFinite);
  let low = ctx.get("low") ?? (real.length ? real.reduce((a, b) => Math.min(a, b)) : 0);
  let high = ctx.get("high") ?? (real.length ? real.reduce((a, b) => Math.max(a, b)) : 1);
  if (ctx.get("diverging")) { const far = Math.max(Math.abs(low), Math.abs(high)) || 1; [low, high] = [-far, far]; }
  Object.assign(map, { low, high });
}

const share = (map, value) => (map.high === map.low ? 0.5 : (value - map.low) / (map.high - map.low));

function scaleLine(map) {
  const stops = scaleStops(map.palette, map.ctx.get("diverging"));
  clear(map.scale, map.ctx.get("z_name"), h("span", { text: write(map, map.low) }), h("i", { style: { background: `linear-gradient(to right, ${stops.join(",")})` } }), h("span", { text: write(map, map.high) }));
}

function layout(map, g) {
  g.font = `11px ${map.palette.mono}`;
  const widest = Math.max(0, ...map.ctx.get("y").map((name) => g.measureText(String(name)).width));
  const left = Math.min(160, Math.ceil(widest) + 20) + (map.ctx.get("y_name") ? 16 : 0);
  const foot = 20 + (map.ctx.get("x_name") ? 18 : 0);
  const room = Math.max(60, map.place.clientWidth - left - 12);
  const width = room / Math.max(1, map.columns);
  const height = Math.max(14, Math.min(28, map.rows > 24 ? 16 : 28));
  return { left, foot, width, height, total: height * map.rows + foot };
}

function draw(map) {
  if (!map.place.clientWidth || !map.z) return;
  const g = map.canvas.getContext("2d");
  const ratio = window.devicePixelRatio || 1;
  map.palette.refresh();
  const at = (map.at_ = layout(map, g));
  map.canvas.width = Math.round(map.place.clientWidth * ratio);
  map.canvas.height = Math.round(at.total * ratio);
  map.canvas.style.width = `${map.place.clientWidth}px`;
  map.canvas.style.height = `${at.total}px`;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  cells(map, g, at);
  names(map, g, at);
  frames(map, g, at);
}

function cells(map, g, { left, width, height }) {
  const stops = scaleStops(map.palette, map.ctx.get("diverging"));
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.font = `11px ${map.palette.mono}`;
  for (let row = 0; row < map.rows; row += 1) for (let column = 0; column < map.columns; column += 1) {
    const value = map.z[row * map.columns + column];
    const [x, y] = [Math.round(left + column * width), row * height];
    const wide = Math.round(left + (column + 1) * width) - x;
    if (!Number.isFinite(value)) { g.fillStyle = map.palette.of("bg-2"); g.globalAlpha = 0.35; g.fillRect(x, y, wide - 1, height - 1); g.globalAlpha = 1; continue; }
    const colour = mix(stops, share(map, value));
    g.fillStyle = `rgb(${colour.join(" ")})`;
    g.fillRect(x, y, wide - 1, height - 1);
    const text = write(map, value);
    if (height < 18 || g.measureText(text).width > wide - 6) continue;
    g.fillStyle = bright(colour) ? "#0a0e12" : "#dbe3ea";
    g.fillText(text, x + wide / 2, y + height / 2);
  }
}

function names(map, g, { left, width, height, total }) {
  const { ctx } = map;
  g.fillStyle = map.palette.of("faint");
  g.textAlign = "right";
  ctx.get("y").forEach((name, row) => { if (height >= 12 || row % 2 === 0) g.fillText(String(name).slice(0, 22), left - 8, row * height + height / 2); });
  g.textAlign = "center";
  const widest = Math.max(1, ...ctx.get("x").map((name) => g.measureText(String(name)).width)) + 10;
  const every = Math.max(1, Math.ceil(widest / width));
  ctx.get("x").forEach((name, column) => { if (column % every === 0) g.fillText(String(name), left + (column + 0.5) * width, map.rows * height + 10); });
  g.font = `11px ${map.palette.sans}`;
  g.fillStyle = map.palette.of("dim");
  if (ctx.get("x_name")) g.fillText(ctx.get("x_name"), left + (map.columns * width) / 2, total - 9);
  if (ctx.get("y_name")) { g.save(); g.translate(10, (map.rows * height) / 2); g.rotate(-Math.PI / 2); g.fillText(ctx.get("y_name"), 0, 0); g.restore(); }
}

function frames(map, g, { left, width, height }) {
  const box = (x, y, colour, dash) => { g.strokeStyle = map.palette.of(colour); g.lineWidth = 2; g.setLineDash(dash); g.strokeRect(Math.round(left + x * width) + 1, y * height + 1, Math.round(width) - 3, height - 3); g.setLineDash([]); };
  for (const mark of map.ctx.get("marks")) box(mark.x, mark.y, "accent", []);
  if (map.at) box(map.at.x, map.at.y, "text", [3, 2]);
}

function say(map) {
  const { ctx } = map;
  const one = map.at || ctx.get("marks")[0];
  if (!one) { put(map.read, ""); return; }
  const words = !map.at && one.text ? `${one.text}: ` : "";
  const value = map.z[one.y * map.columns + one.x];
  const mark = map.at ? ctx.get("marks").find((other) => other.x === one.x && other.y === one.y)?.text : "";
  put(map.read, `${words}${[ctx.get("y_name"), ctx.get("y")[one.y]].filter((x) => x !== "" && x !== undefined).join(" ")} · ${[ctx.get("x_name"), ctx.get("x")[one.x]].filter((x) => x !== "" && x !== undefined).join(" ")} · ${write(map, value)}${mark ? ` · ${mark}` : ""}`);
}

function pointer(map) {
  const { canvas, place, ctx } = map;
  const find = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left - map.at_.left) / map.at_.width);
    const y = Math.floor((event.clientY - box.top) / map.at_.height);
    return x >= 0 && x < map.columns && y >= 0 && y < map.rows ? { x, y } : null;
  };
  const show = (at) => { if (JSON.stringify(at) === JSON.stringify(map.at)) return; map.at = at; draw(map); say(map); };
  canvas.addEventListener("pointermove", (event) => { show(find(event)); canvas.style.cursor = map.at && ctx.get("pickable") ? "pointer" : ""; });
  canvas.addEventListener("pointerleave", () => show(null));
  canvas.addEventListener("click", (event) => { const at = find(event); if (at && ctx.get("pickable")) ctx.send("pick", at); });
  place.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
    if (event.key === "Enter" && map.at && ctx.get("pickable")) ctx.send("pick", map.at);
    if (event.key === "Escape") show(null);
    if (!dx && !dy) return;
    event.preventDefault();
    event.stopPropagation();
    const now = map.at || { x: -dx, y: -dy };
    show({ x: Math.min(map.columns - 1, Math.max(0, now.x + dx)), y: Math.min(map.rows - 1, Math.max(0, now.y + dy)) });
  });
}
