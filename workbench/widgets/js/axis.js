// Axes of the charts: round heights, moments that mean something, colours of the palette.
import { local, MONTHS } from "./fmt.js";

export function roundTicks(low, high, room) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const raw = span / Math.max(1, room);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw * 0.999);
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) out.push(i * step);
  return out;
}

export function logTicks(low, high, room) {
  const out = [];
  const decades = Math.log10(high / low);
  const steps = decades > room / 2 ? [1] : decades > room / 4 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) for (const step of steps) { const value = step * 10 ** power; if (value >= low && value <= high) out.push(value); }
  return out.length > 1 ? out : roundTicks(low, high, room);
}

export const decimalsOf = (ticks) => {
  if (ticks.length < 2) return 2;
  const step = Math.abs(ticks[1] - ticks[0]);
  for (let digits = 0; digits < 8; digits += 1) if (Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * step * 10 ** digits) return digits;
  return 8;
};

const two = (value) => String(value).padStart(2, "0");

// Where labels may stand, coarse to fine: the unit's number of a bar, and how its label reads. A tick is a bar where the number changes.
const UNITS = [
  ...[20, 10, 5, 2, 1].map((k) => ({ of: (a, i) => Math.floor(a.months[i] / (12 * k)), year: true })),
  ...[6, 3, 1].map((k) => ({ of: (a, i) => Math.floor(a.months[i] / k) })),
  ...[15, 7, 3, 1].map((k) => ({ of: (a, i) => (k === 1 ? a.days[i] : a.months[i] * 16 + Math.min(Math.floor(31 / k) - (k === 7 ? 1 : 0), Math.floor((a.dates[i] - 1) / k))) })),
  ...[720, 360, 180, 120, 60, 30, 15, 5, 1].map((k) => ({ of: (a, i) => a.days[i] * 1440 + Math.floor(a.minutes[i] / k), clock: true })),
];

export class TimeAxis {
  constructor(at, count, zone, daily) {
    Object.assign(this, { at, zone: daily ? "UTC" : zone, daily, count: 0 });
    this.reserve(Math.max(64, count));
    for (let i = 0; i < count; i += 1) this.set(i);
  }

  reserve(size) {
    for (const name of ["months", "days", "dates", "minutes"]) { const next = new Int32Array(size); if (this[name]) next.set(this[name]); this[name] = next; }
  }

  // Learn the time of a bar; bars come in order.
  set(i) {
    if (i >= this.months.length) this.reserve(i * 2);
    const t = local(this.at(i), this.zone);
    this.months[i] = t.y * 12 + t.mo;
    this.days[i] = Math.floor(Date.UTC(t.y, t.mo, t.d) / 86400000);
    this.dates[i] = t.d;
    this.minutes[i] = t.h * 60 + t.mi;
    this.count = Math.max(this.count, i + 1);
  }

  // The finest unit that leaves `gap` bars between two labels, and every coarser one.
  ticks(first, last, gap) {
    const most = Math.max(1, (last - first) / gap);
    const placed = new Map();
    for (const unit of UNITS) {
      if (unit.clock && this.daily) break;
      const found = [];
      for (let i = Math.max(1, first); i <= last && found.length <= most + 1; i += 1) if (unit.of(this, i) !== unit.of(this, i - 1)) found.push(i);
      if (found.length > most + 1) break;
      for (const i of found) if (!placed.has(i) && this.free(placed, i, gap * 0.62)) placed.set(i, this.label(i));
    }
    return [...placed].map(([index, text]) => ({ index, text, strong: this.days[index] !== this.days[index - 1] }));
  }

  free(placed, i, gap) {
    for (const one of placed.keys()) if (Math.abs(one - i) < gap) return false;
    return true;
  }

  label(i) {
    const month = this.months[i] % 12;
    if (Math.floor(this.months[i] / 12) !== Math.floor(this.months[i - 1] / 12)) return String(Math.floor(this.months[i] / 12));
    if (this.months[i] !== this.months[i - 1]) return MONTHS[month];
    if (this.daily || this.days[i] !== this.days[i - 1]) return `${this.dates[i]} ${MONTHS[month]}`;
    return `${two(Math.floor(this.minutes[i] / 60))}:${two(this.minutes[i] % 60)}`;
  }

  full(i) {
    const day = `${["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(((this.days[i] + 4) % 7) + 7) % 7]} ${Math.floor(this.months[i] / 12)}-${two((this.months[i] % 12) + 1)}-${two(this.dates[i])}`;
    return this.daily ? day : `${day} ${two(Math.floor(this.minutes[i] / 60))}:${two(this.minutes[i] % 60)}`;
  }
}

// Colours by token, read from the stylesheet; a record's own colour only when it is one.
export class Palette {
  constructor(node) { this.node = node; this.refresh(); }

  refresh() {
    this.style = getComputedStyle(this.node);
    this.found = new Map();
    this.mono = this.style.getPropertyValue("--wb-mono").trim() || "monospace";
    this.sans = this.style.getPropertyValue("--wb-sans").trim() || "sans-serif";
  }

  // The same colour for elements of the page: it follows the theme by itself.
  css(name) { return /^[a-z][a-z0-9-]*$/i.test(String(name)) ? `var(--wb-${String(name).toLowerCase()}, var(--wb-c2))` : this.of(name); }

  of(name, otherwise = "c2") {
    if (!this.found.has(name)) {
      const key = String(name || "");
      const token = /^[a-z0-9-]+$/i.test(key) ? this.style.getPropertyValue(`--wb-${key.toLowerCase()}`).trim() : "";
      this.found.set(name, token || (/^#[0-9a-f]{3,8}$/i.test(key) ? key : name === otherwise ? "#5aa9ff" : this.of(otherwise)));
    }
    return this.found.get(name);
  }
}

const VIRIDIS = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export function mix(stops, share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [channels(stops[low]), channels(stops[low + 1])];
  return a.map((one, index) => Math.round(one + (b[index] - one) * (at - low)));
}

export const scaleStops = (palette, diverging) => (diverging ? [palette.of("down"), palette.of("bg-2"), palette.of("up")] : VIRIDIS);
export const bright = ([r, g, b]) => 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2 > 0.2;
