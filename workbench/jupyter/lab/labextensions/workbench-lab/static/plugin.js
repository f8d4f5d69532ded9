// What the workbench adds to JupyterLab: cards in the launcher, commands in the palette, boards as tabs, the desk at the left.
import { boardTabs } from "./boards.js";
import { Feed } from "./feed.js";
import { glyph } from "./dom.js";
import { openStrategyLab } from "./strategy_lab.js";
import { sidebar } from "./sidebar.js";

const CATEGORY = "Workbench";
const ID = "workbench-lab:desk";

export function plugin(lab, stylesheet) {
  return [{
    id: ID,
    description: "Launcher cards, commands and the live sidebar of the workbench.",
    autoStart: true,
    requires: [],
    optional: [lab.launcher.ILauncher, lab.apputils.ICommandPalette, lab.application.ILayoutRestorer],
    activate: (app, launcher, palette, restorer) => {
      begin(lab, app, { launcher, palette, restorer }, stylesheet).catch((error) => console.error("workbench-lab could not start:", error));
    },
  }];
}

async function begin(lab, app, { launcher, palette, restorer }, stylesheet) {
  const settings = app.serviceManager.serverSettings;
  link(stylesheet);
  link(`${settings.baseUrl}workbench/static/look.css`);
  const icon = (name, text) => new lab.ui.LabIcon({ name: `workbench-lab:${name}`, svgstr: glyph(text) });
  const tabs = boardTabs(lab, app, settings, restorer, (board) => icon(board.name, board.icon));
  const feed = new Feed(lab.services.ServerConnection, settings);
  const side = sidebar(lab, feed, icon("desk", "◎"), {
    board: (name, query) => tabs.open(name, query),
    strategyLab: () => app.commands.execute("workbench:strategy-lab"),
  });
  app.shell.add(side, "left", { rank: 150 });
  restorer?.add(side, "workbench-desk");
  feed.begin();

  const offer = (command, args = {}, rank = 0) => {
    palette?.addItem({ command, category: CATEGORY, args: { ...args, palette: true } });
    launcher?.add({ command, category: CATEGORY, args, rank });
  };
  add(app, "workbench:show-desk", "Show the desk: bots, promotions, jobs", "Opens the live lists at the left", icon("desk-command", "◎"),
    () => { app.shell.activateById(side.id); side.focusFirst(); });
  app.commands.addKeyBinding({ command: "workbench:show-desk", keys: ["Alt Shift W"], selector: "body" });
  palette?.addItem({ command: "workbench:show-desk", category: CATEGORY });
  add(app, "workbench:strategy-lab", "Strategy Lab", "A new notebook with the authoring desk", icon("strategy-lab", "✎"),
    (args) => openStrategyLab(lab, app, args?.cwd ?? ""));
  offer("workbench:strategy-lab", {}, 0);

  const desk = await feed.ask("workbench/menu").catch((error) => { console.warn("workbench-lab knows no boards:", error); return { boards: [], tutorials: [] }; });
  tabs.know(desk.boards);
  desk.boards.forEach((board, place) => {
    const command = `workbench:board-${board.name}`;
    add(app, command, board.title, board.purpose, icon(board.name, board.icon), () => tabs.open(board.name));
    offer(command, {}, 10 + place);
  });
  desk.tutorials.forEach((tutorial, place) => {
    const command = `workbench:tutorial-${tutorial.number}`;
    add(app, command, `${tutorial.number} ${tutorial.title}`, "A tutorial that runs", icon(`tutorial-${tutorial.number}`, tutorial.number),
      () => app.commands.execute("docmanager:open", { path: tutorial.path }), "Tutorial: ");
    offer(command, {}, 50 + place);
  });
}

// A command whose palette line says what its launcher card shows by its place.
function add(app, command, title, purpose, icon, execute, before = "") {
  app.commands.addCommand(command, {
    label: (args) => (args.palette ? `${before}${title}` : title),
    caption: purpose,
    icon: (args) => (args.palette ? undefined : icon),
    execute,
  });
}

function link(href) {
  const made = document.createElement("link");
  made.rel = "stylesheet";
  made.href = href;
  document.head.append(made);
}
