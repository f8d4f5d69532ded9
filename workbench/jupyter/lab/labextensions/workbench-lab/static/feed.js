// What the desk knows: lists over REST, changes over a websocket that resumes after the last event it saw.

const FIRST_MS = 500;
const LONGEST_MS = 10000;
const POLL_MS = 5000; // while the websocket is down the lists are still asked for
const SILENT_MS = 12000; // the server says something every five seconds: after two misses the socket is opened again
const REFUSED = 4003; // the login has ended, or the role may not listen
export const LISTS = {
  bots: { path: "workbench/api/bots", topics: ["bot_status_changed", "trade_executed", "position_updated", "pnl_updated", "alert", "promotion_changed"] },
  promotions: { path: "workbench/api/promotions?status=requested", topics: ["promotion_changed"] },
  jobs: { path: "workbench/api/jobs", topics: ["job_changed"] },
};

export class Feed {
  constructor(connection, settings) {
    this._connection = connection;
    this._settings = settings;
    this._last = null;
    this._wait = FIRST_MS;
    this._due = new Map();
    this._listeners = new Set();
    this.state = { kind: "connecting", since: Date.now() };
    this.lists = Object.fromEntries(Object.keys(LISTS).map((name) => [name, { rows: null, error: null, at: null }]));
  }

  listen(listener) { this._listeners.add(listener); }

  begin() {
    Object.keys(LISTS).forEach((name) => this.load(name));
    this._connect();
    setInterval(() => {
      if (this.state.kind !== "live") Object.keys(LISTS).forEach((name) => this.load(name));
    }, POLL_MS);
  }

  // Return what the server says to a path below its base, as JSON.
  async ask(path) {
    const answer = await this._connection.makeRequest(`${this._settings.baseUrl}${path}`, { cache: "no-store" }, this._settings);
    if (!answer.ok) throw new Error(await said(answer));
    return answer.json();
  }

  async load(name) {
    const list = this.lists[name];
    if (list.loading) { list.again = true; return; }
    list.loading = true;
    try {
      const found = await this.ask(LISTS[name].path);
      Object.assign(list, { rows: found.items ?? found.runs ?? found, error: null, at: Date.now() });
    } catch (error) {
      list.error = error.message || String(error);
    }
    list.loading = false;
    this._tell(name);
    if (list.again) { list.again = false; this.load(name); }
  }

  _connect() {
    const url = new URL(`${this._settings.wsUrl}workbench/ws`);
    if (this._last !== null) url.searchParams.set("after", this._last);
    if (this._settings.appendToken && this._settings.token) url.searchParams.set("token", this._settings.token);
    const socket = new this._settings.WebSocket(url.href);
    let watch = null;
    const alive = () => { clearTimeout(watch); watch = setTimeout(() => socket.close(), SILENT_MS); };
    socket.onopen = () => {
      alive();
      this._wait = FIRST_MS;
      this._become("live");
      Object.keys(LISTS).forEach((name) => this.load(name)); // what happened while nobody listened
    };
    socket.onmessage = (message) => { alive(); this._heard(message.data); };
    socket.onclose = (closed) => {
      clearTimeout(watch);
      if (closed.code === REFUSED) this._wait = LONGEST_MS;
      this._become(closed.code === REFUSED ? "refused" : "reconnecting");
      setTimeout(() => this._connect(), this._wait * (0.75 + Math.random() / 2));
      this._wait = Math.min(this._wait * 2, LONGEST_MS);
    };
  }

  _heard(text) {
    let event;
    try { event = JSON.parse(text); } catch { return; }
    const seen = event.id ?? (event.topic === "hello" ? event.payload.after : null);
    if (Number.isInteger(seen)) this._last = seen;
    for (const [name, list] of Object.entries(LISTS)) if (list.topics.includes(event.topic)) this._soon(name);
  }

  // Load a list now, and once more after the burst it belongs to.
  _soon(name) {
    if (this._due.has(name)) return;
    this.load(name);
    this._due.set(name, setTimeout(() => { this._due.delete(name); this.load(name); }, 400));
  }

  _become(kind) {
    if (this.state.kind !== kind) this.state = { kind, since: Date.now() };
    this._tell("state");
  }

  _tell(what) { this._listeners.forEach((listener) => listener(what)); }
}

async function said(answer) {
  try {
    const body = await answer.json();
    return body.message || body.detail || body.reason || `the server answered ${answer.status}`;
  } catch {
    return `the server answered ${answer.status}`;
  }
}
