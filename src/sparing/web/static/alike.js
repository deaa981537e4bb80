// Names that somebody may have meant when they typed another: one slip of the hand apart.

import { nameKey } from "./names.js";

const SHORTEST = 4; // characters; of shorter names, such as codes, every one may be meant

/** The name of a class that a new one may be a slip for; names that differ in their digits are meant.
 * @param {string} name @param {readonly string[]} names @returns {string | null} */
export function alike(name, names) {
  const wanted = plain(name);
  return names.find((other) => other !== name && isSlip(wanted, plain(other))) ?? null;
}

/** @param {string} name */
function plain(name) {
  return nameKey(name).replace(/[\s_-]+/g, " ");
}

/** @param {string} one @param {string} other */
function isSlip(one, other) {
  if (one === other) return true;
  if (Math.min(one.length, other.length) < SHORTEST || digits(one) !== digits(other)) return false;
  let first = 0;
  while (one[first] === other[first]) first += 1;
  let [last, end] = [one.length, other.length];
  while (last > first && end > first && one[last - 1] === other[end - 1]) { last -= 1; end -= 1; }
  const [here, there] = [one.slice(first, last), other.slice(first, end)];
  const isSwapped = here.length === 2 && there === `${here[1]}${here[0]}`;
  return isSwapped || Math.max(here.length, there.length) === 1;
}

/** @param {string} text */
function digits(text) {
  return text.replace(/\D+/g, " ").trim();
}
