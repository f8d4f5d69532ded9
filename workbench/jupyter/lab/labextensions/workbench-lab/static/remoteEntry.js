// The container that JupyterLab loads: it keeps the shared modules and hands over our plugins, which are plain ES modules beside this file.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const needed = {
    application: "@jupyterlab/application",
    apputils: "@jupyterlab/apputils",
    launcher: "@jupyterlab/launcher",
    services: "@jupyterlab/services",
    coreutils: "@jupyterlab/coreutils",
    ui: "@jupyterlab/ui-components",
    widgets: "@lumino/widgets",
  };
  let scope = null;

  // Return a shared module; of several versions the one that Lab itself has loaded, else the newest.
  async function shared(name) {
    const versions = scope[name] || {};
    const order = (a, b) => (versions[b].loaded || 0) - (versions[a].loaded || 0) || b.localeCompare(a, undefined, { numeric: true });
    const chosen = Object.keys(versions).sort(order)[0];
    if (!chosen) throw new Error(`workbench-lab needs ${name}, which this JupyterLab does not share`);
    return (await versions[chosen].get())();
  }

  async function get(module) {
    if (module !== "./extension") throw new Error(`workbench-lab has no module ${module}`);
    const names = Object.keys(needed);
    const modules = await Promise.all(names.map((name) => shared(needed[name])));
    const lab = Object.fromEntries(names.map((name, place) => [name, modules[place]]));
    const { plugin } = await import(new URL("plugin.js", here).href);
    const made = { __esModule: true, default: plugin(lab, new URL("sidebar.css", here).href) };
    return () => made;
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["workbench-lab"] = {
    init(given) { scope = given; },
    get,
  };
})();
