// Draws very many points into pixels, without the help of a graphics card. Pure.
//
// Each pixel counts its points and remembers the color of one of them; where more lie, it is denser.

import { runs } from "./map-index.js";

/** @typedef {import("./map-types.js").PointIndex} PointIndex */
/** @typedef {import("./map-types.js").View} View */
/** @typedef {import("./map-types.js").Size} Size */

const MOST = 255;
const ABSENT = 255;
const FAINTEST = 0.3; // of a quiet pixel with one point
const FAINTEST_COLORED = 0.72;

/** @typedef {{width: number, height: number, counts: Uint16Array, marks: Uint8Array,
 *   pixels: Uint32Array}} Raster */

/** @param {number} width @param {number} height @returns {Raster} */
export function raster(width, height) {
  const n = width * height;
  return { width, height, counts: new Uint16Array(n), marks: new Uint8Array(n), pixels: new Uint32Array(n) };
}

/** How much of a color a pixel with so many points has, for each count.
 * @param {number} faintest */
function ramp(faintest) {
  return Float64Array.from({ length: MOST + 1 }, (_, k) =>
    Math.round(255 * Math.min(1, faintest + (1 - faintest) * (Math.log2(Math.max(1, k)) / 6))));
}
const QUIET = ramp(FAINTEST);
const COLORED = ramp(FAINTEST_COLORED);

/** Draw all points that are seen.
 * @param {Raster} into @param {PointIndex} index
 * @param {Uint8Array} codes in the order of the index
 * @param {{view: View, dot: number, colors: Uint32Array, only: number | null}} how ``view`` in pixels
 *   of the raster; ``dot``: pixels along a side of a point; ``colors``: 0xbbggrr for each code */
export function draw(into, index, codes, { view, dot, colors, only }) {
  into.counts.fill(0);
  into.marks.fill(0);
  const { width, height } = into;
  const [right, down] = [width / 2 / view.scale, height / 2 / view.scale];
  const box = { left: view.x - right, right: view.x + right, top: view.y - down, bottom: view.y + down };
  for (const [first, last] of runs(index, box)) spread(into, index, codes, { view, dot, only, first, last });
  paint(into, colors);
}

/** @param {Raster} into @param {PointIndex} index @param {Uint8Array} codes
 * @param {{view: View, dot: number, only: number | null, first: number, last: number}} how */
function spread({ width, height, counts, marks }, { xs, ys }, codes, { view, dot, only, first, last }) {
  const { scale } = view;
  const dx = width / 2 - view.x * scale - dot / 2 + 0.5;
  const dy = height / 2 - view.y * scale - dot / 2 + 0.5;
  const [endX, endY] = [width - dot, height - dot];
  for (let at = first; at < last; at++) {
    let code = /** @type {number} */ (codes[at]);
    if (code === ABSENT) continue;
    if (only !== null && code !== only) code = 0;
    const x = (/** @type {number} */ (xs[at]) * scale + dx) | 0;
    const y = (/** @type {number} */ (ys[at]) * scale + dy) | 0;
    if (x < 0 || y < 0 || x > endX || y > endY) continue;
    for (let line = 0; line < dot; line++) {
      const start = (y + line) * width + x;
      for (let pixel = start; pixel < start + dot; pixel++) {
        counts[pixel] = /** @type {number} */ (counts[pixel]) + 1;
        if (code) marks[pixel] = code;
      }
    }
  }
}

/** @param {Raster} into @param {Uint32Array} colors */
function paint({ counts, marks, pixels }, colors) {
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const count = /** @type {number} */ (counts[pixel]);
    if (count === 0) {
      pixels[pixel] = 0;
      continue;
    }
    const mark = /** @type {number} */ (marks[pixel]);
    const strength = /** @type {number} */ ((mark ? COLORED : QUIET)[count < MOST ? count : MOST]);
    pixels[pixel] = /** @type {number} */ (colors[mark]) | (strength << 24);
  }
}
