// The desk at the left: bots, promotions that wait, runs of jobs; live, by keyboard too.
import { LISTS } from "./feed.js";
import { age, el, signed } from "./dom.js";

const STATUS = { running: ["●", "up"], paused: ["❚❚", "warn"], stopped: ["■", "dim"], error: ["▲", "critical"] };
const JOB = {
  running: ["●", "up"], succeeded: ["✓", "up"], failed: ["✗", "down"], timed_out: ["✗", "down"], interrupted: ["■", "dim"], lost: ["▲", "critical"],
};
const CONNECTION = {
  connecting: ["◌", "connecting", "dim"], live: ["●", "live", "up"], reconnecting: ["▲", "reconnecting", "warn"],
  refused: ["■", "signed out: log in again", "critical"],
};
const MOST = 30;

export function sidebar(lab, feed, icon, act) {
  const side = new lab.widgets.Widget();
  side.id = "workbench-desk";
  side.addClass("wb-lab-desk");
  side.title.icon = icon;
  side.title.caption = "Workbench: bots, promotions, jobs (Alt+Shift+W)";
  const badge = el("span", { class: "wb-lab-live", role: "status", "aria-live": "polite" });
  const sections = {
    bots: section("bots", "Bots", "bots", () => el("p", { class: "wb-lab-empty" }, "No bots yet. ", button("Write a strategy", act.strategyLab), " and make one of it.")),
    promotions: section("promotions", "Waiting for a checker", "promotions", () => el("p", { class: "wb-lab-empty" }, "No promotion waits. A request made in a bot's review appears here.")),
    jobs: section("jobs", "Job runs", "jobs", () => el("p", { class: "wb-lab-empty" }, "Nothing has run yet. Try ", el("code", {}, "workbench tour"), " in a terminal.")),
  };
  const makers = { bots: bot, promotions: promotion, jobs: job };

  function section(name, title, board, empty) {
    const count = el("span", { class: "wb-lab-count" });
    const list = el("ul", { class: "wb-lab-list", "aria-label": title, "aria-busy": "true" }, ...[1, 2, 3].map(() => el("li", { class: "wb-lab-skeleton", "aria-hidden": "true" })));
    const open = el("button", { class: "wb-lab-open", type: "button", title: `Open the board: ${title}`, onclick: () => act.board(board) }, "board ▸");
    const node = el("section", { "data-list": name }, el("header", {}, el("h3", {}, title), count, open), list);
    return { node, list, count, empty, shown: new Map() };
  }

  function bot(row) {
    const [sign, tone] = STATUS[row.status] ?? ["■", "dim"];
    const profit = row.total_pnl ?? null;
    return {
      board: "bots", query: new URLSearchParams({ bot: row.name }), title: row.error || row.killed || `${row.owner} · ${(row.symbols || []).join(" ")}`,
      first: [el("b", {}, row.name), stage(row.stage), figure(profit)],
      second: [el("span", { class: `wb-lab-${tone}` }, `${sign} ${row.status}`), row.killed ? el("span", { class: "wb-lab-critical" }, "■ killed") : "", el("span", {}, (row.symbols || []).join(" ")), row.synthetic ? el("span", { class: "wb-lab-synthetic", title: "made-up data" }, "SYNTHETIC") : ""],
    };
  }

  function promotion(row) {
    return {
      board: "promotions", query: new URLSearchParams({ bot: row.bot }), title: row.reason || "",
      first: [el("b", {}, row.bot), el("span", { class: "wb-lab-step" }, stage(row.from_stage), "▸", stage(row.to_stage))],
      second: [el("span", { class: "wb-lab-info" }, `… asked by ${row.requested_by}`), ago(row.at)],
    };
  }

  function job(row) {
    const [sign, tone] = JOB[row.status] ?? ["■", "dim"];
    return {
      board: "jobs", query: new URLSearchParams(), title: row.error || row.id,
      first: [el("b", {}, row.job)],
      second: [el("span", { class: `wb-lab-${tone}` }, `${sign} ${row.status.replace("_", " ")}`), ago(row.finished_at || row.started_at)],
    };
  }

  function draw(name) {
    const { list, count, empty, shown } = sections[name];
    const { rows, error } = feed.lists[name];
    if (rows === null && error === null) return;
    list.removeAttribute("aria-busy");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const made = (rows ?? []).slice(0, MOST).map((row) => {
      const key = String(row.id);
      const text = JSON.stringify(row, (field, value) => (field === "spark" ? undefined : value));
      const before = shown.get(key);
      if (before && before.text === text) return [key, before];
      const changed = before ? " wb-lab-changed" : "";
      const parts = makers[name](row);
      const node = el("li", {}, el("button", {
        class: `wb-lab-row${changed}`, type: "button", title: parts.title, "data-key": key, tabindex: "-1", onclick: () => act.board(parts.board, parts.query.toString()),
      }, el("span", {}, ...parts.first), el("small", {}, ...parts.second)));
      return [key, { text, node }];
    });
    shown.clear();
    made.forEach(([key, value]) => shown.set(key, value));
    const items = made.map(([, value]) => value.node);
    if (error) items.unshift(el("li", { class: "wb-lab-problem" }, `▲ ${error} `, button("Ask again", () => feed.load(name))));
    else if (!items.length) items.push(el("li", {}, empty()));
    list.replaceChildren(...items);
    const total = (rows ?? []).length;
    count.textContent = rows === null ? "" : total > MOST ? `${MOST} of ${total}` : String(total);
    const buttons = [...list.querySelectorAll(".wb-lab-row")];
    const current = buttons.find((each) => each.dataset.key === focused) ?? buttons[0];
    if (current) current.tabIndex = 0;
    if (focused !== null) current?.focus();
  }

  function drawState() {
    const [sign, word, tone] = CONNECTION[feed.state.kind];
    const since = feed.state.kind === "reconnecting" ? ` · ${age(feed.state.since)}` : "";
    badge.className = `wb-lab-live wb-lab-${tone}`;
    if (badge.textContent !== `${sign} ${word}${since}`) badge.textContent = `${sign} ${word}${since}`;
  }

  // Up and down (or k and j) walk through the rows of all lists; Home and End go to the first and the last.
  side.node.addEventListener("keydown", (event) => {
    const rows = [...side.node.querySelectorAll(".wb-lab-row")];
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey || !rows[to]) return;
    event.preventDefault();
    event.stopPropagation();
    rows[at].tabIndex = -1;
    rows[to].tabIndex = 0;
    rows[to].focus();
  });

  side.node.append(
    el("header", { class: "wb-lab-head" }, el("h2", {}, "Workbench"), badge),
    ...Object.values(sections).map(({ node }) => node),
    el("footer", {}, el("kbd", {}, "↑ ↓"), " rows  ", el("kbd", {}, "Enter"), " opens"),
  );
  side.focusFirst = () => (side.node.querySelector(".wb-lab-row") ?? side.node.querySelector("button"))?.focus();
  feed.listen((what) => (what === "state" ? drawState() : draw(what)));
  drawState();
  Object.keys(LISTS).forEach(draw);
  setInterval(() => {
    drawState();
    side.node.querySelectorAll("time").forEach((each) => { each.textContent = `${age(each.dateTime)} ago`; });
  }, 1000);
  return side;
}

function button(text, act) { return el("button", { class: "wb-lab-link", type: "button", onclick: act }, text); }

function stage(name) { return el("span", { class: `wb-lab-stage wb-lab-stage-${String(name).toLowerCase().replace(/[^a-z]/g, "")}` }, name); }

function figure(value) {
  const tone = value > 0 ? "up" : value < 0 ? "down" : "dim";
  return el("span", { class: `wb-lab-figure wb-lab-${tone}` }, `${signed(value)}${value > 0 ? " ▲" : value < 0 ? " ▼" : ""}`);
}

function ago(moment) { return moment ? el("time", { datetime: moment, title: moment }, `${age(moment)} ago`) : ""; }
