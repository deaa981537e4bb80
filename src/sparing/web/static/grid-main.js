// The grid comes alive here: pages are fetched ahead, keys and clicks become actions.

import { api, mediaUrl, smallUrl } from "./api.js";
import { byId, input } from "./dom.js";
import { gridIntent } from "./grid-keys.js";
import { addressOf, counts, initial, known, neighbor, onScreen, reduce, sourceOf, tiles, usual } from "./grid-reducer.js";
import { drawCloser, focusTile, inSight, render } from "./grid-view.js";
import { free, HOLDER, keepLeases, letGo } from "./lease.js";
import { keptList } from "./list.js";
import { drawPages } from "./pages.js";
import { freshKey, session } from "./session.js";
import { readSettings, saveSettings } from "./settings.js";
import { pageWatch } from "./stopwatch.js";

/** @typedef {import("./grid-types.js").GridState} GridState */
/** @typedef {import("./grid-types.js").GridAction} GridAction */
/** @typedef {import("./grid-types.js").Source} Source */
/** @typedef {import("./types.js").Asked} Asked */
/** @typedef {typeof acts} GridActs */

const MOST = 200; // tiles of a page, and events that the server takes at once
const LEAST = 6;
const MOST_LEFT_OUT = 4000; // with more, no page is asked: each item would be named in the request
const HOVER = 350; // ms
const SOON = 30; // ms between two looks at the outbox
const WIDE = 2.6; // a text is so many times as wide as a picture
const GAP = 6; // pixels between tiles, as in grid.css
const PADDING = 24; // pixels of the stage, both sides

let state = initial(readSettings({ singleKeys: true, size: 80 }));
let fetching = false;
let checking = false;
let recalling = false;
let isBegun = false; // a grid was chosen, by somebody or by itself
let hovering = 0;
const watch = pageWatch();
let leaving = free; // what the screen shows no more is being let go

/** @param {GridAction} action */
function dispatch(action) {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  watch.see(state.check?.open[0] ?? state.page);
  render(state, before, acts);
  follow(before);
}

const { start, keep, tried } = session({ now: () => state, dispatch });
const prolong = keepLeases(() => onScreen(state), (asked, held) => dispatch({ type: "leased", asked, held }));

/** What a change of the state brings about.
 * @param {GridState} before */
function follow(before) {
  if (state.outbox !== before.outbox) keep(before.outbox);
  if (state.page !== before.page || state.next !== before.next || state.check !== before.check) share(before);
  if (state.size !== before.size) saveSettings({ size: state.size });
  if (state.of !== before.of && state.of) history.replaceState(null, "", addressOf(state.of));
  isBegun ||= state.of !== null;
  if (state.next !== before.next) preload(state.next?.items ?? []);
  if (state.zoom !== before.zoom || state.at !== before.at || state.page !== before.page) closer();
  const news = state.server?.model_version !== before.server?.model_version || state.server?.phase !== before.server?.phase;
  const saved = state.outbox.length === 0 && before.outbox.length > 0;
  if (news || saved || (!state.overview?.clusters && state.server !== before.server)) survey();
  look();
  fetchPage();
  finishCheck();
}

/** Note what the person has on the screen now. */
function look() {
  if (document.hidden || !counts(state).unseen) return;
  const ids = inSight(state).filter((id) => !state.seen.has(id));
  if (ids.length) dispatch({ type: "seen", ids });
}

/** Let others have what left the screen without an answer, and nobody what came back to it.
 * @param {GridState} before */
function share(before) {
  const [now, then] = [onScreen(state), onScreen(before)];
  const kept = new Set([...now, ...state.outbox.flatMap((event) => event.item_id ?? [])]);
  leaving = letGo(then.filter((id) => !kept.has(id)));
  const isBack = state.steps.length < before.steps.length || (state.check !== null && before.check === null);
  if (isBack) prolong(); // a page that is fetched comes leased
}

async function survey() {
  const overview = await tried(api.grids());
  if (overview) dispatch({ type: "overview", overview });
  const first = isBegun ? null : usual(state);
  if (first) dispatch({ type: "look", of: first });
}

async function fetchPage() {
  const { of, page, next } = state;
  const done = page !== null && (next !== null || page.items.length === 0);
  if (fetching || !of || done || !state.server || state.refused || !state.online) return;
  if (known(state).length > MOST_LEFT_OUT) return;
  fetching = true;
  const found = await tried(leaving.then(() => api.grid(of, room(), known(state), HOLDER)));
  fetching = false;
  if (found) dispatch({ type: "page", of, page: found });
  else if (state.online && of === state.of && !page) dispatch({ type: "page", of, page: { about: "", class_name: null, n_open: 0, items: [], n_elsewhere: 0 } });
}

/** How many tiles the screen has room for. */
function room() {
  const stage = byId("stage").getBoundingClientRect();
  const sample = tiles(state)[0] ?? state.overview?.clusters?.[0]?.example;
  const isWide = sample !== undefined && sample.item.kind !== "image";
  const [width, height] = [stage.width - PADDING, stage.height - PADDING];
  const columns = Math.max(1, Math.floor((width + GAP) / ((isWide ? WIDE : 1) * state.size + GAP)));
  const tall = isWide ? state.size : (width + GAP) / columns - GAP; // pictures are square
  const rows = Math.max(1, Math.floor((height + GAP) / (tall + GAP)));
  return Math.max(LEAST, Math.min(MOST, columns * rows));
}

/** @param {readonly Asked[]} items */
function preload(items) {
  const address = state.size * devicePixelRatio <= 128 ? smallUrl : mediaUrl;
  for (const { item } of items) if (item.kind === "image") new Image().src = address(item.item_id);
}

/** When the last blind item is answered and safe, ask what the answers say. */
async function finishCheck() {
  const { check, of } = state;
  if (checking || of?.kind !== "cluster" || !check || check.open.length || check.purity || state.outbox.length) return;
  await loadCheck();
}

async function loadCheck() {
  const of = state.of;
  if (checking || of?.kind !== "cluster") return;
  checking = true;
  const check = await tried(api.clusterCheck(of.number, HOLDER));
  if (check) dispatch({ type: "check", of, check });
  checking = check !== null && !check.open.length && !check.purity; // it never will say more
}

/** Ask for the step before a reload, once all that was said here is safe: the server says what is last. */
async function recall() {
  recalling = true;
  while (state.outbox.length && state.online) await new Promise((on) => setTimeout(on, SOON));
  const step = state.online ? await tried(api.confirmed()) : null;
  if (step) dispatch({ type: "recalled", step });
  recalling = false;
}

/** How many tiles stand in a row. */
function columns() {
  const all = /** @type {HTMLElement[]} */ ([...byId("tiles").children]);
  const top = all[0]?.offsetTop;
  const below = all.findIndex((tile) => tile.offsetTop !== top);
  return below < 0 ? Math.max(1, all.length) : below;
}

function closer() {
  const tile = /** @type {HTMLElement | undefined} */ (byId("tiles").children[state.at]);
  drawCloser(state.zoom ? tiles(state)[state.at] ?? null : null, tile);
}

/** The key of an answer, and how long what it is of was on the screen. */
const timedKey = () => ({ key: freshKey(), seconds: watch.seconds() });

/** What a person can do. Keys of events are made here, and nowhere else. */
const acts = {
  /** @param {Source} of */
  look: (of) => { checking = false; dispatch({ type: "look", of }); },
  /** @param {number} at */
  pick: (at = state.at) => {
    if (state.check?.open.length) dispatch({ type: "skip", ...timedKey() });
    else dispatch({ type: "pick", at });
  },
  /** @param {string} name */
  give: (name) => dispatch({ type: "give", name, ...timedKey() }),
  confirm: () => {
    if (state.check) return;
    if (state.page && !tiles(state).length) acts.turn(1);
    else dispatch({ type: "confirm", ...timedKey() });
  },
  /** @param {1 | -1} by */
  turn: (by) => {
    const of = neighbor(state, by);
    if (of) acts.look(of);
  },
  leave: () => { if (!state.check) dispatch({ type: "leave" }); },
  undo: async () => {
    if (recalling) return;
    if (!state.steps.length) await recall();
    checking = false;
    dispatch({ type: "undo", key: freshKey() });
  },
  spread: async () => {
    await loadCheck(); // others may have come or gone since the button is there
    dispatch({ type: "spread", key: freshKey() });
  },
  zoom: () => dispatch({ type: "zoom" }),
  keys: () => dispatch({ type: "keys" }),
  larger: () => dispatch({ type: "size", by: 1 }),
  smaller: () => dispatch({ type: "size", by: -1 }),
  target: () => byId("target").focus(),
  find: () => {
    dispatch({ type: "tab", tab: "search" });
    input("search-text").focus();
  },
  like: () => {
    const on = tiles(state)[state.at];
    if (on && !state.check) acts.look({ kind: "like", item_id: on.item.item_id });
  },
  endCheck: () => {
    checking = false;
    if (state.of) dispatch({ type: "check", of: state.of, check: null });
    focusTile(state);
  },
  close: () => {
    if (state.check) return acts.endCheck();
    dispatch({ type: "close" });
    return focusTile(state);
  },
  /** @param {number | "up" | "down" | "first" | "last"} by */
  move: (by) => {
    const steps = { up: -columns(), down: columns(), first: -state.at, last: tiles(state).length };
    const to = state.at + (typeof by === "number" ? by : steps[by]);
    if (by !== "up" || to >= 0) dispatch({ type: "move", to });
  },
  /** @param {Asked | null} one @param {HTMLElement} tile */
  hover: (one, tile) => {
    clearTimeout(hovering);
    if (one) hovering = setTimeout(() => drawCloser(one, tile), HOVER);
    else closer();
  },
};

/** @param {KeyboardEvent} event */
function pressed(event) {
  const panel = /** @type {HTMLDialogElement} */ (byId("panel"));
  if (state.keys && !panel.open) acts.keys(); // Escape closed it; the event that says so may come later
  const on = /** @type {HTMLElement} */ (document.activeElement ?? document.body);
  if (state.keys || event.isComposing) return;
  if (on.matches("input, select")) {
    if (event.key === "Escape" || (event.key === "Enter" && on.id === "target")) focusTile(state);
    return;
  }
  if (on.matches("button, a") && (event.key === " " || event.key === "Enter")) return;
  const wanted = gridIntent(event, state);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.do === "give") acts.give(wanted.name);
  else if (wanted.do === "move") acts.move(wanted.by);
  else if (wanted.do === "turn") acts.turn(wanted.by);
  else acts[wanted.do]();
}

/** A picture that cannot be shown is picked out: nobody has seen what it is. @param {Event} event */
function unshown(event) {
  const tile = /** @type {HTMLElement} */ (event.target).closest(".tile");
  const one = tiles(state)[[...byId("tiles").children].findIndex((other) => other === tile)];
  if (one) dispatch({ type: "unshown", id: one.item.item_id });
}

function bind() {
  document.addEventListener("keydown", pressed);
  byId("bar").addEventListener("click", (event) => {
    const on = /** @type {HTMLElement} */ (event.target).closest("button");
    const act = on?.dataset["do"];
    if (act) acts[/** @type {"undo"} */ (act)]();
    // After a click with the mouse, keys mean tiles again and not that button.
    if (on && event.detail > 0 && !state.keys) focusTile(state);
  });
  byId("tabs").addEventListener("click", (event) => {
    const tab = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["tab"];
    if (tab === "search") acts.find();
    else if (tab) dispatch({ type: "tab", tab: /** @type {"class"} */ (tab) });
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input("search-text").value.trim();
    input("search-text").blur();
    if (text) acts.look({ kind: "search", text });
  });
  byId("target").addEventListener("change", () => {
    const name = /** @type {HTMLSelectElement} */ (byId("target")).value;
    if (name) dispatch({ type: "target", name });
  });
  byId("whole").addEventListener("click", loadCheck);
  byId("stage").addEventListener("scroll", look);
  for (const what of ["scroll", "resize", "focus"]) window.addEventListener(what, look);
  byId("tiles").addEventListener("load", look, { capture: true });
  byId("tiles").addEventListener("error", unshown, { capture: true });
  byId("panel-close").addEventListener("click", acts.keys);
  byId("panel").addEventListener("close", () => { if (state.keys) acts.keys(); });
  window.addEventListener("blur", () => acts.hover(null, byId("tiles")));
}

drawPages();
bind();
render(state, state, acts);
const wanted = sourceOf(location.search, keptList());
start(); // takes the token out of the address before that is changed
if (wanted) acts.look(wanted);
