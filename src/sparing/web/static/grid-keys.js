// Which key means what in the grid: those of the label page where they are the same.

import { keyTable } from "./keys.js";

/** @typedef {import("./grid-types.js").GridState} GridState */
/** @typedef {{do: "give", name: string} | {do: "move", by: number | "up" | "down" | "first" | "last"}
 *   | {do: "turn", by: 1 | -1}
 *   | {do: "pick" | "confirm" | "leave" | "undo" | "target" | "find" | "like" | "zoom" | "keys" | "close"
 *   | "larger" | "smaller"}} GridIntent */

/** Keys that a list of options has everywhere, also for those who turned single keys off.
 * @type {Record<string, GridIntent>} */
const LIST_KEYS = {
  ArrowLeft: { do: "move", by: -1 }, ArrowRight: { do: "move", by: 1 },
  ArrowUp: { do: "move", by: "up" }, ArrowDown: { do: "move", by: "down" },
  PageUp: { do: "turn", by: -1 }, PageDown: { do: "turn", by: 1 },
  Home: { do: "move", by: "first" }, End: { do: "move", by: "last" },
  " ": { do: "pick" }, Enter: { do: "confirm" }, Escape: { do: "close" },
};

/** No letter that may be the key of a class.
 * @type {Record<string, GridIntent>} */
const COMMANDS = {
  Backspace: { do: "undo" }, c: { do: "target" }, f: { do: "find" }, z: { do: "zoom" },
  "=": { do: "like" }, ".": { do: "leave" }, "+": { do: "larger" }, "-": { do: "smaller" },
  "?": { do: "keys" },
};

/** The key of each class; what the grid needs itself is none.
 * @param {readonly import("./types.js").ClassRow[]} rows */
export function classKeys(rows) {
  return new Map([...keyTable(rows)].filter(([, key]) => !(key in COMMANDS)));
}

/** What a key asks for, or null. A key held down moves, and does nothing else.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, repeat?: boolean}} pressed
 * @param {GridState} state @returns {GridIntent | null} */
export function gridIntent(pressed, state) {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  const listed = LIST_KEYS[key] ?? null;
  if (pressed.repeat && listed?.do !== "move") return null;
  if (listed || !state.singleKeys) return listed;
  if (key in COMMANDS) return COMMANDS[key] ?? null;
  const found = [...classKeys(state.server?.classes ?? [])].find(([, one]) => one === key);
  return found ? { do: "give", name: found[0] } : null;
}
