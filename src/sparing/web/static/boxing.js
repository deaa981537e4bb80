// Boxes by mouse, pen and fingers: two clicks or a drag make a box, sides and corners of the chosen one
// follow the pointer, the wheel and two fingers zoom. What is drawn on the way is no step yet.

import { around, boxAt, fitted, moved, panned, sided, sidesAt, under, zoomed } from "./box-geometry.js";
import { drawBoxList } from "./box-list.js";
import { boxesOf, chosenBox, isBoxes, labelOf, pictureSize, sizeOf } from "./boxes.js";
import { sharpen } from "./box-sharp.js";
import { drawBoxes, drawCross, drawHandles, drawPoints, drawRubber, drawView, namedBy, overlay, place } from "./box-view.js";
import { byId, show } from "./dom.js";
import { keysOf } from "./keys.js";
import { framed } from "./picture.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Corners} Corners */
/** What follows from a step. @typedef {{readonly box: (step: import("./types.js").BoxStep) => void}} Acts */

const STILL = 4; // pixels of the screen: less is a click and no drag
const REACH = { mouse: 6, pen: 10, touch: 18 }; // pixels of the screen around a side
const STEP = 1.25; // by which a key zooms
const WHEEL = 0.0016; // of a zoom, a pixel of the wheel
const SKIP = "S"; // Space takes the picture in hand
const NAMED = 40; // boxes; with more, each shows the key of its class alone

/** @type {import("./box-view.js").Overlay | null} */
let on = null;
/** @type {View} */
let view = { scale: 1, x: 0, y: 0 };
let shownId = ""; // of the item whose picture is shown
let isWhole = true; // the picture is shown whole, whatever the size of the window
let isHeld = false; // the pointer moves the picture rather than draws

/** @returns {Point} */
function frame() {
  return on ? [on.place.clientWidth, on.place.clientHeight] : [1, 1];
}

/** The boxes of the item on the screen. @param {State} state @param {State} before @param {Acts} acts */
export function drawBoxing(state, before, acts) {
  const isOn = isBoxes(state) && state.item !== null && !state.refused;
  show("boxes", isOn);
  if (!isOn || !state.item) return drop();
  const isNew = !on || state.item.item.item_id !== before.item?.item.item_id;
  if (isNew) begin(state);
  const boxes = boxesOf(state);
  if (isNew || boxes !== boxesOf(before) || state.boxing !== before.boxing || lookOf(state) !== lookOf(before)) {
    draw(state);
    drawBoxList(state, acts);
  }
}

function drop() {
  on = null;
}

/** @param {State} state */
function begin(state) {
  if (!state.item) return;
  if (!pictureSize(state.item.item)) {
    drop();
    return byId("item").replaceChildren(framed(state.item.item, SKIP));
  }
  const picture = framed(state.item.item, SKIP);
  picture.classList.add("whole");
  on = overlay(picture, sizeOf(state));
  byId("item").replaceChildren(on.place);
  waitFor(on.place);
  isWhole = true;
  shownId = state.item.item.item_id;
  lookAt(fitted(sizeOf(state), frame()));
}

/** Say that a picture is on its way, until it comes, or cannot. @param {HTMLElement} place */
function waitFor(place) {
  const image = place.querySelector("img");
  if (!image || image.complete) return;
  place.setAttribute("aria-busy", "true");
  for (const end of ["load", "error"]) image.addEventListener(end, () => place.removeAttribute("aria-busy"), { once: true });
}

/** What decides names and colors. @param {State} state */
function lookOf({ server, singleKeys }) {
  return JSON.stringify([singleKeys, (server?.classes ?? []).map((row) => [row.name, row.place])]);
}

/** @param {State} state */
function draw(state) {
  if (!on) return;
  const boxes = boxesOf(state), keys = keysOf(state), { at, corner, points } = state.boxing;
  const colors = new Map((state.server?.classes ?? []).map((row) => [row.name, row.place]));
  drawBoxes(on, boxes, (one, i) => {
    const short = boxes.length > NAMED && i !== at ? keys.get(one.label)?.toUpperCase() : undefined;
    const sure = one.score === null || one.score === undefined || short ? "" : ` ${Math.round(100 * one.score)} %`;
    const looks = `${one.by === "accepted" ? "suggested " : ""}${i === at ? "chosen" : ""}`;
    return { looks, name: (short ?? one.label) + sure, color: colors.get(one.label) ?? 0 };
  });
  drawHandles(on, boxes[at]?.box ?? null, corner === "first" ? 0 : corner === "last" ? 2 : -1);
  drawPoints(on, points);
  drawRubber(on, null);
  const label = labelOf(state);
  on.rubber.setAttribute("data-color", String((label === undefined ? 0 : colors.get(label) ?? 0) % 10));
}

/** @param {View} next */
function lookAt(next) {
  view = next;
  if (!on) return;
  drawView(on, view);
  sharpen(on, view, shownId);
}

/** Zoom by a key: about the middle of the window; fit goes from the whole picture to the chosen box and back.
 * @param {State} state @param {"in" | "out" | "fit"} how */
export function look(state, how) {
  if (!on) return;
  const [width, height] = frame(), chosen = chosenBox(state), size = sizeOf(state);
  if (how !== "fit") {
    isWhole = false;
    return lookAt(zoomed(view, how === "in" ? STEP : 1 / STEP, [width / 2, height / 2], size, frame()));
  }
  const near = isWhole && chosen ? fitted(size, [width / 2, height / 2], chosen.box) : null;
  isWhole = !near;
  lookAt(near ? { ...near, x: near.x + width / 4, y: near.y + height / 4 } : fitted(size, frame()));
}

/** A box in the middle of what is seen, for those who draw by keys. @returns {[Point, Point]} */
export function middle() {
  const [width, height] = frame();
  return [under(view, [0.4 * width, 0.4 * height]), under(view, [0.6 * width, 0.6 * height])];
}

/** The shape of a pointer that takes some sides of a box, or all of it. @param {readonly number[] | null} sides */
function handOf(sides) {
  if (!sides) return "move";
  if (sides.length === 1) return sides[0] === 0 || sides[0] === 2 ? "ew-resize" : "ns-resize";
  return String(sides) === "0,1" || String(sides) === "2,3" ? "nwse-resize" : "nesw-resize";
}

/** Take the picture in hand, or let it go. @param {boolean} held */
export function hold(held) {
  isHeld = held;
  if (!on) return;
  on.place.classList.toggle("hand", held);
  on.place.style.cursor = "";
}

/** Whether the person has the picture of the item before them, and not only its place.
 * @param {State} state */
export function isSeen({ item }) {
  const image = on?.image.querySelector("img");
  return item !== null && Boolean(image?.complete && image.naturalWidth);
}

/** @param {() => State} now @param {Acts} acts */
export function bindBoxing(now, acts) {
  const stage = byId("item");
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** What the pointer does that is down. @type {{from: Point, sides: readonly number[] | null, box: Corners | null, pan: boolean, moved: boolean, hit: number} | null} */
  let grip = null;
  let isSpent = false; // two fingers were down: what is left of them draws nothing

  /** @param {{clientX: number, clientY: number}} event @returns {Point} */
  const at = (event) => {
    const { left, top } = on?.place.getBoundingClientRect() ?? { left: 0, top: 0 };
    return [event.clientX - left, event.clientY - top];
  };
  const isOn = () => on !== null && isBoxes(now()) && now().item !== null;
  document.addEventListener("keyup", (event) => { if (event.key === " ") hold(false); });
  addEventListener("blur", () => hold(false));
  new ResizeObserver(() => { if (on && isWhole) lookAt(fitted(sizeOf(now()), frame())); }).observe(stage);

  stage.addEventListener("wheel", (event) => {
    if (!isOn()) return;
    event.preventDefault();
    isWhole = false;
    const by = Math.exp(-WHEEL * event.deltaY * (event.deltaMode ? 16 : 1) * (event.ctrlKey ? 4 : 1));
    lookAt(zoomed(view, by, at(event), sizeOf(now()), frame()));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (!isOn() || event.button > 1) return;
    event.preventDefault();
    byId("stage").focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size > 1) return cancel(true);
    isSpent = false;
    grip = gripAt(event);
  });

  /** @param {PointerEvent} event */
  function gripAt(event) {
    const from = at(event), state = now(), boxes = boxesOf(state), isPan = isHeld || event.button === 1;
    const reach = REACH[/** @type {"mouse"} */ (event.pointerType)] ?? REACH.mouse;
    const tag = on ? namedBy(on, event.target) : -1;
    const isBegun = isPan || state.boxing.points.length > 0;
    const hit = isBegun ? -1 : tag >= 0 ? tag : boxAt(boxes, under(view, from), reach / view.scale, state.boxing.at);
    const box = hit >= 0 && hit === state.boxing.at ? boxes[hit]?.box ?? null : null;
    const sides = box && tag < 0 ? sidesAt(box, under(view, from), reach / view.scale) : null;
    return { from, sides: sides?.length ? sides : null, box, pan: isPan, moved: false, hit };
  }

  stage.addEventListener("pointermove", (event) => {
    if (!isOn() || !on) return;
    const to = at(event), before = fingers.get(event.pointerId);
    drawCross(on, event.pointerType === "touch" || isHeld ? null : to, frame());
    if (before) fingers.set(event.pointerId, to);
    if (before && fingers.size > 1) return pinch(event.pointerId, before, to);
    if (!grip) return hint(event, to);
    grip.moved ||= Math.hypot(to[0] - grip.from[0], to[1] - grip.from[1]) > STILL;
    if (grip.pan && before) pan(to[0] - before[0], to[1] - before[1]);
    else if (grip.moved) follow(to);
  });

  /** @param {number} dx @param {number} dy */
  function pan(dx, dy) {
    isWhole = false;
    lookAt(panned(view, dx, dy, sizeOf(now()), frame()));
  }

  /** What the drag has made so far. @param {Point} to @returns {Corners | null} */
  function made(to) {
    if (!grip) return null;
    const size = sizeOf(now()), [dx, dy] = [(to[0] - grip.from[0]) / view.scale, (to[1] - grip.from[1]) / view.scale];
    if (grip.box && grip.sides) return sided(grip.box, grip.sides, dx, dy, size);
    if (grip.box) return moved(grip.box, dx, dy, size);
    return around([under(view, grip.from), under(view, to)], size);
  }

  /** @param {Point} to */
  function follow(to) {
    const box = made(to), drawn = grip?.box && on?.drawn[now().boxing.at];
    if (!on || !box) return;
    if (!drawn) return drawRubber(on, box);
    place(on, drawn, box);
    drawHandles(on, box, -1);
  }

  /** What the pointer would do: what it would take hold of, and between two clicks the box that the next one makes.
   * @param {PointerEvent} event @param {Point} to */
  function hint(event, to) {
    const { points } = now().boxing, { hit, box, sides } = gripAt(event);
    if (on && !isHeld) on.place.style.cursor = box ? handOf(sides) : hit >= 0 ? "pointer" : "";
    if (on && points.length) drawRubber(on, around([...points, under(view, to)], sizeOf(now())));
  }

  /** @param {number} id @param {Point} before @param {Point} to */
  function pinch(id, before, to) {
    const other = [...fingers].find(([key]) => key !== id)?.[1] ?? to;
    const span = (/** @type {Point} */ a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
    pan((to[0] - before[0]) / 2, (to[1] - before[1]) / 2);
    lookAt(zoomed(view, span(to) / span(before), [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2], sizeOf(now()), frame()));
  }

  /** @param {boolean} spent */
  function cancel(spent) {
    isSpent = spent;
    grip = null;
    if (on) draw(now());
  }

  stage.addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); cancel(fingers.size > 0); });
  stage.addEventListener("pointerleave", () => { if (on) drawCross(on, null, frame()); });
  stage.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    const done = grip, to = at(event);
    if (isSpent || !isOn() || !done || done.pan) { grip = null; return; }
    const box = done.moved ? made(to) : null;
    grip = null;
    if (done.box && box) acts.box({ do: "shape", box });
    else if (done.moved) acts.box({ do: "draw", points: [under(view, done.from), under(view, to)] });
    else if (done.hit >= 0) acts.box({ do: "choose", at: done.hit });
    else acts.box({ do: "point", point: under(view, to) });
  });
}
