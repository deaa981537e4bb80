// Boxes and the window through which a picture is seen. A box is x0, y0, x1, y1 in pixels of the upright
// picture, in sixteenths; a view maps them to the screen. Pure.

/** @typedef {import("./types.js").Corners} Corners */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").View} View */

const PER_PIXEL = 16; // steps of a coordinate
const SMALLEST = 1 / PER_PIXEL;
const CLOSEST = 40; // pixels of the screen for one of the picture
const MARGIN = 12; // pixels of the screen around a picture that is shown whole
const KEPT = 48; // pixels of the screen that stay of a picture, however far it is moved

/** @param {number} value @param {number} low @param {number} high */
function within(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** @param {number} value */
export function rounded(value) {
  return Math.round(value * PER_PIXEL) / PER_PIXEL;
}

/** The box around some points, as far as it lies in a picture; null where nothing is left of it.
 * @param {readonly Point[]} points @param {Point} size @returns {Corners | null} */
export function around(points, [width, height]) {
  const xs = points.map(([x]) => rounded(within(x, 0, width)));
  const ys = points.map(([, y]) => rounded(within(y, 0, height)));
  /** @type {Corners} */
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}

/** As much of a box as lies in a picture, or null. @param {Corners} box @param {Point} size */
export function clipped([x0, y0, x1, y1], size) {
  return around([[x0, y0], [x1, y1]], size);
}

/** @param {Corners} box @param {number} dx @param {number} dy @param {Point} size @returns {Corners} */
export function moved([x0, y0, x1, y1], dx, dy, [width, height]) {
  const left = rounded(within(x0 + dx, 0, width - (x1 - x0))), top = rounded(within(y0 + dy, 0, height - (y1 - y0)));
  return [left, top, left + x1 - x0, top + y1 - y0];
}

/** Move some sides of a box, never past the side over against them.
 * @param {Corners} box @param {readonly number[]} sides which of x0, y0, x1, y1
 * @param {number} dx @param {number} dy @param {Point} size @returns {Corners} */
export function sided(box, sides, dx, dy, [width, height]) {
  const [x0, y0, x1, y1] = box;
  const low = [0, 0, x0 + SMALLEST, y0 + SMALLEST], high = [x1 - SMALLEST, y1 - SMALLEST, width, height];
  const next = box.map((value, side) =>
    sides.includes(side) ? rounded(within(value + (side % 2 ? dy : dx), low[side] ?? 0, high[side] ?? 0)) : value);
  return /** @type {Corners} */ (/** @type {unknown} */ (next));
}

/** The sides of a box that a point is at; none: it is elsewhere.
 * @param {Corners} box @param {Point} point @param {number} reach @returns {number[]} */
export function sidesAt([x0, y0, x1, y1], [x, y], reach) {
  if (x < x0 - reach || x > x1 + reach || y < y0 - reach || y > y1 + reach) return [];
  const across = Math.abs(x - x0) <= Math.abs(x - x1) ? [0, x0] : [2, x1];
  const down = Math.abs(y - y0) <= Math.abs(y - y1) ? [1, y0] : [3, y1];
  return [
    ...(Math.abs(x - (across[1] ?? 0)) <= reach ? [across[0] ?? 0] : []),
    ...(Math.abs(y - (down[1] ?? 0)) <= reach ? [down[0] ?? 0] : []),
  ];
}

/** The box whose side is at a point: the chosen one before others, then the smallest; -1: none.
 * @param {readonly {box: Corners}[]} boxes @param {Point} point @param {number} reach @param {number} chosen */
export function boxAt(boxes, point, reach, chosen) {
  const found = boxes.flatMap(({ box }, at) => (sidesAt(box, point, reach).length ? [{ at, area: area(box) }] : []));
  if (found.some(({ at }) => at === chosen)) return chosen;
  return found.sort((a, b) => a.area - b.area)[0]?.at ?? -1;
}

/** @param {Corners} box */
function area([x0, y0, x1, y1]) {
  return (x1 - x0) * (y1 - y0);
}

/** @param {Corners} a @param {Corners} b */
export function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]), height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (area(a) + area(b) - shared);
}

/** The view in which a box is seen whole; without a box, the picture.
 * @param {Point} size @param {Point} frame of the screen @param {Corners} [box] @returns {View} */
export function fitted(size, frame, box = [0, 0, ...size]) {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const room = [Math.max(1, frame[0] - 2 * MARGIN), Math.max(1, frame[1] - 2 * MARGIN)];
  const scale = Math.min((room[0] ?? 1) / width, (room[1] ?? 1) / height, CLOSEST);
  return { scale, x: frame[0] / 2 - scale * (box[0] + width / 2), y: frame[1] / 2 - scale * (box[1] + height / 2) };
}

/** Zoom about a point of the screen, which stays where it is.
 * @param {View} view @param {number} factor @param {Point} at @param {Point} size @param {Point} frame @returns {View} */
export function zoomed(view, factor, [x, y], size, frame) {
  const least = Math.min(fitted(size, frame).scale, 1) / 2;
  const scale = within(view.scale * factor, least, CLOSEST), by = scale / view.scale;
  return held({ scale, x: x - by * (x - view.x), y: y - by * (y - view.y) }, size, frame);
}

/** @param {View} view @param {number} dx @param {number} dy @param {Point} size @param {Point} frame */
export function panned(view, dx, dy, size, frame) {
  return held({ ...view, x: view.x + dx, y: view.y + dy }, size, frame);
}

/** Some of the picture always stays in sight. @param {View} view @param {Point} size @param {Point} frame @returns {View} */
function held({ scale, x, y }, [width, height], frame) {
  return {
    scale, x: within(x, KEPT - width * scale, frame[0] - KEPT), y: within(y, KEPT - height * scale, frame[1] - KEPT),
  };
}

/** The place of the picture under a point of the screen, as exact as the screen is.
 * @param {View} view @param {Point} at @returns {Point} */
export function under({ scale, x, y }, at) {
  return [(at[0] - x) / scale, (at[1] - y) / scale];
}

/** The part of a picture that is seen, in whole pixels, where the screen shows more than a copy of it has; else null.
 * @param {View} view @param {Point} size @param {Point} frame @param {number} copied pixels across the copy
 * @param {number} dense pixels of the device for one of the screen @returns {Corners | null} */
export function sharper(view, [width, height], frame, copied, dense) {
  if (!copied || copied >= width || view.scale * dense * width <= copied) return null;
  const [left, top] = under(view, [0, 0]), [right, bottom] = under(view, frame);
  const x0 = Math.max(0, Math.floor(left)), x1 = Math.min(width, Math.ceil(right));
  const y0 = Math.max(0, Math.floor(top)), y1 = Math.min(height, Math.ceil(bottom));
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : null;
}
