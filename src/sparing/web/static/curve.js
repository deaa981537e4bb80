// The accuracy curve, drawn by hand: a line, the band of its intervals, and three numbers.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 280;
const HEIGHT = 120;
const N_SHOWN = 24;
const EDGE = { top: 10, right: 34, bottom: 18, left: 2 };

/** @typedef {import("./types.js").CurvePoint} Point */

/** The points that stand apart, the last one among them: neighbors only tell of noise.
 * @param {readonly Point[]} points */
export function thinned(points) {
  const [first, last] = [points[0]?.n_labels ?? 0, points.at(-1)?.n_labels ?? 0];
  let next = Infinity;
  return [...points].reverse().filter(({ n_labels }) => {
    if (n_labels > next) return false;
    next = n_labels - (last - first) / N_SHOWN;
    return true;
  }).reverse();
}

/** Where the points lie in the picture; the vertical axis begins below the lowest interval.
 * @param {readonly Point[]} points */
export function scaled(points) {
  const counts = points.map((point) => point.n_labels);
  const [first, last] = [Math.min(...counts), Math.max(...counts)];
  const floor = Math.max(0, Math.floor(Math.min(...points.map((point) => point.low)) * 10) / 10);
  const wide = WIDTH - EDGE.left - EDGE.right;
  const high = HEIGHT - EDGE.top - EDGE.bottom;
  const x = (/** @type {number} */ n) => EDGE.left + (last > first ? (n - first) / (last - first) : 1) * wide;
  const y = (/** @type {number} */ a) => EDGE.top + (1 - (a - floor) / Math.max(1 - floor, 0.01)) * high;
  return { first, last, floor, x, y };
}

/** Redraw the curve in its place.
 * @param {SVGElement} svg @param {readonly Point[]} all */
export function drawCurve(svg, all) {
  const points = thinned(all);
  svg.toggleAttribute("hidden", points.length < 2);
  if (points.length < 2) return;
  const { first, last, floor, x, y } = scaled(points);
  const line = points.map((p) => `${x(p.n_labels)},${y(p.accuracy)}`).join(" ");
  const band = [
    ...points.map((p) => `${x(p.n_labels)},${y(p.low)}`),
    ...[...points].reverse().map((p) => `${x(p.n_labels)},${y(p.high)}`),
  ].join(" ");
  const { accuracy } = /** @type {Point} */ (points.at(-1));
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("aria-label", spoken(points));
  svg.replaceChildren(
    rule(y(1), "100 %"), rule(y(floor), percent(floor)),
    made("polygon", { class: "band", points: band }),
    made("polyline", { class: "line", points: line }),
    made("circle", { class: "end", cx: x(last), cy: y(accuracy), r: 3.5 }),
    text(String(first), EDGE.left, HEIGHT - 4, "start"),
    text(`${last} answers`, WIDTH - EDGE.right, HEIGHT - 4, "end"),
  );
}

/** @param {readonly Point[]} points */
export function spoken(points) {
  const [first, last] = /** @type {[Point, Point]} */ ([points[0], points.at(-1)]);
  return `Accuracy went from ${percent(first.accuracy)} after ${first.n_labels} answers`
    + ` to ${percent(last.accuracy)} after ${last.n_labels}.`;
}

/** A share in per cent; what is nearly all is not called all.
 * @param {number} share */
export function percent(share) {
  return share > 0.99 ? `${Math.floor(share * 1000) / 10} %` : `${Math.round(share * 100)} %`;
}

/** @param {number} y @param {string} label */
function rule(y, label) {
  const group = made("g", {});
  group.append(
    made("line", { class: "rule", x1: 0, x2: WIDTH - EDGE.right, y1: y, y2: y }),
    text(label, WIDTH - EDGE.right + 4, y + 3.5, "start"),
  );
  return group;
}

/** @param {string} content @param {number} x @param {number} y @param {string} anchor */
function text(content, x, y, anchor) {
  const node = made("text", { x, y, "text-anchor": anchor });
  node.textContent = content;
  return node;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function made(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
