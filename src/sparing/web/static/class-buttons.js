// The buttons of the classes, the same on all pages: each with its key, and as wide as its longest word.

import { button, el } from "./dom.js";

const MANY = 12; // classes; with more they stand closer
const MOST = 24;
const WIDEST = 220; // pixels; longer words are broken

/** Draw the buttons anew where the classes, their keys or their marks have changed.
 * @param {HTMLElement} place @param {readonly string[]} names in their order
 * @param {ReadonlyMap<string, string>} keys name -> key @param {(name: string) => void} act
 * @param {ReadonlySet<string | null>} [named] classes that stand out
 * @returns {boolean} whether they were drawn */
export function classButtons(place, names, keys, act, named = new Set()) {
  const stamp = JSON.stringify([names.map((name) => [name, keys.get(name)]), [...named]]);
  if (place.dataset["stamp"] === stamp) return false;
  place.dataset["stamp"] = stamp;
  place.classList.toggle("many", names.length > MANY);
  place.classList.toggle("most", names.length > MOST);
  place.classList.toggle("few", names.length < 6);
  place.replaceChildren(...names.map((name) => classButton(name, keys.get(name), act, named.has(name))));
  place.style.setProperty("--word", `${longestWord(place, names)}px`);
  return true;
}

/** @param {string} name @param {string | undefined} key @param {(name: string) => void} act @param {boolean} isNamed */
function classButton(name, key, act, isNamed) {
  const made = button("", () => act(name), isNamed ? "class named" : "class");
  if (key && key !== name) made.append(el("kbd", {}, key.toUpperCase()));
  if (key) made.setAttribute("aria-keyshortcuts", key);
  made.append(el("span", { dir: "auto" }, name));
  made.dataset["name"] = name;
  return made;
}

/** How wide the longest word is in the letters of the place: a column is as wide, and breaks none.
 * @param {HTMLElement} place @param {readonly string[]} names */
function longestWord(place, names) {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return 0;
  const { fontSize, fontFamily } = getComputedStyle(place);
  pen.font = `${fontSize} ${fontFamily}`;
  const words = names.flatMap((name) => name.split(/[\s-]+/));
  return Math.min(WIDEST, Math.ceil(Math.max(0, ...words.map((word) => pen.measureText(word).width))));
}
