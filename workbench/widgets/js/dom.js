// Elements are made, never parsed: text from data can not become markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function clear(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
  return node;
}

export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function flag(node, name, value) {
  if (value === false || value === null || value === undefined || value === "") node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

// Only addresses of this site and https ones are followed: a record can not smuggle in a script.
export function address(pattern, record) {
  if (!pattern) return "";
  const filled = String(pattern).replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(record?.[key] ?? ""));
  try {
    const url = new URL(filled.startsWith("/") && !filled.startsWith("//") ? base() + filled.slice(1) : filled, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : "";
  } catch {
    return "";
  }
}

let root = null;

function base() {
  if (root === null) {
    let page = {};
    try { page = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}"); } catch { page = {}; }
    root = new URL((page.baseUrl || "/").replace(/\/?$/, "/"), document.baseURI).href;
  }
  return root;
}

// Words in `backquotes` are set as code.
export function prose(text) {
  return String(text || "").split("`").map((piece, index) => (index % 2 ? h("code", { text: piece }) : document.createTextNode(piece)));
}

export function flash(node, tone) {
  if (!node.animate || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const colour = `color-mix(in srgb, var(--wb-${tone || "accent"}) 26%, transparent)`;
  node.animate([{ backgroundColor: colour, offset: 0 }, { backgroundColor: colour, offset: 0.3 }, { backgroundColor: "transparent" }], { duration: 500 });
}

export function debounce(milliseconds, act) {
  let timer = 0;
  const later = (...given) => { clearTimeout(timer); timer = setTimeout(() => { timer = 0; act(...given); }, milliseconds); };
  later.now = (...given) => { clearTimeout(timer); timer = 0; act(...given); };
  later.pending = () => timer !== 0;
  later.cancel = () => { clearTimeout(timer); timer = 0; };
  return later;
}

let serial = 0;
export function unique(prefix) {
  serial += 1;
  return `wb-${prefix}-${serial}`;
}

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";
export function keepFocus(node, act) {
  const active = document.activeElement;
  const key = active && node.contains(active) ? active.getAttribute("data-focus") : null;
  act();
  if (key) [...node.querySelectorAll(FOCUSABLE)].find((one) => one.getAttribute("data-focus") === key)?.focus({ preventScroll: true });
}
