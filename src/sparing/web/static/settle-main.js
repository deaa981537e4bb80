// The page that settles what people differ on: state, keys, clicks.

import { api } from "./api.js";
import { boxIntent } from "./box-keys.js";
import { isBoxes, neighborBox } from "./boxes.js";
import { bindBoxing, hold, look as lookAt, middle } from "./boxing.js";
import { byId } from "./dom.js";
import { intent, keyTable } from "./keys.js";
import { isSeveral } from "./labels.js";
import { drawPages } from "./pages.js";
import { initial as undrawn, NONE } from "./reducer.js";
import { freshKey, session } from "./session.js";
import { fitPlace, turnView } from "./settle-boxing.js";
import { initial, reduce } from "./settle-reducer.js";
import { render } from "./settle-view.js";
import { isSpans } from "./spans.js";
import { pageWatch } from "./stopwatch.js";

/** @typedef {import("./types.js").SettleAction} SettleAction */
/** @typedef {typeof acts} SettleActs */

const IDLE = undrawn();

let state = initial();
const SAYING = ["settle", "settleLabels", "settleUnits", "pick", "undo", "draw", "box", "classed"];
let seq = -1;
let said = 0; // how much was said here
const watch = pageWatch();

/** @param {SettleAction} action */
function dispatch(action) {
  const before = state;
  if (SAYING.includes(action.type)) said += 1;
  state = reduce(state, action);
  if (state === before) return;
  watch.see(state.rows[0]?.asked.item.item_id);
  render(state, before, acts);
  if (state.outbox !== before.outbox) keep(before.outbox);
  if (action.type === "state" || action.type === "recorded") look();
}

const { start, keep, tried } = session({ now: () => state, dispatch });

/** Ask who differs on what, whenever something was said. A list that was overtaken by the person is asked
 * for again: it would take an item from under their hand that they have just brought back. */
async function look() {
  const now = state.server?.seq ?? -1;
  if (state.refused || state.outbox.length || now === seq) return;
  seq = now;
  const before = said;
  const found = await tried(api.disagreements());
  if (said !== before) {
    seq = -1;
    return look();
  }
  const told = found && await tried(api.people());
  if (found) dispatch({ type: "listed", rows: found.rows });
  if (told) acts.people(told);
}

/** The key of an answer, and how long what it is of was on the screen. */
const timedKey = () => ({ key: freshKey(), seconds: watch.seconds() });

const acts = {
  /** A class decides at once; where an item may have several labels it is chosen, and Enter decides.
   * @param {string} name */
  settle: (name) => {
    if (state.drawing) return dispatch({ type: "classed", name });
    if (isSpans(state) || isBoxes(state)) return;
    if (!isSeveral(state)) dispatch({ type: "settle", name, ...timedKey() });
    else if (name === NONE) acts.settleLabels([]);
    else dispatch({ type: "toggle", name });
  },
  /** @param {readonly string[]} labels */
  settleLabels: (labels) => dispatch({ type: "settleLabels", labels, ...timedKey() }),
  /** @param {number} choice */
  pick: (choice) => dispatch({ type: "pick", choice, ...timedKey() }),
  accept: () => {
    const row = state.rows[0];
    if (!row) return;
    if (isSpans(state) || isBoxes(state)) return dispatch({ type: "settleUnits", ...timedKey() });
    const [name, , labels] = row.suggestion;
    if (isSeveral(state)) acts.settleLabels(state.draft ?? labels ?? []);
    else acts.settle(name);
  },
  settleDrawn: () => acts.accept(),
  later: () => dispatch({ type: "later" }),
  draw: () => dispatch({ type: "draw" }),
  undraw: () => dispatch({ type: "undraw" }),
  turn: turnView,
  /** @param {import("./types.js").BoxStep} step */
  box: (step) => dispatch({ type: "box", step }),
  removeBox: () => acts.box({ do: "remove" }),
  fourPoints: () => acts.box({ do: "four" }),
  newBox: () => acts.box({ do: "draw", points: middle() }),
  fit: () => { if (state.drawing) lookAt(state.drawing, "fit"); },
  undo: () => dispatch({ type: "undo", key: freshKey() }),
  /** @param {import("./types.js").People} told */
  people: (told) => render(state, state, acts, told),
};

/** @type {Record<string, "accept" | "later" | "undo">} */
const COMMANDS = { Enter: "accept", " ": "later", Backspace: "undo" };

/** Keys where a picture is drawn in, as on the page that labels. @param {KeyboardEvent} event
 * @param {import("./types.js").State} drawing @returns {boolean} whether it was one */
function drawnBy(event, drawing) {
  const wanted = boxIntent(event, drawing) ?? intent(event, drawing);
  if (!wanted || event.target instanceof HTMLButtonElement && wanted.do === "unit") return false;
  if (wanted.do === "box") boxStep(wanted.step);
  else if (wanted.do === "look") lookAt(drawing, wanted.at);
  else if (wanted.do === "newBox") acts.newBox();
  else if (wanted.do === "hold") hold(true);
  else if (wanted.do === "confirm") acts.accept();
  else if (wanted.do === "undo") acts.undo();
  else if (wanted.do === "label" && wanted.name !== NONE) acts.settle(wanted.name);
  else if (wanted.do !== "unit" || neighborBox(drawing, wanted.by) < 0) return false;
  else acts.box({ do: "choose", at: neighborBox(drawing, wanted.by) });
  return true;
}

/** Escape lets go of what is in hand, and where nothing is of the drawing. @param {import("./types.js").BoxStep} step */
function boxStep(step) {
  const before = state.drawing;
  acts.box(step);
  if (step.do === "release" && state.drawing === before) acts.undraw();
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const on = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || state.refused) return;
  if (on.matches("button, a, summary") && (event.key === " " || event.key === "Enter")) return;
  if (state.drawing) {
    if (drawnBy(event, state.drawing)) event.preventDefault();
    return;
  }
  const command = COMMANDS[event.key];
  if (event.repeat && command !== "undo") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = [...keyTable(state.server?.classes ?? [])].find(([, one]) => one === key);
  if (command) acts[command]();
  else if ((isSpans(state) || isBoxes(state)) && /^[1-9]$/.test(key)) acts.pick(Number(key) - 1);
  else if (isBoxes(state) && key === "d") acts.draw();
  else if (isBoxes(state) && key === "z") acts.turn();
  else if (found) acts.settle(found[0]);
  else return;
  event.preventDefault();
}

drawPages();
document.addEventListener("keydown", pressed);
document.addEventListener("click", (event) => {
  const on = /** @type {HTMLElement} */ (event.target).closest("button");
  const act = on?.dataset["do"];
  if (act) acts[/** @type {"undo"} */ (act)]();
  if (on && event.detail > 0) byId("stage").focus({ preventScroll: true });
});
new ResizeObserver(fitPlace).observe(byId("item"));
bindBoxing(() => state.drawing ?? IDLE, acts);
render(state, state, acts);
start();
