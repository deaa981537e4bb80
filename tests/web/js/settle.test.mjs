// Settling, as a person moves through it. Run by tests/web/test_static.py, or: node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { initial, reduce } from "../../../src/sparing/web/static/settle-reducer.js";
import { begun, compared as places } from "../../../src/sparing/web/static/settle-boxes.js";
import { compared } from "../../../src/sparing/web/static/settle-spans.js";

const row = (id, key = `answer-${id}`) => ({
  asked: { item: { item_id: id, name: id, kind: "text", text: id, fields: null }, answer: { key } },
  votes: [{ annotator: "Ada", class_name: "cat" }, { annotator: "Ben", class_name: "dog" }],
  suggestion: ["cat", 0.7], is_audited: false,
});
const run = (state, ...actions) => actions.reduce(reduce, state);
const listed = (...ids) => ({ type: "listed", rows: ids.map((id) => row(id)) });
const settle = (key, name = "cat") => ({ type: "settle", name, key });
const ids = (state) => state.rows.map((one) => one.asked.item.item_id);
const stored = (key) => ({ type: "recorded", results: [{ key, seq: 1, status: "stored", current: null, message: "" }] });

test("one key settles, names the answer that was seen, and shows the next item", () => {
  const state = run(initial(), listed("a", "b"), settle("k"));
  assert.deepEqual(state.outbox, [{ key: "k", kind: "settled", item_id: "a", class_name: "cat", seen: "answer-a" }]);
  assert.deepEqual(ids(state), ["b"]);
  assert.equal(state.said, "Settled: cat.");
});

test("what was settled says how long it was on the screen", () => {
  const labels = { type: "settleLabels", labels: [], key: "l", seconds: 3.5 };
  const state = run(initial(), listed("a", "b"), { ...settle("k"), seconds: 1.5 }, labels);
  assert.deepEqual(state.outbox.map((event) => event.seconds), [1.5, 3.5]);
});

test("what is sent but not stored yet does not come again", () => {
  const state = run(initial(), listed("a", "b"), settle("k"), listed("a", "b", "c"));
  assert.deepEqual(ids(state), ["b", "c"]);
});

test("the item on the screen stays while others come and go", () => {
  const state = run(initial(), listed("b", "c"), { type: "later" }, listed("a", "b", "c", "d"));
  assert.deepEqual(ids(state), ["c", "b", "a", "d"]);
  assert.equal(state.notice, "");
});

test("an item that somebody else settles stays under the hand, and it is said", () => {
  const state = run(initial(), listed("a", "b"), listed("b"));
  assert.deepEqual(ids(state), ["a", "b"]);
  assert.match(state.notice, /Somebody else has just settled/);
  assert.deepEqual(ids(reduce(state, { type: "later" })), ["b"]);
  const said = run(state, listed("b", "c"), settle("k"));
  assert.equal(said.outbox[0]?.item_id, "a");
  assert.deepEqual(ids(said), ["b", "c"]);
});

test("undo brings the item back and names the event that it undoes", () => {
  const state = run(initial(), listed("a", "b"), settle("k"), stored("k"), { type: "undo", key: "u" });
  assert.deepEqual(ids(state), ["a", "b"]);
  assert.deepEqual(state.outbox, [{ key: "u", kind: "undo", undoes: "k" }]);
  assert.match(run(initial(), { type: "undo", key: "u" }).notice, /nothing to take back/);
});

test("a conflict is told with the name of who was quicker, and cannot be undone", () => {
  const current = { key: "x", class_name: "dog", annotator: "Cleo" };
  const state = run(initial(), listed("a"), settle("k"),
    { type: "recorded", results: [{ key: "k", seq: null, status: "conflict", current, message: "" }] });
  assert.equal(state.notice, "Cleo has settled it meanwhile: dog.");
  assert.deepEqual(state.steps, []);
  assert.deepEqual(state.outbox, []);
});

test("without an item nothing is settled", () => {
  const state = run(initial(), listed());
  assert.equal(reduce(state, settle("k")), state);
});

const span = (start, end, label) => ({ start, end, label, by: "drawn", version: null });
const marked = {
  ...row("a"), suggestion: ["", 0.5, null, [span(0, 3, "person")]],
  votes: [
    { annotator: "Ada", spans: [span(0, 3, "person"), span(10, 14, "place"), span(20, 30, "place")] },
    { annotator: "Ben", spans: [span(0, 3, "person"), span(10, 14, "person"), span(20, 24, "place"), span(25, 30, "person")] },
    { annotator: "Cleo", spans: null },
  ],
};

test("spans that all have are agreed on; what touches is one stretch, with what each made of it", () => {
  const { agreed, stretches } = compared(marked);
  assert.deepEqual(agreed.map((one) => one.label), ["person"]);
  assert.deepEqual(stretches.map((one) => one.map((v) => [v.who.join(), v.spans.length])), [
    [["Ada", 1], ["Ben", 1]], [["Ada", 1], ["Ben", 2]],
  ]);
});

test("a key a stretch, then one answer; each can be taken back", () => {
  const pick = (choice) => ({ type: "pick", choice, key: "k" });
  const start = run(initial(), { type: "listed", rows: [marked] });
  assert.equal(run(start, pick(2)), start); // there are two versions
  const half = run(start, pick(1), { type: "undo", key: "u" }, pick(0));
  assert.deepEqual([half.picked, half.outbox], [[0], []]);
  const [event] = run(half, pick(1)).outbox;
  assert.deepEqual(event.spans.map(({ start, end, label }) => [start, end, label]), [
    [0, 3, "person"], [10, 14, "place"], [20, 24, "place"], [25, 30, "person"],
  ]);
  assert.equal(run(start, { type: "settleUnits", key: "k" }).outbox[0].spans.length, 1);
});

const box = (x0, y0, x1, y1, label) => ({ box: [x0, y0, x1, y1], label, by: "drawn", version: null, score: null });
const drawn = {
  ...row("a"), suggestion: ["1 cat", 0.5, null, null, "", [box(0, 0, 20, 20, "cat")]],
  votes: [
    { annotator: "Ada", boxes: [box(0, 0, 20, 20, "cat"), box(60, 60, 80, 90, "cat"), box(30, 30, 40, 40, "dog")] },
    { annotator: "Ben", boxes: [box(1, 0, 20, 21, "cat"), box(60, 62, 80, 90, "dog")] },
    { annotator: "Cleo", boxes: [box(0, 1, 19, 20, "cat"), box(61, 60, 80, 91, "dog")] },
    { annotator: "Dan", boxes: null },
  ],
};
drawn.asked.item = { ...drawn.asked.item, kind: "image", width: 100, height: 100 };
const inBoxes = { ...initial(), server: { kind: "boxes", classes: [{ name: "cat", place: 0 }, { name: "dog", place: 1 }] } };

test("boxes that all have are agreed on, whatever the pixel; each other place has a version a view", () => {
  const { agreed, places: open } = places(drawn);
  assert.deepEqual(agreed.map((one) => one.box), [[0, 0, 20, 20]]);
  assert.deepEqual(open.map((all) => all.map((v) => [v.who.join(), v.boxes.map((one) => one.label).join()])), [
    [["Ada", "dog"], ["Ben,Cleo", ""]], [["Ada", "cat"], ["Ben,Cleo", "dog"]],
  ]);
});

test("a key a place settles a picture; the consensus, or what is drawn, at a stroke", () => {
  const start = run(inBoxes, { type: "listed", rows: [drawn] });
  const pick = (choice) => ({ type: "pick", choice, key: "k" });
  const [event] = run(start, pick(1), pick(1)).outbox;
  assert.deepEqual([event.kind, event.seen, event.boxes.map((one) => `${one.label} ${one.box}`)],
    ["settled", "answer-a", ["cat 0,0,20,20", "dog 60,62,80,90"]]);
  assert.deepEqual(run(start, { type: "settleUnits", key: "k" }).outbox[0].boxes.length, 1);
  const step = (what) => ({ type: "box", step: what });
  const drawing = run(start, pick(1), { type: "draw" });
  assert.deepEqual(begun(drawn, [1]).map((one) => one.label), ["cat", "cat"]);
  const done = run(drawing, step({ do: "choose", at: 1 }), { type: "classed", name: "dog" },
    step({ do: "draw", points: [[5, 50], [9, 60]] }), { type: "settleUnits", key: "k" });
  assert.deepEqual(done.outbox[0].boxes.map((one) => `${one.label} ${one.box}`),
    ["cat 0,0,20,20", "dog 60,60,80,90", "dog 5,50,9,60"]);
  assert.equal(done.drawing, null);
});

test("of a drawing one step after the other is taken back, then the drawing, then what was chosen", () => {
  const undo = { type: "undo", key: "u" };
  const start = run(inBoxes, { type: "listed", rows: [drawn] }, { type: "pick", choice: 0, key: "k" }, { type: "draw" });
  const back = run(start, { type: "box", step: { do: "draw", points: [[5, 50], [9, 60]] } }, undo);
  assert.equal(back.drawing.boxing.boxes.length, 3);
  assert.deepEqual([run(back, undo).drawing, run(back, undo).picked], [null, [0]]);
  assert.deepEqual(run(back, undo, undo).picked, []);
});
