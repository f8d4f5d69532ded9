// Form fields: text, number, choice, toggle.
import { h, clear, debounce, flag, keepFocus, put, unique } from "./dom.js";
import { MISSING, number } from "./fmt.js";

// Label, place for the control, help and error; the control is told what describes it.
export function frame(ctx, control, { legend = false } = {}) {
  const id = unique("field");
  const help = h("div", { class: "wb-help", id: `${id}-help` });
  const error = h("div", { class: "wb-error", id: `${id}-error`, role: "alert" });
  const label = legend ? h("div", { class: "wb-legend", id: `${id}-label` }) : h("label", { for: id });
  const box = h("div", { class: "wb-field" }, label, control.frame || control, help, error);
  ctx.content.append(box);
  control.id = id;
  if (legend) control.setAttribute("aria-labelledby", label.id);
  control.setAttribute("aria-describedby", `${help.id} ${error.id}`);
  const show = (own) => {
    const wrong = own || ctx.get("error");
    const why = ctx.get("disabled") ? ctx.get("why") : "";
    put(label, ctx.get("label"));
    label.hidden = !ctx.get("label");
    put(help, why || ctx.get("help"));
    help.hidden = Boolean(wrong) || !(why || ctx.get("help"));
    put(error, wrong || "");
    error.hidden = !wrong;
    box.toggleAttribute("data-compact", ctx.get("compact"));
    flag(control, "aria-invalid", wrong ? "true" : "");
    if ("disabled" in control) control.disabled = ctx.get("disabled");
    const width = ctx.get("width");
    if (width) (control.frame || control).style.width = `${width}px`;
  };
  return show;
}

const BASICS = "label help error disabled why compact";

export function text(ctx) {
  const many = ctx.get("kind") === "multiline";
  const control = h(many ? "textarea" : "input", { class: "wb-input", autocomplete: ctx.get("kind") === "password" ? "current-password" : "off", spellcheck: "false" });
  if (!many) control.type = { search: "search", password: "password", date: "text" }[ctx.get("kind")] || "text";
  const list = h("datalist", { id: unique("list") });
  if (!many && ctx.get("suggestions").length) control.setAttribute("list", list.id);
  const show = frame(ctx, control);
  ctx.content.append(list);
  const date = ctx.get("kind") === "date";
  // ISO dates, the same in every country; what is no date stays in the field.
  const wrong = () => (date && control.value && (!/^\d{4}-\d\d-\d\d$/.test(control.value) || Number.isNaN(Date.parse(control.value))) ? "write a date as 2026-01-31" : "");
  const commit = () => {
    const own = wrong();
    show(own);
    // Python hears what is wrong: nothing may act on the last good date meanwhile.
    if (own) { if (own !== ctx.get("wrong")) ctx.set({ wrong: own }); return; }
    if (control.value !== ctx.get("value") || ctx.get("wrong")) ctx.set({ value: control.value, wrong: "" });
  };
  const later = debounce(Math.max(1, ctx.get("debounce")), commit);
  control.addEventListener("input", () => { if (ctx.get("debounce") > 0) later(); });
  control.addEventListener("change", () => later.now());
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !many) { later.now(); ctx.send("enter", { value: control.value }); }
    if (event.key === "Escape" && ctx.get("kind") === "search" && control.value) { control.value = ""; later.now(); }
    if (event.key === "Escape" && ctx.get("wrong")) { control.value = ctx.get("value"); later.now(); }
  });
  ctx.watch(`value wrong placeholder suggestions mono ${BASICS}`, () => {
    show(ctx.get("wrong"));
    // What a person is writing is theirs until it was sent, and what is wrong until it is mended.
    if (control.value !== ctx.get("value") && !later.pending() && !ctx.get("wrong")) {
      const caret = control.selectionStart;
      control.value = ctx.get("value");
      if (document.activeElement === control && caret !== null) control.setSelectionRange(caret, caret);
    }
    control.placeholder = ctx.get("placeholder") || (date ? "2026-01-31" : "");
    control.classList.toggle("wb-mono", ctx.get("mono") || date);
    clear(list, ctx.get("suggestions").map((one) => h("option", { value: one })));
    if (!many && ctx.get("suggestions").length) control.setAttribute("list", list.id);
  });
  ctx.end(() => later.cancel());
}

const written = (value, digits, grouped) => {
  if (value === null || value === undefined) return "";
  const text = number(value, digits).replace("\u2212", "-");
  return grouped ? text : text.replaceAll(",", "");
};

// Thousands commas and a real minus are understood; anything else is said to be wrong.
function read(ctx, raw) {
  const clean = raw.trim().replaceAll("\u2212", "-").replace(/(\d)[,\u2009\u00a0 ](?=\d{3}(\D|$))/g, "$1");
  if (clean === "") return ctx.get("required") ? { error: "a number is needed" } : { value: null };
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(clean)) return { error: `“${raw.trim().slice(0, 24)}” is not a number` };
  const value = Number(clean);
  const [least, most] = [ctx.get("least"), ctx.get("most")];
  if (!Number.isFinite(value)) return { error: "that number is too large" };
  if (least !== null && value < least) return { error: `at least ${number(least, ctx.get("digits"))}` };
  if (most !== null && value > most) return { error: `at most ${number(most, ctx.get("digits"))}` };
  return { value };
}

export function numberField(ctx) {
  const control = h("input", { class: "wb-input wb-mono wb-right", type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", role: "spinbutton" });
  const unit = h("span");
  control.frame = h("div", { class: "wb-with-unit" }, control, unit);
  const show = frame(ctx, control);
  let own = "";
  const digits = (value) => Math.max(ctx.get("digits"), Math.min(10, (String(value).split("e")[0].split(".")[1] || "").length));
  const write = () => { control.value = written(ctx.get("value"), digits(ctx.get("value")), document.activeElement !== control); };
  control.addEventListener("focus", () => { if (!own) { write(); control.select(); } });
  control.addEventListener("blur", () => { if (!own) write(); });
  const commit = () => {
    const found = read(ctx, control.value);
    own = found.error || "";
    show(own);
    // Python hears what is wrong: nothing may act on the last good value meanwhile.
    if (own) { if (own !== ctx.get("wrong")) ctx.set({ wrong: own }); return; }
    if (found.value !== ctx.get("value") || ctx.get("wrong")) ctx.set({ value: found.value, wrong: "" });
    write();
  };
  const bump = (direction, factor) => {
    const found = read(ctx, control.value);
    const next = Number(((found.value ?? ctx.get("least") ?? 0) + direction * factor * ctx.get("step")).toFixed(10));
    const [least, most] = [ctx.get("least") ?? -Infinity, ctx.get("most") ?? Infinity];
    control.value = written(Math.min(most, Math.max(least, next)), digits(next));
    commit();
  };
  control.addEventListener("change", commit);
  control.addEventListener("input", () => { if (own) { own = read(ctx, control.value).error || ""; show(own); } });
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { commit(); if (!own) ctx.send("enter", { value: ctx.get("value") }); }
    if (event.key === "Escape") { own = ""; if (ctx.get("wrong")) ctx.set({ wrong: "" }); write(); show(); }
    if (event.key === "ArrowUp" || event.key === "ArrowDown") { event.preventDefault(); bump(event.key === "ArrowUp" ? 1 : -1, event.shiftKey ? 10 : 1); }
  });
  ctx.watch(`value wrong unit digits least most width ${BASICS}`, () => {
    if (document.activeElement !== control) own = ctx.get("wrong");
    if (!own) write();
    put(unit, ctx.get("unit"));
    control.style.paddingRight = ctx.get("unit") ? `${16 + 7 * ctx.get("unit").length}px` : "";
    flag(control, "aria-valuenow", ctx.get("value") === null ? "" : String(ctx.get("value")));
    flag(control, "aria-valuemin", ctx.get("least") === null ? "" : String(ctx.get("least")));
    flag(control, "aria-valuemax", ctx.get("most") === null ? "" : String(ctx.get("most")));
    control.placeholder = MISSING;
    show(own);
  });
}

export function choice(ctx) {
  if (ctx.get("kind") === "segments") return segments(ctx);
  return ctx.get("many") ? checks(ctx) : list(ctx);
}

function list(ctx) {
  const control = h("select", { class: "wb-input" });
  const show = frame(ctx, control);
  control.addEventListener("change", () => ctx.set({ value: control.value }));
  ctx.watch(`value options width ${BASICS}`, () => {
    const known = ctx.get("options").map((one) => one.value);
    const stray = known.includes(ctx.get("value")) ? [] : [h("option", { value: ctx.get("value"), disabled: true, text: ctx.get("value") || "choose …" })];
    clear(control, stray, ctx.get("options").map((one) => h("option", { value: one.value, text: one.title, title: one.hint || null, disabled: one.disabled || null })));
    control.value = ctx.get("value");
    show();
    const hint = ctx.get("options").find((one) => one.value === ctx.get("value"))?.hint;
    control.title = hint || "";
  });
}

function toggled(ctx, value) {
  if (!ctx.get("many")) return value;
  const chosen = ctx.get("value") || [];
  const wanted = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  return ctx.get("options").map((one) => one.value).filter((one) => wanted.includes(one));
}

function segments(ctx) {
  const many = ctx.get("many");
  const control = h("div", { class: "wb-segments", role: many ? "group" : "radiogroup" });
  const show = frame(ctx, control, { legend: true });
  control.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...control.children].filter((one) => !one.disabled);
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    if (!many) next.click();
  });
  ctx.watch(`value options ${BASICS}`, () => {
    const value = ctx.get("value");
    const on = (one) => (many ? (value || []).includes(one) : value === one);
    const anyOn = ctx.get("options").some((one) => on(one.value));
    keepFocus(control, () => clear(control, ctx.get("options").map((one, index) => h("button", {
      type: "button", text: one.title, title: one.hint || null, disabled: one.disabled || ctx.get("disabled") || null, "data-focus": one.value,
      role: many ? null : "radio", "aria-checked": many ? null : String(on(one.value)), "aria-pressed": many ? String(on(one.value)) : null,
      tabindex: many || on(one.value) || (!anyOn && index === 0) ? "0" : "-1",
      onclick: () => ctx.set({ value: toggled(ctx, one.value) }),
    }))));
    show();
  });
}

function checks(ctx) {
  const control = h("div", { class: "wb-options", role: "group" });
  const show = frame(ctx, control, { legend: true });
  ctx.watch(`value options ${BASICS}`, () => {
    keepFocus(control, () => clear(control, ctx.get("options").map((one) => {
      const box = h("input", { type: "checkbox", "data-focus": one.value, disabled: one.disabled || ctx.get("disabled") || null, onchange: () => ctx.set({ value: toggled(ctx, one.value) }) });
      box.checked = (ctx.get("value") || []).includes(one.value);
      return h("label", { title: one.hint || null }, box, one.title);
    })));
    show();
  });
}

export function toggle(ctx) {
  const control = h("input", { class: "wb-switch", type: "checkbox", role: "switch" });
  const words = h("span");
  control.frame = h("div", { class: "wb-toggle" }, h("label", {}, control, words));
  const show = frame(ctx, control);
  control.addEventListener("change", () => ctx.set({ value: control.checked }));
  ctx.watch(`value ${BASICS}`, () => {
    show();
    const outer = ctx.content.querySelector(".wb-field > label");
    if (outer) outer.hidden = true;
    put(words, ctx.get("label"));
    control.checked = ctx.get("value");
  });
}
