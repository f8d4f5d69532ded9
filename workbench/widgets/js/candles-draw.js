// How candles, volume, overlays, levels and markers are put on the canvas.

const width = (chart) => {
  const bar = chart.right / chart.view.span;
  const device = Math.floor(bar * 0.72 * chart.ratio);
  return Math.max(1, device % 2 === 0 ? device - 1 : device) / chart.ratio; // odd, so that the wick stands in the middle
};

// One shape per pixel column where bars are narrower than that.
function columns(chart, each) {
  const [first, last] = [chart.first(), chart.last()];
  const [, open, high, low, close, volume] = chart.columns;
  if (chart.right / chart.view.span >= 1.2) {
    for (let i = first; i <= last; i += 1) each(chart.x(i), open[i], high[i], low[i], close[i], volume[i]);
    return;
  }
  for (let i = first; i <= last;) {
    const column = Math.floor(chart.x(i));
    const o = open[i];
    let [top, bottom, c, v] = [-Infinity, Infinity, close[i], 0];
    for (; i <= last && Math.floor(chart.x(i)) === column; i += 1) { top = Math.max(top, high[i]); bottom = Math.min(bottom, low[i]); c = close[i]; v = Math.max(v, volume[i]); }
    each(column + 0.5, o, top, bottom, c, v);
  }
}

export function drawBars(chart, g, pane) {
  const body = width(chart);
  const pixel = 1 / chart.ratio;
  const paths = { up: [], down: [] };
  columns(chart, (x, o, h, l, c) => paths[c >= o ? "up" : "down"].push([x, o, h, l, c]));
  for (const [tone, bars] of Object.entries(paths)) {
    g.fillStyle = chart.palette.of(tone);
    g.beginPath();
    for (const [x, o, h, l, c] of bars) {
      const centre = Math.round(x * chart.ratio) / chart.ratio;
      const [top, bottom] = [chart.y(pane, h), chart.y(pane, l)];
      g.rect(centre, top, pixel, Math.max(pixel, bottom - top));
      if (body > pixel) {
        const [a, b] = [chart.y(pane, Math.max(o, c)), chart.y(pane, Math.min(o, c))];
        const head = Math.round(a * chart.ratio) / chart.ratio;
        g.rect(centre - (body - pixel) / 2, head, body, Math.max(pixel, Math.round(b * chart.ratio) / chart.ratio - head));
      }
    }
    g.fill();
  }
}

export function drawVolume(chart, g, pane) {
  const [first, last] = [chart.first(), chart.last()];
  let most = 0;
  for (let i = first; i <= last; i += 1) most = Math.max(most, chart.columns[5][i] || 0);
  if (!(most > 0)) return;
  const body = width(chart);
  const room = 34;
  g.globalAlpha = 0.28;
  for (const tone of ["up", "down"]) {
    g.fillStyle = chart.palette.of(tone);
    g.beginPath();
    columns(chart, (x, o, h, l, c, v) => {
      if ((c >= o) !== (tone === "up") || !(v > 0)) return;
      const height = (v / most) * room;
      g.rect(Math.round((x - body / 2) * chart.ratio) / chart.ratio, pane.y1 - height, body, height);
    });
    g.fill();
  }
  g.globalAlpha = 1;
}

export function drawOverlay(chart, g, pane, line) {
  const colour = chart.palette.of(line.colour);
  for (const guide of line.guides || []) {
    g.strokeStyle = chart.palette.of("faint");
    g.globalAlpha = 0.7;
    g.lineWidth = 1 / chart.ratio;
    g.setLineDash([2, 4]);
    chart.horizontal(g, chart.y(pane, guide), 0, chart.right);
    g.setLineDash([]);
    g.globalAlpha = 1;
  }
  if (line.kind === "bars") { histogram(chart, g, pane, line); return; }
  g.strokeStyle = colour;
  g.lineWidth = line.width || 1.25;
  g.lineJoin = "round";
  if (line.dashed) g.setLineDash([4, 3]);
  chart.path(g, pane, (i) => line.values[i], line.kind === "step");
  g.stroke();
  g.setLineDash([]);
}

function histogram(chart, g, pane, line) {
  const body = width(chart);
  const zero = chart.y(pane, 0);
  for (const tone of ["up", "down"]) {
    g.fillStyle = chart.palette.of(tone);
    g.globalAlpha = 0.7;
    g.beginPath();
    for (let i = chart.first(); i <= chart.last(); i += 1) {
      const v = line.values[i];
      if (!Number.isFinite(v) || (v >= 0) !== (tone === "up")) continue;
      const y = chart.y(pane, v);
      g.rect(Math.round((chart.x(i) - body / 2) * chart.ratio) / chart.ratio, Math.min(y, zero), body, Math.max(1 / chart.ratio, Math.abs(y - zero)));
    }
    g.fill();
  }
  g.globalAlpha = 1;
}

const LEVEL = { entry: "info", stop: "down", target: "up" };

export function drawLevels(chart, g, pane) {
  for (const level of chart.levels) {
    const to = level.to ?? chart.count - 1;
    if (to < chart.first() || level.from > chart.last()) continue;
    g.strokeStyle = chart.palette.of(level.color || LEVEL[level.kind] || "dim");
    g.lineWidth = 1;
    g.setLineDash([5, 3]);
    const half = chart.right / chart.view.span / 2;
    chart.horizontal(g, chart.y(pane, level.price), chart.x(level.from) - half, chart.x(to) + half);
    g.setLineDash([]);
    if (level.to === undefined || level.to === null) {
      g.fillStyle = g.strokeStyle;
      g.font = `11px ${chart.palette.mono}`;
      g.textAlign = "right";
      g.textBaseline = "bottom";
      g.fillText(level.kind || "", chart.right - 6, chart.y(pane, level.price) - 2);
    }
  }
}

export function drawMarkers(chart, g, pane) {
  const bar = chart.right / chart.view.span;
  const size = Math.max(3, Math.min(5, bar * 0.6));
  for (let i = chart.first(); i <= chart.last(); i += 1) {
    let [under, over] = [0, 0];
    for (const marker of chart.markers.get(i) || []) {
      const buys = marker.side === "buy" || marker.side === "long";
      const leaves = marker.side === "exit";
      const x = chart.x(i);
      g.fillStyle = chart.palette.of(leaves ? "text" : buys ? "up" : "down");
      g.strokeStyle = chart.palette.of("bg-1");
      g.lineWidth = 2;
      const y = buys ? chart.y(pane, chart.columns[3][i]) + 6 + under : chart.y(pane, chart.columns[2][i]) - 6 - over;
      const way = buys ? 1 : -1;
      if (buys) under += size * 2 + 3; else over += size * 2 + 3;
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x - size, y + way * size * 1.7);
      g.lineTo(x + size, y + way * size * 1.7);
      g.closePath();
      g.stroke();
      g.fill();
    }
  }
}
