// Which key means what where boxes are drawn.

import { keysOf } from "./keys.js";
import { NONE } from "./reducer.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").BoxStep} BoxStep */
/** @typedef {{do: "box", step: BoxStep} | {do: "unit", by: number} | {do: "skip"} | {do: "look", at: "in" | "out" | "fit"}
 *   | {do: "newBox"} | {do: "hold"}} BoxIntent */

const FAR = 10; // pixels with Shift

/** @type {Record<string, readonly [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {Record<string, BoxIntent>} */
const COMMANDS = {
  q: { do: "box", step: { do: "corner", corner: "first" } }, w: { do: "box", step: { do: "corner", corner: "last" } },
  e: { do: "box", step: { do: "four" } }, x: { do: "box", step: { do: "remove" } }, v: { do: "box", step: { do: "copy" } },
  s: { do: "skip" }, n: { do: "newBox" }, z: { do: "look", at: "fit" }, "+": { do: "look", at: "in" },
  "=": { do: "look", at: "in" }, "-": { do: "look", at: "out" },
};

/** What a key asks for where boxes are drawn, or null. Arrows and Tab hold though single keys are off.
 * @param {{key: string, shiftKey?: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, repeat?: boolean}} pressed
 * @param {State} state @returns {BoxIntent | null} */
export function boxIntent(pressed, state) {
  const { key, shiftKey = false } = pressed;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || !state.item) return null;
  const arrow = ARROWS[key], far = shiftKey ? FAR : 1;
  if (arrow) return { do: "box", step: { do: "nudge", dx: far * arrow[0], dy: far * arrow[1] } };
  if (key === "Tab") return { do: "unit", by: shiftKey ? -1 : 1 };
  if (key === "Delete") return { do: "box", step: { do: "remove" } };
  if (key === " ") return { do: "hold" };
  if (key === "Escape") return { do: "box", step: { do: "release" } };
  if (!state.singleKeys || keysOf(state).get(NONE) === key) return null;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  if (pressed.repeat && !"+=-".includes(plain)) return null;
  return COMMANDS[plain] ?? null;
}
