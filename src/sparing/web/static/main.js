// The page comes alive here: the state, what follows from its changes, keys and clicks.

import { api, ApiError } from "./api.js";
import { byId, input } from "./dom.js";
import { bindFind } from "./find.js";
import { intent } from "./keys.js";
import { drawPanel } from "./panels.js";
import { preload } from "./picture.js";
import { memoryShelf, openShelf, sender } from "./queue.js";
import { initial, isAsking, known, reduce } from "./reducer.js";
import { render } from "./view.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Action} Action */
/** @typedef {typeof acts} Acts */

const AHEAD = 6; // items that wait, decoded
const LOW = 4;
const MOST_UNSAVED = 200; // with more, nothing further is asked: each would be named in the request
const POLL = 4000; // ms
const AGAIN = 1500; // ms
const SOON = 30; // ms between two looks at the outbox
const LATE = 500; // ms until an answer that is not confirmed is spoken of
const SETTINGS = "sparing-settings";

let state = initial(settings());
let shelf = memoryShelf();
let fetching = false;

/** @param {Action} action */
function dispatch(action) {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  render(state, before, acts);
  drawPanel(state, before, acts);
  follow(before);
}

/** What a change of the state brings about.
 * @param {State} before */
function follow(before) {
  if (state.outbox !== before.outbox) keep(before);
  if (state.queue !== before.queue) preload(state.queue.map((one) => one.item));
  if (state.guesses !== before.guesses || state.singleKeys !== before.singleKeys) saveSettings();
  fetchNext();
}

/** @param {State} before */
function keep(before) {
  const old = new Set(before.outbox.map((event) => event.key));
  const now = new Set(state.outbox.map((event) => event.key));
  const fresh = state.outbox.filter((event) => !old.has(event.key));
  const gone = before.outbox.filter((event) => !now.has(event.key)).map((event) => event.key);
  if (gone.length) shelf.remove(gone);
  if (!fresh.length) return;
  shelf.put(fresh);
  flush();
  setTimeout(() => { if (state.outbox.some((event) => fresh.includes(event))) dispatch({ type: "late" }); }, LATE);
}

const flush = sender({
  waiting: () => state.outbox,
  send: api.send,
  recorded: (results) => {
    const older = results.filter((one) => state.outbox.some((e) => e.key === one.key && e.kind === "undo" && !e.undoes));
    dispatch({ type: "recorded", results });
    for (const one of older) if (one.current) acts.open(one.current.item_id);
    if (state.outbox.length === 0) soon();
  },
  unsent: (error) => dispatch(error.status === 401 ? { type: "refused", message: error.message } : { type: "unsent" }),
});

async function fetchNext() {
  if (fetching || state.exhausted || state.refused || state.queue.length >= LOW) return;
  if (!isAsking(state) || state.outbox.length > MOST_UNSAVED) return;
  fetching = true;
  try {
    const { items, phase: of } = await api.next(AHEAD, known(state), state.guesses);
    dispatch({ type: "asked", items, phase: of });
    if (of !== state.server?.phase) soon();
  } catch (error) {
    failed(error);
  } finally {
    fetching = false;
  }
  if (state.queue.length < LOW && !state.exhausted && state.online) fetchNext();
}

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) dispatch({ type: "refused", message: error.message });
  else if (error.isTemporary) dispatch({ type: "unsent" });
  else dispatch({ type: "notice", message: error.message });
}

let timer = 0;
/** Ask for the state a moment after the last answer was saved, not once an answer. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(poll, 250);
}

async function poll() {
  clearTimeout(timer);
  timer = setTimeout(poll, POLL);
  if (document.hidden || state.refused) return;
  try {
    dispatch({ type: "state", server: await api.state() });
    fetchNext();
    if (state.outbox.length) flush();
  } catch (error) {
    failed(error);
  }
}

/** What a person can do. Keys of events are made here, and nowhere else. */
const acts = {
  /** @param {string} name @param {boolean} [confirmed] */
  label: (name, confirmed = false) => dispatch({ type: "label", name, key: fresh(), addKey: fresh(), confirmed }),
  confirm: () => { if (state.guesses && state.item?.guess) acts.label(state.item.guess[0], true); },
  skip: () => dispatch({ type: "skip", key: fresh() }),
  flag: () => dispatch({ type: "flag", key: fresh() }),
  undo: () => dispatch({ type: "undo", key: fresh() }),
  comment: () => dispatch({ type: "mode", mode: state.mode === "comment" ? null : "comment" }),
  find: () => dispatch({ type: "mode", mode: state.mode === "find" ? null : "find" }),
  zoom: () => dispatch({ type: "zoom" }),
  keys: () => acts.panel("keys"),
  close: () => {
    dispatch({ type: "mode", mode: null });
    if (state.zoom) dispatch({ type: "zoom" });
    byId("stage").focus({ preventScroll: true });
  },
  /** @param {import("./types.js").Panel} panel */
  panel: (panel) => dispatch({ type: "panel", panel }),
  /** @param {string} name */
  addClass: (name) => dispatch({ type: "addClass", key: fresh(), name }),
  /** @param {string} name @param {string} to */
  renameClass: (name, to) => dispatch({ type: "renameClass", key: fresh(), name, to }),
  /** @param {string} name @param {string} into */
  mergeClass: (name, into) => dispatch({ type: "mergeClass", key: fresh(), name, into }),
  /** @param {number} index @param {boolean} change */
  settle: (index, change) => dispatch({ type: "settle", index, key: change ? fresh() : null }),
  /** @param {"guesses" | "singleKeys"} name @param {boolean} value */
  setting: (name, value) => dispatch({ type: "setting", name, value }),
  /** @param {string} id */
  open: async (id) => {
    const asked = await acts.tried(api.item(id));
    if (asked) dispatch({ type: "open", asked });
  },
  /** @param {number} epsilon */
  audit: (epsilon) => begin(() => api.audit(epsilon)),
  certify: () => begin(api.certify),
  handBack: () => {
    dispatch({ type: "handing" });
    byId("stage").focus({ preventScroll: true });
  },
  resume: () => begin(api.resume),
  /** The result of a request, or null after the person has been told what is wrong.
   * @template T @param {Promise<T>} request @returns {Promise<T | null>} */
  tried: async (request) => {
    try {
      return await request;
    } catch (error) {
      failed(error);
      return null;
    }
  },
};

/** Begin the phase that a request leads to, once every answer given so far is safe.
 * @param {() => Promise<unknown>} request */
async function begin(request) {
  while (state.outbox.length) await new Promise((on) => setTimeout(on, SOON));
  if (await acts.tried(request().then(() => true)) === null) return;
  const server = await acts.tried(api.state());
  if (server) dispatch({ type: "phase", server });
  byId("stage").focus({ preventScroll: true });
}

function fresh() {
  return crypto.randomUUID().replaceAll("-", "");
}

function settings() {
  const usual = { guesses: false, singleKeys: true };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(SETTINGS) ?? "{}") };
  } catch {
    return usual;
  }
}

function saveSettings() {
  const { guesses, singleKeys } = state;
  localStorage.setItem(SETTINGS, JSON.stringify({ guesses, singleKeys }));
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const on = /** @type {HTMLElement} */ (event.target);
  if (state.panel || event.isComposing || on.matches("input, select, textarea")) return;
  // Space and Enter belong to the button that has the focus, as everywhere.
  if (on.matches("button, a, summary") && (event.key === " " || event.key === "Enter")) return;
  const wanted = intent(event, state);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.do === "label") acts.label(wanted.name);
  else acts[wanted.do]();
}

function bind() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("visibilitychange", () => poll());
  window.addEventListener("online", () => { flush(); poll(); });
  document.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement} */ (event.target).closest("button");
    const [act, panel] = [on?.dataset["do"], on?.dataset["panel"]];
    if (act) acts[/** @type {"undo"} */ (act)]();
    if (panel) acts.panel(/** @type {import("./types.js").Panel} */ (panel));
    // After a click with the mouse, keys mean answers again and not that button.
    if (on && event.detail > 0 && on.closest("#classes, #actions") && !state.mode) byId("stage").focus({ preventScroll: true });
  });
  byId("check").addEventListener("click", () => acts.panel("check"));
  byId("panel-close").addEventListener("click", () => acts.panel(null));
  byId("panel").addEventListener("close", () => { if (state.panel) acts.panel(null); });
  byId("comment").addEventListener("submit", (event) => {
    event.preventDefault();
    dispatch({ type: "comment", key: fresh(), text: input("comment-text").value.trim() });
    byId("stage").focus({ preventScroll: true });
  });
  input("comment-text").addEventListener("keydown", (event) => { if (event.key === "Escape") acts.close(); });
  bindFind(() => state, acts);
}

async function start() {
  bind();
  render(state, state, acts);
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  await open(token);
}

/** Come in, now or as soon as the server can be reached.
 * @param {string} token */
async function open(token) {
  try {
    const server = await entered(token);
    const disk = await openShelf(`sparing-${server.id}`);
    dispatch({ type: "opened", events: await disk.all() });
    shelf = disk; // only now: what came from it need not be put there
    dispatch({ type: "state", server });
    flush();
    soon();
  } catch (error) {
    failed(error);
    if (!state.refused) setTimeout(open, AGAIN, token);
  }
}

/** The state, after the token of the link was exchanged; a used link is no harm with a session.
 * @param {string} token */
async function entered(token) {
  const used = token ? await api.session(token).catch((error) => error) : null;
  if (used instanceof ApiError && used.status !== 403) throw used;
  return api.state().catch((error) => { throw error.status === 401 && used ? refusal(used) : error; });
}

/** @param {ApiError} used */
function refusal(used) {
  return new ApiError(401, used.kind, used.message);
}

start();
