// Mouse, touch and keys of a chart. The wheel zooms a chart that has the focus and scrolls the page otherwise.

export function gestures(chart) {
  const { node, over, ctx } = chart;
  const touches = new Map();
  let start = null;
  const place = (event) => { const box = over.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };

  over.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    touches.set(event.pointerId, place(event));
    over.setPointerCapture(event.pointerId);
    start = { ...place(event), from: chart.view?.from, moved: false, spread: spread(touches), span: chart.view?.span };
    if (event.pointerType === "mouse") node.focus({ preventScroll: true });
  });
  over.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (touches.has(event.pointerId)) touches.set(event.pointerId, at);
    if (start && chart.view && touches.size === 2) pinch(chart, touches, start);
    else if (start && chart.view && touches.size === 1) drag(chart, start, at, node);
    chart.cross = at.x <= chart.right && at.y <= chart.foot ? at : null;
    chart.overSoon ||= requestAnimationFrame(() => { chart.overSoon = 0; chart.paintOver(); });
  });
  const release = (event) => {
    touches.delete(event.pointerId);
    if (start && !start.moved && event.type === "pointerup" && chart.count && place(event).x <= chart.right) ctx.send("pick", { index: chart.hovered() });
    start = touches.size ? { ...[...touches.values()][0], from: chart.view?.from, moved: true, spread: 0, span: chart.view?.span } : null;
    delete node.dataset.drag;
  };
  over.addEventListener("pointerup", release);
  over.addEventListener("pointercancel", release);
  over.addEventListener("pointerleave", () => { if (!touches.size) { chart.cross = null; chart.paintOver(); } });
  over.addEventListener("dblclick", () => { chart.reset(); chart.draw(); });
  over.addEventListener("wheel", (event) => wheel(chart, event, place), { passive: false });
  node.addEventListener("keydown", (event) => keys(chart, event));
}

function spread(touches) {
  const [a, b] = [...touches.values()];
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

function pinch(chart, touches, start) {
  const now = spread(touches);
  if (!start.spread) { start.spread = now; start.span = chart.view.span; return; }
  const [a, b] = [...touches.values()];
  chart.zoom((start.span * start.spread) / Math.max(8, now) / chart.view.span, (a.x + b.x) / 2);
  start.moved = true;
  chart.draw();
}

function drag(chart, start, at, node) {
  if (!start.moved && Math.abs(at.x - start.x) < 4) return;
  start.moved = true;
  node.dataset.drag = "";
  chart.view.from = start.from - ((at.x - start.x) / chart.right) * chart.view.span;
  chart.hold();
  chart.draw();
}

function wheel(chart, event, place) {
  if (!chart.view) return;
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
  if (!sideways && !event.ctrlKey && document.activeElement !== chart.node) return;
  event.preventDefault();
  const unit = event.deltaMode === 1 ? 16 : 1;
  if (sideways) chart.pan((((event.deltaX || event.deltaY) * unit) / chart.right) * chart.view.span);
  else chart.zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * unit)) * 0.0022), Math.min(chart.right, place(event).x));
  chart.draw();
}

function keys(chart, event) {
  if (!chart.view || event.target !== chart.node || event.ctrlKey || event.metaKey) return;
  const bar = chart.right / chart.view.span;
  const step = (bars) => {
    const at = Math.min(chart.count - 1, Math.max(0, chart.hovered() + bars));
    if (chart.x(at) < 0) chart.pan(at - chart.view.from - 1);
    if (chart.x(at) > chart.right) chart.pan(at + 2 - chart.view.from - chart.view.span);
    chart.cross = { x: chart.x(at), y: chart.cross?.y ?? chart.foot / 3 };
    chart.announce?.(at);
  };
  const act = {
    ArrowLeft: () => step(event.shiftKey ? -10 : -1), ArrowRight: () => step(event.shiftKey ? 10 : 1), "+": () => chart.zoom(1 / 1.4), "=": () => chart.zoom(1 / 1.4), "-": () => chart.zoom(1.4), "−": () => chart.zoom(1.4),
    0: () => chart.fit(), Home: () => { chart.view.from = 0; chart.hold(); }, End: () => chart.toEnd(), PageUp: () => chart.pan(-chart.view.span * 0.8), PageDown: () => chart.pan(chart.view.span * 0.8),
    Escape: () => { chart.cross = null; }, Enter: () => chart.ctx.send("pick", { index: chart.hovered() }),
  }[event.key];
  if (!act || !(bar > 0)) return;
  event.preventDefault();
  event.stopPropagation();
  act();
  chart.draw();
}
