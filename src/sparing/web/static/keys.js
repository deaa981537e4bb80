// Which key means what. Digits are the first nine classes, letters the next; C, F, G and Z are taken.

import { isBoxes } from "./boxes.js";
import { NONE } from "./reducer.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").ClassRow} ClassRow */
/** @typedef {{do: "label", name: string} | {do: "alike", name: string} | {do: "step", by: number, extend: boolean}
 *   | {do: "edge", side: "start" | "end", by: number} | {do: "unit", by: number} | {do: "unmark"} | {do: "confirm" | "undo" | "skip" | "flag" | "comment"
 *   | "zoom" | "keys" | "guidelines" | "find" | "like" | "close"}} Intent */

const KEYS = [..."123456789", ..."abdehijklmnopqrstuvwxy"];
/** Keys that mean something else where boxes are drawn. */
const OF_BOXES = "eqwxvsn";

/** The key of each class: by its place, or its own name where that is one key, as with digits.
 * A class that comes later never takes a key from one that is there.
 * @param {readonly ClassRow[]} classes @param {string} [taken] keys that no class may have
 * @returns {Map<string, string>} name -> key; some have none, and type-ahead finds them */
export function keyTable(classes, taken = "") {
  const free = KEYS.filter((key) => !taken.includes(key));
  const at = new Map(classes.map((row) => [row.place, row]));
  const owns = (/** @type {ClassRow} */ { name, place }) => {
    if (name !== "0" && !free.includes(name)) return false;
    const usual = free.indexOf(name);
    const other = at.get(usual);
    return usual < 0 || usual >= place || !other || (other.name.length === 1 && other !== at.get(place));
  };
  const named = classes.filter(owns);
  const own = new Set(named.map((row) => row.name));
  const table = new Map(named.map((row) => [row.name, row.name]));
  for (const { name, place } of classes) {
    const key = free[place];
    if (!table.has(name) && name !== NONE && key && !own.has(key)) table.set(name, key);
  }
  return table.set(NONE, own.has("0") ? "-" : "0");
}

/** The keys of the classes of a project. @param {Pick<State, "server">} state */
export function keysOf(state) {
  return keyTable(state.server?.classes ?? [], isBoxes(state) ? OF_BOXES : "");
}

/** @type {Record<string, Intent>} */
const COMMANDS = {
  Backspace: { do: "undo" }, " ": { do: "skip" }, Enter: { do: "confirm" }, f: { do: "flag" },
  c: { do: "comment" }, g: { do: "guidelines" }, z: { do: "zoom" }, "?": { do: "keys" }, "/": { do: "find" },
  "=": { do: "like" },
};

/** @type {Record<string, Intent>} */
const EDGES = {
  "[": { do: "edge", side: "start", by: -1 }, "{": { do: "edge", side: "start", by: 1 },
  "]": { do: "edge", side: "end", by: 1 }, "}": { do: "edge", side: "end", by: -1 },
};
const MANY = 1e9; // words: as far as there are any

/** What a key asks for where spans are marked, or null; arrows follow the direction of the text.
 * @param {{key: string, code?: string, shiftKey?: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean}} pressed
 * @param {State} state @param {boolean} leftwards whether the text runs from right to left
 * @returns {Intent | null} */
export function spanIntent(pressed, state, leftwards) {
  const { key, code = "", shiftKey: extend = false } = pressed;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || !state.item) return null;
  if (key === "ArrowRight") return { do: "step", by: leftwards ? -1 : 1, extend };
  if (key === "ArrowLeft") return { do: "step", by: leftwards ? 1 : -1, extend };
  if (key === "Home" || key === "End") return { do: "step", by: key === "End" ? MANY : -MANY, extend };
  if (key === "Tab") return { do: "unit", by: extend ? -1 : 1 };
  if (key === "Delete") return { do: "unmark" };
  if (!state.singleKeys) return null;
  if (key in EDGES) return EDGES[key] ?? null;
  const plain = code.startsWith("Digit") ? code.slice(5) : key.toLowerCase();
  const found = extend && key.length === 1 && intent({ key: plain }, state);
  return found && found.do === "label" && found.name !== NONE ? { do: "alike", name: found.name } : null;
}

/** What a key asks for, or null.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, repeat?: boolean}} pressed
 * @param {State} state
 * @returns {Intent | null} */
export function intent(pressed, state) {
  if (pressed.key === "Escape") return { do: "close" };
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || !state.singleKeys) return null;
  // A key held down may undo on and on, but never answers for items that nobody looked at.
  if (pressed.repeat && pressed.key !== "Backspace") return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  if (key in COMMANDS) return COMMANDS[key] ?? null;
  const found = [...keysOf(state)].find(([, one]) => one === key);
  return found ? { do: "label", name: found[0] } : null;
}

/** Whether a key typed into the find field asks for that field: its command, before any letter.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean}} pressed
 * @param {string} typed @param {State} state */
export function asksForFind({ key, ctrlKey, metaKey, altKey }, typed, state) {
  return typed === "" && intent({ key, ctrlKey, metaKey, altKey }, state)?.do === "find";
}

/** Classes that a typed text may mean: those that begin with it first, then those that hold it.
 * @param {string} text @param {readonly string[]} names */
export function matches(text, names) {
  const wanted = text.trim().toLowerCase();
  const rank = (/** @type {string} */ name) => {
    const lower = name.toLowerCase();
    if (lower === wanted) return 0;
    if (lower.startsWith(wanted)) return 1;
    return lower.includes(wanted) ? 2 : 3;
  };
  return names
    .map((name, place) => ({ name, place, rank: rank(name) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map((one) => one.name);
}
