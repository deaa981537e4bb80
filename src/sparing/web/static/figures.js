// How far people agree: one number, then a line for each class and each person, with intervals.

import { el, number, plural } from "./dom.js";

/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").People} People */

const SVG = "http://www.w3.org/2000/svg";

/** @param {People} told @returns {Node[]} */
export function figures(told) {
  return [
    el("p", {}, answers(told)),
    ...(told.overall ? [overall(told.overall)] : []),
    ...(told.note ? [el("p", { class: "quiet" }, note(told))] : []),
    ...table("Agreement on each class", "If one person says it, does another?", told.by_class),
    ...table("Each label beyond chance", "Krippendorff's alpha: 1 is full agreement, 0 what chance gives", told.by_label, (x) => x.toFixed(2)),
    ...table("Each person with the others", "Share of items in which they say what most others say", told.by_person),
  ];
}

/** @param {People} told */
function answers({ people }) {
  if (!people.length) return "Nobody has answered yet.";
  return `${people.map((one) => `${one.name || "Without a name"} ${number(one.n_answers)}`).join(" · ")} answers`;
}

/** @param {People} told */
function note({ note: said, overlap }) {
  return overlap ? said : `${said} Start with --overlap 0.1 to ask two people about a tenth of the items.`;
}

/** @param {Figure} one */
function overall(one) {
  return el("div", { class: "figure" },
    el("h3", {}, "Agreement beyond chance"),
    el("p", {}, el("strong", {}, one.value.toFixed(2)), " ", el("span", {}, interval(one))),
    el("p", { class: "quiet" }, `Krippendorff's alpha on ${plural(one.n_items, "item", "items")} with two answers; 1 is full agreement, 0 what chance gives.`));
}

/** @param {string} title @param {string} about @param {Figure[]} rows
 * @param {(value: number) => string} shown @returns {Node[]} */
function table(title, about, rows, shown = percent) {
  if (!rows.length) return [];
  const lines = rows.map((one) => el("tr", {},
    el("th", { scope: "row", dir: "auto" }, one.name), el("td", {}, strip(one)),
    el("td", { class: "number" }, shown(one.value)),
    el("td", { class: "number quiet" }, `${shown(one.low)} – ${shown(one.high)}`),
    el("td", { class: "number quiet" }, number(one.n_items))));
  const head = ["", "", "agree", "95 % interval", "items"].map((name) => el("th", { scope: "col" }, name));
  return [el("table", { class: "figures" },
    el("caption", {}, title, el("span", { class: "quiet" }, about)),
    el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...lines))];
}

/** The interval as a line with a dot, between 0 and 1.
 * @param {Figure} one */
function strip({ value, low, high }) {
  const all = made("svg", { class: "strip", viewBox: "0 0 100 12", "aria-hidden": "true" });
  const at = (/** @type {number} */ share) => 4 + 92 * Math.max(share, 0); // alpha may be below chance
  const line = (/** @type {string} */ kind, /** @type {number} */ from, /** @type {number} */ to) =>
    made("line", { class: kind, x1: at(from), x2: at(to), y1: 6, y2: 6 });
  all.append(line("rule", 0, 1), line("span", low, high), made("circle", { cx: at(value), cy: 6, r: 3.5 }));
  return all;
}

/** @param {Figure} one */
function interval({ low, high }) {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function made(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
