// A million points found by where they lie: sorted once into cells, row by row of the map. Pure.

import { boxOf, isInside } from "./map-geometry.js";

/** @typedef {import("./map-types.js").PointIndex} PointIndex */
/** @typedef {import("./map-types.js").Point} Point */

const NOWHERE = 65_535;
const FURTHEST = 65_534;
const POINTS_A_CELL = 16;
const MOST_CELLS = 512; // along one side
const LEAST_NAMED = 25; // points of one code that are a place for its name

/** @param {Uint16Array} places x and y of each item; NOWHERE: it has none
 * @returns {PointIndex} */
export function indexed(places) {
  const n = places.length / 2;
  const side = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(n / POINTS_A_CELL))));
  const cells = new Uint32Array(n);
  const starts = new Uint32Array(side * side + 1);
  let there = 0;
  for (let row = 0; row < n; row++) {
    const x = places[2 * row] ?? NOWHERE;
    if (x === NOWHERE) continue;
    const cell = along(x, side) + side * along(places[2 * row + 1] ?? 0, side);
    cells[row] = cell;
    starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
    there += 1;
  }
  for (let cell = 0; cell < side * side; cell++) starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
  const next = starts.slice();
  const index = {
    side, starts, rows: new Uint32Array(there), xs: new Float32Array(there), ys: new Float32Array(there),
    at: new Int32Array(n).fill(-1),
  };
  for (let row = 0; row < n; row++) {
    const x = places[2 * row] ?? NOWHERE;
    if (x === NOWHERE) continue;
    const cell = cells[row] ?? 0;
    const at = next[cell] ?? 0;
    next[cell] = at + 1;
    index.rows[at] = row;
    index.at[row] = at;
    index.xs[at] = x / FURTHEST;
    index.ys[at] = (places[2 * row + 1] ?? 0) / FURTHEST;
  }
  return index;
}

/** @param {number} place @param {number} side */
function along(place, side) {
  return Math.min(side - 1, Math.floor((place * side) / NOWHERE));
}

/** Runs of points that lie in the cells of a box: [first, last) each.
 * @param {PointIndex} index @param {{left: number, right: number, top: number, bottom: number}} box
 * @returns {[number, number][]} */
export function runs(index, box) {
  const { side, starts } = index;
  const cell = (/** @type {number} */ at) => Math.max(0, Math.min(side - 1, Math.floor(at * side)));
  /** @type {[number, number][]} */
  const found = [];
  if (box.right < 0 || box.bottom < 0 || box.left > 1 || box.top > 1) return found;
  const [left, right] = [cell(box.left), cell(box.right)];
  for (let y = cell(box.top); y <= cell(box.bottom); y++) {
    const first = starts[y * side + left] ?? 0;
    const last = starts[y * side + right + 1] ?? 0;
    const before = found[found.length - 1];
    if (first === last) continue;
    if (before && before[1] === first) before[1] = last;
    else found.push([first, last]);
  }
  return found;
}

/** The places in the index of the points inside an outline.
 * @param {PointIndex} index @param {readonly Point[]} outline
 * @param {(at: number) => boolean} [counts] which points may be taken
 * @returns {Uint32Array} rows */
export function enclosed(index, outline, counts = () => true) {
  if (outline.length < 3) return new Uint32Array();
  /** @type {number[]} */
  const found = [];
  for (const [first, last] of runs(index, boxOf(outline))) {
    for (let at = first; at < last; at++) {
      if (counts(at) && isInside(outline, index.xs[at] ?? 0, index.ys[at] ?? 0)) found.push(index.rows[at] ?? 0);
    }
  }
  return Uint32Array.from(found);
}

/** The place in the index of the point nearest to (x, y), no farther than ``reach``; -1: there is none.
 * @param {PointIndex} index @param {Point} at @param {number} reach
 * @param {(at: number) => boolean} [counts] */
export function nearest(index, at, reach, counts = () => true) {
  let best = -1;
  let least = reach * reach;
  const box = { left: at.x - reach, right: at.x + reach, top: at.y - reach, bottom: at.y + reach };
  for (const [first, last] of runs(index, box)) {
    for (let i = first; i < last; i++) {
      const dx = (index.xs[i] ?? 0) - at.x;
      const dy = (index.ys[i] ?? 0) - at.y;
      const square = dx * dx + dy * dy;
      if (square <= least && counts(i)) [best, least] = [i, square];
    }
  }
  return best;
}

/** Codes of the items, in the order of the index.
 * @param {PointIndex} index @param {Uint8Array} codes */
export function ordered(index, codes) {
  const { rows } = index;
  const sorted = new Uint8Array(rows.length);
  for (let at = 0; at < rows.length; at++) sorted[at] = codes[rows[at] ?? 0] ?? 255;
  return sorted;
}

/** Where the points of each code are densest: there its name can stand.
 * @param {PointIndex} index @param {Uint8Array} codes in the order of the index
 * @param {number} n_codes @returns {(Point | null)[]} */
export function densest(index, codes, n_codes) {
  const side = Math.min(24, index.side);
  const counts = new Float64Array(n_codes * side * side);
  const cellOf = (/** @type {number} */ at) =>
    Math.min(side - 1, Math.floor((index.xs[at] ?? 0) * side)) + side * Math.min(side - 1, Math.floor((index.ys[at] ?? 0) * side));
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code > 0 && code <= n_codes) {
      const slot = (code - 1) * side * side + cellOf(at);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
  }
  return Array.from({ length: n_codes }, (_, code) => middle(counts.subarray(code * side * side, (code + 1) * side * side), side));
}

/** The middle of gravity of the fullest cell and those around it.
 * @param {Float64Array} counts @param {number} side @returns {Point | null} */
function middle(counts, side) {
  const full = counts.reduce((best, count, cell) => (count > (counts[best] ?? 0) ? cell : best), 0);
  if (counts.reduce((sum, count) => sum + count, 0) < LEAST_NAMED) return null;
  let [x, y, total] = [0, 0, 0];
  for (let cell = 0; cell < counts.length; cell++) {
    const [dx, dy] = [(cell % side) - (full % side), Math.floor(cell / side) - Math.floor(full / side)];
    if (Math.abs(dx) > 1 || Math.abs(dy) > 1) continue;
    const count = counts[cell] ?? 0;
    total += count;
    x += count * ((cell % side) + 0.5);
    y += count * (Math.floor(cell / side) + 0.5);
  }
  return { x: x / total / side, y: y / total / side };
}
