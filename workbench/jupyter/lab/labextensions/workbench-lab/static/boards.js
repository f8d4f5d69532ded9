// Boards as tabs of Lab: each is the server's own page in a frame.

const SANDBOX = ["allow-same-origin", "allow-scripts", "allow-forms", "allow-downloads", "allow-popups", "allow-modals"];
const COMMAND = "workbench:open-board";

export function boardTabs(lab, app, settings, restorer, icon) {
  const tracker = new lab.apputils.WidgetTracker({ namespace: "workbench-boards" });
  let known = [];

  function open(name, query = "") {
    const id = `workbench-board-${name}`;
    let tab = tracker.find((each) => each.id === id);
    if (!tab) {
      const board = known.find((each) => each.name === name);
      tab = framed(lab, id, board?.title ?? name);
      if (board) tab.title.icon = icon(board);
      tab.board = name;
    }
    if (!tab.content.url || query) {
      tab.query = query;
      tab.content.url = `${settings.baseUrl}workbench/boards/${encodeURIComponent(name)}${query ? `?${query}` : ""}`;
    }
    if (!tab.isAttached) app.shell.add(tab, "main");
    if (!tracker.has(tab)) tracker.add(tab);
    app.shell.activateById(id);
    return tab;
  }

  app.commands.addCommand(COMMAND, { label: "Open a board", execute: (args) => open(String(args.name), String(args.query ?? "")), isVisible: () => false });
  restorer?.restore(tracker, { command: COMMAND, args: (tab) => ({ name: tab.board, query: tab.query ?? "" }), name: (tab) => tab.board });
  return {
    open,
    know(boards) {
      known = boards;
      tracker.forEach((tab) => {
        const board = boards.find((each) => each.name === tab.board);
        if (board) Object.assign(tab.title, { label: board.title, icon: icon(board) });
      });
    },
  };
}

function framed(lab, id, title) {
  const content = new lab.apputils.IFrame({ sandbox: SANDBOX, loading: "eager" });
  content.addClass("wb-lab-board");
  const tab = new lab.apputils.MainAreaWidget({ content });
  tab.id = id;
  tab.title.label = title;
  tab.title.closable = true;
  tab.toolbar.hide();
  content.node.querySelector("iframe").title = `Board: ${title}`;
  return tab;
}
