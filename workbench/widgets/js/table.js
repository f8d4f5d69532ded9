// The table: sort, filter row, pages, keys, CSV, live rows without drawing anything twice, actions that ask in the row.
import { h, address, clear, debounce, flag, flash, put } from "./dom.js";
import { valueNode } from "./figures.js";
import { askNode } from "./button.js";
import { alignOf, arranged, csvText, download, sortable } from "./table-rows.js";

// Changes that travel as messages also go into the model, so a view opened later shows them.
export function tableModel(model) {
  model.on("msg:custom", (message) => {
    const rows = model.get("rows");
    for (const change of message.patch || []) {
      const found = rows.find((row) => row.id === change.id);
      if (found) Object.assign(found, change);
      else rows.unshift({ ...change });
    }
    for (const id of message.remove || []) { const at = rows.findIndex((row) => row.id === id); if (at >= 0) rows.splice(at, 1); }
  });
}

export function table(ctx) {
  const view = { ctx, nodes: new Map(), filtering: Object.keys(ctx.get("filters")).length > 0, asking: null, current: "", busy: new Set(), errors: new Map() };
  view.head = h("thead");
  view.body = h("tbody");
  view.grid = h("table", { role: "grid" }, view.head, view.body);
  view.scroll = h("div", { class: "wb-scroll" }, view.grid);
  view.nothing = h("div", { class: "wb-nothing", hidden: true });
  view.foot = h("div", { class: "wb-foot" });
  view.help = h("dl", { class: "wb-keys", hidden: true }, [["/", "filter"], ["j k ↓ ↑", "next, previous row"], ["Enter", "open the row"], ["n p", "next, previous page"], ["Esc", "leave filters, close a question"]].flatMap(([key, words]) => [h("dt", { text: key }), h("dd", { text: words })]));
  view.frame = h("div", { class: "wb-table" }, view.scroll, view.nothing, view.foot, view.help);
  ctx.content.append(view.frame);
  view.frame.addEventListener("keydown", (event) => keys(view, event));
  ctx.watch("columns name actions max_height filterable", () => { view.nodes.clear(); clear(view.body); header(view); rows(view); });
  ctx.watch("rows sort page page_size filters total selected csv zone remote", () => { marks(view); rows(view); });
  let dirty = new Set();
  const live = () => { const ids = dirty; dirty = new Set(); rows(view, ids); };
  let frame = 0;
  ctx.on("msg:custom", (message) => {
    if (message.settled) settled(view, message.settled);
    if (!message.patch && !message.remove) return;
    for (const row of message.patch || []) dirty.add(row.id);
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; live(); });
  });
  ctx.end(() => cancelAnimationFrame(frame));
}

const columnsOf = (view) => view.ctx.get("columns");

function header(view) {
  const { ctx } = view;
  view.scroll.style.maxHeight = ctx.get("max_height") ? `${ctx.get("max_height")}px` : "";
  view.grid.setAttribute("aria-label", ctx.get("name"));
  view.sorters = new Map();
  const cells = columnsOf(view).map((column) => {
    const sign = h("span", { class: "wb-sort" });
    const click = () => {
      const now = ctx.get("sort");
      const first = alignOf(column) === "right" || column.kind === "time" ? `-${column.key}` : column.key;
      const second = first.startsWith("-") ? column.key : `-${column.key}`;
      ctx.set({ sort: now === first ? second : now === second ? "" : first, page: 0 });
    };
    const words = [column.title ?? column.key, column.unit ? h("span", { class: "wb-unit", text: column.unit }) : null];
    const inner = sortable(column) ? h("button", { type: "button", onclick: click, title: column.hint || null }, words, sign) : h("button", { type: "button", title: column.hint || null, tabindex: "-1" }, words);
    const cell = h("th", { scope: "col", "data-align": alignOf(column), "aria-sort": "none", style: column.width ? { width: `${column.width}px` } : {} }, inner);
    view.sorters.set(column.key, { cell, sign });
    return cell;
  });
  const acts = ctx.get("actions").length > 0;
  view.filterRow = h("tr", { class: "wb-filter", hidden: !view.filtering }, columnsOf(view).map((column) => h("th", {}, filterField(view, column))), acts ? h("th") : null);
  clear(view.head, h("tr", {}, cells, acts ? h("th", {}, h("span", { class: "wb-sr", text: "actions" })) : null), view.filterRow);
  view.frame.toggleAttribute("data-filtering", view.filtering);
  marks(view);
}

function filterField(view, column) {
  if (column.kind === "spark") return null;
  const { ctx } = view;
  const placeholder = alignOf(column) === "right" ? ">0  1..5" : column.title || column.key;
  const field = h("input", { class: "wb-input", type: "search", "aria-label": `filter ${column.title || column.key}`, placeholder, "data-key": column.key, "data-focus": column.key, autocomplete: "off" });
  field.value = ctx.get("filters")[column.key] || "";
  const later = debounce(120, () => {
    const filters = { ...ctx.get("filters") };
    if (field.value.trim()) filters[column.key] = field.value; else delete filters[column.key];
    ctx.set({ filters, page: 0 });
  });
  field.addEventListener("input", () => later());
  return field;
}

function marks(view) {
  const sort = view.ctx.get("sort");
  for (const [key, { cell, sign }] of view.sorters || []) {
    const on = sort.replace(/^-/, "") === key;
    cell.setAttribute("aria-sort", on ? (sort.startsWith("-") ? "descending" : "ascending") : "none");
    put(sign, on ? (sort.startsWith("-") ? "▼" : "▲") : "");
  }
  for (const field of view.filterRow?.querySelectorAll("input") || []) {
    const wanted = view.ctx.get("filters")[field.dataset.key] || "";
    if (document.activeElement !== field && field.value !== wanted) field.value = wanted;
  }
}

// Rows keep their elements: what is unchanged is not touched, what moved is moved, what changed flashes.
function rows(view, changed) {
  const { ctx } = view;
  const all = ctx.get("rows");
  const remote = ctx.get("remote");
  view.found = remote ? all : arranged(all, columnsOf(view), ctx.get("sort"), ctx.get("filters"));
  const size = ctx.get("page_size") || view.found.length || 1;
  view.pages = Math.max(1, Math.ceil((remote ? ctx.get("total") : view.found.length) / size));
  view.page = Math.min(Math.max(0, ctx.get("page")), view.pages - 1);
  const shown = remote ? view.found : view.found.slice(view.page * size, view.page * size + size);
  view.shown = shown;
  const known = new Set();
  shown.forEach((row) => {
    known.add(row.id);
    const fresh = !view.nodes.has(row.id);
    const node = fresh ? rowNode(view, row) : view.nodes.get(row.id);
    if (!fresh) update(view, node, row, changed === undefined || changed.has(row.id));
    else if (changed?.has(row.id)) for (const cell of node.children) flash(cell, "");
    view.nodes.set(row.id, node);
  });
  for (const [id, node] of view.nodes) if (!known.has(id)) { if (node.contains(document.activeElement)) view.refocus = true; node.remove(); view.nodes.delete(id); if (view.asking?.id === id) closeAsk(view); }
  let place = view.body.firstChild;
  for (const row of shown) {
    const node = view.nodes.get(row.id);
    while (place && place.classList.contains("wb-asking")) place = place.nextSibling;
    if (place === node) place = node.nextSibling; else view.body.insertBefore(node, place);
  }
  if (view.asking) view.nodes.get(view.asking.id)?.after(view.asking.node);
  chosen(view);
  if (view.refocus) { view.refocus = false; focusRow(view, 0); } // who works by keys keeps a row under them
  nothing(view, all.length);
  footer(view, remote ? ctx.get("total") : view.found.length, all.length, size);
}

function rowNode(view, row) {
  const node = h("tr", { "data-id": row.id, tabindex: "-1" });
  node.cells_ = columnsOf(view).map((column, index) => {
    const kind = column.kind || "text";
    const phone = index === 0 ? null : kind === "status" || kind === "stage" ? (sideColumn(view) === column ? "side" : "rest") : column.main ? "main" : "rest";
    const cell = h("td", { "data-kind": kind, "data-align": alignOf(column), "data-phone": phone, "data-title": column.title ?? column.key, "data-wide": column.wide || null, role: "gridcell" });
    node.append(cell);
    return { cell, column, key: undefined };
  });
  if (view.ctx.get("actions").length) { node.does = h("td", { class: "wb-does", role: "gridcell" }); node.append(node.does); }
  node.addEventListener("click", (event) => { if (!event.target.closest("a, button, input")) open(view, row.id); });
  node.addEventListener("focus", () => { view.current = row.id; });
  update(view, node, row, false);
  return node;
}

const sideColumn = (view) => columnsOf(view).slice(1).find((column) => column.kind === "status" || column.kind === "stage");

function update(view, node, row, flashing) {
  const zone = view.ctx.get("zone");
  for (const part of node.cells_) {
    const { cell, column } = part;
    const value = row[column.key];
    const key = column.href ? `${JSON.stringify(value)}|${column.href}|${row.id}` : typeof value === "object" ? JSON.stringify(value) : value;
    if (Object.is(key, part.key) && column.kind !== "age") continue;
    const before = part.key;
    part.key = key;
    const shown = valueNode(value, column, row, zone);
    const href = address(column.href, row);
    clear(cell, href ? h("a", { href }, shown) : shown);
    if (typeof value === "string" && value.length > 24) cell.title = value;
    if (flashing && before !== undefined) flash(cell, direction(before, value, column));
  }
  if (node.does) actions(view, node, row);
}

const direction = (before, after, column) => (alignOf(column) === "right" && typeof before === "number" && typeof after === "number" ? (after > before ? "up" : "down") : "");

function actions(view, node, row) {
  const offered = view.ctx.get("actions").filter((action) => !Array.isArray(row.actions) || row.actions.includes(action.name));
  const key = JSON.stringify([offered, view.busy.has(row.id)]);
  if (node.does.key === key) return;
  node.does.key = key;
  clear(node.does, offered.map((action) => h("button", {
    type: "button", class: "wb-button wb-small wb-ghost", text: action.title || action.name, "aria-label": `${action.title || action.name} ${row[columnsOf(view)[0]?.key] ?? row.id}`, disabled: view.busy.has(row.id) || null,
    onclick: () => (action.danger || action.confirm || action.reason ? ask(view, row, action) : act(view, row.id, action, "")),
  })));
}

function ask(view, row, action, error) {
  closeAsk(view);
  const name = row[columnsOf(view)[0]?.key] ?? row.id;
  const words = action.confirm ? String(action.confirm).replaceAll("{name}", name) : `${action.title || action.name} ${name}?`;
  const question = askNode({ words, label: action.title || action.name, reason: action.reason, kind: action.danger ? "danger" : "primary", error, yes: (reason) => { closeAsk(view); act(view, row.id, action, reason); }, no: () => { closeAsk(view); view.nodes.get(row.id)?.focus(); } });
  const node = h("tr", { class: "wb-asking" }, h("td", { colspan: String(columnsOf(view).length + 1) }, question));
  view.asking = { id: row.id, node };
  view.nodes.get(row.id)?.after(node);
  question.ready();
}

function closeAsk(view) {
  view.asking?.node.remove();
  view.asking = null;
}

function act(view, id, action, reason) {
  view.busy.add(id);
  again(view, id);
  view.ctx.send("action", { id, name: action.name, reason });
}

function settled(view, { id, name, error }) {
  view.busy.delete(id);
  again(view, id);
  const row = view.ctx.get("rows").find((one) => one.id === id);
  const action = view.ctx.get("actions").find((one) => one.name === name);
  if (error && row && action) ask(view, row, { ...action, confirm: action.confirm || `${action.title || action.name}?` }, error);
}

function again(view, id) {
  const row = view.ctx.get("rows").find((one) => one.id === id);
  if (row && view.nodes.has(id)) actions(view, view.nodes.get(id), row);
}

function chosen(view) {
  const selected = view.ctx.get("selected");
  const first = view.shown[0]?.id;
  const current = view.nodes.has(view.current) ? view.current : view.nodes.has(selected) ? selected : first;
  for (const [id, node] of view.nodes) {
    flag(node, "aria-selected", id === selected ? "true" : "false");
    node.tabIndex = id === current ? 0 : -1;
  }
  view.frame.setAttribute("data-opens", "");
}

function nothing(view, there) {
  const none = view.shown.length === 0;
  view.nothing.hidden = !none;
  if (!none) return;
  const filtered = there > 0 || Object.keys(view.ctx.get("filters")).length > 0;
  const reset = h("button", { type: "button", class: "wb-button wb-small", text: "Clear filters", onclick: () => view.ctx.set({ filters: {}, page: 0 }) });
  clear(view.nothing, filtered ? [document.createTextNode("No row passes the filters. "), reset] : [document.createTextNode(view.ctx.get("message") || "No rows yet.")]);
}

function footer(view, found, there, size) {
  const { ctx } = view;
  const few = found <= size && !ctx.get("csv") && !ctx.get("filterable");
  view.foot.hidden = few;
  const key = JSON.stringify([found, there, size, view.page, view.filtering, ctx.get("csv"), ctx.get("remote")]);
  if (few || view.foot.key === key) return;
  view.foot.key = key;
  const from = found ? view.page * size + 1 : 0;
  const words = found > size ? `${from.toLocaleString("en-US")}–${Math.min(found, from + size - 1).toLocaleString("en-US")} of ${found.toLocaleString("en-US")}` : `${found.toLocaleString("en-US")} row${found === 1 ? "" : "s"}`;
  const button = (text, label, act, off, pressed) => h("button", { type: "button", class: "wb-button wb-small wb-ghost", text, "aria-label": label, title: label, disabled: off || null, "aria-pressed": pressed === undefined ? null : String(pressed), "data-focus": label, onclick: act });
  const active = document.activeElement?.getAttribute?.("data-focus");
  clear(view.foot, h("span", { class: "wb-figure", text: words, role: "status" }), found < there && !ctx.get("remote") ? h("span", { text: `filtered from ${there.toLocaleString("en-US")}` }) : null, h("span", { class: "wb-grow" }),
    view.pages > 1 ? [button("‹", "previous page", () => turn(view, -1), view.page === 0), h("span", { class: "wb-figure", text: `${view.page + 1} / ${view.pages}` }), button("›", "next page", () => turn(view, 1), view.page >= view.pages - 1)] : null,
    ctx.get("filterable") ? button("Filter", "filter rows ( / )", () => filter(view), false, view.filtering) : null,
    ctx.get("csv") ? button("CSV", "download these rows", () => download(`${ctx.get("name")}.csv`, csvText(view.found, columnsOf(view)))) : null,
    button("?", "keys", () => { view.help.hidden = !view.help.hidden; }));
  if (active) [...view.foot.querySelectorAll("[data-focus]")].find((one) => one.getAttribute("data-focus") === active)?.focus({ preventScroll: true });
}

function turn(view, step) {
  const page = Math.min(view.pages - 1, Math.max(0, view.page + step));
  if (page !== view.page) { view.current = ""; view.ctx.set({ page }); }
}

function filter(view, on = !view.filtering) {
  view.filtering = on;
  view.filterRow.hidden = !on;
  view.frame.toggleAttribute("data-filtering", on);
  if (on) view.filterRow.querySelector("input")?.focus();
  else { view.ctx.set({ filters: {}, page: 0 }); focusRow(view, 0); }
  rows(view);
}

function open(view, id) {
  view.current = id;
  view.ctx.set({ selected: id });
  view.ctx.send("activate", { id });
}

function focusRow(view, step) {
  const ids = view.shown.map((row) => row.id);
  if (!ids.length) return;
  const at = Math.max(0, ids.indexOf(view.current));
  const next = step === 0 ? at : Math.min(ids.length - 1, Math.max(0, at + step));
  view.current = ids[next];
  chosen(view);
  view.nodes.get(ids[next]).focus();
}

function keys(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, textarea, select");
  if (typing) {
    if (event.key === "Escape" && event.target.closest(".wb-filter")) { event.stopPropagation(); filter(view, false); }
    if ((event.key === "ArrowDown" || event.key === "Enter") && event.target.closest(".wb-filter")) { event.preventDefault(); focusRow(view, 0); }
    return;
  }
  const on = document.activeElement?.closest?.("tr[data-id]") === document.activeElement;
  const act = {
    "/": () => view.ctx.get("filterable") && filter(view, true), "?": () => { view.help.hidden = !view.help.hidden; },
    j: () => focusRow(view, 1), k: () => focusRow(view, -1), ArrowDown: () => focusRow(view, 1), ArrowUp: () => focusRow(view, -1),
    n: () => turn(view, 1), p: () => turn(view, -1), Home: () => focusRow(view, -1e9), End: () => focusRow(view, 1e9),
    Enter: () => on && open(view, document.activeElement.dataset.id), Escape: () => { if (view.asking) closeAsk(view); else if (view.filtering) filter(view, false); else view.help.hidden = true; },
  }[event.key];
  if (!act || (event.key === "Enter" && !on)) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
