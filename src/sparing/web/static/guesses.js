// What is said of a guess: how sure the model is of it, or who else says so.

import { percent } from "./curve.js";

/** @typedef {import("./types.js").Guess} Guess */

/** Spans or boxes that are shown to be changed. Others who name none have been silent: how sure they are is not known.
 * @param {Guess} guess */
export function suggested([name, sure, , spans, by, boxes]) {
  if (by && !(spans ?? boxes)?.length) return `${by} finds nothing here: mark what is there, or press Enter if there is nothing.`;
  const who = by ? `${by} suggests ${name}` : `The model suggests ${name} (${percent(sure)} sure of all)`;
  return `${who}; change what is wrong, Enter accepts.`;
}

/** A class, or several labels. @param {Guess} guess @param {boolean} several */
export function guessed([name, sure, , , by, , perhaps], several) {
  const how = several ? "it is chosen below, change what is wrong; Enter accepts" : "Enter confirms";
  const more = perhaps.length ? ` Less likely, and worth a look: ${perhaps.join(", ")}.` : "";
  return `${by ? `${by} says ${name}` : `The model guesses ${name} (${percent(sure)})`}; ${how}.${more}`;
}

/** In few words, beside an item. @param {Guess} guess */
export const believed = ([name, sure, , , by]) => `${name} (${by || percent(sure)})`;
