// A picture with its boxes on the page: one SVG over the picture, of which only what changed is touched.
// Sizes of lines and letters are those of the screen, whatever the zoom. Text is only ever set as text.
// Names stand apart from what is zoomed: letters that are scaled would be laid out anew at every step.

import { fit } from "./list-parts.js";
import { N_COLORS } from "./marked-text.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Corners} Corners */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").View} View */
/** @typedef {{one: Box, group: SVGGElement, halo: SVGRectElement, edge: SVGRectElement, tag: SVGTextElement, stamp: string, box: Corners | null}} Drawn */
/** How a box looks: more classes for the style, its name on the picture, the place of its color,
 * and how many names stand below its own. @typedef {{looks: string, name: string, color: number, below?: number}} Look */

const LINE = 15; // pixels of the screen for a name

/** @template {keyof SVGElementTagNameMap} K @param {K} name @param {Record<string, string | number>} [attributes]
 * @param {...SVGElement} children @returns {SVGElementTagNameMap[K]} */
function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/** Put a rectangle at a place. @param {SVGRectElement} rect @param {Corners} box */
export function setRect(rect, [x0, y0, x1, y1]) {
  for (const [key, value] of /** @type {[string, number][]} */ ([["x", x0], ["y", y0], ["width", x1 - x0], ["height", y1 - y0]])) {
    rect.setAttribute(key, String(value));
  }
}

/** The picture, and over it the boxes, the handles of the chosen one, and what is being drawn.
 * @param {HTMLElement} image @param {Point} size */
export function overlay(image, [width, height]) {
  const world = svg("g"), boxes = svg("g"), rubber = svg("rect", { class: "rubber", visibility: "hidden" });
  const handles = [...Array(4)].map(() => svg("path", { class: "handle", d: "M 0 0 h 0.001" }));
  const dots = svg("g"), cross = [svg("path", { class: "cross" }), svg("path", { class: "cross dark" })];
  const grips = svg("g", { visibility: "hidden" }, ...handles);
  world.append(boxes, rubber, grips, dots);
  const names = svg("g"), drawing = svg("svg", { class: "boxes", "aria-hidden": "true" }, world, names, ...cross);
  const place = document.createElement("div");
  place.className = "canvas";
  place.append(image, drawing);
  /** @type {Drawn[]} */
  const drawn = [];
  return { place, image, width, height, world, boxes, names, rubber, handles, grips, dots, cross, drawn, scale: 1 };
}

/** @typedef {ReturnType<typeof overlay>} Overlay */

/** Draw the boxes; those that are as they were are left alone.
 * @param {Overlay} on @param {readonly Box[]} boxes @param {(box: Box, at: number) => Look} look */
export function drawBoxes(on, boxes, look) {
  fit(on.drawn.map(({ one }) => one), boxes, (at) => remove(on, at), (at) => insert(on, at, boxes[at]));
  boxes.forEach((one, at) => {
    const drawn = on.drawn[at], { looks, name, color, below = 0 } = look(one, at);
    if (!drawn) return;
    drawn.one = one;
    if (drawn.box !== one.box) place(on, drawn, one.box);
    const stamp = JSON.stringify([looks, name, color, below]);
    if (drawn.stamp === stamp) return;
    drawn.stamp = stamp;
    drawn.group.setAttribute("class", `box ${looks}`);
    drawn.group.setAttribute("data-color", String(color % N_COLORS));
    drawn.tag.setAttribute("class", `tag ${looks}`);
    drawn.tag.setAttribute("dy", String(-4 - LINE * below));
    drawn.tag.textContent = name;
  });
}

/** @param {Overlay} on @param {number} at */
function remove(on, at) {
  for (const { group, tag } of on.drawn.splice(at, 1)) [group, tag].forEach((node) => node.remove());
}

/** @param {Overlay} on @param {number} at @param {Box | undefined} one */
function insert(on, at, one) {
  if (!one) return;
  const [halo, edge, tag] = [svg("rect", { class: "halo" }), svg("rect", { class: "edge" }), svg("text", { dx: 1 })];
  const group = svg("g", {}, halo, edge), behind = on.drawn[at];
  on.boxes.insertBefore(group, behind?.group ?? null);
  on.names.insertBefore(tag, behind?.tag ?? null);
  on.drawn.splice(at, 0, { one, group, halo, edge, tag, stamp: "", box: null });
}

/** Which box a name on the screen belongs to; -1: it is none. @param {Overlay} on @param {EventTarget | null} node */
export function namedBy(on, node) {
  return on.drawn.findIndex(({ tag }) => tag === node);
}

/** @param {Overlay} on @param {Drawn} drawn @param {Corners} box */
export function place(on, drawn, box) {
  drawn.box = box;
  setRect(drawn.halo, box);
  setRect(drawn.edge, box);
  putName(on, drawn);
}

/** Put the name of a box at its corner. @param {Overlay} on @param {Drawn} drawn */
function putName({ scale }, { tag, box }) {
  if (box) tag.setAttribute("transform", `translate(${box[0] * scale} ${box[1] * scale})`);
}

/** Show the corners of a box to take hold of. @param {Overlay} on @param {Corners | null} box
 * @param {number} grabbed which is in hand; -1: none */
export function drawHandles(on, box, grabbed) {
  on.grips.setAttribute("visibility", box ? "visible" : "hidden");
  if (!box) return;
  const [x0, y0, x1, y1] = box;
  [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].forEach(([x, y], i) => {
    on.handles[i]?.setAttribute("transform", `translate(${x} ${y})`);
    on.handles[i]?.classList.toggle("held", i === grabbed);
  });
}

/** Show the points of a box that is begun. @param {Overlay} on @param {readonly Point[]} points */
export function drawPoints(on, points) {
  on.dots.replaceChildren(...points.map(([x, y]) => svg("path", { class: "dot", d: `M ${x} ${y} h 0.001` })));
}

/** Show what would be drawn, or nothing. @param {Overlay} on @param {Corners | null} box */
export function drawRubber(on, box) {
  on.rubber.setAttribute("visibility", box ? "visible" : "hidden");
  if (box) setRect(on.rubber, box);
}

/** Lines through the pointer, over all of the window; null: none. @param {Overlay} on @param {Point | null} at @param {Point} frame */
export function drawCross(on, at, [width, height]) {
  const d = at ? `M ${at[0]} 0 V ${height} M 0 ${at[1]} H ${width}` : "";
  for (const line of on.cross) line.setAttribute("d", d);
}

/** Look through another window. @param {Overlay} on @param {View} view */
export function drawView(on, { scale, x, y }) {
  on.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  on.names.setAttribute("transform", `translate(${x} ${y})`);
  if (on.scale !== scale) {
    on.scale = scale;
    for (const drawn of on.drawn) putName(on, drawn);
  }
  const { style } = on.image;
  [style.width, style.height] = [`${on.width * scale}px`, `${on.height * scale}px`];
  style.transform = `translate(${x}px, ${y}px)`;
  on.image.classList.toggle("pixels", scale >= 4);
}
