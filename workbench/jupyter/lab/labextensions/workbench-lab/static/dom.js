// Elements made of text: nothing that comes from a server is ever read as markup.

// Return an element: attributes by name, `class` and `on<event>` included, children as nodes or text.
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// Return an icon that is one glyph, or the two digits of a tutorial.
export function glyph(text) {
  const shown = String(text).slice(0, 2).replace(/[<>&"]/g, "");
  const size = shown.length > 1 ? 11 : 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><text x="12" y="12" text-anchor="middle" dominant-baseline="central" `
    + `font-size="${size}" font-family="JetBrains Mono, DejaVu Sans Mono, monospace" class="wb-glyph" fill="#f5b041">${shown}</text></svg>`;
}

// Return how long ago a moment was, as a person says it: 12 s, 4 min, 3 h, 2 d.
export function age(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(moment).getTime()) / 1000);
  if (!Number.isFinite(seconds)) return "–";
  for (const [limit, unit, length] of [[120, "s", 1], [7200, "min", 60], [172800, "h", 3600]]) {
    if (seconds < limit) return `${Math.round(seconds / length)} ${unit}`;
  }
  return `${Math.round(seconds / 86400)} d`;
}

// Return money with its sign, thousands separated and a real minus; a dash when it is missing.
export function signed(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return text === "0.00" ? text : `${value < 0 ? "−" : "+"}${text}`;
}
