// The whole state of the map's page but the points themselves, and how each action changes it. Pure.

import { number } from "./dom.js";
import { fit, panned, zoomed } from "./map-geometry.js";
import { initialShared, reduceShared } from "./shared.js";

/** @typedef {import("./map-types.js").MapState} MapState */
/** @typedef {import("./map-types.js").MapAction} MapAction */

const NONE = new Uint32Array();
const CLOSE = 3; // pixels between two points of a lasso

const unselected = { selected: NONE, unanswered: NONE, sought: null, listed: [] };

/** @returns {MapState} */
export function initialMap() {
  const size = { width: 1, height: 1 };
  return {
    ...initialShared, maps: null, kind: null, by: "label", names: [], legend: [], only: null, view: fit(size), size, tool: "move",
    lasso: [], ...unselected, picked: null,
  };
}

/** @param {MapState} state @param {MapAction} action @returns {MapState} */
export function reduceMap(state, action) {
  switch (action.type) {
    case "maps": return learned(state, action.maps);
    case "shown": return { ...state, kind: action.kind, lasso: [], ...unselected };
    case "by": return { ...state, by: action.by, names: [], legend: [], only: null };
    case "legend": return { ...state, names: action.names, legend: action.legend };
    case "only": return { ...state, only: state.only === action.code ? null : action.code };
    case "size": return resized(state, action.size);
    case "pan": return { ...state, view: panned(state.view, action.dx, action.dy) };
    case "zoom": return { ...state, view: zoomed(state.view, state.size, action.factor, action.at ?? center(state)) };
    case "fit": return { ...state, view: fit(state.size) };
    case "tool": return { ...state, tool: action.tool };
    case "draw": return drawn(state, action.at);
    case "selected": return selected(state, action);
    case "listed": return { ...state, listed: action.listed };
    case "clear": return { ...state, lasso: [], ...unselected, picked: null, said: "Nothing selected." };
    case "picked": return { ...state, picked: action.picked };
    default: return reduceShared(state, action);
  }
}

/** @param {MapState} state */
function center({ size }) {
  return { x: size.width / 2, y: size.height / 2 };
}

/** Maps of other items are no longer of use; a better map is offered, never put under the hand.
 * @param {MapState} state @param {import("./map-types.js").Maps} maps @returns {MapState} */
function learned(state, maps) {
  const same = state.maps?.mark === maps.mark;
  return { ...state, maps, kind: same ? state.kind : null };
}

/** The map stays where it is when the window changes; the first size shows all of it.
 * @param {MapState} state @param {import("./map-types.js").Size} size @returns {MapState} */
function resized(state, size) {
  const whole = state.view.scale === fit(state.size).scale;
  return { ...state, size, view: whole ? fit(size) : state.view };
}

/** @param {MapState} state @param {import("./map-types.js").Point} at of the map @returns {MapState} */
function drawn(state, at) {
  const last = state.lasso[state.lasso.length - 1];
  const far = !last || Math.hypot(at.x - last.x, at.y - last.y) * state.view.scale >= CLOSE;
  return far ? { ...state, lasso: [...state.lasso, at] } : state;
}

/** @param {MapState} state
 * @param {{outline: MapState["lasso"], rows: Uint32Array, unanswered: Uint32Array, sought?: string}} found
 * @returns {MapState} */
function selected(state, { outline, rows, unanswered, sought }) {
  const next = { ...state, lasso: rows.length ? outline : [], selected: rows, unanswered, sought: sought ?? null, listed: [] };
  return { ...next, tool: "move", said: `${counted(next)}, ${number(unanswered.length)} of them without an answer.` };
}

/** How many items are selected, and by what.
 * @param {MapState} state */
export function counted({ selected: rows, sought }) {
  if (sought === null) return `${number(rows.length)} selected`;
  return rows.length ? `${number(rows.length)} with “${sought}” in it` : `Nothing has “${sought}” in it`;
}

/** The map that is better than the one shown, or null.
 * @param {MapState} state */
export function better({ maps, kind }) {
  const best = maps?.kinds[maps.kinds.length - 1] ?? null;
  return kind !== null && best !== kind ? best : null;
}
