// One way to write a figure, the same as workbench.look.

export const MISSING = "–";
export const MINUS = "\u2212";

// Rounds the number itself, ties to even, as Python does; Intl would round its shortest spelling.
function rounded(value, digits) {
  const text = value.toFixed(digits);
  const doubled = value * 2 * 10 ** digits;
  if (doubled % 2 !== 1) return text;
  const exact = value.toFixed(Math.min(100, digits + 30));
  const kept = exact.slice(0, exact.length - (digits ? 30 : 31));
  const tie = /^5?0*$/.test(exact.slice(-30)) && exact.at(-30) === "5";
  return tie && Number(kept.at(-1)) % 2 === 0 ? kept : text;
}

const grouped = (text) => text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

// JSON has no infinities: they come as words.
export function num(value) {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  if (value === null || value === undefined || value === "" || typeof value === "boolean") return NaN;
  const found = Number(value);
  return found;
}

export function number(value, digits = 2) {
  const v = num(value);
  if (Number.isNaN(v)) return MISSING;
  if (!Number.isFinite(v)) return v > 0 ? "∞" : `${MINUS}∞`;
  const text = grouped(rounded(Math.abs(v), digits));
  return v < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export function signed(value, digits = 2) {
  const text = number(value, digits);
  return num(value) > 0 && /[1-9∞]/.test(text) ? `+${text}` : text;
}

export function percent(value, digits = 1, sign = false) {
  const v = num(value);
  if (Number.isNaN(v)) return MISSING;
  return `${(sign ? signed : number)(v * 100, digits)} %`;
}

// A figure of a kind: its text without unit, its tone and the arrow that goes with the sign.
export function figure(value, kind, digits, sign) {
  if (typeof value === "string" && value !== "Infinity" && value !== "-Infinity") return { text: value, tone: "", arrow: "" };
  const v = num(value);
  const shown = kind === "percent" ? percent(v, digits ?? 1, sign) : (kind === "signed" || sign ? signed : number)(v, digits ?? 2);
  if (kind !== "signed" && !sign) return { text: shown, tone: "", arrow: "" };
  const zero = !/[1-9∞]/.test(shown);
  return { text: shown, tone: zero ? "" : v > 0 ? "up" : "down", arrow: zero ? "" : v > 0 ? "▲" : "▼" };
}

export function age(seconds) {
  const s = Math.max(0, seconds);
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

export function compact(value) {
  const v = num(value);
  if (Number.isNaN(v)) return MISSING;
  for (const [limit, mark] of [[1e9, "B"], [1e6, "M"], [1e3, "k"]]) if (Math.abs(v) >= limit) return number(v / limit, Math.abs(v) >= limit * 100 ? 0 : Math.abs(v) >= limit * 10 ? 1 : 2) + mark;
  return number(v, Number.isInteger(v) ? 0 : 2);
}

// Seconds, or a moment as text ("2026-01-31T14:30:00Z"); dates without a time are not moments.
export function moment(value) {
  if (value === null || value === undefined || value === "") return NaN;
  if (typeof value === "number") return value;
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`) / 1000;
}

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value) => String(value).padStart(2, "0");
const offsets = new Map();

// Seconds to add to UTC in a zone at a moment; asked once an hour of time.
function offset(seconds, zone) {
  if (!zone || zone === "UTC") return 0;
  const key = `${zone}|${Math.floor(seconds / 3600)}`;
  if (!offsets.has(key)) {
    if (offsets.size > 60000) offsets.clear();
    offsets.set(key, offsetAt(Math.floor(seconds / 3600) * 3600, zone));
  }
  return offsets.get(key);
}

const zones = new Map();
function offsetAt(seconds, zone) {
  try {
    if (!zones.has(zone)) zones.set(zone, new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }));
    const part = {};
    for (const { type, value } of zones.get(zone).formatToParts(new Date(seconds * 1000))) part[type] = Number(value);
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - seconds;
  } catch {
    return 0;
  }
}

export function local(seconds, zone) {
  const d = new Date((seconds + offset(seconds, zone)) * 1000);
  return { y: d.getUTCFullYear(), mo: d.getUTCMonth(), d: d.getUTCDate(), h: d.getUTCHours(), mi: d.getUTCMinutes(), s: d.getUTCSeconds(), wd: d.getUTCDay() };
}

export const zoneWords = (zone) => (zone || "UTC").split("/").pop().replaceAll("_", " ");
export const clockText = (seconds, zone, withSeconds = true) => { const t = local(seconds, zone); return `${two(t.h)}:${two(t.mi)}${withSeconds ? `:${two(t.s)}` : ""}`; };
export const dateText = (seconds, zone) => { const t = local(seconds, zone); return `${t.y}-${two(t.mo + 1)}-${two(t.d)}`; };
export const dayText = (seconds, zone) => { const t = local(seconds, zone); return `${["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][t.wd]} ${t.d} ${MONTHS[t.mo]} ${t.y}`; };

// Today as the clock, other days with their date.
export function timeText(seconds, zone, now = Date.now() / 1000) {
  if (Number.isNaN(seconds)) return MISSING;
  const same = dateText(seconds, zone) === dateText(now, zone);
  return same ? clockText(seconds, zone) : `${dateText(seconds, zone)} ${clockText(seconds, zone, false)}`;
}

export function timeHint(seconds, zone) {
  if (Number.isNaN(seconds)) return "";
  const past = Date.now() / 1000 - seconds;
  return `${dateText(seconds, zone)} ${clockText(seconds, zone)} ${zoneWords(zone)} · ${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC · ${past >= 0 ? `${age(past)} ago` : `in ${age(-past)}`}`;
}

export const STATUS = {
  ok: ["●", "up"], running: ["●", "up"], paused: ["❚❚", "warn"], stopped: ["■", "dim"], error: ["▲", "critical"], info: ["●", "info"], warning: ["▲", "warn"],
  critical: ["■", "critical"], pass: ["✓", "up"], fail: ["✗", "down"], not_yet: ["…", "info"],
  live: ["●", "up"], reconnecting: ["▲", "warn"], stale: ["■", "warn"], open: ["●", "info"], closed: ["■", "dim"], pending: ["…", "info"], queued: ["…", "dim"],
  approved: ["✓", "up"], rejected: ["✗", "down"], failed: ["▲", "critical"], done: ["✓", "up"], finished: ["✓", "up"], filled: ["✓", "up"], cancelled: ["■", "dim"], timeout: ["▲", "critical"], ready: ["●", "up"], disabled: ["■", "dim"],
};

export function statusOf(name) {
  const key = String(name || "").toLowerCase().replaceAll(" ", "_");
  const [glyph, tone] = STATUS[key] || ["○", "dim"];
  return { glyph, tone, word: String(name || "").replaceAll("_", " ") };
}

export const STAGES = ["LAB", "PAPER", "SHADOW", "CANARY", "LIVE"];
export const stageTone = (name) => (STAGES.includes(String(name).toUpperCase()) ? `var(--wb-stage-${String(name).toLowerCase()})` : "var(--wb-dim)");
