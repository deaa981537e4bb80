// Boxes in the picture on the screen before they are said: what there is, and what is done to it. Pure.

import { around, clipped, moved, sided } from "./box-geometry.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Boxing} Boxing */
/** @typedef {import("./types.js").BoxStep} BoxStep */
/** @typedef {import("./types.js").Corners} Corners */
/** @typedef {import("./types.js").Point} Point */

/** @type {readonly Box[]} */
const NOTHING = [];
/** Nothing was done in the picture on the screen. @type {Boxing} */
export const UNTOUCHED = { boxes: null, at: -1, corner: null, points: [], past: [], run: "" };
/** The sides that move with a corner. */
export const CORNERS = { first: [0, 1], last: [2, 3] };
const NEEDED = { two: 2, four: 4 }; // points of a box
const LONG = 100; // steps that are kept of one picture

/** Whether boxes are drawn in the items of this project.
 * @param {{readonly server: {readonly kind: string} | null}} state */
export function isBoxes({ server }) {
  return server?.kind === "boxes";
}

/** What is in the picture on the screen: what the person has made of it; else its answer; else what is
 * suggested, where that is shown. @param {State} state @returns {readonly Box[]} */
export function boxesOf(state) {
  return state.boxing.boxes ?? state.item?.answer?.boxes ?? suggestedBoxes(state) ?? NOTHING;
}

/** What a model suggests; never while a check goes on. @param {State} state @returns {readonly Box[] | null} */
export function suggestedBoxes({ item, guesses, server }) {
  return (guesses && server?.phase !== "audit" ? item?.guess?.[5] : null) ?? null;
}

/** Width and height of the upright picture, whatever the size of the copy that is shown; null: it cannot
 * be read. @param {import("./types.js").Item} item @returns {Point | null} */
export function pictureSize({ width, height }) {
  return width && height ? [width, height] : null;
}

/** That of the item on the screen. @param {State} state @returns {Point} */
export function sizeOf({ item }) {
  return (item && pictureSize(item.item)) ?? [1, 1];
}

/** The class of the next box: the one that was chosen last, else the first there is.
 * @param {State} state @returns {string | undefined} */
export function labelOf({ boxLabel, server }) {
  const names = (server?.classes ?? []).map((row) => row.name);
  return boxLabel !== null && names.includes(boxLabel) ? boxLabel : names[0];
}

/** @param {State} state @returns {Box | undefined} */
export function chosenBox(state) {
  return boxesOf(state)[state.boxing.at];
}

/** How many boxes of each class there are. @param {readonly {readonly label: string}[]} boxes */
export function counted(boxes) {
  const labels = boxes.map((one) => one.label);
  return [...new Set(labels)].map((label) => `${labels.filter((one) => one === label).length} ${label}`).join(", ") || "no object";
}

/** @param {Box} box */
export function told({ box: [x0, y0, x1, y1], label, score }) {
  const sure = score === null || score === undefined ? "" : `, ${Math.round(100 * score)} % sure`;
  return `${label}, ${short(x1 - x0)} × ${short(y1 - y0)} at ${short(x0)}, ${short(y0)}${sure}`;
}

/** @param {number} value */
function short(value) {
  return String(Math.round(10 * value) / 10);
}

/** @param {State} state @param {BoxStep} step @returns {State} */
export function boxed(state, step) {
  if (!state.item || !pictureSize(state.item.item)) return state;
  switch (step.do) {
    case "choose": return chosen(state, step.at);
    case "corner": return grabbed(state, step.corner);
    case "nudge": return nudged(state, step.dx, step.dy);
    case "shape": return shaped(state, step.box, "");
    case "point": return pointed(state, step.point);
    case "draw": return drawn(state, step.points);
    case "remove": return removed(state);
    case "copy": return copied(state);
    case "four": return switched(state);
    case "release": return released(state);
  }
}

/** @param {State} state @param {Partial<Boxing>} what @param {string} said @returns {State} */
function next(state, what, said) {
  return { ...state, boxing: { ...state.boxing, ...what }, said, notice: "" };
}

/** @param {State} state @param {number} at @returns {State} */
function chosen(state, at) {
  const box = boxesOf(state)[at], n = boxesOf(state).length;
  const said = box ? `${told(box)}. ${at + 1} of ${n}${box.by === "accepted" ? ", suggested" : ""}.` : "No box chosen.";
  return next(state, { at: box ? at : -1, corner: null, points: [], run: "" }, said);
}

/** The place of the box before or after the chosen one, or -1. @param {State} state @param {number} by */
export function neighborBox(state, by) {
  const n = boxesOf(state).length, { at } = state.boxing;
  const wanted = at < 0 ? (by > 0 ? 0 : n - 1) : at + by;
  return wanted >= 0 && wanted < n ? wanted : -1;
}

/** Take a corner in hand, or let it go. @param {State} state @param {keyof typeof CORNERS} corner @returns {State} */
function grabbed(state, corner) {
  if (!chosenBox(state)) return { ...state, notice: "Choose a box first: Tab." };
  const isSame = state.boxing.corner === corner;
  const said = isSame ? "The corner is let go." : `The ${corner === "first" ? "upper left" : "lower right"} corner follows the arrows.`;
  return next(state, { corner: isSame ? null : corner, run: "" }, said);
}

/** Note what there was, so that it can be taken back; a run of moves of one box is one step.
 * @param {State} state @param {readonly Box[]} boxes @param {number} at @param {string} run @param {string} said */
function changed(state, boxes, at, run, said) {
  const { boxing } = state, goesOn = run !== "" && run === boxing.run;
  const past = goesOn ? boxing.past : [...boxing.past, { boxes: boxing.boxes, at: boxing.at }].slice(-LONG);
  return next(state, { boxes, at, past, run, points: [] }, `${said} ${boxes.length} in the picture.`);
}

/** @param {State} state @param {number} dx @param {number} dy @returns {State} */
function nudged(state, dx, dy) {
  const one = chosenBox(state), { at, corner } = state.boxing;
  if (!one) return { ...state, notice: "Choose a box first: Tab." };
  const box = corner ? sided(one.box, CORNERS[corner], dx, dy, sizeOf(state)) : moved(one.box, dx, dy, sizeOf(state));
  return shaped(state, box, `${corner ?? "whole"} of ${at}`);
}

/** Give the chosen box another place. @param {State} state @param {Corners} box @param {string} run @returns {State} */
function shaped(state, box, run) {
  const one = chosenBox(state), { at } = state.boxing;
  if (!one || String(one.box) === String(box)) return state;
  const made = touched(one, { box });
  return changed(state, boxesOf(state).with(at, made), at, run, `${told(made)}.`);
}

/** What a model suggested and a person changed is edited, and nobody's certainty any more.
 * @param {Box} one @param {Partial<Box>} what @returns {Box} */
function touched(one, what) {
  return { ...one, ...what, by: one.by === "drawn" ? "drawn" : "edited", score: null };
}

/** @param {State} state @param {Point} point @returns {State} */
function pointed(state, point) {
  const points = [...state.boxing.points, point], left = NEEDED[state.boxMode] - points.length;
  if (left > 0) return next(state, { points, at: -1, corner: null }, left === 1 ? "One more point." : `${left} more points.`);
  return drawn(state, points);
}

/** A new box around points, of the class that stays chosen. @param {State} state @param {readonly Point[]} points @returns {State} */
function drawn(state, points) {
  const label = labelOf(state), box = around(points, sizeOf(state));
  const dropped = { ...state, boxing: { ...state.boxing, points: [] } };
  if (label === undefined) return { ...dropped, notice: "Name a class first: /." };
  if (!box) return { ...dropped, notice: "That is no box: it has no width or no height within the picture." };
  /** @type {Box} */
  const one = { box, label, by: "drawn", version: null, score: null };
  const all = boxesOf(state);
  return { ...changed({ ...dropped, boxLabel: label }, [...all, one], all.length, "", `${told(one)}.`), boxLabel: label };
}

/** The class of the chosen box, and of those to come. @param {State} state @param {string} label @returns {State} */
export function classed(state, label) {
  const one = chosenBox(state), chose = { ...state, boxLabel: label };
  if (!one) return { ...chose, said: `${label} is the class of the next box.`, notice: "" };
  if (one.label === label) return { ...chose, said: `${label} already.` };
  const made = touched(one, { label });
  return changed(chose, boxesOf(state).with(state.boxing.at, made), state.boxing.at, "", `${told(made)}.`);
}

/** Take the chosen box off; the next one is chosen then. @param {State} state @returns {State} */
function removed(state) {
  const one = chosenBox(state), { at } = state.boxing;
  if (!one) return { ...state, notice: "Choose a box first: Tab." };
  const rest = boxesOf(state).toSpliced(at, 1);
  return { ...changed(state, rest, Math.min(at, rest.length - 1), "", `${one.label} taken off.`) };
}

/** The boxes of the picture that was answered before, as far as they lie in this one.
 * @param {State} state @returns {State} */
function copied(state) {
  const before = state.steps.findLast((step) => step.event.boxes)?.event.boxes ?? [];
  if (!before.length) return { ...state, notice: "No picture with boxes was answered before this one." };
  const made = before.flatMap(({ box, label }) => {
    const fit = clipped(/** @type {Corners} */ (/** @type {unknown} */ (box)), sizeOf(state));
    return fit ? [/** @type {Box} */ ({ box: fit, label, by: "drawn", version: null, score: null })] : [];
  });
  const lost = before.length - made.length;
  if (!made.length) return { ...state, notice: "All boxes of the picture before lie outside this one." };
  const all = [...boxesOf(state), ...made];
  const copy = changed(state, all, all.length - made.length, "", `${made.length} copied from the picture before.`);
  return lost ? { ...copy, notice: `Left out, as they lie outside this picture: ${lost}.` } : copy;
}

/** @param {State} state @returns {State} */
function switched(state) {
  const boxMode = state.boxMode === "two" ? "four" : "two";
  const said = boxMode === "four" ? "Four points: the outermost on each side." : "Two corners.";
  return { ...next(state, { points: [] }, said), boxMode };
}

/** Let go of one thing after the other: points, a corner, the box. @param {State} state @returns {State} */
function released(state) {
  const { points, corner, at } = state.boxing;
  if (points.length) return next(state, { points: [] }, "The points are dropped.");
  if (corner) return next(state, { corner: null, run: "" }, "The corner is let go.");
  return at < 0 ? state : next(state, { at: -1, run: "" }, "No box chosen.");
}

/** Take back the last step in this picture; null: there is none. @param {State} state @returns {State | null} */
export function steppedBack(state) {
  const { points, past } = state.boxing, last = past.at(-1);
  if (points.length) return next(state, { points: points.slice(0, -1) }, "Point taken back.");
  if (!last) return null;
  const back = next(state, { ...last, past: past.slice(0, -1), corner: null, run: "" }, "");
  return { ...back, said: `Taken back. ${boxesOf(back).length} in the picture.` };
}

/** The boxes as they are said; one that is there twice is said once. @param {readonly Box[]} boxes */
export function plainBoxes(boxes) {
  const each = new Map(boxes.map((one) => [JSON.stringify([one.box, one.label]), one]));
  return [...each.values()].map(({ box, label, by, version }) => ({ box: [...box], label, by, version }));
}

/** @param {readonly Box[]} a @param {readonly Box[]} b */
export function sameBoxes(a, b) {
  const said = (/** @type {readonly Box[]} */ boxes) => JSON.stringify(boxes.map((one) => [one.box, one.label]));
  return said(a) === said(b);
}
