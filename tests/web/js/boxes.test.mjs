// Boxes in a picture: where they are, to a sixteenth of a pixel, and what each step makes of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { boxIntent } from "../../../src/sparing/web/static/box-keys.js";
import { around, boxAt, fitted, moved, sharper, sided, sidesAt, under, zoomed } from "../../../src/sparing/web/static/box-geometry.js";
import { boxesOf, labelOf, neighborBox } from "../../../src/sparing/web/static/boxes.js";
import { keysOf } from "../../../src/sparing/web/static/keys.js";
import { initial, reduce } from "../../../src/sparing/web/static/reducer.js";

const SIZE = [8000, 5000];
const classes = ["cat", "dog"].map((name, place) => ({ name, place, count: 0 }));

/** @param {object} [more] */
function asked(more = {}) {
  const item = { item_id: "a", name: "a.jpg", kind: "image", width: SIZE[0], height: SIZE[1], text: null, tokens: null, fields: null };
  return { item, why: "", source: "strategy", model_version: 3, guess: null, answer: null, flagged: false, comment: "", second: false, purpose: "train", ...more };
}

/** @param {object} [more] @param {boolean} [guesses] @param {string} [phase] */
function begun(more, guesses = false, phase = "label") {
  const server = { kind: "boxes", phase, classes, seq: 1, n_labeled: 0, n_skipped: 0, n_left: 9, n_remainder_left: 0, role: "owner", audit: null };
  return { ...initial({ guesses, singleKeys: true }), server, item: asked(more) };
}

const step = (what) => ({ type: "box", step: what });
const point = (x, y) => step({ do: "point", point: [x, y] });
const draw = (...points) => step({ do: "draw", points });
const nudge = (dx, dy) => step({ do: "nudge", dx, dy });
const label = (name) => ({ type: "label", name, key: "k", addKey: "a" });
const done = { type: "done", key: "k" }, undo = { type: "undo", key: "u" };
const acts = (state, ...actions) => actions.reduce((s, action) => reduce(s, action), state);
const said = (state) => boxesOf(state).map((one) => `${one.label} ${one.box} ${one.by}`);
const guess = ["1 cat", 0.8, null, null, "", [
  { box: [10, 20, 30, 40], label: "cat", by: "accepted", version: 3, score: 0.83 },
  { box: [50, 20, 90, 40], label: "dog", by: "accepted", version: 3, score: 0.4 }]];

test("places are sixteenths of a pixel within the picture, in whatever order the points are", () => {
  assert.deepEqual(around([[30.04, 9], [-3, 20.03]], [64, 48]), [0, 9, 30.0625, 20]);
  assert.equal(around([[5, 5], [5.02, 9]], [64, 48]), null); // less than a sixteenth
  assert.equal(around([[70, 1], [90, 9]], [64, 48]), null); // all of it outside
  assert.deepEqual(moved([10, 10, 20, 20], 100, -100, [64, 48]), [54, 0, 64, 10]); // it keeps its size
  assert.deepEqual(sided([10, 10, 20, 20], [2, 3], -30, 5, [64, 48]), [10, 10, 10.0625, 25]);
});

test("what is seen under a point is exact at every zoom, and stays there while the wheel turns", () => {
  const frame = [900, 600];
  let view = fitted(SIZE, frame);
  assert.ok(Math.abs(under(view, [450, 300])[0] - SIZE[0] / 2) < 1e-6);
  const before = under(view, [123, 456]);
  for (let i = 0; i < 12; i++) view = zoomed(view, 1.3, [123, 456], SIZE, frame);
  const after = under(view, [123, 456]);
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-6);
  assert.ok(view.scale > 1);
});

test("a side is hit near its line alone; of boxes in boxes the chosen one, else the smallest", () => {
  const boxes = [{ box: [0, 0, 100, 100] }, { box: [0, 0, 20, 20] }];
  assert.deepEqual(sidesAt([0, 0, 100, 100], [99, 50], 3), [2]);
  assert.deepEqual(sidesAt([0, 0, 100, 100], [99, 2], 3), [2, 1]);
  assert.deepEqual(sidesAt([0, 0, 100, 100], [50, 50], 3), []);
  assert.equal(boxAt(boxes, [0, 10], 3, -1), 1);
  assert.equal(boxAt(boxes, [0, 10], 3, 0), 0);
  assert.equal(boxAt(boxes, [50, 50], 3, 0), -1);
});

test("two points make a box, or the four outermost; the class stays chosen", () => {
  let state = acts(begun(), point(10, 30), point(4, 20));
  assert.deepEqual(said(state), ["cat 4,20,10,30 drawn"]);
  state = acts(state, step({ do: "release" }), label("dog"), draw([1, 1], [3, 3]));
  assert.deepEqual(said(state).at(-1), "dog 1,1,3,3 drawn");
  state = acts(state, step({ do: "four" }), point(50, 20), point(60, 10), point(70, 22), point(61, 40));
  assert.deepEqual(said(state).at(-1), "dog 50,10,70,40 drawn");
  state = acts(state, label("cat"));
  assert.deepEqual(said(state).at(-1), "cat 50,10,70,40 drawn");
  assert.equal(labelOf(acts(state, done)), "cat");
  assert.match(acts(state, point(1, 1), done).notice, /begun/);
});

test("arrows move the box or the corner in hand; a run of them is taken back at once, points one by one", () => {
  let state = acts(begun(), draw([10, 10], [20, 20]), nudge(1, 0), nudge(1, 0), nudge(0, 10));
  assert.deepEqual(said(state), ["cat 12,20,22,30 drawn"]);
  state = acts(state, step({ do: "corner", corner: "last" }), nudge(5, 0));
  assert.deepEqual(said(state), ["cat 12,20,27,30 drawn"]);
  state = acts(state, undo);
  assert.deepEqual(said(state), ["cat 12,20,22,30 drawn"]);
  state = acts(state, undo);
  assert.deepEqual(said(state), ["cat 10,10,20,20 drawn"]);
  state = acts(state, point(1, 1), undo);
  assert.equal(state.boxing.points.length, 0);
  assert.deepEqual(said(acts(state, undo)), []);
  assert.match(acts(state, undo, { type: "box", step: { do: "remove" } }).notice, /Choose a box/);
});

test("an answer is taken back with all steps that led to it, and those go back one by one", () => {
  const state = acts(begun(), draw([10, 10], [20, 20]), draw([30, 30], [40, 40]), done);
  assert.equal(state.item, null);
  const back = acts(state, undo);
  assert.equal(said(back).length, 2);
  assert.equal(back.outbox.at(-1).kind, "undo");
  const further = acts(back, undo);
  assert.deepEqual(said(further), ["cat 10,10,20,20 drawn"]);
  assert.equal(further.outbox.length, back.outbox.length); // inside a picture nothing is sent
});

test("suggestions are walked, changed, taken off or accepted; a check shows none", () => {
  assert.deepEqual(said(begun({ guess })), []);
  assert.deepEqual(said(begun({ guess }, true, "audit")), []);
  const shown = begun({ guess }, true);
  const [event] = acts(shown, done).outbox;
  assert.deepEqual(event.boxes[0], { box: [10, 20, 30, 40], label: "cat", by: "accepted", version: 3 });
  assert.equal(event.confirmed, true);
  const first = acts(shown, step({ do: "choose", at: neighborBox(shown, 1) }));
  assert.match(first.said, /cat, 20 × 20 at 10, 20, 83 % sure\. 1 of 2, suggested/);
  const other = acts(first, label("dog"), step({ do: "choose", at: 1 }), step({ do: "remove" }));
  assert.deepEqual(said(other), ["dog 10,20,30,40 edited"]);
  assert.equal(acts(other, done).outbox[0].confirmed, undefined);
  assert.equal(neighborBox(acts(shown, step({ do: "choose", at: 1 })), 1), -1);
});

test("nothing drawn and Enter say that no object is there; one box twice is said once", () => {
  const none = acts(begun(), done);
  assert.deepEqual(none.outbox[0].boxes, []);
  assert.equal(none.said, "No object.");
  const twice = acts(begun(), draw([1, 1], [9, 9]), draw([1, 1], [9, 9]), done);
  assert.equal(twice.outbox[0].boxes.length, 1);
});

test("boxes of the picture before are copied, as far as they lie in this one", () => {
  const small = asked({ item: { ...asked().item, item_id: "b", width: 25, height: 30 } });
  const first = { ...begun(), queue: [small] };
  const second = acts(first, draw([10, 10], [40, 40]), draw([30, 0], [40, 9]), done, step({ do: "copy" }));
  assert.deepEqual(said(second), ["cat 10,10,25,30 drawn"]);
  assert.match(second.notice, /outside this picture: 1/);
  assert.match(acts(begun(), step({ do: "copy" })).notice, /No picture with boxes/);
});

test("no class has a key that means something else here; Shift goes ten pixels", () => {
  const many = Array.from({ length: 30 }, (_, place) => ({ name: `class ${place}`, place, count: 0 }));
  const state = { ...begun(), server: { ...begun().server, classes: many } };
  const keys = [...keysOf(state).values()];
  for (const key of "eqwxvsnz") assert.ok(!keys.includes(key));
  assert.deepEqual(boxIntent({ key: "ArrowUp", shiftKey: true }, state), { do: "box", step: { do: "nudge", dx: 0, dy: -10 } });
  assert.deepEqual(boxIntent({ key: " " }, state), { do: "hold" });
  assert.equal(boxIntent({ key: "q" }, { ...state, singleKeys: false }), null);
  const digits = { ...state, server: { ...state.server, classes: [{ name: "0", place: 0, count: 0 }] } };
  assert.equal(boxIntent({ key: "-" }, digits), null); // there it stands for no object
});

test("a class has as many labels as boxes, and loses them with what is taken back", () => {
  const state = acts(begun(), draw([0, 0], [9, 9]), draw([20, 20], [30, 30]), done);
  assert.deepEqual(state.server.classes.map((row) => row.count), [2, 0]);
  assert.deepEqual(acts(state, undo).server.classes.map((row) => row.count), [0, 0]);
});

test("what is seen is asked for in full where the screen shows more than the copy has", () => {
  const size = /** @type {[number, number]} */ ([6000, 4000]), frame = /** @type {[number, number]} */ ([1200, 800]);
  assert.equal(sharper({ scale: 0.2, x: 0, y: 0 }, size, frame, 2560, 1), null); // 1,200 pixels of 2,560
  assert.deepEqual(sharper({ scale: 0.2, x: 0, y: 0 }, size, frame, 1000, 1), [0, 0, 6000, 4000]);
  assert.deepEqual(sharper({ scale: 2, x: -201, y: -400 }, size, frame, 2560, 1), [100, 200, 701, 600]);
  assert.deepEqual(sharper({ scale: 1, x: 100, y: -3900 }, size, frame, 2560, 1), [0, 3900, 1100, 4000]);
  assert.deepEqual(sharper({ scale: 0.3, x: 0, y: 0 }, size, frame, 2560, 2), [0, 0, 4000, 2667]); // a dense screen
  assert.equal(sharper({ scale: 8, x: 0, y: 0 }, size, frame, 6000, 1), null); // shown as it is
});
