// The page comes alive here: the state, what follows from its changes, keys and clicks.

import { api } from "./api.js";
import { boxIntent } from "./box-keys.js";
import { isBoxes, neighborBox } from "./boxes.js";
import { bindBoxing, hold, isSeen, look, middle } from "./boxing.js";
import { byId, input } from "./dom.js";
import { bindFind } from "./find.js";
import { addressOf } from "./grid-reducer.js";
import { intent, spanIntent } from "./keys.js";
import { isSeveral } from "./labels.js";
import { bindMarking } from "./marking.js";
import { isSpans, neighbor } from "./spans.js";
import { free, HOLDER, keepLeases } from "./lease.js";
import { forgetList, keptList } from "./list.js";
import { drawPages } from "./pages.js";
import { drawPanel } from "./panels.js";
import { askedName, bindWho, drawWho, readGuidelines } from "./people.js";
import { preload } from "./picture.js";
import { initial, isAsking, known, NONE, onScreen, reduce } from "./reducer.js";
import { freshKey as fresh, session } from "./session.js";
import { readSettings, saveSettings } from "./settings.js";
import { pageWatch } from "./stopwatch.js";
import { render } from "./view.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Action} Action */
/** @typedef {typeof acts} Acts */

const AHEAD = 6; // items that wait, decoded
const LOW = 4;
const MOST_UNSAVED = 200; // with more, nothing further is asked: each would be named in the request
const SOON = 30; // ms between two looks at the outbox

let state = { ...initial(readSettings({ guesses: false, singleKeys: true })), list: keptList() };
let fetching = false;
const watch = pageWatch();

/** @param {Action} action */
function dispatch(action) {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  watch.see(state.item?.item.item_id);
  render(state, before, acts);
  drawPanel(state, before, acts);
  drawWho(state, before, acts);
  follow(before);
}

/** What a change of the state brings about.
 * @param {State} before */
function follow(before) {
  if (state.outbox !== before.outbox) keep(before.outbox);
  if (state.queue !== before.queue) preload(state.queue.map((one) => one.item));
  if (state.guesses !== before.guesses || state.singleKeys !== before.singleKeys) {
    saveSettings({ guesses: state.guesses, singleKeys: state.singleKeys });
  }
  fetchNext();
}

const { start, keep, soon, failed, tried } = session({
  now: () => state,
  dispatch,
  polled: () => fetchNext(),
  recorded: (results) => {
    const older = results.filter((one) => state.outbox.some((e) => e.key === one.key && e.kind === "undo" && !e.undoes));
    dispatch({ type: "recorded", results });
    for (const one of older) if (one.current) acts.open(one.current.item_id);
  },
});

async function fetchNext() {
  if (fetching || state.exhausted || state.refused || state.queue.length >= LOW) return;
  if (!isAsking(state) || state.outbox.length > MOST_UNSAVED) return;
  if (state.list?.rows.length === 0 && state.item) return; // the last ones of a list
  fetching = true;
  try {
    await free;
    if (state.list && state.server?.phase === "label") await fetchListed(state.list.rows);
    else await fetchAsked();
  } catch (error) {
    failed(error);
  } finally {
    fetching = false;
  }
  if (state.queue.length < LOW && !state.exhausted && state.online) fetchNext();
}

async function fetchAsked() {
  const { guesses } = state;
  const { items, phase: of, n_elsewhere } = await api.next(AHEAD, known(state), guesses, HOLDER);
  if (guesses !== state.guesses) return; // it was chosen meanwhile to see guesses, or not to: asked for anew
  dispatch({ type: "asked", items, phase: of, n_elsewhere });
  if (of !== state.server?.phase) soon();
}

/** The next ones of a list that another page has handed over; what is asked otherwise comes after it.
 * @param {readonly number[]} rows */
async function fetchListed(rows) {
  const { guesses } = state;
  const next = rows.slice(0, AHEAD);
  if (!next.length) return acts.leave();
  const items = await api.rows(next, guesses, HOLDER);
  if (guesses === state.guesses) dispatch({ type: "listed", rows: next, items });
}

/** What a person can do. Keys of events are made here, and nowhere else. */
const acts = {
  /** @param {string} name @param {boolean} [confirmed] */
  label: (name, confirmed = false) => isUnseen(name === NONE) || dispatch({ type: "label", name, key: fresh(), addKey: fresh(), confirmed, seconds: watch.seconds() }),
  confirm: () => {
    if (isUnseen(true)) return;
    if (isSeveral(state) || isSpans(state) || isBoxes(state)) dispatch({ type: "done", key: fresh(), seconds: watch.seconds() });
    else if (state.guesses && state.item?.guess) acts.label(state.item.guess[0], true);
  },
  /** @param {string} name */
  alike: (name) => dispatch({ type: "alike", name }),
  /** @param {number} by @param {boolean} extend */
  step: (by, extend) => dispatch({ type: "step", by, extend }),
  /** @param {number} start @param {number} end @param {boolean} exact */
  select: (start, end, exact) => dispatch({ type: "select", start, end, exact }),
  /** @param {number} start @param {number} end */
  choose: (start, end) => dispatch({ type: "choose", start, end }),
  /** @param {"start" | "end"} side @param {number} by */
  edge: (side, by) => dispatch({ type: "edge", side, by }),
  unmark: () => dispatch({ type: "unmark" }),
  /** @param {import("./types.js").BoxStep} step */
  box: (step) => dispatch({ type: "box", step }),
  removeBox: () => acts.box({ do: "remove" }),
  fourPoints: () => acts.box({ do: "four" }),
  copyBoxes: () => acts.box({ do: "copy" }),
  newBox: () => acts.box({ do: "draw", points: middle() }),
  fit: () => look(state, "fit"),
  /** Take the picture in hand, until the key is let go. */
  hold: () => hold(true),
  skip: () => dispatch({ type: "skip", key: fresh(), seconds: watch.seconds() }),
  flag: () => dispatch({ type: "flag", key: fresh() }),
  undo: () => dispatch({ type: "undo", key: fresh() }),
  comment: () => dispatch({ type: "mode", mode: state.mode === "comment" ? null : "comment" }),
  find: () => dispatch({ type: "mode", mode: state.mode === "find" ? null : "find" }),
  zoom: () => dispatch({ type: "zoom" }),
  /** The neighbours of the item on the screen, as a grid; an item that checks the model has none. */
  like: () => {
    const of = state.server?.phase === "audit" ? null : state.item;
    if (of) location.assign(`/grid${addressOf({ kind: "like", item_id: of.item.item_id })}`);
  },
  keys: () => acts.panel("keys"),
  leave: () => {
    forgetList();
    dispatch({ type: "leave" });
  },
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
  /** @param {string} name */
  deleteClass: (name) => dispatch({ type: "deleteClass", key: fresh(), name }),
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
  guidelines: () => acts.panel("guidelines"),
  /** Note that the guidelines that hold were told. */
  readGuidelines: () => {
    readGuidelines(state);
    drawWho(state, state, acts);
  },
  /** @param {string} text @param {string | null} seen */
  setGuidelines: (text, seen) => anew(api.setGuidelines(text, seen), "guidelines"),
  /** @param {string} name */
  setName: (name) => { askedName(); anew(renamed(name), null); },
  logOut: async () => { if (await acts.tried(api.logOut().then(() => true))) location.reload(); },
  tried,
};

/** Nothing is said of a picture that nobody has seen yet: without a box it would be that there is no object.
 * @param {boolean} isAnswer */
function isUnseen(isAnswer) {
  if (!isAnswer || !isBoxes(state) || !state.item || isSeen(state)) return false;
  dispatch({ type: "notice", message: "The picture is not here yet, so nothing can be said of it. S skips it." });
  return true;
}

/** Take what a request has changed into account, and open a panel, or close the one that asked for it;
 * where the person has gone on meanwhile, they stay there.
 * @param {Promise<unknown>} request @param {import("./types.js").Panel} panel */
async function anew(request, panel) {
  const from = state.panel;
  const server = await acts.tried(request.then(api.state));
  if (!server) return;
  if (state.panel !== from || state.mode) return dispatch({ type: "state", server });
  dispatch({ type: "panel", panel: null });
  dispatch({ type: "state", server });
  if (panel) dispatch({ type: "panel", panel });
  byId("stage").focus({ preventScroll: true });
}

/** Take a name, and the leases along: what nobody of that name has would be on another screen.
 * @param {string} name */
async function renamed(name) {
  await api.leave(HOLDER).catch(() => {}); // then they run out
  await api.setName(name);
  await prolong();
}

/** Begin the phase that a request leads to, once every answer given so far is safe.
 * @param {() => Promise<unknown>} request */
async function begin(request) {
  if (state.beginning) return; // a second click
  dispatch({ type: "beginning", on: true });
  while (state.outbox.length) await new Promise((on) => setTimeout(on, SOON));
  const server = await acts.tried(request().then(api.state));
  dispatch(server ? { type: "phase", server } : { type: "beginning", on: false });
  if (server) byId("stage").focus({ preventScroll: true });
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const panel = /** @type {HTMLDialogElement} */ (byId("panel"));
  if (state.panel && !panel.open) acts.panel(null); // Escape closed it; the event that says so may come later
  const on = /** @type {HTMLElement} */ (document.activeElement ?? document.body);
  if (state.panel || event.isComposing || on.matches("input, select, textarea")) return;
  // Space and Enter belong to the button that has the focus, as everywhere.
  if (on.matches("button, a, summary") && (event.key === " " || event.key === "Enter")) return;
  const wanted = (isSpans(state) ? marking(event) : isBoxes(state) ? boxIntent(event, state) : null) ?? intent(event, state);
  if (!wanted) return;
  if (wanted.do === "unit") return isSpans(state) ? toSpan(event, wanted.by) : toBox(event, wanted.by);
  event.preventDefault();
  if (wanted.do === "label") acts.label(wanted.name);
  else if (wanted.do === "box") boxStep(wanted.step);
  else if (wanted.do === "look") look(state, wanted.at);
  else if (wanted.do === "alike") acts.alike(wanted.name);
  else if (wanted.do === "step") acts.step(wanted.by, wanted.extend);
  else if (wanted.do === "edge") acts.edge(wanted.side, wanted.by);
  else acts[wanted.do]();
}

/** @param {KeyboardEvent} event */
function marking(event) {
  const text = byId("item").firstElementChild;
  return spanIntent(event, state, text !== null && getComputedStyle(text).direction === "rtl");
}

/** Choose the next span, or the one before; at the last the key goes on to what follows on the page.
 * @param {KeyboardEvent} event @param {number} by */
function toSpan(event, by) {
  const on = /** @type {HTMLElement} */ (event.target), next = neighbor(state, by);
  if (!next || on.matches("button, a, summary")) return;
  event.preventDefault();
  acts.choose(next.start, next.end);
}

/** Choose the next box, or the one before, as Tab does with spans. @param {KeyboardEvent} event @param {number} by */
function toBox(event, by) {
  const on = /** @type {HTMLElement} */ (event.target), at = neighborBox(state, by);
  if (at < 0 || on.matches("button, a, summary")) return;
  event.preventDefault();
  acts.box({ do: "choose", at });
}

/** Escape lets go of what is in hand, and closes what is open where nothing is. @param {import("./types.js").BoxStep} step */
function boxStep(step) {
  const before = state;
  acts.box(step);
  if (step.do === "release" && state === before) acts.close();
}

function bind() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    const on = /** @type {HTMLElement} */ (event.target).closest("button");
    const [act, panel] = [on?.dataset["do"], on?.dataset["panel"]];
    if (act) acts[/** @type {"undo"} */ (act)]();
    if (panel) acts.panel(/** @type {import("./types.js").Panel} */ (panel));
    // After a click with the mouse, keys mean answers again and not that button.
    if (on && event.detail > 0 && on.closest("#classes, #actions, #spans, #boxes") && !state.mode) byId("stage").focus({ preventScroll: true });
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
  bindMarking(() => state, acts);
  bindBoxing(() => state, acts);
  bindWho(acts);
}

drawPages();
bind();
render(state, state, acts);
const prolong = keepLeases(() => onScreen(state), (asked, held) => dispatch({ type: "leased", asked, held }));
start();
