// Where a point of the map lies on the screen, and the other way round. Pure.

/** @typedef {import("./map-types.js").View} View */
/** @typedef {import("./map-types.js").Point} Point */
/** @typedef {import("./map-types.js").Size} Size */

const MARGIN = 0.06; // of the screen, around the whole map
const FARTHEST = 4000; // times larger than the whole

/** The whole map.
 * @param {Size} size @returns {View} */
export function fit(size) {
  return { x: 0.5, y: 0.5, scale: Math.max(1, Math.min(size.width, size.height) * (1 - 2 * MARGIN)) };
}

/** @param {View} view @param {Size} size @param {Point} at @returns {Point} */
export function toScreen(view, size, at) {
  return { x: (at.x - view.x) * view.scale + size.width / 2, y: (at.y - view.y) * view.scale + size.height / 2 };
}

/** @param {View} view @param {Size} size @param {Point} at @returns {Point} */
export function toMap(view, size, at) {
  return { x: (at.x - size.width / 2) / view.scale + view.x, y: (at.y - size.height / 2) / view.scale + view.y };
}

/** Nearer or farther; what is under ``at`` stays there.
 * @param {View} view @param {Size} size @param {number} factor @param {Point} at @returns {View} */
export function zoomed(view, size, factor, at) {
  const whole = fit(size).scale;
  const scale = Math.max(whole / 2, Math.min(whole * FARTHEST, view.scale * factor));
  const under = toMap(view, size, at);
  return kept({
    x: under.x - (at.x - size.width / 2) / scale, y: under.y - (at.y - size.height / 2) / scale, scale,
  });
}

/** @param {View} view @param {number} dx @param {number} dy pixels @returns {View} */
export function panned(view, dx, dy) {
  return kept({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}

/** The middle of the screen never leaves the map.
 * @param {View} view @returns {View} */
function kept(view) {
  return { ...view, x: Math.max(0, Math.min(1, view.x)), y: Math.max(0, Math.min(1, view.y)) };
}

/** The outline of what is seen.
 * @param {View} view @param {Size} size @returns {Point[]} */
export function outlineOf(view, size) {
  const { width, height } = size;
  return [[0, 0], [width, 0], [width, height], [0, height]]
    .map(([x = 0, y = 0]) => toMap(view, size, { x, y }));
}

/** The box around some points.
 * @param {readonly Point[]} points */
export function boxOf(points) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** Whether a point lies inside an outline, by the number of its edges to the right (even-odd).
 * @param {readonly Point[]} outline @param {number} x @param {number} y */
export function isInside(outline, x, y) {
  let inside = false;
  let last = outline[outline.length - 1];
  for (const corner of outline) {
    if (last && (corner.y > y) !== (last.y > y)) {
      if (x < ((last.x - corner.x) * (y - corner.y)) / (last.y - corner.y) + corner.x) inside = !inside;
    }
    last = corner;
  }
  return inside;
}
