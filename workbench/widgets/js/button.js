// A button that asks in its own place, and shows what became of it.
import { h, clear, flag, put, unique } from "./dom.js";

// The question before an act: what will happen, a reason where one is wanted, two buttons. Escape goes back.
export function askNode({ words, label, reason, kind, error, yes, no }) {
  const id = unique("reason");
  const field = reason ? h("input", { class: "wb-input", id, type: "text", maxlength: "500", autocomplete: "off", placeholder: "goes into the audit trail" }) : null;
  const wrong = h("div", { class: "wb-error", role: "alert", hidden: !error, text: error || "" });
  const go = () => {
    if (field && !field.value.trim()) { wrong.hidden = false; put(wrong, "write the reason: it is recorded with the decision"); flag(field, "aria-invalid", "true"); field.focus(); return; }
    yes(field ? field.value.trim() : "");
  };
  const sure = h("button", { type: "button", class: "wb-button", "data-kind": kind, "data-sure": kind === "danger", text: label, onclick: go });
  const back = h("button", { type: "button", class: "wb-button", text: "Cancel", onclick: no });
  const node = h("div", { class: "wb-ask", role: "group", "data-kind": kind, "aria-label": label }, words ? h("div", { text: words }) : null,
    field ? h("div", { class: "wb-field" }, h("label", { for: id, text: "Reason" }), field) : null, wrong, h("div", { class: "wb-buttons" }, sure, back));
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); no(); }
    if (event.key === "Enter" && event.target === field) { event.preventDefault(); go(); }
  });
  node.ready = () => (field || back).focus();
  return node;
}

export function button(ctx) {
  const why = h("span", { class: "wb-why", id: unique("why") });
  const act = h("button", { type: "button", class: "wb-button", "aria-describedby": why.id });
  const result = h("div", { class: "wb-result", "aria-live": "polite" });
  const line = h("div", {}, act, why);
  const place = h("div", {}, line, result);
  ctx.content.append(place);
  let asking = null;
  const close = () => { asking?.remove(); asking = null; line.hidden = false; act.focus(); };
  const send = (reason) => { if (asking) close(); act.setAttribute("aria-busy", "true"); ctx.send("click", { reason }); };
  const press = () => {
    if (ctx.get("disabled") || ctx.get("busy")) return;
    if (!ctx.get("confirm") && !ctx.get("reason")) { send(""); return; }
    asking = askNode({ words: ctx.get("confirm"), label: ctx.get("confirm_label") || ctx.get("label"), reason: ctx.get("reason"), kind: ctx.get("kind") === "danger" ? "danger" : "primary", yes: send, no: close });
    line.hidden = true;
    place.insertBefore(asking, result);
    asking.ready();
  };
  act.addEventListener("click", press);
  ctx.watch("label kind disabled why busy error done shortcut", () => {
    put(act, ctx.get("busy") ? `${ctx.get("label")} …` : ctx.get("label"));
    act.dataset.kind = ctx.get("kind");
    // Disabled buttons stay reachable: the reason can be read out.
    flag(act, "aria-disabled", ctx.get("disabled") ? "true" : "");
    flag(act, "aria-busy", ctx.get("busy") ? "true" : "");
    put(why, ctx.get("disabled") ? ctx.get("why") : "");
    act.title = ctx.get("shortcut") || "";
    clear(result, ctx.get("error") ? h("div", { class: "wb-error", text: ctx.get("error"), role: "alert" }) : null, ctx.get("done") ? h("div", { class: "wb-up", text: `✓ ${ctx.get("done")}` }) : null);
  });
  shortcut(ctx, press);
}

// "Ctrl+Enter": heard within the page that holds the button, or everywhere when nothing has the focus.
function shortcut(ctx, press) {
  const hear = (event) => {
    const wanted = ctx.get("shortcut");
    if (!wanted || !ctx.root.isConnected) return;
    const keys = wanted.split("+");
    const command = event.ctrlKey || event.metaKey;
    if (event.key.toLowerCase() !== keys.at(-1).toLowerCase() || command !== keys.includes("Ctrl") || event.shiftKey !== keys.includes("Shift")) return;
    const page = ctx.root.closest(".wb-page, .wb-panel");
    if (!page || !(page.contains(event.target) || event.target === document.body)) return;
    event.preventDefault();
    event.stopPropagation();
    press();
  };
  document.addEventListener("keydown", hear, true);
  ctx.end(() => document.removeEventListener("keydown", hear, true));
}
