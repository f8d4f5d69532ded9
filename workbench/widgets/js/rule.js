// The rule editor: a clear text area over a coloured twin. The caret belongs to the person; Python's answers only colour.
import { h, clear, debounce, flag, put } from "./dom.js";
import { frame } from "./fields.js";

export function rule(ctx) {
  const area = h("textarea", { class: "wb-rule-text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off", rows: "1", maxlength: "4000" });
  const twin = h("pre", { "aria-hidden": "true" });
  const menu = h("ul", { class: "wb-complete", role: "listbox", hidden: true });
  area.frame = h("div", { class: "wb-rule" }, twin, area, menu);
  const show = frame(ctx, area);
  const problems = h("div", { "aria-live": "polite" });
  const note = h("span", { class: "wb-note" });
  ctx.content.append(h("div", { class: "wb-rule-foot" }, problems, note));
  const state = { spans: [], errors: [], text: "", away: false, open: false, chosen: 0 };
  area.value = ctx.get("text");
  state.text = area.value;
  state.spans = ctx.get("spans");
  state.errors = ctx.get("errors");

  const paint = () => {
    colour(twin, area.value, state.spans, state.errors);
    twin.style.minHeight = `${12 + 20 * ctx.get("lines")}px`;
    list(problems, state, apply);
    area.frame.toggleAttribute("data-wrong", state.errors.length > 0);
    flag(area, "aria-invalid", state.errors.length ? "true" : "");
  };
  const send = debounce(ctx.get("debounce"), () => {
    if (area.value === ctx.get("text")) return;
    ctx.set({ text: area.value, caret: area.selectionStart, revision: ctx.get("revision") + 1 });
  });
  const typed = () => {
    state.spans = moved(state.spans, state.text, area.value);
    state.errors = moved(state.errors, state.text, area.value);
    state.text = area.value;
    state.away = false;
    closeMenu(menu, state);
    paint();
    send();
  };
  // execCommand keeps the browser's undo; it is the only way that does.
  const apply = (from, to, insert) => {
    area.focus();
    area.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, insert)) { area.setRangeText(insert, from, to, "end"); typed(); }
    send.now();
  };
  area.addEventListener("input", typed);
  area.addEventListener("blur", () => { send.now(); setTimeout(() => closeMenu(menu, state), 150); });
  area.addEventListener("keydown", (event) => keys(event, { ctx, area, menu, state, apply, send, paint }));
  ctx.watch("text", () => {
    const wanted = ctx.get("text");
    if (wanted === area.value || send.pending()) return;
    const caret = area.selectionStart;
    area.value = wanted;
    state.spans = moved(state.spans, state.text, wanted);
    state.errors = [];
    state.text = wanted;
    if (document.activeElement === area) area.setSelectionRange(Math.min(caret, wanted.length), Math.min(caret, wanted.length));
    paint();
  });
  ctx.watch("spans errors suggestions answered", () => {
    // An answer to an older text would colour the wrong letters.
    if (ctx.get("answered") >= 0 && (ctx.get("answered") !== ctx.get("revision") || ctx.get("text") !== area.value)) return;
    state.spans = ctx.get("spans");
    state.errors = ctx.get("errors");
    state.text = area.value;
    if (document.activeElement === area && ctx.get("suggestions").length) openMenu(ctx, menu, area, state, apply);
    else closeMenu(menu, state);
    paint();
  });
  ctx.watch("label help error disabled why compact note placeholder lines", () => { show(); put(note, ctx.get("note")); area.placeholder = ctx.get("placeholder"); paint(); });
  ctx.end(() => send.cancel());
}

// Spans keep to their letters while others are typed before or behind them.
function moved(spans, before, after) {
  if (before === after) return spans;
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < least - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const shift = after.length - before.length;
  return spans.flatMap((span) => {
    if (span.to <= head) return [span];
    if (span.from >= before.length - tail) return [{ ...span, from: span.from + shift, to: span.to + shift }];
    return [];
  });
}

function colour(twin, text, spans, errors) {
  const edges = new Set([0, text.length]);
  const inside = (one) => one.from < one.to && one.from >= 0 && one.from < text.length;
  for (const one of [...spans, ...errors].filter(inside)) { edges.add(one.from); edges.add(Math.min(one.to, text.length)); }
  const cuts = [...edges].sort((a, b) => a - b);
  const pieces = cuts.slice(0, -1).map((from, index) => {
    const piece = text.slice(from, cuts[index + 1]);
    const span = spans.find((one) => one.from <= from && from < one.to);
    const wrong = errors.some((one) => one.from <= from && from < one.to);
    return span || wrong ? h("span", { "data-kind": span?.kind || null, class: wrong ? "wb-squiggle" : null, text: piece }) : document.createTextNode(piece);
  });
  // A trailing line needs a letter to have height; an error at the end needs a place.
  const atEnd = errors.some((one) => one.from >= text.length);
  clear(twin, pieces, atEnd ? h("span", { class: "wb-squiggle", text: "\u00a0\u00a0" }) : null, document.createTextNode(text.endsWith("\n") || !text ? "\u200b" : ""));
}

function list(place, state, apply) {
  const all = state.errors.map((error) => {
    const row = h("div", { class: "wb-problem", role: "alert" }, h("span", { text: `▲ ${error.message}` }));
    if (error.suggestion) row.append(h("button", { type: "button", class: "wb-button wb-small", onmousedown: (event) => event.preventDefault(), onclick: () => apply(error.from, error.to, error.suggestion) },
      `Use “${error.suggestion}”`, h("span", { class: "wb-faint", text: state.away ? "" : "  Tab" })));
    else if (error.hint) row.append(h("span", { class: "wb-dim", text: error.hint }));
    return row;
  });
  clear(place, all);
}

function keys(event, { ctx, area, menu, state, apply, send, paint }) {
  if (state.open && menuKeys(event, { ctx, menu, state, apply, area })) return;
  if (event.key === "Tab" && !event.shiftKey && !state.away) {
    const error = state.errors.find((one) => one.suggestion);
    if (error) { event.preventDefault(); apply(error.from, error.to, error.suggestion); }
    return;
  }
  if (event.key === "Escape") { state.away = true; closeMenu(menu, state); paint(); } // now Tab leaves the field
  if (event.key === " " && event.ctrlKey) {
    event.preventDefault();
    ctx.set({ text: area.value, caret: area.selectionStart, revision: ctx.get("revision") + 1 });
    ctx.send("complete", { caret: area.selectionStart });
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { send.now(); ctx.send("enter", { value: area.value }); }
}

function menuKeys(event, { ctx, menu, state, apply, area }) {
  const all = ctx.get("suggestions");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); state.chosen = (state.chosen + step + all.length) % all.length; openMenu(ctx, menu, area, state, apply); return true; }
  const taken = (event.key === "Enter" && !event.ctrlKey) || event.key === "Tab";
  if (taken && all[state.chosen]) {
    event.preventDefault();
    const one = all[state.chosen];
    closeMenu(menu, state);
    apply(one.from, one.to, one.insert);
    return true;
  }
  if (event.key === "Escape") { event.preventDefault(); closeMenu(menu, state); return true; }
  return false;
}

function openMenu(ctx, menu, area, state, apply) {
  const all = ctx.get("suggestions");
  if (!state.open) state.chosen = 0;
  state.open = true;
  menu.hidden = false;
  clear(menu, all.map((one, index) => h("li", { role: "option", "aria-selected": String(index === state.chosen), onmousedown: (event) => { event.preventDefault(); closeMenu(menu, state); apply(one.from, one.to, one.insert); } },
    one.title || one.insert, one.hint ? h("span", { text: one.hint }) : null)));
  const place = caretPlace(area, all[0].from);
  menu.style.left = `${Math.max(0, Math.min(place.left, area.clientWidth - 230))}px`;
  menu.style.top = `${place.bottom + 2}px`;
  menu.children[state.chosen]?.scrollIntoView({ block: "nearest" });
}

function closeMenu(menu, state) {
  state.open = false;
  menu.hidden = true;
}

// Where a letter stands: measured on the coloured twin, which is laid out alike.
function caretPlace(area, at) {
  const twin = area.parentElement.querySelector("pre");
  const walker = document.createTreeWalker(twin, NodeFilter.SHOW_TEXT);
  let left = at;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (left <= node.length) {
      const range = document.createRange();
      range.setStart(node, Math.min(left, node.length));
      range.collapse(true);
      const box = range.getClientRects()[0] || twin.getBoundingClientRect();
      const outer = twin.getBoundingClientRect();
      return { left: box.left - outer.left, bottom: box.bottom - outer.top };
    }
    left -= node.length;
  }
  return { left: 10, bottom: 26 };
}
