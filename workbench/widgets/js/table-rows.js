// What a table shows of its rows: filters, order, pages, CSV. Nothing here touches the page.
import { moment, num } from "./fmt.js";

export const FIGURES = new Set(["number", "signed", "percent", "money", "age"]);
export const alignOf = (column) => column.align || (FIGURES.has(column.kind) ? "right" : "left");
export const sortable = (column) => !["spark"].includes(column.kind);

// ">100", "<= 0", "10..20", "=5" for figures; words, separated by |, for the rest.
export function matcher(column, text) {
  const wanted = String(text || "").trim().toLowerCase();
  if (!wanted) return null;
  if (FIGURES.has(column.kind) || column.kind === "time") {
    const test = figureTest(column, wanted);
    if (test) return test;
  }
  const words = wanted.split("|").map((word) => word.trim()).filter(Boolean);
  return (row) => { const value = String(row[column.key] ?? "").toLowerCase().replaceAll("_", " "); return words.some((word) => value.includes(word)); };
}

function figureTest(column, wanted) {
  const read = (part) => {
    if (column.kind === "time") return moment(part.trim());
    const value = Number(part.replaceAll(",", "").replaceAll("\u2212", "-").replace("%", "").trim());
    return column.kind === "percent" ? value / 100 : value;
  };
  const range = wanted.split("..");
  if (range.length === 2) {
    const [low, high] = [range[0].trim() ? read(range[0]) : -Infinity, range[1].trim() ? read(range[1]) : Infinity];
    return Number.isNaN(low) || Number.isNaN(high) ? null : (row) => { const v = valueOf(column, row); return v >= low && v <= high; };
  }
  const found = /^(<=|>=|<|>|=)?\s*(.+)$/.exec(wanted);
  const limit = read(found[2]);
  if (Number.isNaN(limit)) return null;
  const compare = { "<": (v) => v < limit, "<=": (v) => v <= limit, ">": (v) => v > limit, ">=": (v) => v >= limit }[found[1]] || ((v) => Math.abs(v - limit) < 1e-9 * Math.max(1, Math.abs(limit)) || (!found[1] && String(v).startsWith(found[2])));
  return (row) => compare(valueOf(column, row));
}

const valueOf = (column, row) => (column.kind === "time" || column.kind === "age" ? moment(row[column.key]) : num(row[column.key]));

export function arranged(rows, columns, sort, filters) {
  const tests = columns.map((column) => matcher(column, filters[column.key])).filter(Boolean);
  const kept = tests.length ? rows.filter((row) => tests.every((test) => test(row))) : rows;
  const key = sort.replace(/^-/, "");
  const column = columns.find((one) => one.key === key);
  if (!column) return kept;
  const down = sort.startsWith("-") ? -1 : 1;
  const figures = FIGURES.has(column.kind) || column.kind === "time";
  const stages = ["LAB", "PAPER", "SHADOW", "CANARY", "LIVE"];
  const of = (row) => (figures ? valueOf(column, row) : column.kind === "stage" ? stages.indexOf(row[key]) : String(row[key] ?? "").toLowerCase());
  // Missing values stand last in both directions.
  const lost = (value) => value === "" || Number.isNaN(value);
  return kept.map((row, index) => [of(row), index, row]).sort(([a, i], [b, j]) => lost(a) - lost(b) || (a < b ? -down : a > b ? down : 0) || i - j).map(([, , row]) => row);
}

// A cell that a spreadsheet would run as a formula gets an apostrophe before it.
export function csvText(rows, columns) {
  const shown = columns.filter((column) => column.kind !== "spark");
  const cell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const of = (column, row) => (column.kind === "time" && !Number.isNaN(moment(row[column.key])) ? new Date(moment(row[column.key]) * 1000).toISOString() : row[column.key]);
  return [shown.map((column) => cell(column.title || column.key)), ...rows.map((row) => shown.map((column) => cell(of(column, row))))].map((line) => line.join(",")).join("\r\n");
}

export function download(name, text) {
  const url = URL.createObjectURL(new Blob([`\ufeff${text}`], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
