// Where people differ on the boxes of a picture: place by place, each with what they made of it. Pure.

import { overlap } from "./box-geometry.js";
import { plainBoxes } from "./boxes.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Corners} Corners */
/** @typedef {import("./types.js").Disagreement} Disagreement */
/** What somebody drew. @typedef {{readonly who: string, readonly boxes: readonly Box[]}} Drawn */
/** What some people made of a place. @typedef {{readonly boxes: readonly Box[], readonly who: readonly string[]}} Version */

const SAME = 0.5; // of what two boxes cover, shared: from there on they are at the same place, as on the server
const NEAR = 0.1; // from there on they are about the same object

const AROUND = 0.3; // of a picture, at least, on each side of a place

/** What all have drawn alike, and the places where they differ, each with the versions there are.
 * @param {Disagreement} row @returns {{agreed: Box[], places: Version[][]}} */
export function compared(row) {
  const all = row.votes.flatMap(({ annotator, boxes }) => (boxes ? [{ who: annotator || "without a name", boxes }] : []));
  const { agreed, left } = common(all);
  return { agreed, places: groups(left.flatMap(({ boxes }) => boxes)).map((inside) => versions(left, inside)) };
}

/** The boxes of the first that each other person has too, and what is left of everybody's.
 * @param {readonly Drawn[]} all @returns {{agreed: Box[], left: Drawn[]}} */
function common([first, ...others]) {
  if (!first) return { agreed: [], left: [] };
  /** @type {Box[]} */
  const agreed = [];
  /** @type {Box[]} */
  const own = [];
  let left = others;
  for (const one of first.boxes) {
    const mates = left.map(({ boxes }) => mateOf(one, boxes));
    const isShared = mates.every((mate) => mate !== undefined);
    (isShared ? agreed : own).push(one);
    if (isShared) left = left.map(({ who, boxes }, i) => ({ who, boxes: boxes.filter((box) => box !== mates[i]) }));
  }
  return { agreed, left: [{ who: first.who, boxes: own }, ...left] };
}

/** The box of the same class that is most at the same place. @param {Box} one @param {readonly Box[]} boxes */
function mateOf(one, boxes) {
  const near = boxes.filter((box) => box.label === one.label && overlap(box.box, one.box) >= SAME);
  return near.sort((a, b) => overlap(b.box, one.box) - overlap(a.box, one.box))[0];
}

/** Boxes that are about the same object, directly or by others, from top to bottom.
 * @param {readonly Box[]} boxes @returns {Set<Box>[]} */
function groups(boxes) {
  const rest = new Set([...boxes].sort((a, b) => a.box[1] - b.box[1] || a.box[0] - b.box[0])), found = [];
  for (const first of rest) {
    const inside = new Set([first]);
    rest.delete(first);
    for (const one of inside) { // grows as it goes
      for (const other of rest) if (overlap(one.box, other.box) >= NEAR && rest.delete(other)) inside.add(other);
    }
    found.push(inside);
  }
  return found;
}

/** @param {readonly Drawn[]} left @param {ReadonlySet<Box>} inside @returns {Version[]} */
function versions(left, inside) {
  /** @type {{boxes: readonly Box[], who: string[]}[]} */
  const found = [];
  for (const { who, boxes } of left) {
    const own = boxes.filter((box) => inside.has(box));
    const same = found.find((one) => isAlike(one.boxes, own));
    if (same) same.who.push(who); else found.push({ boxes: own, who: [who] });
  }
  return found;
}

/** @param {readonly Box[]} a @param {readonly Box[]} b */
function isAlike(a, b) {
  const { left } = common([{ who: "", boxes: a }, { who: "", boxes: b }]);
  return left.every(({ boxes }) => boxes.length === 0);
}

/** The boxes that were decided: what all agree on, and the version that was chosen of each place.
 * @param {Disagreement} row @param {readonly number[]} picked */
export function decided(row, picked) {
  const { agreed, places } = compared(row);
  return plainBoxes([...agreed, ...picked.flatMap((choice, i) => places[i]?.[choice]?.boxes ?? [])]);
}

/** What there is to begin with for one who draws it: what was decided, and of each other place the first
 * version that has a box. @param {Disagreement} row @param {readonly number[]} picked @returns {Box[]} */
export function begun(row, picked) {
  const { agreed, places } = compared(row);
  const rest = places.map((all, i) => (i < picked.length ? all[picked[i] ?? 0] : all.find((one) => one.boxes.length))?.boxes ?? []);
  return [...agreed, ...rest.flat()];
}

/** The part of a picture in which the boxes of a place lie, with enough around it to know where that is.
 * @param {readonly Version[]} all @param {readonly [number, number]} size @returns {Corners} */
export function around(all, [width, height]) {
  const boxes = all.flatMap((one) => one.boxes.map(({ box }) => box));
  const [x0, y0] = [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1]))];
  const [x1, y1] = [Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))];
  const dx = Math.max(x1 - x0, AROUND * width), dy = Math.max(y1 - y0, AROUND * height);
  return [Math.max(0, x0 - dx), Math.max(0, y0 - dy), Math.min(width, x1 + dx), Math.min(height, y1 + dy)];
}
