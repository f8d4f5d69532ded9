// Strategy Lab: a new notebook that opens the authoring desk by itself.

const CELLS = [
  ["markdown", "# Strategy Lab\nWrite rules as sentences, see where they act, test them, make a bot. What you write is kept as a draft."],
  ["code", "import workbench as wb\n\nbench = wb.open()\nbench.author()"],
];

export async function openStrategyLab(lab, app, folder) {
  const contents = app.serviceManager.contents;
  const made = await contents.newUntitled({ path: folder, type: "notebook" });
  const path = await renamed(contents, made.path, folder);
  await contents.save(path, { type: "notebook", format: "json", content: notebook() });
  const panel = await app.commands.execute("docmanager:open", { path, factory: "Notebook", kernelPreference: { name: "python3" } });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute("notebook:run-all-cells");
  return panel;
}

// Call it strategy-lab.ipynb, or with the first number that is free.
async function renamed(contents, path, folder) {
  for (let number = 1; number < 100; number += 1) {
    const name = `strategy-lab${number > 1 ? `-${number}` : ""}.ipynb`;
    try {
      return (await contents.rename(path, folder ? `${folder}/${name}` : name)).path;
    } catch (error) {
      if (error?.response?.status !== 409) return path;
    }
  }
  return path;
}

function notebook() {
  const cells = CELLS.map(([type, source], place) => ({
    cell_type: type, id: `lab-${place}`, metadata: {}, source, ...(type === "code" ? { execution_count: null, outputs: [] } : {}),
  }));
  const metadata = { kernelspec: { name: "python3", display_name: "Python 3", language: "python" }, language_info: { name: "python" } };
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}
