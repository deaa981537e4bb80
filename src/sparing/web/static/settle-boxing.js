// The picture of the page that settles: what all have drawn alike in gray, and of the place in question
// each version with its key; or the page's own drawing, for one who would rather draw it.

import { fitted } from "./box-geometry.js";
import { drawBoxes, drawView, overlay } from "./box-view.js";
import { drawBoxing } from "./boxing.js";
import { counted, pictureSize } from "./boxes.js";
import { button, byId, el } from "./dom.js";
import { framed } from "./picture.js";
import { initial as undrawn } from "./reducer.js";
import { around, compared } from "./settle-boxes.js";

/** @typedef {import("./types.js").SettleState} SettleState */
/** @typedef {import("./types.js").Disagreement} Disagreement */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./settle-boxes.js").Version} Version */
/** @typedef {import("./settle-main.js").SettleActs} SettleActs */

const IDLE = undrawn();

/** @type {import("./box-view.js").Overlay | null} */
let on = null;
/** The part of the picture that is shown. @type {readonly [number, number, number, number] | undefined} */
let part;

/** @param {SettleState} state @param {SettleState} before @param {SettleActs} acts */
export function drawPlaces(state, before, acts) {
  const row = state.refused ? undefined : state.rows[0], isDrawn = state.drawing !== null;
  drawBoxing(state.drawing ?? IDLE, before.drawing ?? IDLE, acts);
  byId("stretch").hidden = !row || isDrawn;
  if (!row || isDrawn) on = null;
  if (!row || isDrawn || (on && row === before.rows[0] && state.picked === before.picked)) return;
  const size = pictureSize(row.asked.item);
  if (!size) return byId("item").replaceChildren(framed(row.asked.item));
  if (!on || row !== before.rows[0]) begin(row, size);
  show(state, row, size, acts);
}

/** @param {Disagreement} row @param {readonly [number, number]} size */
function begin(row, size) {
  const picture = framed(row.asked.item);
  picture.classList.add("whole");
  on = overlay(picture, size);
  on.place.classList.add("still");
  byId("item").replaceChildren(on.place);
}

/** @param {SettleState} state @param {Disagreement} row @param {readonly [number, number]} size @param {SettleActs} acts */
function show(state, row, size, acts) {
  const { agreed, places } = compared(row), n = state.picked.length, now = places[n] ?? [];
  const chosen = state.picked.flatMap((choice, i) => places[i]?.[choice]?.boxes ?? []);
  const keyOf = new Map(now.flatMap((one, i) => one.boxes.map((box) => [box, i + 1])));
  const colors = new Map((state.server?.classes ?? []).map((one) => [one.name, one.place]));
  if (!on) return;
  drawBoxes(on, [...agreed, ...chosen, ...keyOf.keys()], (one) => {
    const looks = agreed.includes(one) ? "agreed" : keyOf.has(one) ? "open" : "";
    const key = keyOf.get(one);
    const color = colors.get(one.label) ?? 0; // boxes of two versions may lie on each other: their names do not
    return key ? { looks, name: `${key} ${one.label}`, color, below: key - 1 } : { looks, name: one.label, color };
  });
  part = now.length ? around(now, size) : undefined;
  fitPlace();
  byId("stretch").replaceChildren(...now.map((version, i) => choice(version, i, acts)));
}

/** @param {Version} version @param {number} i @param {SettleActs} acts */
function choice(version, i, acts) {
  const made = button("", () => acts.pick(i), "class");
  const who = el("span", { class: "quiet", dir: "auto" }, version.who.join(", "));
  made.append(el("kbd", {}, String(i + 1)), el("span", { dir: "auto" }, version.boxes.length ? counted(version.boxes) : "nothing here"), " ", who);
  return made;
}

/** Show the place in question, as large as the window allows. */
export function fitPlace() {
  if (!on) return;
  const { place, width, height } = on;
  drawView(on, fitted([width, height], [place.clientWidth, place.clientHeight], part && [...part]));
}

/** Show all of the picture, or the place in question again. */
export function turnView() {
  if (!on) return;
  const { place, width, height } = on, whole = fitted([width, height], [place.clientWidth, place.clientHeight]);
  if (on.scale === whole.scale) fitPlace(); else drawView(on, whole);
}
