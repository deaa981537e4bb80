// Type-ahead: a class by some of its letters, or a new one. A combobox as screen readers know it.

import { byId, el, input, show, write } from "./dom.js";
import { asksForFind, matches } from "./keys.js";
import { knownAs } from "./names.js";
import { classNames, mayAdd, NONE } from "./reducer.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./main.js").Acts} Acts */

const SHOWN = 8;
let active = 0;
/** @type {string[]} */
let choices = [];

/** @param {State} state */
function isOpen(state) {
  return state.item !== null && (state.mode === "find" || classNames(state).length === 0);
}

/** @param {State} state @param {State} before @param {Acts} acts */
export function drawFind(state, before, acts) {
  const open = isOpen(state);
  show("find", open);
  const first = classNames(state).length === 0;
  write("find-label", first ? "Name the first class" : "Find or name a class");
  if (!open || (isOpen(before) && state.item === before.item && state.server === before.server)) return;
  if (!isOpen(before) || state.item !== before.item) {
    input("find-text").value = "";
    if (!state.panel) input("find-text").focus();
  }
  drawChoices(state, acts);
}

/** @param {State} state @param {Acts} acts */
function drawChoices(state, acts) {
  const typed = input("find-text").value.trim();
  const names = [...new Set([...classNames(state), NONE])];
  const found = classNames(state).length || typed ? matches(typed, names).slice(0, SHOWN) : [];
  const isNew = typed !== "" && !knownAs(typed, names) && mayAdd(state);
  choices = isNew ? [...found, typed] : found;
  active = Math.min(active, Math.max(0, choices.length - 1));
  byId("find-list").replaceChildren(...choices.map((name, i) => choice(name, i, isNew, acts)));
  byId("find-text").setAttribute("aria-activedescendant", choices.length ? `find-${active}` : "");
}

/** @param {string} name @param {number} i @param {boolean} isNew @param {Acts} acts */
function choice(name, i, isNew, acts) {
  const fresh = isNew && i === choices.length - 1;
  const option = el("li", { id: `find-${i}`, role: "option", "aria-selected": String(i === active), dir: "auto" },
    fresh ? `New class: ${name}` : name);
  option.addEventListener("pointerdown", (event) => { event.preventDefault(); acts.label(name); });
  return option;
}

/** @param {() => State} now @param {Acts} acts */
export function bindFind(now, acts) {
  const field = input("find-text");
  field.addEventListener("input", () => { active = 0; drawChoices(now(), acts); });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (asksForFind(event, field.value, now())) return event.preventDefault(); // it is open already
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const name = choices[active];
    if (step && choices.length) active = (active + step + choices.length) % choices.length;
    else if (event.key === "Enter" && name) acts.label(name);
    else if (event.key === "Escape") acts.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
    drawChoices(now(), acts);
  });
}
