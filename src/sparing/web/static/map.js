// The map comes alive here: what the hands do, what the server says, a frame when something changed.

import { api } from "./api.js";
import { byId, input } from "./dom.js";
import { keepList } from "./list.js";
import { MapCanvas } from "./map-canvas.js";
import { outlineOf, toMap } from "./map-geometry.js";
import { densest, enclosed, indexed, nearest, ordered } from "./map-index.js";
import { better, initialMap, reduceMap } from "./map-reducer.js";
import { caption, drawHover, renderMap } from "./map-view.js";
import { tallied, wire } from "./map-wire.js";
import { drawPages } from "./pages.js";
import { session } from "./session.js";
import { readSettings } from "./settings.js";

/** @typedef {import("./map-types.js").MapState} MapState */
/** @typedef {import("./map-types.js").MapAction} MapAction */
/** @typedef {import("./map-types.js").Point} Point */
/** @typedef {typeof acts} MapActs */

const REACH = 14; // pixels from the pointer to the item that is meant
const STEP = 60; // pixels that an arrow moves
const NEARER = 1.4; // that a key zooms
const WHEEL = 0.0016; // that a pixel of the wheel zooms
const HOVER = 90; // ms that the pointer rests
const LISTED = 48; // of the selected items that are shown
const MOVING = 900; // ms from one map to another
const ABSENT = 255;
const REMEMBERED = 400;

let state = initialMap();
/** @type {Uint16Array} */
let places = new Uint16Array();
let scene = { index: indexed(places), codes: new Uint8Array(), middles: /** @type {(Point | null)[]} */ ([]) };
/** @type {Uint8Array} */
let labels = new Uint8Array(); // of the items: which of them have an answer
let colored = ""; // what the colors on the screen stand for
let framed = 0;
const canvas = new MapCanvas(/** @type {HTMLCanvasElement} */ (byId("map")));

/** @param {MapAction} action */
function dispatch(action) {
  const before = state;
  state = reduceMap(state, action);
  if (state === before) return;
  renderMap(state, before, acts);
  if (state.by !== before.by) recolor();
  if (!framed) framed = requestAnimationFrame(frame);
}

function frame() {
  framed = 0;
  canvas.draw(state, scene);
}

const { start, tried } = session({ now: () => state, dispatch, polled: () => learn() });

/** Ask which maps there are, and show what is new: a map where there was none, other colors. */
async function learn() {
  const maps = await tried(wire.maps());
  if (!maps) return;
  if (JSON.stringify(maps) !== JSON.stringify(state.maps)) dispatch({ type: "maps", maps });
  if (!state.kind && maps.kinds.length) await open(maps.kinds[maps.kinds.length - 1] ?? "principal");
  else if (state.kind) await recolor();
}

/** @param {import("./map-types.js").Kind} kind */
async function open(kind) {
  const mark = state.maps?.mark ?? "";
  const found = await tried(wire.places(kind, mark));
  if (!found) return;
  const old = places.length === found.length && state.kind ? places : found;
  dispatch({ type: "shown", kind });
  await move(old, found);
  places = found;
  arrange();
  colored = "";
  await recolor();
}

/** @param {Uint16Array} [at] */
function arrange(at = places) {
  const codes = /** @type {Uint8Array} */ (current?.codes ?? new Uint8Array(at.length / 2));
  const index = indexed(at);
  const own = ordered(index, codes);
  scene = { index, codes: own, middles: densest(index, own, state.names.length) };
}

/** From one map to another, so that the eye can follow.
 * @param {Uint16Array} from @param {Uint16Array} to */
async function move(from, to) {
  if (from === to || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const began = performance.now();
  const between = new Uint16Array(to.length);
  for (let share = 0; share < 1;) {
    const now = await new Promise((on) => requestAnimationFrame(on));
    share = Math.min(1, Math.max(0, (now - began) / MOVING));
    const eased = share * share * (3 - 2 * share);
    for (let i = 0; i < to.length; i++) between[i] = (from[i] ?? 0) + ((to[i] ?? 0) - (from[i] ?? 0)) * eased;
    arrange(between);
    canvas.draw(state, scene);
  }
}

/** @type {import("./map-types.js").Colors | null} */
let current = null;

/** Bring the colors to what the server knows, if they are of something else. */
async function recolor() {
  const wanted = `${state.by} ${state.server?.seq} ${state.server?.model_version} ${state.server?.phase} ${state.kind}`;
  if (wanted === colored || !state.kind) return;
  colored = wanted;
  const by = state.by;
  const [found, label] = await Promise.all([tried(wire.colors(by)), by === "label" ? null : tried(wire.colors("label"))]);
  if (!found || by !== state.by) return;
  current = found;
  known.clear();
  labels = (label ?? found).codes;
  const counts = tallied(found.codes);
  const legend = found.names.map((name, i) => ({ code: i + 1, name, count: counts[i + 1] ?? 0 })).filter((row) => row.count > 0);
  if (counts[0]) legend.push({ code: 0, name: NOTHING[by] ?? "", count: counts[0] });
  dispatch({ type: "legend", names: found.names, legend });
  const codes = ordered(scene.index, found.codes);
  scene = { ...scene, codes, middles: densest(scene.index, codes, found.names.length) };
  dispatch({ type: "pan", dx: 0, dy: 0 });
}

/** @type {Record<string, string>} */
const NOTHING = {
  label: "no answer yet", guess: "no guess", confidence: "no guess", source: "no answer yet", annotator: "no answer yet",
};

/** Whether a point can be taken: it is there, and of the color that is shown.
 * @param {number} at in the index */
function counts(at) {
  const code = scene.codes[at] ?? ABSENT;
  return code !== ABSENT && (state.only === null || code === state.only);
}

/** @type {Map<number, import("./types.js").Asked>} */
const known = new Map();

/** Items by their rows, those that were just seen from memory.
 * @param {readonly number[]} rows */
async function items(rows) {
  const missing = rows.filter((row) => !known.has(row));
  const { guesses } = readSettings({ guesses: false });
  const found = missing.length ? await tried(api.rows(missing, guesses || state.by === "guess" || state.by === "confidence")) : [];
  found?.forEach((asked, i) => known.set(missing[i] ?? -1, asked));
  const shown = rows.flatMap((row) => { const asked = known.get(row); return asked ? [{ row, asked }] : []; });
  for (const row of [...known.keys()].slice(0, -REMEMBERED)) known.delete(row);
  return shown;
}

/** @param {Point} at on the screen */
function under(at) {
  const place = nearest(scene.index, toMap(state.view, state.size, at), REACH / state.view.scale, counts);
  return place < 0 ? null : scene.index.rows[place] ?? null;
}

/** @param {readonly Point[]} outline */
function select(outline) {
  return choose({ outline, rows: enclosed(scene.index, outline, counts) });
}

/** Select what has a text in its name or content, whatever color is shown.
 * @param {string} text */
async function seek(text) {
  const found = await tried(wire.search(text));
  const isThere = (/** @type {number} */ row) => (scene.index.at[row] ?? -1) >= 0;
  if (found && input("search-text").value.trim() === text) await choose({ outline: [], rows: found.filter(isThere), sought: text });
}

/** @param {{outline: readonly Point[], rows: Uint32Array, sought?: string}} found */
async function choose(found) {
  const { rows } = found;
  const unanswered = rows.filter((row) => labels[row] === 0);
  dispatch({ type: "selected", ...found, unanswered });
  const listed = await items([...rows.subarray(0, LISTED)]);
  if (state.selected === rows) dispatch({ type: "listed", listed });
}

/** @param {Uint32Array | readonly number[]} rows @param {boolean} answered */
function handOver(rows, answered) {
  keepList({ rows: [...rows], answered });
  location.assign("/");
}

/** What a person can do. */
const acts = {
  lasso: () => dispatch({ type: "tool", tool: state.tool === "lasso" ? "move" : "lasso" }),
  screen: () => select(outlineOf(state.view, state.size)),
  in: () => dispatch({ type: "zoom", factor: NEARER }),
  out: () => dispatch({ type: "zoom", factor: 1 / NEARER }),
  fit: () => dispatch({ type: "fit" }),
  clear: () => dispatch({ type: "clear" }),
  better: () => { const kind = better(state); if (kind) open(kind); },
  labelThem: () => handOver(state.unanswered, false),
  lookAtThem: () => handOver(state.selected, true),
  labelPicked: () => { if (state.picked) handOver([state.picked.row], true); },
  /** @param {number} code */
  only: (code) => dispatch({ type: "only", code }),
  find: () => input("search-text").focus(),
  /** @param {number} row */
  pick: async (row) => {
    const [picked = null] = await items([row]);
    if (picked) dispatch({ type: "picked", picked });
    if (picked) dispatch({ type: "notice", message: "" });
    byId("said").textContent = picked ? caption(picked.asked) : "";
  },
  middle: () => {
    const row = under({ x: state.size.width / 2, y: state.size.height / 2 });
    if (row !== null) acts.pick(row);
  },
};

/** @type {Record<string, () => void>} */
const KEYS = {
  ArrowLeft: () => dispatch({ type: "pan", dx: STEP, dy: 0 }),
  ArrowRight: () => dispatch({ type: "pan", dx: -STEP, dy: 0 }),
  ArrowUp: () => dispatch({ type: "pan", dx: 0, dy: STEP }),
  ArrowDown: () => dispatch({ type: "pan", dx: 0, dy: -STEP }),
  "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.fit, l: acts.lasso, s: acts.screen, f: acts.find,
  Enter: acts.middle, Escape: acts.clear,
};

/** @param {KeyboardEvent} event */
function pressed(event) {
  const on = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || on.matches("input, select, textarea")) return;
  if (event.key === "Enter" && on.id !== "map") return; // it belongs to the button that has the focus
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** Fingers and the mouse: one moves or draws, two zoom.
 * @param {HTMLElement} plane */
function bindPointer(plane) {
  /** @type {Map<number, Point>} */
  const down = new Map();
  let [moved, drawing, resting] = [0, false, 0];
  const place = (/** @type {MouseEvent} */ event) => {
    const box = plane.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    moved = 0;
    drawing = state.tool === "lasso" || event.shiftKey;
    drawHover(null);
    if (drawing) dispatch({ type: "selected", outline: [], rows: new Uint32Array(), unanswered: new Uint32Array() });
    if (drawing) dispatch({ type: "draw", at: toMap(state.view, state.size, place(event)) });
  });
  plane.addEventListener("pointermove", (event) => {
    const at = place(event);
    const last = down.get(event.pointerId);
    if (!last) {
      clearTimeout(resting);
      drawHover(null);
      resting = window.setTimeout(() => hover(at), HOVER);
      return;
    }
    const [dx, dy] = [at.x - last.x, at.y - last.y];
    moved += Math.abs(dx) + Math.abs(dy);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const factor = distance(at, other) / Math.max(1, distance(last, other));
      dispatch({ type: "zoom", factor, at: { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 } });
    } else if (drawing) dispatch({ type: "draw", at: toMap(state.view, state.size, at) });
    else dispatch({ type: "pan", dx, dy });
    down.set(event.pointerId, at);
  });
  const up = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId)) return;
    if (drawing) select(state.lasso);
    else if (moved < 4 && event.type === "pointerup") {
      const row = under(place(event));
      if (row === null) dispatch({ type: "picked", picked: null });
      else acts.pick(row);
    }
    drawing = false;
  };
  plane.addEventListener("pointerup", up);
  plane.addEventListener("pointercancel", up);
  plane.addEventListener("pointerleave", () => { clearTimeout(resting); drawHover(null); });
  plane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    dispatch({ type: "zoom", factor: Math.exp(-event.deltaY * lines * WHEEL), at: place(event) });
  }, { passive: false });
}

/** @param {Point} a @param {Point} b */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** @param {Point} at */
async function hover(at) {
  const row = under(at);
  const [found] = row === null ? [] : await items([row]);
  if (found && found.row === under(at)) drawHover(found.asked, at, state.size);
}

function bind() {
  bindPointer(byId("map"));
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    const act = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["map"];
    if (act) acts[/** @type {"fit"} */ (act)]();
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input("search-text").value.trim();
    if (text && state.kind) seek(text);
  });
  input("search-text").addEventListener("input", () => { if (!input("search-text").value && state.sought !== null) acts.clear(); });
  byId("by").addEventListener("change", (event) => {
    known.clear();
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    dispatch({ type: "by", by: /** @type {import("./map-types.js").Coloring} */ (value) });
  });
  byId("kind").addEventListener("change", (event) => {
    open(/** @type {import("./map-types.js").Kind} */ (/** @type {HTMLSelectElement} */ (event.target).value));
  });
  canvas.dark.addEventListener("change", () => dispatch({ type: "legend", names: state.names, legend: [...state.legend] }));
  new ResizeObserver(([entry]) => {
    if (entry) dispatch({ type: "size", size: { width: entry.contentRect.width, height: entry.contentRect.height } });
  }).observe(byId("plane"));
}

drawPages();
bind();
renderMap(state, state, acts);
start().then(() => learn());
